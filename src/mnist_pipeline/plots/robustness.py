"""How classifiers read distorted and spoiled digits."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mnist_pipeline.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    STYLES,
    new_figure,
)

UNITS = {
    "std": "standard deviation (1 = black to white)",
    "amount": "amount (fraction of pixels)",
    "degrees": "degrees",
    "peak": "photons of a white pixel",
    "added": "added (1 = black to white)",
}
"""What the axis of a distortion's strength says; else it is the setting's name."""


def noise_comparison(table: pd.DataFrame, dataset: str) -> Figure:
    """Which network still reads a distorted digit: accuracy three ways, and what it costs.

    table: a row per family: `family, distorted_accuracy, cv_accuracy_mean, cv_accuracy_std,
    folds, clean_accuracy, parameters, fit_seconds`.
    """
    figure = new_figure(11, 4.6, "Which network still reads a distorted digit?", dataset)
    left, *costs = figure.subplots(1, 3, width_ratios=(2.4, 1, 1))
    at = np.arange(len(table))
    n_folds = int(table["folds"].iloc[0])
    bars = (
        ("distorted test digits", table["distorted_accuracy"], None, BLUE, ""),
        (f"cross-validation: mean of {n_folds} folds ± standard deviation",
         table["cv_accuracy_mean"],
         table["cv_accuracy_std"], GREEN, "\\\\\\"),
        ("clean test digits", table["clean_accuracy"], None, ORANGE, "///"),
    )  # fmt: skip
    for shift, (label, values, spread, colour, hatch) in zip((-0.27, 0, 0.27), bars, strict=True):
        drawn = left.bar(
            at + shift, values, 0.26, yerr=spread, capsize=4, color=colour, hatch=hatch,
            edgecolor="white", label=label,
        )  # fmt: skip
        left.bar_label(drawn, [f"{value:.1%}" for value in values], fontsize=8, padding=2)
    left.set(ylabel="accuracy (%)", ylim=(0, 1.3), yticks=np.linspace(0, 1, 6))
    left.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    left.legend(frameon=False, ncols=1, loc="upper center", fontsize=8)
    prices = (
        ("fit_seconds", "training time (s)", "{:,.0f} s"), ("parameters", "parameters", "{:,.0f}")
    )  # fmt: skip
    for axes, (column, label, form) in zip(costs, prices, strict=True):
        drawn = axes.bar(at, table[column], 0.5, color=GREY)
        axes.bar_label(drawn, [form.format(value) for value in table[column]], fontsize=8)
        axes.set(ylabel=label)
        axes.yaxis.set_major_formatter("{x:,.12g}")
        axes.margins(y=0.15)
    for axes in (left, *costs):
        axes.set_xticks(at, table["family"])
    return figure


def strength_curves(curves: pd.DataFrame, classifiers: list[str], dataset: str) -> Figure:
    """Accuracy over the strength of a distortion, a line per classifier, a panel per distortion.

    curves: a row per classifier, distortion and strength, as `measure_robustness` returns them.
    classifiers: all that there may be, so that each looks the same in every picture.
    """
    panels = list(curves.groupby(["distortion", "setting"], sort=False))
    figure = new_figure(
        max(4.2 * len(panels), 6), 4.8, "Accuracy over the strength of a distortion", dataset
    )
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, ((distortion, setting), points) in zip(row, panels, strict=True):
        for family, line in points.groupby("family", sort=False):
            colour, marker, style = STYLES[classifiers.index(str(family)) % len(STYLES)]
            axes.plot(
                line["strength"], line["accuracy"], marker=marker, ls=style, color=colour, ms=5,
                label=family,
            )  # fmt: skip
        label = UNITS.get(str(setting), str(setting).replace("_", " "))
        axes.set(title=str(distortion).replace("_", " "), xlabel=label, ylim=(0, 1.02))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        axes.grid(alpha=0.3)
    row[0].set_ylabel("accuracy on test digits (%)")
    figure.legend(
        *row[0].get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=8
    )
    return figure


def corruption_name(group: str, distortion: str) -> str:
    """What a published corruption is called in pictures."""
    names = {"mnist_c": "MNIST-C: ", "mnist_c_mean": "MNIST-C: ", "n_mnist": "n-MNIST: "}
    origin = names.get(group, "")
    return origin + distortion.replace("_", " ")


def corruption_table(table: pd.DataFrame, dataset: str) -> Figure:
    """Accuracy under each published corruption, a column per classifier; the darker, the worse.

    table: `group, distortion`, and a column of accuracies per classifier.
    """
    families = list(table.columns[2:])
    accuracy = table[families].to_numpy(float)
    height = 0.27 * len(table) + 2
    title = "Accuracy on spoiled test digits (%)\nthe darker, the fewer are read"
    figure = new_figure(max(2.6 + 1.05 * len(families), 7), height, title, dataset)
    axes = figure.subplots()
    axes.imshow(1 - accuracy, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(accuracy):
        axes.text(
            column, row, f"{100 * value:.1f}", ha="center", va="center", fontsize=8,
            color="white" if value < 0.45 else "black",
        )  # fmt: skip
    axes.set_xticks(range(len(families)), families, rotation=35, ha="left", fontsize=8)
    axes.xaxis.tick_top()
    names = [corruption_name(*row) for row in table[["group", "distortion"]].to_numpy()]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    return figure
