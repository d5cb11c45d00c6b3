"""What all pictures share: colours, the frame with title and data set, small pictures."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
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


def rendered(figure: Figure, dpi: int) -> np.ndarray:
    """What `Figure.savefig` would write at so many pixels an inch, uint8 (height, width, 3).

    Drawn once: `savefig` draws once more, to find the layout. The figure cannot be changed after.
    """
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    layout = figure.get_layout_engine()
    if layout is not None:
        if figure.axes:  # else it would warn
            layout.execute(figure)
        figure.set_layout_engine("none")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def show_picture(axes: Axes, image: np.ndarray) -> None:
    """Draw one picture; floats are taken as 0 to 1, integers as 0 to 255."""
    white = 255 if image.dtype == np.uint8 else 1
    axes.imshow(image, cmap="gray", vmin=0, vmax=white, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])


Cell = tuple[int, int]
"""Row and column, counted from the upper left corner."""


def show_grid(
    axes: Axes,
    pictures: dict[Cell, np.ndarray],
    *,
    above: dict[Cell, str] | None = None,
    below: dict[Cell, str] | None = None,
    colours: dict[Cell, str] | None = None,
    names: Iterable[str] = (),
) -> None:
    """Draw many pictures of one size, with a text above and below each.

    All in one pair of axes, with one pixel a unit: a pair for each takes three times as long.
    pictures: float (0 to 1) or uint8 (height, width). colours: of the texts above, else black.
    names: of the rows, from the first one on.
    """
    above, below, colours = above or {}, below or {}, colours or {}
    axes.set_axis_off()
    if not pictures:
        return
    height, width = next(iter(pictures.values())).shape
    line = height // 3  # that a text takes
    rows, columns = (1 + max(cell[i] for cell in pictures) for i in (0, 1))
    tops, y = [], 0
    for row in range(rows):
        y += line * _has_text(above, row)
        tops.append(y)
        y += height + line * _has_text(below, row) + 4
    pitch = width + 6
    for (row, column), picture in pictures.items():
        left, top = column * pitch, tops[row]
        white = 255 if picture.dtype == np.uint8 else 1
        axes.imshow(
            picture, cmap="gray", vmin=0, vmax=white, interpolation="nearest",
            extent=(left, left + width, top + height, top),
        )  # fmt: skip
    for cell, text in above.items():
        axes.text(
            cell[1] * pitch + width / 2, tops[cell[0]] - 1, text, ha="center", va="bottom",
            fontsize=8, color=colours.get(cell, BLACK),
        )  # fmt: skip
    for (row, column), text in below.items():
        axes.text(
            column * pitch + width / 2, tops[row] + height + 1, text, ha="center", va="top",
            fontsize=7,
        )  # fmt: skip
    for row, name in enumerate(names):
        axes.text(
            -5, tops[row] + height / 2, name, rotation=90, ha="right", va="center", fontsize=8
        )
    axes.set(xlim=(-3, columns * pitch - 3), ylim=(y, -2))


def _has_text(texts: dict[Cell, str], row: int) -> bool:
    return any(text for cell, text in texts.items() if cell[0] == row)


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
