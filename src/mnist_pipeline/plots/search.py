"""A search for settings."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_pipeline.parameters import Range
from mnist_pipeline.plots.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    VERMILION,
    new_figure,
)


def tuning_search(
    trials: pd.DataFrame, space: dict[str, Range], score_name: str, family: str, dataset: str
) -> Figure:
    """A search for settings: the score of every trial in their order, and over each setting.

    trials: a row per trial: `trial` (from 1), `state` (`complete, pruned, failed`), `score`, and a
    column per setting. space: what was tried. score_name: `val_loss` or `val_accuracy`.
    """
    sign = -1 if score_name == "val_accuracy" else 1  # so that less is better
    losses = (sign * trials["score"]).where(trials["state"] == "complete")
    present = "diverged" if losses.isna()[0] else f"{score_name} {sign * losses[0]:.4g}"
    title = (
        f"{family}: search for settings, {len(trials)} trials on the same validation digits\n"
        f"best: {score_name} {sign * losses.min():.4g}; present settings: {present}"
    )
    n_columns = min(len(space), 4)
    n_rows = -(-len(space) // n_columns)
    figure = new_figure(max(3.1 * n_columns, 8), 3 * n_rows + 3.8, title, dataset)
    grid = figure.add_gridspec(1 + n_rows, n_columns)
    order = figure.add_subplot(grid[0, :])
    best = sign * losses.cummin().ffill()
    order.step(trials["trial"], best, where="post", color=GREY, lw=1, label="best so far")
    shown, edge = _within_sight(trials["score"], sign)
    if (shown != trials["score"]).any():
        order.axhline(edge, color=GREY, ls=":", lw=1, label="edge: worse, or diverged")
    _scatter_trials(order, trials["trial"], shown, trials["state"])
    order.set(
        xlabel="trial; the first one has the present settings",
        ylabel=score_name.replace("val_", "validation "),
    )
    order.xaxis.set_major_locator(MaxNLocator(integer=True))
    for at, (name, range_) in enumerate(space.items()):
        axes = figure.add_subplot(grid[1 + at // n_columns, at % n_columns], sharey=order)
        places = _places_on_axis(axes, trials[name], range_)
        _scatter_trials(axes, places, shown, trials["state"])
        axes.set_xlabel(f"{name} (log scale)" if range_.log else name)
        axes.tick_params(labelleft=at % n_columns == 0)
        axes.set_ylabel("" if at % n_columns else order.get_ylabel())
    for axes in figure.axes:
        axes.grid(alpha=0.3)
    handles, labels = order.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    return figure


def _within_sight(scores: pd.Series, sign: int) -> tuple[pd.Series, float]:
    """Scores with those far off drawn in to an edge, so that differences among the good show.

    sign: 1 where less is better, -1 where more is. The edge is four times as far from the best as
    the median; scores that are NaN are put there too. Returns the scores, and the edge.
    """
    losses = sign * scores
    best = losses.min()
    edge = best + max(4 * (losses.median() - best), 0.1 * abs(best))
    return sign * losses.fillna(edge).clip(upper=edge), float(sign * edge)


def _places_on_axis(axes: Axes, values: pd.Series, range_: Range) -> pd.Series:
    """Make the axis one of choices or of numbers; return where on it the values are."""
    if range_.choices is None:
        axes.set_xscale("log" if range_.log else "linear")
        return values
    names = [_choice_name(choice) for choice in range_.choices]
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(-0.5, len(names) - 0.5)
    return pd.Series([names.index(_choice_name(value)) for value in values.tolist()])


def _scatter_trials(axes: Axes, x: pd.Series, scores: pd.Series, states: pd.Series) -> None:
    """A point per trial; the first one, of the present settings, is marked."""
    styles = {
        "complete": ("o", BLUE, BLUE, "trained to its end"),
        "pruned": ("v", ORANGE, "none", "broken off"),
        "failed": ("x", VERMILION, VERMILION, "diverged"),
    }
    for state, (marker, colour, face, label) in styles.items():
        of = (states == state).to_numpy()
        if of.any():
            axes.plot(x[of], scores[of], marker, color=colour, mfc=face, ms=6, label=label)
    axes.plot(x[:1], scores[:1], "s", color=BLACK, mfc="none", ms=11, label="present settings")


def _choice_name(choice: object) -> str:
    """A choice in words, the same before and after it was in a CSV file."""
    if choice is None or str(choice) == "nan":  # that is None, after a CSV file
        return "null"
    return f"{choice:g}" if isinstance(choice, float) else str(choice)
