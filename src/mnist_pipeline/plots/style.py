"""What all pictures share: colours, the frame with title and data set, small pictures."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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


def new_figure(width_in: float, height_in: float, title: str, dataset: str) -> Figure:
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    figure.suptitle(title, fontsize=12, weight="bold")
    figure.supxlabel(
        f"Data: {dataset}", fontsize=8, color=GREY, x=0.01, ha="left", parse_math=False
    )
    return figure


def show_picture(axes: Axes, image: np.ndarray) -> None:
    """Draw one picture; floats are taken as 0 to 1, integers as 0 to 255."""
    white = 255 if image.dtype == np.uint8 else 1
    axes.imshow(image, cmap="gray", vmin=0, vmax=white, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])


def without_empty(figure: Figure) -> Figure:
    for axes in figure.axes:
        if not axes.has_data():
            axes.set_axis_off()
    return figure


def wilson_interval(correct: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % confidence interval of a fraction (Wilson 1927)."""
    fraction, slack = correct / n, z * z / n
    centre = (fraction + slack / 2) / (1 + slack)
    half = z * np.sqrt(fraction * (1 - fraction) / n + slack / (4 * n)) / (1 + slack)
    return float(centre - half), float(min(centre + half, 1))
