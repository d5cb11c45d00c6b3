"""What networks look at, and where they put digits."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from mnist_pipeline.plots.style import (
    BLACK,
    BLUE,
    STYLES,
    VERMILION,
    new_figure,
    show_picture,
)

AGAINST_AND_FOR = LinearSegmentedColormap.from_list("against and for", (BLUE, "white", VERMILION))
"""Colours of what speaks against something, of what is neutral, and of what speaks for it."""


def explanations(
    images: np.ndarray, maps: dict[str, np.ndarray], captions: list[str], title: str, dataset: str
) -> Figure:
    """Digits above maps of what an answer hangs on, with the digit's outline drawn on the maps.

    images: uint8 (n, 28, 28). maps: name -> float (n, 28, 28), above 0 for, below 0 against.
    captions: a text above each digit.
    Each map is coloured by its own largest value, which stands under it.
    """
    figure = new_figure(1.1 * len(images) + 1.7, 1.3 * len(maps) + 2, title, dataset)
    if not len(images):
        figure.text(0.5, 0.5, "There are none.", ha="center", fontsize=14)
        return figure
    grid = figure.subplots(1 + len(maps), len(images), squeeze=False)
    for axes, image, caption in zip(grid[0], images, captions, strict=True):
        show_picture(axes, image)
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
    figure = new_figure(9.5, 8.5, title, dataset)
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
