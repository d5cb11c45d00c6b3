"""What happens around every run: parameters are checked before it, its results shown after it."""

import atexit
import logging
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, CatalogProtocol, Version

from mnist_pipeline import provenance
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.leaderboard import (
    as_text,
    show,
    show_corruptions,
    show_noisy,
    show_seeds,
    tabulate,
)
from mnist_pipeline.parameters import check_parameters
from mnist_pipeline.report import Section, embed, readable, render_report

logger = logging.getLogger(__name__)

RESULTS = ("dataset_card", "noise_comparison.corruptions", "ensemble.metrics")
"""What is shown at the end of a run, beside the metrics."""


class ParameterCheck:
    """Refuses parameters that cannot be meant, before anything is read."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        parameters = context.config_loader["parameters"]
        check_parameters(parameters)
        # What is set is not read again: Kedro and the other hooks ask for it seven times a run.
        context.config_loader["parameters"] = parameters


class OwnVersions:
    """Lets a run see its own artifacts only, and leaves no half-written ones behind."""

    def __init__(self) -> None:
        self._being_saved: set[str] = set()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: CatalogProtocol) -> None:
        self._catalog, self._version = catalog, run_params["run_id"]
        self._being_saved = set()
        atexit.register(self._remove_unfinished)  # Ctrl-C does not reach `on_pipeline_error`

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        self._being_saved.add(dataset_name)

    @hook_impl(tryfirst=True)  # before anybody loads it to show it
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Pin what was saved: Kedro would load the newest, which may be another run's by now."""
        self._being_saved.discard(dataset_name)
        dataset = self._catalog[dataset_name]
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            dataset._version = Version(self._version, self._version)

    @hook_impl
    def on_pipeline_error(self) -> None:
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        """A save that was broken off: the next run would take its file for the newest version."""
        for name in self._being_saved:
            dataset = self._catalog[name]
            if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
                path = Path(dataset._get_versioned_path(self._version))
                shutil.rmtree(path.parent, ignore_errors=True)
        self._being_saved = set()


class RunSummary:
    """Shows which families ran, on which data, how well, and where the pictures are."""

    def __init__(self) -> None:
        self._saved: dict[str, Any] = {}
        self._has_read_pictures = False
        self._has_searched = False

    @hook_impl
    def before_pipeline_run(self) -> None:
        self._saved, self._has_read_pictures, self._has_searched = {}, False, False

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        self._has_read_pictures |= dataset_name == "classification.predictions"
        self._has_searched |= dataset_name == "tuning.best_settings"
        if dataset_name in RESULTS or dataset_name.endswith(".metrics"):
            self._saved[dataset_name] = data

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """A run that starts behind the ingestion loads the card of an earlier one."""
        if dataset_name == "dataset_card":
            self._saved[dataset_name] = data

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        card, corruptions, ensemble = (self._saved.pop(name, None) for name in RESULTS)
        noisy = self._saved.pop("noise_comparison.metrics", None)
        if card:
            logger.info("Data: %s", dataset_caption(card))
        if corruptions is not None:
            logger.info("Accuracy on spoiled test digits (%%)\n%s", show_corruptions(corruptions))
        if noisy:
            logger.info("Which network still reads a distorted digit?\n%s", show_noisy(noisy))
        if ensemble:
            logger.info("%s with several seeds\n%s", ensemble["family"], show_seeds(ensemble))
        if self._saved:
            scores = {metrics["family"]: metrics for metrics in self._saved.values()}
            logger.info("Leaderboard of this run\n%s", as_text(tabulate(scores)))
        if self._has_searched:
            logger.info(
                "Run the best settings: kedro run "
                "--config=data/08_reporting/tuning/best_settings.yml/%s/best_settings.yml",
                run_params["run_id"],
            )
        if self._has_read_pictures:
            logger.info(
                "Answers: data/07_model_output/classification/*/%s (predictions.csv, refused.csv, "
                "gallery.png)",
                run_params["run_id"],
            )
        if self._saved or noisy or ensemble:
            logger.info(
                "Pictures: data/08_reporting/*/*.png/%s/*.png (compare runs: make ui)",
                run_params["run_id"],
            )


MADE_WITH = ("mnist-pipeline", "kedro", "keras", "tensorflow", "numpy", "mlflow")


class RunReport:
    """Writes a page about every run that leaves pictures: the entry `run_report`."""

    def __init__(self) -> None:
        self._sections: dict[str, Section] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        self._parameters = context.config_loader["parameters"]
        self._project_path = Path(context.project_path)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: CatalogProtocol) -> None:
        self._catalog, self._run_params = catalog, run_params
        self._sections = {}
        # Shrinking and packing pictures is Pillow's work, during which Python can do other things.
        self._packer = ThreadPoolExecutor(1, "report")
        self._packing: list[tuple[Section, str, Future[str]]] = []
        self._metrics: dict[str, dict[str, Any]] = {}
        self._card: dict[str, Any] | None = None
        self._started = time.time()
        self._code = provenance.git_state(self._project_path)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        if dataset_name == "dataset_card":
            self._card = data
        namespace, _, name = dataset_name.partition(".")
        is_shown = name.endswith(("_plot", "_summary")) or (name == "metrics" and "family" in data)
        if not is_shown or name == "report_plot":  # which is all of them once more
            return
        section = self._sections.setdefault(namespace, Section(namespace))
        if name.endswith("_plot"):
            title = name.removesuffix("_plot").replace("_", " ")
            section.pictures[title] = ""  # its place
            packed = self._packer.submit(_embed_saved, self._catalog[dataset_name])
            self._packing.append((section, title, packed))
        elif name.endswith("_summary"):
            section.texts[f"layers of the {name.removesuffix('_summary')}"] = data
        else:
            if namespace == data["family"]:  # and not an ensemble
                self._metrics[namespace] = data
            section.scores = readable(data)
            settings = yaml.safe_dump(self._parameters[data["family"]], sort_keys=False)
            section.texts["settings"] = settings

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """A run that starts behind the ingestion loads the card of an earlier one."""
        if dataset_name == "dataset_card":
            self._card = data

    @hook_impl
    def after_pipeline_run(self) -> None:
        if not self._sections:
            return
        for section, title, packed in self._packing:
            section.pictures[title] = packed.result()
        asked = ", ".join(self._run_params["pipeline_names"] or ["all families"])
        commit, changes = self._code
        facts = {
            "run": self._run_params["run_id"],
            "environment": self._run_params["env"] or "base, and conf/local",
            "took": f"{time.time() - self._started:,.0f} s",
            "data": dataset_caption(self._card) if self._card else "-",
            "seed": str(self._parameters["seed"]),
            "code": (commit or "not in git") + (", with changes" if changes else ""),
            "machine": provenance.machine(),
        }
        page = render_report(
            f"kedro run: {asked}",
            facts,
            show(tabulate(self._metrics)) if self._metrics else None,
            sorted(self._sections.values(), key=lambda section: section.title not in FIRST),
            provenance.versions(*MADE_WITH),
        )
        self._catalog.save("run_report", page)
        path = self._catalog["run_report"]._get_versioned_path(self._run_params["run_id"])
        logger.info("Report, to open in a browser: %s", Path(path).relative_to(self._project_path))


def _embed_saved(dataset: AbstractVersionedDataset[Any, Any]) -> str:
    return embed(dataset.load())


FIRST = ("ingestion", "comparison")
"""What a report begins with; families follow in the order in which they were finished."""
