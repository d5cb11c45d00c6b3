"""Models in MLflow: as artifacts of their runs, and in the registry."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from mnist_pipeline.provenance import versions
from mnist_pipeline.tracking.store import alias_for

REQUIREMENTS = ("keras", "tensorflow", "numpy")


@dataclass
class LoggedModel:
    """A model that a run has logged.

    validation: what it is chosen by, `loss` or `accuracy`, and its value for the epoch kept.
    key: the same for models whose validation scores can be compared.
    """

    family: str
    run_id: str
    model_id: str
    uri: str
    validation: tuple[str, float] | None = None
    key: str = ""
    train_images: int = 0


def log_model(run_id: str, family: str, model: Any, example: np.ndarray | None) -> LoggedModel:
    """Log a Keras model with its signature, an example of what it sees, and what it needs.

    example: float32 (1, ...), or None.
    """
    import mlflow
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    def schema(tensors: list[Any], names: list[str]) -> Schema:
        shapes = [(-1, *tensor.shape[1:]) for tensor in tensors]
        return Schema(
            [
                TensorSpec(np.dtype(np.float32), shape, name if len(names) > 1 else None)
                for shape, name in zip(shapes, names, strict=True)
            ]
        )

    # Where the model belongs; MLflow would file it under the experiment `Default`.
    mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
    info = Model.log(
        artifact_path=None,
        run_id=run_id,
        flavor=_KERAS,
        model=model,
        name=family,
        signature=ModelSignature(
            schema(model.inputs, [tensor.name for tensor in model.inputs]),
            schema(model.outputs, model.output_names),
        ),
        input_example=example,
        validate_serving_input=False,  # it would load the model and predict, at every run
        pip_requirements=[f"{name}=={v}" for name, v in versions(*REQUIREMENTS).items()],
    )
    return LoggedModel(family, run_id, info.model_id, info.model_uri)


def _save_model(path: str, *, validate_serving_input: bool, **what: Any) -> None:
    """`mlflow.keras.save_model`, for which MLflow 3.17 forgets to make the folder.

    validate_serving_input: meant for MLflow's own part.
    """
    import mlflow

    Path(path).mkdir(parents=True, exist_ok=True)
    mlflow.keras.save_model(path=path, **what)


_KERAS = SimpleNamespace(__name__="mlflow.keras", save_model=_save_model)


def register(client: Any, model: LoggedModel, tags: dict[str, str]) -> None:
    """Make the model a version of `mnist-<family>`, and the best of its data set if it is.

    tags: of the run; `dataset` and `kedro_version` are kept with the version.
    """
    from mlflow.exceptions import MlflowException

    name = f"mnist-{model.family}"
    with contextlib.suppress(MlflowException):  # it is there already
        client.create_registered_model(name)
    kept: dict[str, str] = {k: tags[k] for k in ("dataset", "kedro_version") if k in tags}
    measure, value = model.validation or ("", 0.0)
    if measure:
        kept |= {f"validation_{measure}": repr(value), "validation_key": model.key}
        kept["train_images"] = str(model.train_images)
    version = client.create_model_version(
        name, model.uri, model.run_id, tags=kept, model_id=model.model_id
    )
    if "dataset" not in tags or not measure:
        return
    alias = alias_for(tags["dataset"])
    try:
        best = client.get_model_version_by_alias(name, alias).tags
    except MlflowException:
        best = None
    if best is None or _is_better(model, best):
        client.set_registered_model_alias(name, alias, version.version)


def _is_better(model: LoggedModel, best: dict[str, str]) -> bool:
    """Whether a model takes the place of the one with these tags.

    By validation score where that means the same for both; where it does not, only if it was
    trained on more digits: a short try-out must not push the real thing aside.
    """
    if best["validation_key"] != model.key:
        return model.train_images > int(best["train_images"])
    measure, value = model.validation or ("", 0.0)
    before = float(best[f"validation_{measure}"])
    return value > before if measure == "accuracy" else value < before
