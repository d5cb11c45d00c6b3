"""What the parameter files may say: every key, its type and its range.

The files under `conf/*/parameters` hold the values and explain them; this module only refuses
what cannot be meant. The settings of a network are the keyword arguments of its builder, so they
are not written down a second time.
"""

import difflib
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from mnist_pipeline.bounds import Count, Fraction, Positive
from mnist_pipeline.errors import UserError

Source = Literal["mnist_files", "mnist_download", "png_folders", "idx_files", "bundled_digits"]
Filter = Literal["area", "bilinear", "bicubic", "nearest", "lanczos"]
Path = Annotated[str, Field(min_length=1)]


def _unique(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("every name should occur once")
    return names


class Settings(BaseModel):
    """Settings that cannot be changed, and have no keys but their own."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, protected_namespaces=())


class DataSettings(Settings):
    """`data`: where digits come from. Explained in `conf/base/parameters/data.yml`."""

    sources: Annotated[list[Source], Field(min_length=1)]
    mnist_dir: Path
    mirrors: list[str]
    download_timeout_seconds: Positive
    png_dir: Path
    idx_dir: Path
    idx_transposed: bool
    name: str | None
    class_names: Annotated[list[str], Field(min_length=2, max_length=256), AfterValidator(_unique)]
    train_limit: Count | None
    test_limit: Count | None


class TrainingSettings(Settings):
    """`<family>.training`: how a network is trained. Explained in `conf/base/parameters`."""

    loss: Any
    loss_weights: Any = None
    epochs: Count
    batch_size: Count
    learning_rate: Positive
    validation_fraction: Fraction
    validation_split: Literal["stratified", "first"]
    early_stopping_patience: Count | None
    reduce_lr_patience: Count | None
    reduce_lr_factor: Fraction
    best_by: str
    checkpoint: Annotated[str, Field(pattern=r"\.keras$")]


LabelLoss = Literal["categorical_crossentropy"]
ImageLoss = Literal["binary_crossentropy", "mse", "mae", "ssim_mae"]


class LabelTraining(TrainingSettings):
    """Training of a network that returns a probability per class."""

    loss: LabelLoss
    loss_weights: None = None
    best_by: Literal["val_loss", "val_accuracy"]


class ImageTraining(TrainingSettings):
    """Training of a network that returns a picture."""

    loss: ImageLoss
    loss_weights: None = None
    best_by: Literal["val_loss"]


class Losses(Settings):
    """A loss for each thing that a network returns."""

    clean_images: ImageLoss
    one_hot_labels: LabelLoss


class LossWeights(Settings):
    """What each loss counts."""

    clean_images: Positive
    one_hot_labels: Positive


class MultitaskTraining(TrainingSettings):
    """Training of a network that returns a picture and a probability per class."""

    loss: Losses
    loss_weights: LossWeights
    best_by: Literal["val_loss", "val_accuracy"]


TRAINING: dict[tuple[str, ...], type[TrainingSettings]] = {
    ("one_hot_labels",): LabelTraining,
    ("clean_images",): ImageTraining,
    ("clean_images", "one_hot_labels"): MultitaskTraining,
}
"""The settings of training, by what a family returns."""


class DegradationSettings(Settings):
    """`degradation`: how digits lose detail. Explained in its file in `conf/base/parameters`."""

    size_px: Annotated[int, Field(ge=1, le=28)]
    shrink_by: Filter
    enlarge_by: Filter


def model_settings(builder: Callable[..., Any]) -> type[Settings]:
    """The settings of a network: the keyword-only arguments of its builder, all of them needed."""
    arguments = inspect.signature(builder).parameters.values()
    fields = {a.name: (a.annotation, ...) for a in arguments if a.kind == a.KEYWORD_ONLY}
    return create_model(f"{builder.__name__}_settings", __base__=Settings, **fields)  # type: ignore[call-overload]


def all_settings() -> type[Settings]:
    """The whole of the parameters: what is shared, and `model` and `training` of every family."""
    from mnist_pipeline.families import FAMILIES

    families = {
        family.name: create_model(
            f"{family.name}_settings",
            __base__=Settings,
            model=(model_settings(family.build), ...),
            training=(TRAINING[family.returns], ...),
        )
        for family in FAMILIES
    }
    fields = {
        "seed": (Annotated[int, Field(ge=0, lt=2**32)], ...),
        "data": (DataSettings, ...),
        "degradation": (DegradationSettings, ...),
    }
    fields |= {name: (settings, ...) for name, settings in families.items()}
    return create_model("Parameters", __base__=Settings, **fields)  # type: ignore[call-overload]


def check_parameters(parameters: dict[str, Any]) -> None:
    """Refuse unknown keys, missing keys, wrong types and impossible values, all at once.

    Raises UserError that names each key, its value, and what is allowed.
    """
    schema = all_settings()
    try:
        schema.model_validate(parameters)
    except ValidationError as error:
        problems = [_explain(problem) for problem in error.errors()]
    else:
        problems = _shared_checkpoints(parameters)
    if problems:
        raise UserError("These parameters cannot be used:\n  " + "\n  ".join(problems))


def _shared_checkpoints(parameters: dict[str, Any]) -> list[str]:
    """Families that would overwrite each other's checkpoint, as a copied file makes them."""
    owners: dict[str, str] = {}
    problems = []
    for family in sorted(name for name, value in parameters.items() if "training" in _keys(value)):
        path = parameters[family]["training"]["checkpoint"]
        if path in owners:
            problems.append(
                f"{family}.training.checkpoint = {path!r}: that is the checkpoint of "
                f"{owners[path]}; give every family its own."
            )
        owners[path] = family
    return problems


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _explain(problem: Any) -> str:
    """One line for one problem that Pydantic found."""
    location = problem["loc"]
    key, message = ".".join(map(str, location)), problem["msg"]
    if problem["type"] == "missing" and len(location) == 1:
        return f"{key} is missing: write conf/base/parameters/{key}.yml (mlp.yml is a pattern)."
    if problem["type"] == "missing":
        return f"{key} is missing."
    if problem["type"] == "list_type":
        return f"{key} = {problem['input']!r}: input should be a valid list, such as [a,b] or [a]."
    if problem["type"] == "extra_forbidden":
        allowed = _fields_at(location[:-1])
        close = difflib.get_close_matches(str(location[-1]), allowed, n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed here: {', '.join(allowed)}."
        return f"{key} = {problem['input']!r}: there is no such key; {hint}"
    return f"{key} = {problem['input']!r}: {message[0].lower()}{message[1:]}."


def _fields_at(location: tuple[str | int, ...]) -> list[str]:
    settings: Any = all_settings()
    for name in location:
        settings = settings.model_fields[name].annotation
    return list(settings.model_fields)
