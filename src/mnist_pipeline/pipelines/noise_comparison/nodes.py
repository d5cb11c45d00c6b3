"""Which network still reads a distorted digit? Cross-validation and spoiled digits say."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import DatasetError
from matplotlib.figure import Figure

from mnist_pipeline import plots
from mnist_pipeline.cards import dataset_caption, trained_on
from mnist_pipeline.cross_validation import (
    FoldResult,
    Training,
    assign_folds,
    cross_validate,
)
from mnist_pipeline.digits import Digits
from mnist_pipeline.distortion import Step, distort
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import Family
from mnist_pipeline.identity import identify_training, training_digests
from mnist_pipeline.parameters import NoiseComparisonSettings, TrainingSettings
from mnist_pipeline.preprocessing import Rows
from mnist_pipeline.robustness import conditions, measure_robustness
from mnist_pipeline.trained_networks import TrainedNetworks

logger = logging.getLogger(__name__)

Card = dict[str, Any]
SavedFolds = dict[str, Callable[[], FoldResult]]

# Cross-validation


def deal_folds(train: Digits, settings: NoiseComparisonSettings, seed: int) -> pd.DataFrame:
    """Deal the training digits into folds. Returns a row per digit: `label`, `fold` (from 1)."""
    folds = assign_folds(train.labels, settings.folds, seed=seed)
    return pd.DataFrame({"label": train.labels, "fold": folds})


def identify_cross_validation(
    card: Card,
    distortion: list[Step],
    model_settings: dict[str, Any],
    training: TrainingSettings,
    settings: NoiseComparisonSettings,
    seed: int,
    *,
    family: str,
) -> dict[str, Any]:
    """All that decides the scores of the folds, and `key`, a short name for it.

    A fold that an earlier run has left is taken over if its key is the same.
    """
    view = {"distortion": distortion}
    return identify_training(
        family, card, view, model_settings, training, seed, folds=settings.folds
    )


def train_folds(
    identity: dict[str, Any],
    finished: SavedFolds | None,
    folds: pd.DataFrame,
    model_settings: dict[str, Any],
    training: TrainingSettings,
    settings: NoiseComparisonSettings,
    seed: int,
    inputs: Rows,
    targets: np.ndarray,
    *,
    family: Family,
) -> Iterator[dict[str, FoldResult]]:
    """Train and score every fold that is not finished yet, and hand each on to be saved at once.

    finished: the folds on disk, of this cross-validation and of others, or None.
    Yields {`<key>/fold-<k>`: as `cross_validation.score_fold` returns it}.
    """
    names = {fold: _partition(identity["key"], fold) for fold in range(1, settings.folds + 1)}
    saved = (finished or {}) if settings.resume else {}
    known = {name for name in names.values() if name in saved and _is_whole(saved[name])}
    for fold, name in names.items():
        if name in known:
            logger.info(
                "%s fold %d/%d: finished by an earlier run with these very settings "
                "(noise_comparison.resume)",
                *(family.name, fold, settings.folds),
            )
    common = Training(family, model_settings, training, seed)
    results = cross_validate(
        common,
        inputs,
        folds["label"].to_numpy(),
        targets,
        folds["fold"].to_numpy(),
        wanted=[fold for fold, name in names.items() if name not in known],
        workers=settings.workers,
    )
    for result in results:
        logger.info(
            "%s fold %d/%d: accuracy %.2f %%",
            *(family.name, result["fold"], settings.folds, 100 * result["accuracy"]),
        )
        yield {names[result["fold"]]: result}


def collect_folds(
    identity: dict[str, Any], finished: SavedFolds
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring the folds of this cross-validation together.

    Returns a row per fold, and a row per fold and epoch.
    """
    names = [_partition(identity["key"], fold) for fold in range(1, identity["folds"] + 1)]
    results = [finished[name]() for name in names]
    table = pd.DataFrame(results).drop(columns="history")
    curves = pd.concat(
        [pd.DataFrame(result["history"]).assign(fold=result["fold"]) for result in results]
    )
    return table, curves


def score_folds(identity: dict[str, Any], table: pd.DataFrame) -> dict[str, Any]:
    """What the folds say together, and of which digits.

    Returns `family, digits, seed, folds, cv_accuracy_mean, cv_accuracy_std` (of a sample) and
    `cv_fit_seconds`.
    """
    return {name: identity[name] for name in ("family", "digits", "seed")} | {
        "folds": len(table),
        "cv_accuracy_mean": float(table["accuracy"].mean()),
        "cv_accuracy_std": float(table["accuracy"].std(ddof=1)),
        "cv_fit_seconds": float(table["fit_seconds"].sum()),
    }


def _partition(key: str, fold: int) -> str:
    return f"{key}/fold-{fold}"


def _is_whole(load: Callable[[], FoldResult]) -> bool:
    """Whether a saved fold can be read: a run may have been killed while it was written."""
    try:
        load()
    except DatasetError:
        return False
    return True


def plot_folds(
    table: pd.DataFrame, curves: pd.DataFrame, metrics: dict[str, Any], card: Card
) -> Figure:
    """Draw the learning curve of every fold, and what each reads of the part held out."""
    return plots.folds(table, curves, metrics["accuracy"], metrics["family"], dataset_caption(card))


# The comparison


