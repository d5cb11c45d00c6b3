"""What happens around every run: parameters are checked before it, its results shown after it."""

import atexit
import logging
import shutil
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, CatalogProtocol, Version

from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.leaderboard import as_text, show_corruptions, show_noisy, tabulate
from mnist_pipeline.parameters import check_parameters

logger = logging.getLogger(__name__)

RESULTS = ("dataset_card", "noise_comparison.corruptions")
"""What is shown at the end of a run, beside the metrics."""


class ParameterCheck:
    """Refuses parameters that cannot be meant, before anything is read."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        check_parameters(context.config_loader["parameters"])


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

    @hook_impl
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

    @hook_impl
    def before_pipeline_run(self) -> None:
        self._saved, self._has_read_pictures = {}, False

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        self._has_read_pictures |= dataset_name == "classification.predictions"
        if dataset_name in RESULTS or dataset_name.endswith(".metrics"):
            self._saved[dataset_name] = data

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """A run that starts behind the ingestion loads the card of an earlier one."""
        if dataset_name == "dataset_card":
            self._saved[dataset_name] = data

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        card, corruptions = (self._saved.pop(name, None) for name in RESULTS)
        noisy = self._saved.pop("noise_comparison.metrics", None)
        if card:
            logger.info("Data: %s", dataset_caption(card))
        if corruptions is not None:
            logger.info("Accuracy on spoiled test digits (%%)\n%s", show_corruptions(corruptions))
        if noisy:
            logger.info("Which network still reads a distorted digit?\n%s", show_noisy(noisy))
        if self._saved:
            scores = {metrics["family"]: metrics for metrics in self._saved.values()}
            logger.info("Leaderboard of this run\n%s", as_text(tabulate(scores)))
        if self._has_read_pictures:
            logger.info(
                "Answers: data/07_model_output/classification/*/%s (predictions.csv, refused.csv, "
                "gallery.png)",
                run_params["run_id"],
            )
        if self._saved or noisy:
            logger.info(
                "Pictures: data/08_reporting/*/*.png/%s/*.png (compare runs: make ui)",
                run_params["run_id"],
            )
