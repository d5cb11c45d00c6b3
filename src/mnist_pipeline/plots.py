"""Arrays in, Figure out. Nothing here reads or writes files.

Every picture says what it shows, of which network and of which data set. Colours are those of
Okabe and Ito (2008), which colour-blind readers can tell apart; where two meet, shape, hatching
or line style tells them apart in grey too.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6B6B6B"


def class_distribution(
    train_labels: np.ndarray, test_labels: np.ndarray, class_names: list[str], dataset: str
) -> Figure:
    """How many digits of each class there are, for training and for testing.

    train_labels, test_labels: uint8 (n,).
    """
    figure = _figure(9, 4.5, "How often each class occurs", dataset)
    axes = figure.subplots()
    classes = np.arange(len(class_names))
    parts = (("training", train_labels, BLUE, ""), ("test", test_labels, ORANGE, "///"))
    for offset, (part, labels, colour, hatch) in zip((-0.2, 0.2), parts, strict=True):
        counts = np.bincount(labels, minlength=len(class_names))
        label = f"{part} ({len(labels):,} digits)"
        bars = axes.bar(
            classes + offset, counts, 0.4, color=colour, hatch=hatch, edgecolor="white", label=label
        )
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=7, padding=1)
    axes.set(xlabel="class", ylabel="number of digits")
    axes.set_xticks(classes, class_names)
    axes.margins(y=0.2)
    axes.legend(loc="upper center", ncols=2, frameon=False)
    return figure


def samples(images: np.ndarray, labels: np.ndarray, class_names: list[str], dataset: str) -> Figure:
    """The first four digits of each class: 40 for ten classes.

    images: uint8 (n, 28, 28). labels: uint8 (n,).
    """
    rows = 4
    figure = _figure(0.85 * len(class_names), 4.4, "Four training digits of each class", dataset)
    grid = figure.subplots(rows, len(class_names), squeeze=False)
    for k, name in enumerate(class_names):
        grid[0, k].set_title(name, fontsize=10)
        for axes, image in zip(grid[:, k], images[labels == k][:rows], strict=False):
            _show(axes, image)
    return _without_empty(figure)


def learning_curves(history: pd.DataFrame, best_epoch: int, family: str, dataset: str) -> Figure:
    """Loss, and accuracy where there is one, on training and validation digits per epoch.

    history: as `fitting.Fit` describes it. best_epoch: whose weights were kept (from 1).
    """
    units = {"loss": "loss", "accuracy": "accuracy (fraction of digits)"}
    measures = [name for name in units if name in history]
    figure = _figure(5.5 * len(measures), 4.2, f"{family}: learning curves", dataset)
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
    figure = _figure(size + 0.8, size, title, dataset)
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
    figure = _figure(8, 5, title, dataset)
    axes = figure.subplots()
    for k in range(len(class_names)):
        correct = predicted[labels == k] == k
        if not len(correct):
            continue
        low, high = _wilson_interval(int(correct.sum()), len(correct))
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
    figure = _figure(10, 5.6, title, dataset)
    grid = figure.subplots(4, 10)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    rows = zip(grid.flat, images, labels, predicted, confidence, strict=False)
    for axes, image, label, guess, sure in rows:
        _show(axes, image)
        right = label == guess
        text = class_names[guess] if right else f"{class_names[label]}, read {class_names[guess]}"
        axes.set_title(text, fontsize=8, color=BLUE if right else VERMILION, pad=2)
        axes.set_xlabel(f"{sure:.1%}", fontsize=7, labelpad=1)
    if not len(images):
        figure.text(0.5, 0.5, "There are none.", ha="center", fontsize=14)
    return _without_empty(figure)


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
    figure = _figure(10, 8, title, dataset)
    grid = figure.subplots(4, 4, width_ratios=(1, 2, 1, 2)).reshape(8, 2)
    classes = np.arange(len(class_names))
    rows = zip(grid, images, labels, probabilities, strict=False)
    for (left, right), image, label, row in rows:
        _show(left, image)
        left.set_title(f"true: {class_names[label]}", fontsize=9)
        colours = [BLUE if k == label else VERMILION for k in classes]
        right.bar(classes, row, color=colours, hatch=["" if k == label else "///" for k in classes])
        right.set(ylim=(0, 1.05), ylabel="probability")
        right.set_xticks(classes, class_names, fontsize=8)
        guess = int(row.argmax())
        right.set_title(f"read: {class_names[guess]} ({row[guess]:.1%})", fontsize=9)
    return _without_empty(figure)


def confidence_distribution(
    labels: np.ndarray, probabilities: np.ndarray, family: str, dataset: str
) -> Figure:
    """How sure the network is when it is right, and when it is wrong.

    labels: integers (n,). probabilities: float (n, classes).
    """
    figure = _figure(7.5, 4.2, f"{family}: how sure it is when right, and when wrong", dataset)
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


def picture_rows(
    rows: dict[str, np.ndarray], captions: list[str], title: str, dataset: str
) -> Figure:
    """Rows of pictures, one above the other, such as originals and reconstructions.

    rows: name -> float or uint8 (n, 28, 28) or (n, 28, 28, 1), all of equal length.
    captions: a text under each column.
    """
    figure = _figure(10, 1.05 * len(rows) + 0.9, title, dataset)
    grid = figure.subplots(len(rows), len(captions), squeeze=False)
    for line, (name, images) in zip(grid, rows.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            _show(axes, image.reshape(image.shape[:2]))
        line[0].set_ylabel(name, fontsize=9)
    for axes, caption in zip(grid[-1], captions, strict=True):
        axes.set_xlabel(caption, fontsize=8)
    return figure


def _figure(width_in: float, height_in: float, title: str, dataset: str) -> Figure:
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    figure.suptitle(title, fontsize=12, weight="bold")
    figure.supxlabel(f"Data: {dataset}", fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


def _show(axes: Axes, image: np.ndarray) -> None:
    """Draw one picture; floats are taken as 0 to 1, integers as 0 to 255."""
    white = 255 if image.dtype == np.uint8 else 1
    axes.imshow(image, cmap="gray", vmin=0, vmax=white, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])


def _without_empty(figure: Figure) -> Figure:
    for axes in figure.axes:
        if not axes.has_data():
            axes.set_axis_off()
    return figure


def _wilson_interval(correct: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % confidence interval of a fraction (Wilson 1927)."""
    fraction, slack = correct / n, z * z / n
    centre = (fraction + slack / 2) / (1 + slack)
    half = z * np.sqrt(fraction * (1 - fraction) / n + slack / (4 * n)) / (1 + slack)
    return float(centre - half), float(min(centre + half, 1))