def measure_classifiers(
    test: Digits,
    card: Card,
    settings: NoiseComparisonSettings,
    seed: int,
    trained: TrainedNetworks,
    *of_this_run: dict[str, Any],
    families: tuple[str, ...],
) -> pd.DataFrame:
    """Let every classifier that has been trained on these digits read spoiled ones.

    families: the classifiers there may be. of_this_run: metrics that this run has made.
    trained: where the networks are. Those trained on other digits are left out, and it is said.
    Returns what `robustness.measure_robustness` does.
    """
    comparable, missing = {}, []
    for family in families:
        scores = trained.all_scores(family)
        fitting = [version for version, m in scores.items() if trained_on(m, card)]
        own = [version for version in fitting if scores[version] in of_this_run]
        if fitting:
            comparable[family] = trained.load(family, until=(own or fitting)[0])
        else:
            missing.append(f"{family} (trained on other digits)" if scores else family)
    if missing:
        logger.info(
            "Compared: %s. Not trained on these digits yet: %s. Train them with the same --env "
            "and --params (kedro run --pipeline=%s ...), and they join in.",
            *(", ".join(comparable), ", ".join(missing), missing[0].split(" ")[0]),
        )
    return measure_robustness(comparable, test, settings.curves, seed=seed)


def _split(things: tuple[Any, ...], n: int) -> list[tuple[Any, ...]]:
    """`n` parts of equal length: (a, b, c, 1, 2, 3), 2 -> [(a, b, c), (1, 2, 3)]"""
    length = len(things) // n
    return [things[part * length : (part + 1) * length] for part in range(n)]


def collect_noise_metrics(
    robustness: pd.DataFrame,
    card: Card,
    distortion: list[Step],
    settings: NoiseComparisonSettings,
    *metrics_and_folds: Any,
) -> dict[str, dict[str, Any]]:
    """Of every noisy family, its metrics, and what cross-validation and spoiled digits add.

    metrics_and_folds: first the metrics of each family, then what its folds say (`score_folds`).
        When the comparison is only read anew they come from earlier runs.
    Raises UserError when a network or its folds saw other digits, other distortions or another
    seed than the rest, or when there are more or fewer folds than the parameters say.
    Returns {family: metrics}, with `folds, cv_accuracy_mean, cv_accuracy_std` (of a sample),
    `cv_fit_seconds, clean_accuracy, mnist_c_accuracy` (the mean of its fifteen).
    """
    collected = {}
    asked = {"sha256": training_digests(card), "distortion": distortion}
    for metrics, folds in zip(*_split(metrics_and_folds, 2), strict=True):
        family = metrics["family"]
        agree = (
            trained_on(metrics, card)
            and metrics["distortion"] == distortion
            and folds["digits"] == asked
            and folds["seed"] == metrics["seed"]
            and folds["folds"] == settings.folds
        )
        if not agree:
            raise UserError(
                f"{family} or its folds were trained on other digits, other distortions, with "
                "another seed or in another number of folds than is asked for now. Train them "
                "anew: kedro run --pipeline=noise_comparison"
            )
        read = robustness[robustness["family"] == family].groupby("group")["accuracy"].mean()
        cross_validation = {
            name: folds[name]
            for name in ("folds", "cv_accuracy_mean", "cv_accuracy_std", "cv_fit_seconds")
        }
        collected[family] = {
            **metrics,
            **cross_validation,
            "clean_accuracy": float(read["clean"]),
            "mnist_c_accuracy": float(read["mnist_c"]),
        }
    return collected


def tabulate_comparison(metrics: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The answer as a table, a row per family."""
    columns = (
        *("family", "accuracy", "cv_accuracy_mean", "cv_accuracy_std", "folds"),
        *("clean_accuracy", "mnist_c_accuracy", "parameters", "epochs_run", "fit_seconds"),
    )
    rows = [{name: of_one[name] for name in columns} for of_one in metrics.values()]
    return pd.DataFrame(rows).rename(columns={"accuracy": "distorted_accuracy"})


def tabulate_robustness(robustness: pd.DataFrame) -> pd.DataFrame:
    """Spoiled digits as a table: a row per published corruption, a column per classifier."""
    families = robustness["family"].unique()
    published = robustness[robustness["group"] != "curve"]
    table = published.pivot_table(
        index=["group", "distortion"], columns="family", values="accuracy", sort=False
    )[families]
    mean = table.loc[["mnist_c"]].mean().to_frame(("mnist_c_mean", "mean of the fifteen")).T
    parts = [table.loc[["clean"]], table.loc[["mnist_c"]], mean, table.loc[["n_mnist"]]]
    return pd.concat(parts).rename_axis(["group", "distortion"]).reset_index()


def plot_comparison(table: pd.DataFrame, card: Card) -> Figure:
    """Draw the answer: accuracy on distorted and on clean digits, cross-validation, and cost."""
    return plots.noise_comparison(table, dataset_caption(card))


def plot_strengths(robustness: pd.DataFrame, card: Card, *, families: tuple[str, ...]) -> Figure:
    """Draw accuracy over the strength of each distortion."""
    curves = robustness[robustness["group"] == "curve"]
    return plots.strength_curves(curves, list(families), dataset_caption(card))


def plot_corruptions(table: pd.DataFrame, card: Card) -> Figure:
    """Draw how every classifier reads every published corruption."""
    return plots.corruption_table(table, dataset_caption(card))


def plot_corrupted_samples(test: Digits, card: Card, seed: int) -> Figure:
    """Draw a test digit of each class, clean and under each published corruption."""
    some = np.unique(test.labels, return_index=True)[1][:10]
    strips = {
        plots.corruption_name(c.group, c.name): distort(test.images[some], c.steps, seed=seed)
        for c in conditions({})
    }
    return plots.picture_strips(strips, "Test digits, spoiled as published", dataset_caption(card))
