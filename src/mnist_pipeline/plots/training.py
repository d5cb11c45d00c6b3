"""How networks learned."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mnist_pipeline.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    STYLES,
    new_figure,
)


def learning_curves(history: pd.DataFrame, best_epoch: int, family: str, dataset: str) -> Figure:
    """Loss, and accuracy where there is one, on training and validation digits per epoch.

    history: as `fitting.Fit` describes it. best_epoch: whose weights were kept (from 1).
    """
    units = {"loss": "loss", "accuracy": "accuracy (fraction of digits)"}
    measures = [name for name in units if name in history]
    figure = new_figure(5.5 * len(measures), 4.2, f"{family}: learning curves", dataset)
    panels = figure.subplots(1, len(measures), squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        epochs = history["epoch"]
        axes.plot(epochs, history[measure], "o-", color=BLUE, ms=4, label="training")
        axes.plot(epochs, history[f"val_{measure}"], "s--", color=ORANGE, ms=4, label="validation")
        if f"test_{measure}" in history:
            label = "test (shown only)"
            axes.plot(epochs, history[f"test_{measure}"], "^:", color=GREEN, ms=4, label=label)
        axes.axvline(best_epoch, color=GREY, ls=":", label=f"kept: epoch {best_epoch}")
        axes.set(xlabel="epoch", ylabel=units[measure])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    losses = history.filter(regex="^(val_|test_)?loss$").to_numpy()
    if losses.max() > 10 * losses.min():
        panels[0].set(yscale="log", ylabel="loss (log scale)")
    return figure


def folds(
    table: pd.DataFrame, curves: pd.DataFrame, test_accuracy: float, family: str, dataset: str
) -> Figure:
    """Cross-validation: how each fold learned, and what it reads of the part held out.

    table: a row per fold (`fold, accuracy`). curves: a row per fold and epoch (`fold, epoch,
    val_accuracy`). test_accuracy: of the network trained on all training digits.
    """
    scores = table["accuracy"]
    mean, spread = scores.mean(), scores.std(ddof=1)
    title = f"{family}: {len(table)} folds, accuracy {mean:.2%} ± {spread:.2%}"
    figure = new_figure(11, 4.4, title, dataset)
    left, right = figure.subplots(1, 2)
    for at, (fold, curve) in enumerate(curves.groupby("fold")):
        colour, marker, line = STYLES[at % len(STYLES)]
        left.plot(
            curve["epoch"], curve["val_accuracy"], marker=marker, ls=line, color=colour, ms=4,
            label=f"fold {fold}",
        )  # fmt: skip
    left.set(xlabel="epoch", ylabel="accuracy on the fold's validation digits (%)")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.legend(frameon=False)
    right.plot(table["fold"], scores, "o", color=BLUE, ms=8, label="digits of the fold held out")
    right.axhline(mean, color=BLUE, lw=1, label="mean of the folds, and standard deviation")
    right.axhspan(mean - spread, mean + spread, color=BLUE, alpha=0.15, lw=0)
    label = "test digits, trained on all folds"
    right.axhline(test_accuracy, color=ORANGE, ls="--", label=label)
    for fold, score in zip(table["fold"], scores, strict=True):
        right.annotate(
            f"{score:.2%}", (fold, score), (0, 8), textcoords="offset points", ha="center"
        )
    right.set(xlabel="fold", ylabel="accuracy (%)", xticks=table["fold"])
    right.margins(x=0.15, y=0.35)
    right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        axes.grid(alpha=0.3)
    return figure


SCORES = {
    "accuracy": "error on the test digits (%)",
    "mse": "mean squared error on the test digits",
    "psnr_gain_db": "gain in PSNR on the test digits (dB)",
}
"""What a family is judged by first, as it is drawn."""


def seeds(
    table: pd.DataFrame, ensemble: dict[str, Any], measures: list[str], family: str, dataset: str
) -> Figure:
    """One family with several seeds: each network, their mean and spread, and their ensemble.

    table: a row per network: `seed`, and a column for each of the measures. ensemble: its scores.
    measures: at least one of `SCORES`.
    """
    title = f"{family}: {len(table)} seeds, and the mean of their answers"
    figure = new_figure(5.5 * len(measures), 4.4, title, dataset)
    names = table["seed"].astype(str).tolist()
    for axes, measure in zip(figure.subplots(1, len(measures), squeeze=False)[0], measures,
                             strict=True):  # fmt: skip

        def drawn(value: Any, measure: str = measure) -> Any:
            return 100 * (1 - value) if measure == "accuracy" else value

        scores = drawn(table[measure])
        mean, spread = scores.mean(), scores.std(ddof=1)
        label = f"networks: {mean:.4g} ± {spread:.2g} (mean, standard deviation)"
        axes.plot(names, scores, "o", color=BLUE, ms=8, label=label)
        axes.axhline(mean, color=BLUE, lw=1)
        axes.axhspan(mean - spread, mean + spread, color=BLUE, alpha=0.15, lw=0)
        together = drawn(ensemble[measure])
        label = f"ensemble: {together:.4g}"
        axes.axhline(together, color=ORANGE, ls="--", label=label)
        axes.set(xlabel="seed", ylabel=SCORES[measure])
        axes.margins(x=0.15, y=0.35)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
    return figure
