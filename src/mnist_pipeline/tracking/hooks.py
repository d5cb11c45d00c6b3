"""Kedro hooks that record a run while it happens."""

import atexit
import contextlib
import json
import logging
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import settings
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from mnist_pipeline import leaderboard, provenance
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.identity import fingerprint
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.tracking import registry
from mnist_pipeline.tracking.store import (
    ERROR,
    connect,
    families_link,
    mark_killed,
    this_process,
    trials_link,
)

logger = logging.getLogger(__name__)

TEST, COST, MORE = "1_test", "2_cost", "more"
"""MLflow's page has its sections in alphabetical order; what is asked first comes first."""

SCORES = {"accuracy", "mse", "input_psnr_db", "psnr_db", "ssim"}
COSTS = {"parameters", "epochs_run", "best_epoch", "fit_seconds", "images_per_second"}
COUNTS = {"train_images", "validation_images", "test_images"}
SHOWN_WITH = {"degraded_images": "degradation", "distorted_images": "distortion"}
"""Parameters that belong to a family by what it sees."""

FIRST_PICTURES = ("confusion_matrix", "incorrect_examples", "restorations", "reconstructions")
"""Those that MLflow shows beside the charts."""

FAMILIES_BY_NAME = {family.name: family for family in EVERY_FAMILY}


class _Listener(logging.Handler):
    """Hears of every epoch and every trial that is logged, when it is logged."""

    def __init__(self, on_epoch: Callable[..., None], on_trial: Callable[..., None]) -> None:
        super().__init__(logging.INFO)
        self._on_epoch, self._on_trial = on_epoch, on_trial

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "epoch"):  # see `fitting`
            self._on_epoch(record.network, record.epoch)  # type: ignore[attr-defined]
        if hasattr(record, "trial"):  # see `tuning` and `seeds`
            self._on_trial(record.trial)


