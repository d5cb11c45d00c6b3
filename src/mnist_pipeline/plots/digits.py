"""Digits themselves, and how many of each there are."""

import numpy as np
from matplotlib.figure import Figure

from mnist_pipeline.plots.style import (
    BLUE,
    ORANGE,
    VERMILION,
    new_figure,
    show_grid,
    show_picture,
    without_empty,
)


def class_distribution(
    train_labels: np.ndarray, test_labels: np.ndarray, class_names: list[str], dataset: str
) -> Figure:
    """How many digits of each class there are, for training and for testing.

    train_labels, test_labels: uint8 (n,).
    """
    figure = new_figure(9, 4.5, "How often each class occurs", dataset)
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
    figure = new_figure(0.85 * len(class_names), 4.2, "Four training digits of each class", dataset)
    pictures = {
        (row, k): image
        for k in range(len(class_names))
        for row, image in enumerate(images[labels == k][:4])
    }
    above = {(0, k): name for k, name in enumerate(class_names)}
    show_grid(figure.subplots(), pictures, above=above)
    return figure


def picture_rows(
    rows: dict[str, np.ndarray], captions: list[str], title: str, dataset: str
) -> Figure:
    """Rows of pictures, one above the other, such as originals and reconstructions.

    rows: name -> float or uint8 (n, 28, 28) or (n, 28, 28, 1), all of equal length.
    captions: a text under each column.
    """
    figure = new_figure(10, 0.95 * len(rows) + 1.0, title, dataset)
    pictures = {
        (row, column): image.reshape(image.shape[:2])
        for row, images in enumerate(rows.values())
        for column, image in enumerate(images)
    }
    last = len(rows) - 1
    below = {(last, column): caption for column, caption in enumerate(captions)}
    show_grid(figure.subplots(), pictures, below=below, names=rows)
    return figure


def picture_strips(strips: dict[str, np.ndarray], title: str, dataset: str) -> Figure:
    """Strips of pictures, two a row, each under its name.

    strips: name -> uint8 (n, 28, 28), all of equal length.
    """
    rows = -(-len(strips) // 2)
    figure = new_figure(11, 0.88 * rows + 0.8, title, dataset)
    panels = figure.subplots(rows, 2, squeeze=False).flat
    for axes, (name, images) in zip(panels, strips.items(), strict=False):
        framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=128)
        show_picture(axes, np.hstack(list(framed)))
        axes.set_title(name, fontsize=8, pad=2)
    return without_empty(figure)


def gallery(
    cells: list[tuple[str, np.ndarray, np.ndarray, str]], title: str, dataset: str
) -> Figure:
    """Pictures beside what the network saw of them, and its answers.

    cells: (name, picture, seen, answer); picture: float (h, w), 0 to 1; seen: uint8 (28, 28).
    """
    columns = max(1, min(5, len(cells)))
    rows = max(1, -(-len(cells) // columns))
    figure = new_figure(2.3 * columns + 0.4, 1.5 * rows + 0.9, title, dataset)
    panels = figure.subplots(rows, 2 * columns, squeeze=False).reshape(-1, 2)
    for (left, right), (name, picture, seen, answer) in zip(panels, cells, strict=False):
        show_picture(left, picture)
        short = name if len(name) < 19 else f"{name[:16]}..."
        left.set_title(short, fontsize=7, pad=2, parse_math=False)
        show_picture(right, seen)
        right.set_title(answer, fontsize=9, pad=2, weight="bold",
                        color=VERMILION if answer == "no digit" else BLUE)  # fmt: skip
    return without_empty(figure)
