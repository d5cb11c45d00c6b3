"""What the parameter files may say: every key, its type and its range.

The files under `conf/*/parameters` hold the values and explain them; this module only refuses
what cannot be meant. The settings of a network are the keyword arguments of its builder, so they
are not written down a second time.
"""

import difflib
import inspect
import itertools
import math
from collections.abc import Callable
from functools import cache, partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from mnist_pipeline.bounds import TAGS, Count, Counts, DropoutRate, Fraction, Positive
from mnist_pipeline.corruptions import CORRUPTIONS
from mnist_pipeline.distortion import DISTORTIONS
from mnist_pipeline.errors import UserError
from mnist_pipeline.models.layers import per_layer

Source = Literal["mnist_files", "mnist_download", "png_folders", "idx_files", "bundled_digits"]
Filter = Literal["area", "bilinear", "bicubic", "nearest", "lanczos"]
Path = Annotated[str, Field(min_length=1)]


def _unique(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("every name should occur once")
    return names


class Settings(BaseModel):
    """Settings that cannot be changed, and have no keys but their own."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False
    )


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


@cache
def arguments_of(function: Callable[..., Any]) -> type[Settings]:
    """Settings with a key for each keyword-only argument of a function, all of them needed."""
    arguments = inspect.signature(function).parameters.values()
    fields = {a.name: (a.annotation, ...) for a in arguments if a.kind == a.KEYWORD_ONLY}
    return create_model(f"{function.__name__}_settings", __base__=Settings, **fields)  # type: ignore[call-overload]


def _check_published(name: str) -> str:
    if name in CORRUPTIONS:
        return name
    if name in DISTORTIONS:
        settings = ", ".join(f"{key}: ..." for key in arguments_of(DISTORTIONS[name]).model_fields)
        raise ValueError(f"write its settings with it: {name}: {{{settings}}}")
    raise ValueError(f"there is no such published corruption; {_hint(name, list(CORRUPTIONS))}")


class _OneDistortion(Settings):
    """`{name: settings}`: has a field for every distortion, and one of them is given."""

    @model_validator(mode="after")
    def _is_one(self) -> "_OneDistortion":
        if len(self.model_fields_set) != 1:
            raise ValueError(
                "a step is one distortion with its settings; each needs a '-' of its own"
            )
        return self


_ONE_DISTORTION = create_model(  # type: ignore[call-overload]
    "Distortion",
    __base__=_OneDistortion,
    **{name: (arguments_of(function), None) for name, function in DISTORTIONS.items()},
)


def _as_written(step: str | _OneDistortion) -> str | dict[str, Any]:
    if isinstance(step, str):
        return step
    return {name: getattr(step, name).model_dump() for name in step.model_fields_set}


if TYPE_CHECKING:
    from mnist_pipeline.distortion import Step
else:
    Step = Annotated[
        Annotated[str, AfterValidator(_check_published), Tag("published")]
        | Annotated[_ONE_DISTORTION, Tag("own")],
        Discriminator(lambda value: "published" if isinstance(value, str) else "own"),
        AfterValidator(_as_written),
        PlainSerializer(lambda step: step),
    ]
"""A step of a chain of distortions: a published name, or a distortion with its settings."""


class TrainingSettings(Settings):
    """`<family>.training`: how a network is trained. Explained in `conf/base/parameters`."""

    loss: Any
    loss_weights: Any = None
    optimizer: Literal["adam", "rmsprop"]
    epochs: Count
    batch_size: Count
    learning_rate: Positive
    schedule: Literal["constant", "one_cycle"]
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)]
    validation_fraction: Fraction
    validation_split: Literal["stratified", "first"]
    early_stopping_patience: Count | None
    reduce_lr_patience: Count | None
    reduce_lr_factor: Fraction
    augmentation: Annotated[list[Step], Field(min_length=1)] | None
    precision: Literal["auto", "float32", "bfloat16"]
    best_by: str
    checkpoint: Annotated[str, Field(pattern=r"\.keras$")]

    @model_validator(mode="after")
    def _has_one_who_sets_the_rate(self) -> "TrainingSettings":
        for setting in ("reduce_lr_patience", "early_stopping_patience"):
            patience = getattr(self, setting)
            if self.schedule != "constant" and patience is not None:
                raise ValueError(
                    f"schedule = {self.schedule} sets the rate of every batch to the last, so "
                    f"{setting} = {patience} cannot be followed; write null"
                )
        return self

    def with_checkpoint_of(self, which: str) -> Self:
        """The same, for one of several networks of a family: its checkpoint is `<which>-<name>`."""
        path = PurePath(self.checkpoint)
        return self.model_copy(update={"checkpoint": str(path.with_name(f"{which}-{path.name}"))})


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


def _without_nulls(group: Any) -> Any:
    if not isinstance(group, dict):
        return group
    return {name: settings for name, settings in group.items() if settings is not None}


class NoiseComparisonSettings(Settings):
    """`noise_comparison`: explained in its file in `conf/base/parameters`."""

    folds: Annotated[int, Field(ge=2)]
    workers: Count
    resume: bool
    curves: Annotated[
        dict[str, dict[str, Annotated[list[Any], Field(min_length=2)]]],
        Field(min_length=1),
        BeforeValidator(_without_nulls),
    ]

    @model_validator(mode="after")
    def _can_be_distorted(self) -> "NoiseComparisonSettings":
        for name, settings in self.curves.items():
            if name not in DISTORTIONS:
                hint = _hint(name, list(DISTORTIONS))
                raise ValueError(f"curves.{name}: there is no such distortion; {hint}")
            expected = list(arguments_of(DISTORTIONS[name]).model_fields)
            if len(expected) != 1:
                raise ValueError(
                    f"curves.{name}: it has the settings {', '.join(expected)}, and a curve is "
                    "drawn over one; take a distortion that has no other"
                )
            if list(settings) != expected:
                raise ValueError(
                    f"curves.{name}: its only setting is {expected[0]}, found {', '.join(settings)}"
                )
            for setting, strengths in settings.items():
                for strength in strengths:
                    try:
                        arguments_of(DISTORTIONS[name]).model_validate({setting: strength})
                    except ValidationError as error:
                        problem = _explain(error.errors()[0]).removesuffix(".")
                        raise ValueError(f"curves.{name}.{problem}") from None
        return self


class Range(Settings):
    """What a search may try for a setting: from `low` to `high`, or one of `choices`.

    low, high: both belong to it. Where both are whole numbers, only whole numbers are tried.
    log: whether the logarithm is what is drawn evenly, as for rates. step: between whole numbers.
    """

    low: Any = None
    high: Any = None
    log: bool = False
    step: Count | None = None
    choices: Annotated[list[Any], Field(min_length=2)] | None = None

    @field_validator("low", "high")
    @classmethod
    def _is_number(cls, value: Any) -> Any:
        if value is None or (type(value) in (int, float) and math.isfinite(value)):
            return value
        raise ValueError("input should be a number")

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Range":
        numbers = self.model_dump(exclude={"choices"}, exclude_defaults=True)
        if self.choices is not None:
            if numbers:
                raise ValueError(f"choices go without {', '.join(numbers)}")
            return self
        if self.low is None or self.high is None:
            raise ValueError("write {low: ..., high: ...} or {choices: [...]}")
        if self.low >= self.high:
            raise ValueError(f"low = {self.low} should be below high = {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range starts above 0, not at low = {self.low}")
        if self.step is not None:
            if self.log or not self.is_whole:
                raise ValueError("step is for whole numbers without log")
            if (self.high - self.low) % self.step:
                raise ValueError(f"step = {self.step} does not lead from {self.low} to {self.high}")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are tried."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> list[Any]:
        """Lowest and highest value, or every choice: if these can be used, all can."""
        return [self.low, self.high] if self.choices is None else self.choices

    def __contains__(self, value: Any) -> bool:
        if self.choices is not None:
            return value in self.choices
        if type(value) not in (int, float) or (self.is_whole and not isinstance(value, int)):
            return False
        is_step = self.step is None or (value - self.low) % self.step == 0
        return bool(self.low <= value <= self.high) and is_step

    def __str__(self) -> str:
        if self.choices is not None:
            return f"one of {self.choices}"
        return f"{self.low} to {self.high}" + (f" by {self.step}" if self.step else "")


Ranges = Annotated[dict[str, Range], BeforeValidator(_without_nulls)]
Space = Annotated[dict[str, Ranges], BeforeValidator(_without_nulls)]


class TuningSettings(Settings):
    """`tuning`: the search for settings. Explained in its file in `conf/base/parameters`."""

    family: str | None
    trials: Count
    startup_trials: Count
    warmup_epochs: Annotated[int, Field(ge=0)]
    storage: Annotated[str, Field(pattern=r"\.db$")]
    spaces: Annotated[dict[str, Space], BeforeValidator(_without_nulls)]


NOT_SEARCHED = (
    *("loss", "loss_weights", "best_by", "validation_fraction", "validation_split", "checkpoint"),
)
"""Settings of training that decide what a score means: with others, trials cannot be compared."""


def _refuse_search(_: Range) -> Range:
    raise ValueError("it decides what a score means, so it has to be the same in all trials")


def _check_ends(range_: Range, *, setting: str, of: type[Settings]) -> Range:
    """Refuse a range unless its ends would do as that setting."""
    field = of.model_fields[setting]
    alone: Any = {setting: (field.annotation, field)}
    schema = create_model(setting, __base__=Settings, **alone)
    for value in range_.ends:
        try:
            schema.model_validate({setting: value})
        except ValidationError as error:
            raise ValueError(_explain(error.errors()[0]).removesuffix(".")) from None
    return range_


@cache
def _ranges_of(settings: type[Settings]) -> type[Settings]:
    """A group with a range, or none, for every field of `settings`."""
    ranges: Any = {}
    for name in settings.model_fields:
        ends = partial(_check_ends, setting=name, of=settings)
        check = _refuse_search if name in NOT_SEARCHED else ends
        ranges[name] = (Annotated[Range, AfterValidator(check)], None)
    return create_model(settings.__name__, __base__=Settings, **ranges)


def _tuning_settings() -> type[TuningSettings]:
    """`TuningSettings` that know the families and what each of them may search."""
    from mnist_pipeline.families import EVERY_FAMILY

    spaces: dict[str, Any] = {}
    for family in EVERY_FAMILY:
        groups = {"model": arguments_of(family.build), "training": TRAINING[family.returns]}
        ranges: Any = {
            group: (Annotated[_ranges_of(settings), BeforeValidator(_without_nulls)], None)
            for group, settings in groups.items()
        }
        space = create_model(f"{family.name}_space", __base__=Settings, **ranges)
        spaces[family.name] = (Annotated[space, BeforeValidator(_without_nulls)], None)
    every_space: Any = create_model("spaces", __base__=Settings, **spaces)
    fields: Any = {
        "family": (_family_names() | None, ...),
        "spaces": (Annotated[every_space, BeforeValidator(_without_nulls)], ...),
    }
    return create_model("tuning_settings", __base__=TuningSettings, **fields)


class SeedsSettings(Settings):
    """`seeds`: explained in its file in `conf/base/parameters`."""

    family: str | None
    count: Annotated[int, Field(ge=2)]
    resume: bool


def _seeds_settings() -> type[SeedsSettings]:
    """`SeedsSettings` that know the families."""
    return create_model(
        "seeds_settings", __base__=SeedsSettings, family=(_family_names() | None, ...)
    )


def _family_names() -> Any:
    from mnist_pipeline.families import EVERY_FAMILY

    return Literal[tuple(family.name for family in EVERY_FAMILY)]


class ReadingSettings(Settings):
    """`reading`: explained in its file in `conf/base/parameters`."""

    pictures: Count
    epochs: Count
    batch_size: Count
    learning_rate: Positive
    hidden_units: Counts
    dropout: DropoutRate
    refused_share: Fraction


class ClassificationSettings(Settings):
    """`classification`: explained in its file in `conf/base/parameters`."""

    images: Path
    patterns: Annotated[list[Path], Field(min_length=1)]
    family: Path
    gallery: Count


class DegradationSettings(Settings):
    """`degradation`: how digits lose detail. Explained in its file in `conf/base/parameters`."""

    size_px: Annotated[int, Field(ge=1, le=28)]
    shrink_by: Filter
    enlarge_by: Filter


@cache
def all_settings() -> type[Settings]:
    """The whole of the parameters: what is shared, and `model` and `training` of every family."""
    from mnist_pipeline.families import EVERY_FAMILY

    families = {
        family.name: create_model(
            f"{family.name}_settings",
            __base__=Settings,
            model=(arguments_of(family.build), ...),
            training=(TRAINING[family.returns], ...),
        )
        for family in EVERY_FAMILY
    }
    fields = {
        "seed": (Annotated[int, Field(ge=0, lt=2**32)], ...),
        "data": (DataSettings, ...),
        "degradation": (DegradationSettings, ...),
        "distortion": (Annotated[list[Step], Field(min_length=1)], ...),
        "noise_comparison": (NoiseComparisonSettings, ...),
        "reading": (ReadingSettings, ...),
        "tuning": (_tuning_settings(), ...),
        "seeds": (_seeds_settings(), ...),
        "classification": (ClassificationSettings, ...),
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
        problems = [*_shared_checkpoints(parameters), *_layers_left_out(parameters)]
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


def check_search(family: str, space: dict[str, Range], parameters: dict[str, Any]) -> None:
    """Refuse a space that the present settings are not in, or whose settings do not go together.

    family: its name. space: `model.<setting>` or `training.<setting>` -> what may be tried.
    parameters: all of them, checked. Raises UserError that names the keys.
    """
    problems = []
    for name, range_ in space.items():
        group, setting = name.split(".")
        present = parameters[family][group][setting]
        if present not in range_:
            problems.append(
                f"{family}.{name} = {present!r}: the first trial takes the present settings, so "
                f"tuning.spaces.{family}.{name} has to hold it; it is {range_}."
            )
    for tried in _combinations(space, "model", PER_LAYER):
        model = parameters[family]["model"] | tried
        problems += [f"tuning.spaces: {p}" for p in _layers_left_out({family: {"model": model}})]
    for tried in _combinations(space, "training", SETTING_THE_RATE):
        try:
            TrainingSettings.model_validate(parameters[family]["training"] | tried)
        except ValidationError as error:
            for problem in error.errors():
                message = problem["msg"].removeprefix("Value error, ")
                problems.append(
                    f"tuning.spaces.{family}.training: {message} in {family}.training, or take "
                    "one of the two out of the space."
                )
    if problems:
        raise UserError("This search cannot be begun:\n  " + "\n  ".join(dict.fromkeys(problems)))


PER_LAYER = ("hidden_units", "dropout", "dense_dropout")
"""Settings of a network with a value for each layer, which have to agree in length."""

SETTING_THE_RATE = ("schedule", "reduce_lr_patience", "early_stopping_patience")
"""Settings of training of which some do not go together."""


def _combinations(
    space: dict[str, Range], group: str, names: tuple[str, ...]
) -> list[dict[str, Any]]:
    """All values that these settings of a group may have together, as far as they are searched."""
    ends = {name: space[f"{group}.{name}"].ends for name in names if f"{group}.{name}" in space}
    return [dict(zip(ends, values, strict=True)) for values in itertools.product(*ends.values())]


def _layers_left_out(parameters: dict[str, Any]) -> list[str]:
    """Lists with a value for each layer that have another length than the list of layers."""
    problems = []
    for family in sorted(name for name, value in parameters.items() if "model" in _keys(value)):
        model = parameters[family]["model"]
        for setting in ("dropout", "dense_dropout"):
            try:
                per_layer(model.get(setting, 0.0), len(model.get("hidden_units", [])), setting)
            except UserError as error:
                problems.append(f"{family}.{error}")
    return problems


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _explain(problem: Any) -> str:
    """One line for one problem that Pydantic found."""
    location = tuple(part for part in problem["loc"] if part not in TAGS)
    key, message = ".".join(map(str, location)), problem["msg"].removeprefix("Value error, ")
    found = f"{key} = {problem['input']!r}"
    match problem["type"]:
        case "missing" if len(location) == 1:
            line = f"{key} is missing: write conf/base/parameters/{key}.yml (mlp.yml is a pattern)"
        case "missing":
            line = f"{key} is missing"
        case "list_type":
            line = f"{found}: input should be a valid list, such as [a,b] or [a]"
        case "model_type":
            line = f"{found}: input should be {{setting: value, ...}}"
        case "extra_forbidden":
            allowed = _fields_at(location[:-1])
            line = f"{found}: there is no such key; {_hint(str(location[-1]), allowed)}"
        case "value_error" if isinstance(problem["input"], dict):  # a whole group
            line = f"{key}: {message}"
        case _:
            line = f"{found}: {message[0].lower()}{message[1:]}"
    return line if line.endswith("?") else f"{line}."


def _hint(name: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed here: {', '.join(allowed)}"


def _fields_at(location: tuple[str | int, ...]) -> list[str]:
    """The keys that are allowed in the group at `location`."""
    positions = [at for at, name in enumerate(location) if isinstance(name, int)]
    if positions:  # a step of a chain of distortions
        inside = location[positions[-1] + 1 :]
        return list(
            arguments_of(DISTORTIONS[str(inside[0])]).model_fields if inside else DISTORTIONS
        )
    settings: Any = all_settings()
    for name in location:
        settings = settings.model_fields[name].annotation
    return list(settings.model_fields)