class MLflowTracking:
    """A parent run for every `kedro run`, and a child run for every family in it."""

    def __init__(self) -> None:
        self._client: Any = None
        self._runs: dict[str, str] = {}  # family name, or "" for the parent -> MLflow run id
        self._awaited: dict[str, set[str]] = {}  # family name -> its datasets still to be saved
        self._dataset_inputs: list[Any] = []
        self._lock = threading.RLock()  # Kedro's thread runner saves several datasets at a time
        self._listener = _Listener(self._log_epoch, self._log_trial)

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        self._settings = context.config_loader["mlflow"]
        self._parameters = context.config_loader["parameters"]
        self._project_path = Path(context.project_path)
        source = str(context.config_loader.conf_source)
        own = str(self._project_path / settings.CONF_SOURCE)
        self._conf_source = None if source == own else source
        self._committed_env = "base" if context.env in (None, "local") else context.env
        self._source = source

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        self._catalog = catalog
        self._runs, self._dataset_inputs = {}, []
        self._card: dict[str, Any] | None = None
        self._metrics: dict[str, dict[str, Any]] = {}
        self._models: dict[str, registry.LoggedModel] = {}
        self._examples: dict[str, Any] = {}
        self._histories: dict[str, pd.DataFrame] = {}
        self._failure: Exception | None = None
        self._trials_by = ""  # what trials are compared by, if there are any
        self._unwritten: dict[str, list[Any]] = {}  # of each family, curves on their way
        self._started = time.time()
        outputs = {name for name in pipeline.all_outputs() if not name.endswith(".folds")}
        self._awaited = {  # of those that are trained or judged; folds may all be known already
            family.name: {name for name in outputs if _family(name) == family.name}
            for family in EVERY_FAMILY
            if {f"{family.name}.model", f"{family.name}.metrics"} & outputs
        }
        loads = {name for name in pipeline.inputs() if not name.startswith("param")}
        asked = ", ".join(run_params["pipeline_names"] or ["all families"])
        self._tags = {
            "kedro_version": run_params["run_id"],
            "kedro_env": run_params["env"] or "local",
            "kedro_pipeline": ", ".join(run_params["pipeline_names"] or ["__default__"]),
            "command": shlex.join(["kedro", *sys.argv[1:]]),
            "repeat": provenance.repeat_command(
                run_params, self._parameters, self._committed(run_params), self._conf_source
            ),
            "loads": ", ".join(sorted(loads)),
            "process": this_process(),
        }
        commit, changes = provenance.git_state(self._project_path)
        if commit:
            self._tags |= {"mlflow.source.git.commit": commit, "git_changes": str(bool(changes))}
        self._client, self._experiment_id = connect(self._settings, self._project_path)
        with _clear_errors(self._settings):
            mark_killed(self._client, self._experiment_id)
            self._start("", f"kedro run: {asked}", {"role": "parent"}, self._parameters)
            self._client.log_text(self._runs[""], _environment(), "environment.txt")
            if changes:
                self._client.log_text(self._runs[""], changes, "git_changes.diff")
        logging.getLogger("mnist_pipeline").addHandler(self._listener)
        # Neither Ctrl-C nor `kill` reaches `on_pipeline_error`.
        atexit.register(self._finish, "KILLED")

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        self._try(self._log, dataset_name, data)

    def _log(self, dataset_name: str, data: Any) -> None:
        if dataset_name == "dataset_card":
            self._log_dataset(data)
        family, entry = _family(dataset_name), dataset_name.partition(".")[2]
        if family not in self._awaited:
            if dataset_name.endswith("_plot"):
                self._log_file("", dataset_name, f"pictures/{family}")
            elif dataset_name == "noise_comparison.metrics":
                self._client.log_dict(self._runs[""], data, "noise_comparison.json")
            elif dataset_name == "ensemble.metrics":
                self._client.log_dict(self._runs[""], data, "ensemble.json")
                self._log_numbers("", as_numbers(data))
            return
        self._start_family(family)
        log_by_entry: dict[str, Callable[[str, Any], None]] = {
            "metrics": self._log_metrics,
            "history": self._log_history,
            "fit_report": self._log_validation,
            "cross_validation": self._log_folds,
            "model": self._log_model,
        }
        if entry in log_by_entry:
            log_by_entry[entry](family, data)
        elif entry.endswith("_plot"):
            self._log_picture(family, dataset_name)
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
        family, entry = _family(dataset_name), dataset_name.partition(".")[2]
        if family in FAMILIES_BY_NAME and entry == f"train_{FAMILIES_BY_NAME[family].sees}":
            self._examples.setdefault(family, data[:1])

    @hook_impl
    def after_pipeline_run(self) -> None:
        self._try(self._sum_up)
        self._finish("FINISHED")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        if self._runs:
            self._try(self._client.set_tag, self._runs[""], "error", str(error)[:5000])
        self._finish("FAILED")

    def _committed(self, run_params: dict[str, Any]) -> dict[str, Any]:
        """The parameters of the environment's files without `conf/local` and `--params`."""
        if run_params["env"] not in (None, "local") and not run_params["runtime_params"]:
            return self._parameters  # these are they: no other file and no option has a say
        # Not before the catalog is made: from the moment a loader is made, `${globals:...}` is
        # answered by it, and the catalog would not see those of `conf/local`.
        arguments = {**settings.CONFIG_LOADER_ARGS, "default_run_env": self._committed_env}
        loader = OmegaConfigLoader(self._source, env=self._committed_env, **arguments)
        return dict(loader["parameters"])

    def _try(self, log: Callable[..., None], *arguments: Any) -> None:
        """Log, unless recording has stopped. A store that fails stops it, not the training."""
        with self._lock:
            if not self._runs or self._failure:
                return
            try:
                log(*arguments)
                return
            except Exception as error:
                self._failure = error
        # Without the lock: the listener hears this too, and another thread may hold its own.
        logger.warning("MLflow failed; the rest of this run is not recorded. %s", self._failure)

    def _start(self, key: str, name: str, tags: dict[str, str], parameters: dict[str, Any]) -> None:
        run = self._client.create_run(
            self._experiment_id, run_name=name, tags={**self._tags, **tags}
        )
        self._runs[key] = run.info.run_id
        self._log_parameters(key, parameters)

    def _log_parameters(self, key: str, parameters: dict[str, Any]) -> None:
        from mlflow.entities import Param

        flat = provenance.flatten(parameters)
        values = [Param(name, str(value)) for name, value in flat.items()]
        for start in range(0, len(values), 100):  # as many as MLflow takes at once
            self._client.log_batch(self._runs[key], params=values[start : start + 100])

    def _start_family(self, family: str) -> None:
        if family in self._runs or not self._awaited[family]:
            return
        shared = {name: self._parameters[name] for name in ("seed", "data")}
        sees = FAMILIES_BY_NAME[family].sees
        shared |= {
            name: self._parameters[name] for thing, name in SHOWN_WITH.items() if thing == sees
        }
        own = self._parameters[family]
        # The same keys for all, whatever they return: one that has no such setting has None.
        training = {name: str(own["training"].get(name)) for name in TrainingSettings.model_fields}
        tags = {"role": "family", "family": family, "mlflow.parentRunId": self._runs[""]}
        self._start(family, family, tags, shared | {"model": own["model"], "training": training})
        if self._dataset_inputs:
            self._client.log_inputs(self._runs[family], self._dataset_inputs)

    def _end(self, key: str, status: str) -> None:
        run_id = self._runs.pop(key)
        try:
            for written in self._unwritten.pop(key, []):
                written.wait()
            if key in self._models and status == "FINISHED":
                registry.register(self._client, self._models[key], self._tags)
        finally:
            self._client.set_terminated(run_id, status)

    def _finish(self, status: str) -> None:
        """End whatever is still open: the parent last. Also what could not be recorded wholly."""
        logging.getLogger("mnist_pipeline").removeHandler(self._listener)
        for key in reversed(list(self._runs)):
            with contextlib.suppress(Exception):  # it has been said; the next run ends it
                self._end(key, status)

    def _sum_up(self) -> None:
        """What was asked, on which data, who won and what it cost: a note, and where to compare."""
        lines = [f"`{self._tags['repeat']}`", f"Took {time.time() - self._started:,.0f} s."]
        if self._card:
            lines.append(f"Data: {dataset_caption(self._card)}")
        if self._metrics:
            table = leaderboard.tabulate(self._metrics)
            winners = leaderboard.winners(table)
            self._client.set_tag(self._runs[""], "best_family", ", ".join(winners.values()))
            lines += [f"Best {task}: **{family}**" for task, family in winners.items()]
            lines.append(leaderboard.as_markdown(table))
        self._client.set_tag(self._runs[""], "mlflow.note.content", "\n\n".join(lines))
        if self._path("run_report").exists():  # a run without pictures has none
            self._log_file("", "run_report", "")
        uri, experiment = self._settings["tracking_uri"], self._experiment_id
        if self._metrics and self._card:
            link = families_link(uri, experiment, self._tags["digits"])
            logger.info("Compare with earlier runs (first: make ui): %s", link)
        if self._trials_by:
            link = trials_link(uri, experiment, self._runs[""], self._trials_by)
            logger.info("Compare the trainings (first: make ui): %s", link)

    def _log_dataset(self, card: dict[str, Any]) -> None:
        """Digits as inputs of the run: name, digest, where they come from."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        self._card = card
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
        shas = (card["sha256"][f"{part}_images"][:8] for part in ("train", "test"))
        self._tags |= {
            "dataset": card["name"],
            "data_source": card["source"],
            "digits": f"{card['name']} {' '.join(shas)}",  # those with the same can be compared
        }
        for run_id in self._runs.values():
            self._client.log_inputs(run_id, self._dataset_inputs)
            for name in ("dataset", "data_source", "digits"):
                self._client.set_tag(run_id, name, self._tags[name])
        self._client.log_dict(self._runs[""], card, "dataset_card.json")

    def _log_epoch(self, network: str, epoch: dict[str, float]) -> None:
        if network in self._awaited:  # and not a fold or a trial of one
            self._try(self._start_family, network)
            self._try(self._log_curves, network, epoch)

    def _log_history(self, family: str, history: pd.DataFrame) -> None:
        self._histories[family] = history
        if family not in self._unwritten:  # no epoch was heard: the log is set to warnings
            for epoch in history.to_dict("records"):
                self._log_curves(family, {str(name): value for name, value in epoch.items()})

    def _log_curves(self, family: str, epoch: dict[str, float]) -> None:
        curves = {f"fit/{name}": value for name, value in epoch.items() if name != "epoch"}
        points = _points(curves, step=int(epoch["epoch"]))
        # By another thread: training does not wait, and Ctrl-C cannot break off a transaction.
        written = self._client.log_batch(self._runs[family], metrics=points, synchronous=False)
        self._unwritten.setdefault(family, []).append(written)

    def _log_trial(self, trial: dict[str, Any]) -> None:
        self._try(self._log_finished_trial, trial)

    def _log_finished_trial(self, trial: dict[str, Any]) -> None:
        """A run for a trial of a search, or for one of several seeds, made when it is over."""
        self._trials_by = f"validation/{trial['score_name'].removeprefix('val_')}"
        key = f"{trial['family']} {trial['kind']} {trial['number']}"
        tags = {
            "role": trial["kind"], "family": trial["family"], "state": trial["state"],
            "mlflow.parentRunId": self._runs[""],
        }  # fmt: skip
        self._start(key, key, tags, trial["settings"])
        costs = {f"{COST}/{name}": trial[name] for name in ("epochs_run", "fit_seconds")}
        score = {self._trials_by: trial["score"]} if trial["state"] != "failed" else {}
        self._log_numbers(key, costs | score)
        self._end(key, "FAILED" if trial["state"] == "failed" else "FINISHED")

    def _log_numbers(self, key: str, numbers: dict[str, float], step: int = 0) -> None:
        self._client.log_batch(self._runs[key], metrics=_points(numbers, step))

    def _log_validation(self, family: str, report: dict[str, Any]) -> None:
        """The scores of the epoch that was kept, by which networks are chosen."""
        history = self._histories[family].set_index("epoch")
        kept = history.loc[report["best_epoch"]].filter(regex="^val_(loss|accuracy)$").to_dict()
        scores = {name.removeprefix("val_"): float(value) for name, value in kept.items()}
        self._log_numbers(family, {f"validation/{name}": v for name, v in scores.items()})
        best_by = self._parameters[family]["training"]["best_by"].removeprefix("val_")
        if family in self._models:
            model = self._models[family]
            model.validation = (best_by, scores[best_by])
            model.train_images = report["train_images"]
            model.key = what_scores_mean(family, self._parameters, self._tags.get("digits"))

    def _log_metrics(self, family: str, values: dict[str, Any]) -> None:
        self._metrics[family] = values
        self._log_numbers(family, as_numbers(values))
        counts = {name.removesuffix("_images"): values[name] for name in COUNTS}
        self._log_parameters(family, {"digits": counts})
        self._client.log_dict(self._runs[family], values, "metrics.json")

    def _log_folds(self, family: str, table: pd.DataFrame) -> None:
        """Cross-validation: mean and spread, and the accuracy of each fold as a curve."""
        scores = table["accuracy"]
        spread = {
            "cv/accuracy_mean": float(scores.mean()), "cv/accuracy_std": float(scores.std(ddof=1))
        }  # fmt: skip
        self._log_numbers(family, spread)
        for fold, score in zip(table["fold"], scores, strict=True):
            self._log_numbers(family, {"cv/accuracy": score}, step=int(fold))

    def _log_model(self, family: str, model: Any) -> None:
        example = self._examples.get(family)
        self._models[family] = registry.log_model(self._runs[family], family, model, example)

    def _log_picture(self, family: str, dataset_name: str) -> None:
        self._log_file(family, dataset_name, "pictures")
        name = dataset_name.partition(".")[2].removesuffix("_plot")
        if name in FIRST_PICTURES:
            picture = self._catalog[dataset_name].load()
            self._client.log_image(self._runs[family], picture, key=name)

    def _log_file(self, family: str, dataset_name: str, folder: str) -> None:
        """The file that the catalog has just written, as it is."""
        path = str(self._path(dataset_name))
        self._client.log_artifact(self._runs[family], path, folder or None)

    def _path(self, dataset_name: str) -> Path:
        """Of the version of this run."""
        # Kedro has no public name for it; the newest version may be another run's.
        return Path(self._catalog[dataset_name]._get_versioned_path(self._tags["kedro_version"]))


@contextlib.contextmanager
def _clear_errors(store: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise UserError(
            f"MLflow cannot record this run in {store['tracking_uri']}: {error} "
            "Where runs are recorded stands in conf/base/mlflow.yml."
        ) from error


def as_numbers(metrics: dict[str, Any]) -> dict[str, float]:
    """What MLflow can draw of `metrics.json`, by section; a score that is missing is left out.

    >>> as_numbers({"accuracy": 0.75, "per_class_accuracy": {"0": 0.5, "1": None}})
    {'1_test/accuracy': 0.75, 'per_class_accuracy/0': 0.5, '1_test/error_percent': 25.0}
    """
    numbers: dict[str, Any] = {}
    for name, value in metrics.items():
        if isinstance(value, dict):  # a section of its own
            numbers |= {f"{name}/{key}": inner for key, inner in value.items()}
        elif name not in COUNTS | {"seed"}:
            section = TEST if name in SCORES else COST if name in COSTS else MORE
            numbers[f"{section}/{name}"] = value
    if "accuracy" in metrics:  # MLflow's bars start at 0, and two decimals are all they show
        numbers[ERROR] = 100 * (1 - metrics["accuracy"])
    return {name: value for name, value in numbers.items() if isinstance(value, int | float)}


def what_scores_mean(family: str, parameters: dict[str, Any], digits: str | None) -> str:
    """Validation scores of a family with the same answer can be compared.

    digits: what tells the data set apart.
    """
    training = parameters[family]["training"]
    names = ("loss", "loss_weights", "best_by", "validation_fraction", "validation_split")
    decisive = {name: training.get(name) for name in names}
    shown = SHOWN_WITH.get(FAMILIES_BY_NAME[family].sees)
    return fingerprint(digits=digits, **decisive, shown=parameters[shown] if shown else None)


def _points(numbers: dict[str, float], step: int) -> list[Any]:
    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    return [Metric(name, float(value), now_ms, step) for name, value in numbers.items()]


def _family(dataset_name: str) -> str:
    return dataset_name.partition(".")[0]


def _environment() -> str:
    """Machine, Python, and every installed package with its version."""
    packages = [f"{name}=={version}" for name, version in provenance.versions().items()]
    return "\n".join([f"# {provenance.machine()}", *packages]) + "\n"
