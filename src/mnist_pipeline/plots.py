"""Arrays in, Figure out. Nothing here reads or writes files.

Every picture says what it shows, of which network and of which data set. Colours are those of
Okabe and Ito (2008), which colour-blind readers can tell apart; where two meet, shape, hatching
or line style tells them apart in grey too.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mnist_pipeline.metrics import calibration_bins, expected_calibration_error
from mnist_pipeline.parameters import Range

BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6B6B6B"
SKY, PURPLE, BLACK = "#56B4E9", "#CC79A7", "#000000"

STYLES = tuple(
    zip(
        2 * (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK, GREY),
        "osD^vPX*<>phd8H1",
        8 * ("-",) + 8 * ("--",),
        strict=True,
    )
)
"""Colour, marker and line style of each of several lines."""

AGAINST_AND_FOR = LinearSegmentedColormap.from_list("against and for", (BLUE, "white", VERMILION))
"""Colours of what speaks against something, of what is neutral, and of what speaks for it."""

UNITS = {
    "std": "standard deviation (1 = black to white)",
    "amount": "amount (fraction of pixels)",
    "degrees": "degrees",
    "peak": "photons of a white pixel",
    "added": "added (1 = black to white)",
}
"""What the axis of a distortion's strength says; else it is the setting's name."""


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
    figure = _figure(11, 4.4, title, dataset)
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


def noise_comparison(table: pd.DataFrame, dataset: str) -> Figure:
    """Which network still reads a distorted digit: accuracy three ways, and what it costs.

    table: a row per family: `family, distorted_accuracy, cv_accuracy_mean, cv_accuracy_std,
    folds, clean_accuracy, parameters, fit_seconds`.
    """
    figure = _figure(11, 4.6, "Which network still reads a distorted digit?", dataset)
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
    figure = _figure(
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
    figure = _figure(max(2.6 + 1.05 * len(families), 7), height, title, dataset)
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
    figure = _figure(max(3.1 * n_columns, 8), 3 * n_rows + 3.8, title, dataset)
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


def refusals(refused: dict[str, float], asked: float, dataset: str) -> Figure:
    """What part of real digits is refused as no digit, and what part of each kind of outliers.

    refused: kind -> fraction, the first one of digits. asked: the fraction that was aimed at.
    """
    names = list(refused)
    percent = 100 * np.array(list(refused.values()))
    figure = _figure(8, 0.42 * len(names) + 1.3, "What is refused as no digit", dataset)
    axes = figure.subplots()
    colours = [BLUE, *([VERMILION] * (len(names) - 1))]
    bars = axes.barh(names, percent, color=colours, hatch=["", *(["///"] * (len(names) - 1))],
                     edgecolor="white", linewidth=0.3)  # fmt: skip
    axes.bar_label(bars, fmt="%.1f %%", padding=3, fontsize=8)
    axes.set(xlabel=f"refused (%); of digits, {100 * asked:g} % was aimed at", xlim=(0, 112))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def gallery(
    cells: list[tuple[str, np.ndarray, np.ndarray, str]], title: str, dataset: str
) -> Figure:
    """Pictures beside what the network saw of them, and its answers.

    cells: (name, picture, seen, answer); picture: float (h, w), 0 to 1; seen: uint8 (28, 28).
    """
    columns = max(1, min(5, len(cells)))
    rows = max(1, -(-len(cells) // columns))
    figure = _figure(2.3 * columns + 0.4, 1.5 * rows + 0.9, title, dataset)
    panels = figure.subplots(rows, 2 * columns, squeeze=False).reshape(-1, 2)
    for (left, right), (name, picture, seen, answer) in zip(panels, cells, strict=False):
        _show(left, picture)
        short = name if len(name) < 19 else f"{name[:16]}..."
        left.set_title(short, fontsize=7, pad=2, parse_math=False)
        _show(right, seen)
        right.set_title(answer, fontsize=9, pad=2, weight="bold",
                        color=VERMILION if answer == "no digit" else BLUE)  # fmt: skip
    return _without_empty(figure)


def picture_strips(strips: dict[str, np.ndarray], title: str, dataset: str) -> Figure:
    """Strips of pictures, two a row, each under its name.

    strips: name -> uint8 (n, 28, 28), all of equal length.
    """
    rows = -(-len(strips) // 2)
    figure = _figure(11, 0.88 * rows + 0.8, title, dataset)
    panels = figure.subplots(rows, 2, squeeze=False).flat
    for axes, (name, images) in zip(panels, strips.items(), strict=False):
        framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=128)
        _show(axes, np.hstack(list(framed)))
        axes.set_title(name, fontsize=8, pad=2)
    return _without_empty(figure)


def leaderboard(
    table: pd.DataFrame, originals: dict[str, tuple[float, float]], dataset: str
) -> Figure:
    """Which family is best, and at what cost: error, training time and size; restored pictures.

    table: as `leaderboard.tabulate` returns it. originals: what the original systems report on
    MNIST, from lowest to highest: accuracy, and of the autoencoder the MSE; drawn on MNIST only.
    """
    figure = _figure(13, 8.5, "Which family is best, and at what cost?", dataset)
    halves: Any = figure.subfigures(2, 1, height_ratios=(1.9, 1))
    above, below = halves
    bars, *costs = above.subplots(1, 3, width_ratios=(1.5, 1, 1))
    reads = table[table["judges"].str.contains("classification")]
    errors = 100 * (1 - reads["accuracy"].astype(float))
    if not (table["dataset"].dropna() == "MNIST").all():
        originals = {}
    marks = {name: [100 * (1 - score) for score in scores] for name, scores in originals.items()}
    _ranking(bars, reads, errors, "{:.2f} %", marks)
    bars.set_xlabel("error on the test digits (%)")
    for axes, cost in zip(costs, ("fit_seconds", "parameters"), strict=True):
        trained = reads.dropna(subset="accuracy")
        points = zip(trained["family"], trained[cost], 100 * (1 - trained["accuracy"]), strict=True)
        for (family, price, error), (colour, marker, _) in zip(points, STYLES, strict=False):
            axes.plot(price, error, marker, color=colour, ms=8, ls="", label=family)
        axes.set(xscale="log", yscale="log", xlabel=COSTS[cost], ylabel="error (%)")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
        axes.margins(0.12)
        axes.grid(alpha=0.3, which="both")
    costs[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    restored, rebuilt = below.subplots(1, 2, width_ratios=(1.6, 1))
    restores = table[table["judges"].str.contains("restoration")]
    _ranking(restored, restores, restores["psnr_db"].astype(float), "{:.2f} dB", {})
    for row, before in enumerate(restores["input_psnr_db"].astype(float)):
        label = "degraded digits, before restoration" if row == 0 else None
        restored.plot([before] * 2, [row - 0.35, row + 0.35], color=BLACK, ls="--", label=label)
    restored.set(xlabel="PSNR of restored test digits (dB): more is better")
    restored.legend(loc="lower right", fontsize=8)
    rebuilds = table[table["judges"].str.contains("reconstruction")]
    marks = {name: list(scores) for name, scores in originals.items()}
    _ranking(rebuilt, rebuilds, rebuilds["mse"].astype(float), "{:.5f}", marks)
    rebuilt.set_xlabel("MSE of reconstructed test digits: less is better")
    return figure


COSTS = {"fit_seconds": "training time (s)", "parameters": "parameters"}


def _ranking(
    axes: Axes, table: pd.DataFrame, values: pd.Series, form: str, marks: dict[str, list[float]]
) -> None:
    """A labelled bar per family, best on top, and a mark for what the original reports."""
    names = [f"{name}\n({sees})" for name, sees in table[["family", "sees"]].to_numpy()]
    marked = [name for name in table["family"] if name in marks]
    axes.barh(range(len(table)), values.fillna(0), 0.6, color=BLUE)
    for row, (name, value) in enumerate(zip(table["family"], values, strict=True)):
        text = form.format(value) if pd.notna(value) else "not trained on these digits"
        axes.annotate(
            text, (np.nan_to_num(value), row), (4, 0), textcoords="offset points", va="center",
            fontsize=8,
        )  # fmt: skip
        if name in marked:  # under the bar, out of the way of the text
            label = "the original's own score, on MNIST" if name == marked[0] else None
            axes.plot(marks[name], [row + 0.36] * 2, "D-", color=ORANGE, ms=6, mec=BLACK,
                      label=label)  # fmt: skip
    if marked:
        axes.legend(loc="upper right", frameon=False, fontsize=8)
    axes.set_yticks(range(len(table)), names, fontsize=8)
    axes.set_ylim(max(len(table), 2) - 0.5, -0.5)  # best on top; few bars stay as thin as many
    axes.margins(x=0.25)
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)


def page(parts: list[np.ndarray | str], title: str) -> Figure:
    """Pictures and texts in two columns, the next one always where there is more room.

    parts: uint8 (height, width, 3), or lines of text. Pictures say themselves what they show.
    """
    column_in, gap_in, top_in, line_in = 7.2, 0.15, 0.6, 0.115
    columns: list[list[tuple[float, np.ndarray | str]]] = [[], []]
    heights_in = [0.0, 0.0]
    for part in parts:
        if isinstance(part, str):
            height_in = line_in * (part.count("\n") + 1)
        else:
            height_in = column_in * part.shape[0] / part.shape[1]
        column = int(np.argmin(heights_in))
        columns[column].append((height_in, part))
        heights_in[column] += height_in + gap_in
    width_in, total_in = 2 * column_in + 3 * gap_in, max(heights_in) + top_in
    figure = Figure(figsize=(width_in, total_in))
    figure.suptitle(title, fontsize=16, weight="bold", y=1 - 0.3 / total_in, va="center")
    for column, content in enumerate(columns):
        left_in, bottom_in = gap_in + column * (column_in + gap_in), total_in - top_in
        for height_in, part in content:
            bottom_in -= height_in
            box = (left_in / width_in, bottom_in / total_in)
            axes = figure.add_axes((*box, column_in / width_in, height_in / total_in))
            axes.set_axis_off()
            if isinstance(part, str):
                axes.text(0, 1, part, family="monospace", fontsize=6, va="top", parse_math=False)
            else:
                axes.imshow(part, aspect="auto")
            bottom_in -= gap_in
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
    figure = _figure(5.2 * len(answers), 5.6, title, dataset)
    panels = figure.subplots(
        2, len(answers), squeeze=False, sharex=True, sharey="row", height_ratios=(3, 1)
    )
    for (upper, lower), (name, probabilities) in zip(panels.T, answers.items(), strict=True):
        bins = calibration_bins(probabilities, labels)
        filled = bins["count"] > 0
        count, confidence, correct = (values[filled] for values in bins.values())
        at, accuracy = confidence / count, correct / count
        low, high = np.transpose(
            [_wilson_interval(int(c), int(n)) for c, n in zip(correct, count, strict=True)]
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


def explanations(
    images: np.ndarray, maps: dict[str, np.ndarray], captions: list[str], title: str, dataset: str
) -> Figure:
    """Digits above maps of what an answer hangs on, with the digit's outline drawn on the maps.

    images: uint8 (n, 28, 28). maps: name -> float (n, 28, 28), above 0 for, below 0 against.
    captions: a text above each digit.
    Each map is coloured by its own largest value, which stands under it.
    """
    figure = _figure(1.1 * len(images) + 1.7, 1.3 * len(maps) + 2, title, dataset)
    if not len(images):
        figure.text(0.5, 0.5, "There are none.", ha="center", fontsize=14)
        return figure
    grid = figure.subplots(1 + len(maps), len(images), squeeze=False)
    for axes, image, caption in zip(grid[0], images, captions, strict=True):
        _show(axes, image)
        axes.set_title(caption, fontsize=8, pad=3)
    for line, (name, heat) in zip(grid[1:], maps.items(), strict=True):
        for axes, image, values in zip(line, images, heat, strict=True):
            largest = float(np.abs(values).max())
            scaled = values / (largest or 1)
            drawn = axes.imshow(scaled, cmap=AGAINST_AND_FOR, vmin=-1, vmax=1)
            if image.min() < 80 <= image.max():
                axes.contour(image, [80], colors=BLACK, linewidths=0.8)
            axes.set(xticks=[], yticks=[])
            axes.set_xlabel(f"{largest:.2g}", fontsize=7, labelpad=2)
        line[0].set_ylabel(name, fontsize=9)
    colours = figure.colorbar(drawn, ax=grid, shrink=0.6, aspect=30, ticks=[-1, 0, 1])
    colours.ax.set_yticklabels(["against", "0", "for"], fontsize=8)
    colours.set_label("fraction of the largest value, which stands under each map", fontsize=8)
    return figure


def latent_map(
    positions: np.ndarray,
    labels: np.ndarray,
    images: np.ndarray,
    class_names: list[str],
    title: str,
    dataset: str,
) -> Figure:
    """A plane on which every digit is a point: its class by colour and number, some as pictures.

    positions: float (n, 2). labels: integers (n,). images: uint8 (n, 28, 28).
    The name of a class stands where the median of its digits is.
    """
    figure = _figure(9.5, 8.5, title, dataset)
    axes = figure.subplots()
    medians = {k: np.median(positions[labels == k], axis=0) for k in np.unique(labels)}
    colours = {k: STYLES[k % len(STYLES)][0] for k in medians}
    for k, median in medians.items():
        axes.plot(
            *positions[labels == k].T, ls="", marker=f"${k}$", ms=6, mew=0.3, color=colours[k],
            alpha=0.8,
        )  # fmt: skip
        axes.text(
            float(median[0]), float(median[1]), class_names[k], fontsize=15, weight="bold",
            ha="center", va="center", color=colours[k], zorder=5,
            bbox={"facecolor": "white", "edgecolor": colours[k], "boxstyle": "round"},
        )  # fmt: skip
    distance = 0.06 * float(np.ptp(positions, axis=0).max())
    for at in _far_apart(positions, distance, list(medians.values())):
        picture = OffsetImage(255 - images[at], cmap="gray", zoom=0.8)
        frame = {"edgecolor": colours[labels[at]], "linewidth": 1}
        axes.add_artist(AnnotationBbox(picture, positions[at].tolist(), pad=0, bboxprops=frame))
    axes.set(xticks=[], yticks=[], xlabel="first coordinate", ylabel="second coordinate")
    axes.set_aspect("equal", adjustable="datalim")
    return figure


def _far_apart(positions: np.ndarray, distance: float, taken: list[np.ndarray]) -> list[int]:
    """Positions in their order, but for those nearer than `distance` to one before or taken."""
    kept, occupied = [], list(taken)
    for at, here in enumerate(positions):
        if (np.linalg.norm(np.array(occupied) - here, axis=1) >= distance).all():
            kept.append(at)
            occupied.append(here)
    return kept


def _figure(width_in: float, height_in: float, title: str, dataset: str) -> Figure:
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    figure.suptitle(title, fontsize=12, weight="bold")
    figure.supxlabel(
        f"Data: {dataset}", fontsize=8, color=GREY, x=0.01, ha="left", parse_math=False
    )
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
