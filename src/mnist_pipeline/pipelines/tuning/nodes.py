"""A family's settings, searched on the digits that its own pipeline would show its network."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mnist_pipeline import plots, tuning
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.digits import Digits
from mnist_pipeline.distortion import Step
from mnist_pipeline.identity import identify_training
from mnist_pipeline.parameters import DataSettings, DegradationSettings, TuningSettings
from mnist_pipeline.pipelines.preprocessing.nodes import note_view, training_digits
from mnist_pipeline.tuning import Search

logger = logging.getLogger(__name__)

Card = dict[str, Any]


def check_search(settings: TuningSettings, parameters: dict[str, Any]) -> Search:
    """Refuse what cannot be searched; else say what is to be."""
    return tuning.plan(settings, parameters)


def search_settings(
    search: Search,
    settings: TuningSettings,
    train: Digits,
    card: Card,
    data: DataSettings,
    degradation: DegradationSettings,
    distortion: list[Step],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run the trials that are missing.

    Returns a row per trial, and the best settings as a file for `kedro run --config`: with all
    that decides the score in it, so that the run is that trial again, in any environment.
    """
    shown = note_view(search.family, degradation, distortion)
    rows = tuning.run_trials(
        search,
        training_digits(
            search.family, search.training, search.seed, train, card, degradation, distortion
        ),
        n_trials=settings.trials,
        storage=Path(settings.storage),
        study_name=_study_name(search, card, shown),
    )
    logger.info(tuning.compare_with_present(search, rows))
    best = tuning.best_row(search, rows)
    assert best is not None  # `run_trials` has refused
    shared = {"seed": search.seed, "data": data.model_dump(), **shown}
    params = {search.family.name: search.with_settings(best["settings"]), **shared}
    return tuning.tabulate(rows), {"run": {"pipelines": search.family.name, "params": params}}


def plot_search(trials: pd.DataFrame, search: Search, card: Card) -> Figure:
    """Draw the score of every trial in their order, and over each setting."""
    return plots.tuning_search(
        trials, search.space, search.score_name, search.family.name, dataset_caption(card)
    )


def _study_name(search: Search, card: Card, shown: dict[str, Any]) -> str:
    """A name that is the same whenever trials can be compared, whatever is asked for besides."""
    identity = identify_training(
        search.family.name, card, shown, search.model, search.training, search.seed, "optuna",
        space={name: range_.model_dump() for name, range_ in search.space.items()},
        startup_trials=search.startup_trials,
        warmup_epochs=search.warmup_epochs,
    )  # fmt: skip
    return f"{search.family.name}-{identity['key']}"
