"""MLflow: the one place that knows it.

Every `kedro run` becomes a parent run, and every family in it a child run, so that families can be
compared whether they were run together or one by one. What is logged is what the catalog saves;
nodes know nothing of it. Children use the same names:

- metrics `test/...` (scores), `cost/...` (time and size), `data/...`, `fit/...` (per epoch),
  `cv/...` (cross-validation, `cv/accuracy` per fold)
- parameters `model.*`, `training.*`, `data.*`, `seed`
- artifacts `pictures/`, `summaries/`, `metrics.json`, and the model with its signature

The tag `kedro_version` of a run is the version under which the catalog saved its artifacts.
"""

import atexit
import contextlib
import json
import logging
import os
import platform
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from mnist_pipeline.errors import UserError
from mnist_pipeline.families import EVERY_FAMILY

logger = logging.getLogger(__name__)

SECTIONS = {
    "cost": {"parameters", "epochs_run", "best_epoch", "fit_seconds", "images_per_second"},
    "data": {"train_images", "validation_images", "test_images"},
}
SHOWN_WITH = {"degraded_images": "degradation", "distorted_images": "distortion"}
"""Parameters that belong to a family by what it sees."""

MODEL_REQUIREMENTS = ("keras", "tensorflow", "numpy")


class MLflowTracking:
    """Kedro hooks that record a run while it happens."""

    def __init__(self) -> None:
        self._client: Any = None
        self._runs: dict[str, str] = {}  # family name, or "" for the parent -> MLflow run id
        self._awaited: dict[str, set[str]] = {}  # family name -> its datasets still to be saved
        self._dataset_inputs: list[Any] = []
        self._lock = threading.Lock()  # Kedro's thread runner saves several datasets at a time

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        self._settings = context.config_loader["mlflow"]
        self._parameters = context.config_loader["parameters"]
        self._project_path = Path(context.project_path)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        self._catalog = catalog
        self._runs, self._dataset_inputs = {}, []
        self._awaited = {family.name: set() for family in EVERY_FAMILY}
        for dataset in pipeline.all_outputs():
            if not dataset.endswith(".folds"):  # none is saved where all are known
                self._awaited.get(_family(dataset), set()).add(dataset)
        self._tags = {
            "kedro_version": run_params["run_id"],
            "kedro_env": run_params["env"] or "local",
            "kedro_pipeline": ", ".join(run_params["pipeline_names"] or ["__default__"]),
            "command": shlex.join(["kedro", *sys.argv[1:]]),
        }
        commit, changes = _git_state(self._project_path)
        if commit:
            self._tags |= {"mlflow.source.git.commit": commit, "git_changes": str(bool(changes))}
        try:
            self._client, self._experiment_id = self._connect()
            self._start("", self._tags["kedro_pipeline"], {"role": "parent"}, self._parameters)
            self._client.log_text(self._runs[""], _environment(), "environment.txt")
            if changes:
                self._client.log_text(self._runs[""], changes, "git_changes.diff")
        except Exception as error:
            raise UserError(
                f"MLflow cannot record this run in {self._settings['tracking_uri']}: {error} "
                "Where runs are recorded stands in conf/base/mlflow.yml."
            ) from error
        # Neither Ctrl-C nor `kill` reaches `on_pipeline_error`.
        atexit.register(self._finish, "KILLED")

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        with self._lock:
            self._try(self._log, dataset_name, data)

    def _log(self, dataset_name: str, data: Any) -> None:
        if dataset_name == "dataset_card":
            self._log_dataset(data)
        family, entry = _family(dataset_name), dataset_name.partition(".")[2]
        if family not in self._awaited:
            if dataset_name.endswith("_plot"):
                self._log_file("", dataset_name, "pictures")
            elif dataset_name == "noise_comparison.metrics":
                self._client.log_dict(self._runs[""], data, "noise_comparison.json")
            return
        if family not in self._runs:
            self._start_family(family)
        if entry == "metrics":
            self._log_metrics(family, data)
        elif entry == "history":
            self._log_history(family, data)
        elif entry == "cross_validation":
            self._log_folds(family, data)
        elif entry == "model":
            self._log_model(family, data)
        elif entry.endswith("_plot"):
            self._log_file(family, dataset_name, "pictures")
        elif entry.endswith("_summary"):
            self._log_file(family, dataset_name, "summaries")
        self._awaited[family].discard(dataset_name)
        if not self._awaited[family]:  # finished, whatever becomes of the others
            self._end(family, "FINISHED")

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """A run that starts behind the ingestion loads the card of an earlier one."""
        if dataset_name == "dataset_card" and not self._dataset_inputs:
            self._try(self._log_dataset, data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        self._finish("FINISHED")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        if self._runs:
            self._try(self._client.set_tag, self._runs[""], "error", str(error)[:5000])
        self._finish("FAILED")

    def _try(self, log: Callable[..., None], *arguments: Any) -> None:
        """Log, unless recording has stopped. A store that fails stops it, not the training."""
        if not self._runs:
            return
        try:
            log(*arguments)
        except Exception as error:
            logger.warning("MLflow failed; the rest of this run is not recorded. %s", error)
            self._runs = {}

    def _connect(self) -> tuple[Any, str]:
        """A client for the store, and the id of the experiment, which is made if it is new."""
        import mlflow

        uri = self._settings["tracking_uri"]
        if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
            # MLflow would take it from the working directory.
            uri = f"sqlite:///{self._project_path / uri.removeprefix('sqlite:///')}"
        mlflow.set_tracking_uri(uri)
        client, name = mlflow.MlflowClient(), self._settings["experiment"]
        experiment = client.get_experiment_by_name(name)
        if experiment:
            return client, experiment.experiment_id
        if not uri.startswith("sqlite"):  # a server knows where its artifacts belong
            return client, client.create_experiment(name)
        artifacts = (self._project_path / self._settings["artifacts"]).as_uri()
        return client, client.create_experiment(name, artifacts)

    def _start(self, key: str, name: str, tags: dict[str, str], parameters: dict[str, Any]) -> None:
        from mlflow.entities import Param

        run = self._client.create_run(
            self._experiment_id, run_name=name, tags={**self._tags, **tags}
        )
        self._runs[key] = run.info.run_id
        values = [Param(name, str(value)) for name, value in _flatten(parameters).items()]
        for start in range(0, len(values), 100):  # as many as MLflow takes at once
            self._client.log_batch(run.info.run_id, params=values[start : start + 100])

    def _start_family(self, family: str) -> None:
        shared = {name: self._parameters[name] for name in ("seed", "data")}
        sees = next(f.sees for f in EVERY_FAMILY if f.name == family)
        shared |= {
            name: self._parameters[name] for thing, name in SHOWN_WITH.items() if thing == sees
        }
        tags = {"role": "family", "family": family, "mlflow.parentRunId": self._runs[""]}
        self._start(family, family, tags, shared | self._parameters[family])
        if self._dataset_inputs:
            self._client.log_inputs(self._runs[family], self._dataset_inputs)

    def _end(self, key: str, status: str) -> None:
        self._client.set_terminated(self._runs[key], status)
        del self._runs[key]

    def _finish(self, status: str) -> None:
        """End whatever is still open: the parent last."""
        for key in reversed(list(self._runs)):
            self._try(self._end, key, status)

    def _log_dataset(self, card: dict[str, Any]) -> None:
        """Digits as inputs of the run: name, digest, where they come from."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        self._dataset_inputs = [
            DatasetInput(
                Dataset(
                    name=f"{card['name']} ({part})",
                    digest=card["sha256"][f"{part}_images"][:32],
                    source_type=card["source"],
                    source=json.dumps({"origin": card["origin"]}),
                    profile=json.dumps({"num_rows": card[f"{part}_images"]}),
                ),
                [InputTag("mlflow.data.context", "training" if part == "train" else "testing")],
            )
            for part in ("train", "test")
        ]
        self._tags |= {"dataset": card["name"], "data_source": card["source"]}
        for run_id in self._runs.values():
            self._client.log_inputs(run_id, self._dataset_inputs)
            for name in ("dataset", "data_source"):
                self._client.set_tag(run_id, name, self._tags[name])
        self._client.log_dict(self._runs[""], card, "dataset_card.json")

    def _log_metrics(self, family: str, values: dict[str, Any]) -> None:
        for name, value in _flatten(values, "/").items():
            if isinstance(value, int | float) and name != "seed":
                section = next((s for s, names in SECTIONS.items() if name in names), "test")
                self._client.log_metric(self._runs[family], f"{section}/{name}", value)
        self._client.log_dict(self._runs[family], values, "metrics.json")

    def _log_history(self, family: str, history: pd.DataFrame) -> None:
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        curves = history.drop(columns="epoch")
        points = [
            Metric(f"fit/{name}", float(value), now_ms, int(epoch))
            for name, curve in curves.items()
            for epoch, value in zip(history["epoch"], curve, strict=True)
        ]
        for start in range(0, len(points), 1000):  # as many as MLflow takes at once
            self._client.log_batch(self._runs[family], metrics=points[start : start + 1000])

    def _log_folds(self, family: str, table: pd.DataFrame) -> None:
        """Cross-validation: mean and spread, and the accuracy of each fold as a curve."""
        run_id, scores = self._runs[family], table["accuracy"]
        self._client.log_metric(run_id, "cv/accuracy_mean", float(scores.mean()))
        self._client.log_metric(run_id, "cv/accuracy_std", float(scores.std(ddof=1)))
        for fold, score in zip(table["fold"], scores, strict=True):
            self._client.log_metric(run_id, "cv/accuracy", float(score), step=int(fold))

    def _log_model(self, family: str, model: Any) -> None:
        import mlflow
        import numpy as np
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        def schema(tensors: list[Any], names: list[str]) -> Schema:
            shapes = [(-1, *tensor.shape[1:]) for tensor in tensors]
            return Schema(
                [
                    TensorSpec(np.dtype(np.float32), shape, name if len(names) > 1 else None)
                    for shape, name in zip(shapes, names, strict=True)
                ]
            )

        with _run_context(self._runs[family]):
            mlflow.keras.log_model(
                model,
                name=family,
                signature=ModelSignature(
                    schema(model.inputs, [tensor.name for tensor in model.inputs]),
                    schema(model.outputs, model.output_names),
                ),
                pip_requirements=[f"{p}=={metadata.version(p)}" for p in MODEL_REQUIREMENTS],
            )

    def _log_file(self, family: str, dataset_name: str, folder: str) -> None:
        """The file that the catalog has just written, as it is."""
        # Kedro has no public name for it; the newest version may be another run's.
        path = self._catalog[dataset_name]._get_versioned_path(self._tags["kedro_version"])
        self._client.log_artifact(self._runs[family], str(path), folder)


@contextlib.contextmanager
def _run_context(run_id: str) -> Iterator[None]:
    """Make a run the active one, as logging a model demands, and leave it running."""
    import mlflow

    mlflow.start_run(run_id=run_id)
    try:
        yield
    finally:
        mlflow.end_run("RUNNING")


def _family(dataset_name: str) -> str:
    return dataset_name.partition(".")[0]


def _flatten(values: dict[str, Any], separator: str = ".", prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}"""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flatten(value, separator, f"{prefix}{key}{separator}")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _git_state(project_path: Path) -> tuple[str, str]:
    """The commit that the project is at, and what differs from it; empty without git."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(project_path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    try:
        untracked = git("ls-files", "--others", "--exclude-standard").splitlines()
        changes = git("diff", "HEAD") + "".join(f"new file, not in git: {f}\n" for f in untracked)
        return git("rev-parse", "HEAD").strip(), changes
    except (OSError, subprocess.CalledProcessError):
        return "", ""


def _environment() -> str:
    """Machine, Python, and every installed package with its version."""
    packages = sorted(f"{d.name}=={d.version}" for d in metadata.distributions())
    machine = f"# {platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join([machine, *packages]) + "\n"
