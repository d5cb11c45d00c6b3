"""What happens around every run: parameters are checked before it, its results shown after it."""

import logging
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.leaderboard import leaderboard
from mnist_pipeline.parameters import check_parameters

logger = logging.getLogger(__name__)


class ParameterCheck:
    """Refuses parameters that cannot be meant, before anything is read."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        check_parameters(context.config_loader["parameters"])


class RunSummary:
    """Shows which families ran, on which data, how well, and where the pictures are."""

    def __init__(self) -> None:
        self._saved: dict[str, Any] = {}

    @hook_impl
    def before_pipeline_run(self) -> None:
        self._saved = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        if dataset_name == "dataset_card" or dataset_name.endswith(".metrics"):
            self._saved[dataset_name] = data

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        card = self._saved.pop("dataset_card", None)
        if card:
            logger.info("Data: %s", dataset_caption(card))
        if self._saved:
            version = run_params["run_id"]
            logger.info("Leaderboard of this run\n%s", leaderboard(list(self._saved.values())))
            logger.info(
                "Pictures: %s, one folder per picture, in it this run's version %s",
                ", ".join(str(Path("data/08_reporting", m["family"])) for m in self._saved.values()),
                version,
            )
