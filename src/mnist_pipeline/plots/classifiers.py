"""What classifiers read, misread, and how sure they are."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mnist_pipeline.metrics import calibration_bins, expected_calibration_error
from mnist_pipeline.plots.style import (
    BLUE,
    GREY,
    SKY,
    VERMILION,
    new_figure,
    show_grid,
    show_picture,
    wilson_interval,
    without_empty,
)


def confusion_matrix(
    labels: np.ndarray,
    predicted: np.ndarray,
    class_names: list[str],
    family: str,
    dataset: str,
) -> Figure:
    """Counts of true against predicted class; only mistakes are coloured, so that they show.

    labels, predicted: integers (n,).
    """
    n_classes = len(class_names)
    counts = np.zeros((n_classes, n_classes), int)
    np.add.at(counts, (labels, predicted), 1)
    mistakes = np.ma.array(counts, mask=np.eye(n_classes, dtype=bool))
    wrong = int(mistakes.sum())
    size = max(6.5, 0.6 * n_classes)
    title = f"{family}: confusion matrix\n{wrong:,} mistakes in {len(labels):,} test digits"
    figure = new_figure(size + 0.8, size, title, dataset)
    axes = figure.subplots()
    most = max(int(mistakes.max()), 1)
    picture = axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=most)
    axes.set_facecolor("#E4E4E4")
    colours = figure.colorbar(picture, label="mistakes (number of digits)", shrink=0.8)
    colours.ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    for true, guess in np.ndindex(counts.shape):
        count = counts[true, guess]
        dark = true != guess and count > 0.55 * most
        if count:
            axes.text(
                guess, true, f"{count:,}", ha="center", va="center", fontsize=8,
                color="white" if dark else "black", weight="bold" if true == guess else "normal",
            )  # fmt: skip
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_xticks(range(n_classes), class_names)
    axes.set_yticks(range(n_classes), class_names)
    return figure


def per_class_accuracy(
    labels: np.ndarray,
    predicted: np.ndarray,
    class_names: list[str],
    family: str,
    dataset: str,
) -> Figure:
    """The accuracy on each class, with its 95 % interval (Wilson 1927).

    labels, predicted: integers (n,).
    """
    mean = float(np.mean(predicted == labels))
    title = f"{family}: accuracy on each class\ndotted line: all classes, {mean:.2%}"
    figure = new_figure(8, 5, title, dataset)
    axes = figure.subplots()
    for k in range(len(class_names)):
        correct = predicted[labels == k] == k
        if not len(correct):
            continue
        low, high = wilson_interval(int(correct.sum()), len(correct))
        axes.plot([low, high], [k, k], color=BLUE, lw=2)
        axes.plot(correct.mean(), k, "o", color=BLUE, ms=7)
        axes.annotate(
            f"{correct.mean():.1%}  ({(~correct).sum()} of {len(correct):,} wrong)",
            (1.02, k), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        )  # fmt: skip
    axes.axvline(mean, color=GREY, ls=":")
    axes.set(xlabel="accuracy on test digits (%), with 95 % interval", ylabel="true class")
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.set_yticks(range(len(class_names)), class_names)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    return figure


def examples(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: list[str],
    title: str,
    dataset: str,
) -> Figure:
    """Up to 40 digits, each with what it is, what it was taken for, and how confidently.

    images: uint8 (n, 28, 28). labels: integers (n,). probabilities: float (n, classes).
    """
    figure = new_figure(10, 5.6, title, dataset)
    cells = list(np.ndindex(4, 10))[: len(images)]
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    above, below, colours = {}, {}, {}
    for cell, label, guess, sure in zip(cells, labels, predicted, confidence, strict=False):
        right = label == guess
        name = class_names[guess]
        above[cell] = name if right else f"{class_names[label]}, read {name}"
        below[cell] = f"{sure:.1%}"
        colours[cell] = BLUE if right else VERMILION
    pictures = dict(zip(cells, images, strict=False))
    show_grid(figure.subplots(), pictures, above=above, below=below, colours=colours)
    if not len(images):
        figure.text(0.5, 0.5, "There are none.", ha="center", fontsize=14)
    return figure


def probability_bars(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: list[str],
    family: str,
    dataset: str,
) -> Figure:
    """Eight digits, each beside the probability that the network gives to every class.

    images: uint8 (8, 28, 28), shown row by row, two a row. labels: integers (8,).
    probabilities: float (8, classes). The bar of the true class is plain, the others are hatched.
    """
    title = (
        f"{family}: probability of each class\nleft: random test digits, right: the least certain "
        "ones; plain bar: the true class"
    )
    figure = new_figure(10, 8, title, dataset)
    figure.set_layout_engine("none")  # to find a layout for all these numbers takes long
    room = {"left": 0.01, "right": 0.99, "bottom": 0.07, "top": 0.88}
    spaces = {"width_ratios": (1, 2, 1, 2), "wspace": 0.32, "hspace": 0.35}
    grid = figure.subplots(4, 4, gridspec_kw={**room, **spaces}).reshape(8, 2)
    classes = np.arange(len(class_names))
    rows = zip(grid, images, labels, probabilities, strict=False)
    for (left, right), image, label, row in rows:
        show_picture(left, image)
        left.set_title(f"true: {class_names[label]}", fontsize=9)
        others = classes[(classes != label) & (row > 0.002)]  # lower ones would be under a pixel
        right.bar(label, row[label], color=BLUE)
        right.bar(others, row[others], color=VERMILION, hatch="///")
        right.set(xlim=(-0.6, len(classes) - 0.4), ylim=(0, 1.05), ylabel="probability")
        right.set_xticks(classes, class_names, fontsize=8)
        right.set_yticks((0, 0.5, 1))
        guess = int(row.argmax())
        right.set_title(f"read: {class_names[guess]} ({row[guess]:.1%})", fontsize=9)
    return without_empty(figure)


def confidence_distribution(
    labels: np.ndarray, probabilities: np.ndarray, family: str, dataset: str
) -> Figure:
    """How sure the network is when it is right, and when it is wrong.

    labels: integers (n,). probabilities: float (n, classes).
    """
    figure = new_figure(7.5, 4.2, f"{family}: how sure it is when right, and when wrong", dataset)
    axes = figure.subplots()
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bins = np.linspace(0, 1, 21).tolist()
    axes.hist(
        [confidence[correct], confidence[~correct]], bins, color=[BLUE, VERMILION],
        hatch=["", "///"], edgecolor="white", linewidth=0.3,
        label=[f"right ({correct.sum():,} digits)", f"wrong ({(~correct).sum():,} digits)"],
    )  # fmt: skip
    axes.set(xlabel="confidence (highest probability)", ylabel="number of test digits (log scale)")
    axes.set(yscale="log", xlim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
    return figure


def reliability_diagram(
    answers: dict[str, np.ndarray], labels: np.ndarray, family: str, dataset: str
) -> Figure:
    """Whether a network is right as often as it says: accuracy over confidence, a panel for each.

    answers: name -> probabilities, float (n, classes). labels: integers (n,).
    Predictions are sorted into the bins of the expected calibration error; a line through a point
    is the 95 % interval of its accuracy (Wilson 1927).
    """
    title = f"{family}: is it right as often as it says?"
    figure = new_figure(5.2 * len(answers), 5.6, title, dataset)
    panels = figure.subplots(
        2, len(answers), squeeze=False, sharex=True, sharey="row", height_ratios=(3, 1)
    )
    for (upper, lower), (name, probabilities) in zip(panels.T, answers.items(), strict=True):
        bins = calibration_bins(probabilities, labels)
        filled = bins["count"] > 0
        count, confidence, correct = (values[filled] for values in bins.values())
        at, accuracy = confidence / count, correct / count
        low, high = np.transpose(
            [wilson_interval(int(c), int(n)) for c, n in zip(correct, count, strict=True)]
        )
        upper.plot([0, 1], [0, 1], "--", color=GREY, label="right as often as it says")
        upper.vlines(at, low, high, color=BLUE, lw=2, alpha=0.5)
        label = "this network, with 95 % interval"
        upper.plot(at, accuracy, "o", color=BLUE, clip_on=False, label=label)
        error = expected_calibration_error(probabilities, labels)
        upper.set_title(f"{name}\nexpected calibration error {error:.2%}", fontsize=10)
        upper.set(ylim=(0, 1.02))
        upper.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        upper.grid(alpha=0.3)
        edges = np.linspace(0, 1, len(filled) + 1)
        lower.stairs(bins["count"], edges, fill=True, color=SKY, edgecolor=BLUE)
        lower.set(xlabel="confidence (%)", xlim=(0, 1), yscale="log")
        lower.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    panels[0, 0].set_ylabel("accuracy on test digits (%)")
    panels[1, 0].set_ylabel("test digits\n(log scale)")
    handles = panels[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower right", ncols=2, frameon=False, fontsize=8)
    return figure


def refusals(refused: dict[str, float], asked: float, dataset: str) -> Figure:
    """What part of real digits is refused as no digit, and what part of each kind of outliers.

    refused: kind -> fraction, the first one of digits. asked: the fraction that was aimed at.
    """
    names = list(refused)
    percent = 100 * np.array(list(refused.values()))
    figure = new_figure(8, 0.42 * len(names) + 1.3, "What is refused as no digit", dataset)
    axes = figure.subplots()
    colours = [BLUE, *([VERMILION] * (len(names) - 1))]
    bars = axes.barh(names, percent, color=colours, hatch=["", *(["///"] * (len(names) - 1))],
                     edgecolor="white", linewidth=0.3)  # fmt: skip
    axes.bar_label(bars, fmt="%.1f %%", padding=3, fontsize=8)
    axes.set(xlabel=f"refused (%); of digits, {100 * asked:g} % was aimed at", xlim=(0, 112))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    return figure
