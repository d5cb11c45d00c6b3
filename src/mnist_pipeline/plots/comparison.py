"""Families side by side, and everything of one family on a page."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.ticker import EngFormatter, LogLocator
from PIL import Image, ImageDraw, ImageFont

from mnist_pipeline.plots.style import (
    BLACK,
    BLUE,
    ORANGE,
    STYLES,
    new_figure,
)


def leaderboard(
    table: pd.DataFrame, originals: dict[str, tuple[float, float]], dataset: str
) -> Figure:
    """Which family is best, and at what cost: error, training time and size; restored pictures.

    table: as `leaderboard.tabulate` returns it. originals: what the original systems report on
    MNIST, from lowest to highest: accuracy, and of the autoencoder the MSE; drawn on MNIST only.
    """
    figure = new_figure(13, 8.5, "Which family is best, and at what cost?", dataset)
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
    trained = reads.dropna(subset="accuracy")
    # On a logarithmic axis there is no 0: no mistake is drawn as half of one.
    shown = np.maximum(100 * (1 - trained["accuracy"]), 50 / trained["test_images"])
    for axes, cost in zip(costs, ("fit_seconds", "parameters"), strict=True):
        points = zip(trained["family"], trained[cost], shown, strict=True)
        for (family, price, error), (colour, marker, _) in zip(points, STYLES, strict=False):
            axes.plot(price, error, marker, color=colour, ms=8, ls="", label=family)
        axes.set(xscale="log", yscale="log", xlabel=COSTS[cost], ylabel="error (%)")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))  # 200, 500, 1k
        axes.tick_params(axis="x", labelsize=8)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter("")
        axes.margins(0.12)
        axes.grid(alpha=0.3, which="both")
    if len(trained):
        costs[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    restored, rebuilt = below.subplots(1, 2, width_ratios=(1.6, 1))
    restores = table[table["judges"].str.contains("restoration")]
    restores = restores.sort_values("psnr_db", ascending=False, na_position="last")
    _ranking(restored, restores, restores["psnr_db"].astype(float), "{:.2f} dB", {})
    for row, before in enumerate(restores["input_psnr_db"].astype(float)):
        label = "degraded digits, before restoration" if row == 0 else None
        restored.plot([before] * 2, [row - 0.35, row + 0.35], color=BLACK, ls="--", label=label)
    restored.set(xlabel="PSNR of restored test digits (dB): more is better")
    restored.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    rebuilds = table[table["judges"].str.contains("reconstruction")]
    marks = {name: list(scores) for name, scores in originals.items()}
    _ranking(rebuilt, rebuilds, rebuilds["mse"].astype(float), "{:.5f}", marks)
    rebuilt.set_xlabel("MSE of reconstructed test digits: less is better")
    rebuilt.locator_params(axis="x", nbins=5)  # three decimals are wide
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


def page(parts: list[np.ndarray | str], title: str) -> np.ndarray:
    """Pictures and texts in two columns, the next one always where there is more room.

    parts: uint8 (height, width, 3), or lines of text. Pictures say themselves what they show.
    Returns the page, uint8 (height, width, 3): pasted together, which takes a fifth of the time
    that it takes Matplotlib to draw pictures in a picture.
    """
    width_px = 2 * COLUMN_PX + 3 * GAP_PX
    heights_px = [TITLE_PX, TITLE_PX]
    placed = [(0, 0, _lines(title, width_px, TITLE_PX, "DejaVu Sans:bold", TITLE_FONT_PX))]
    for part in parts:
        if isinstance(part, str):
            picture = _lines(part, COLUMN_PX, LINE_PX, "DejaVu Sans Mono", FONT_PX)
        else:
            picture = _shrunk(part, COLUMN_PX)
        column = int(np.argmin(heights_px))
        placed.append((heights_px[column], GAP_PX + column * (COLUMN_PX + GAP_PX), picture))
        heights_px[column] += len(picture) + GAP_PX
    paper = np.full((max(heights_px), width_px, 3), 255, np.uint8)
    for top, left, picture in placed:
        height, width, _ = picture.shape
        paper[top : top + height, left : left + width] = picture
    return paper


def _lines(text: str, width_px: int, line_px: int, font_name: str, font_px: float) -> np.ndarray:
    """A picture of a text; a single line is centred. Pillow takes a seventh of Matplotlib's time.

    font_name: of a font that comes with Matplotlib.
    """
    font = ImageFont.truetype(findfont(font_name), font_px)
    lines = text.split("\n")
    picture = Image.new("RGB", (width_px, line_px * len(lines)), "white")
    pen = ImageDraw.Draw(picture)
    x, anchor = (width_px / 2, "mm") if len(lines) == 1 else (0, "lm")
    for row, line in enumerate(lines):
        pen.text((x, (row + 0.5) * line_px), line, "black", font, anchor)
    return np.asarray(picture)


COLUMN_PX, GAP_PX, TITLE_PX, LINE_PX = 1080, 22, 90, 17
"""Of a page: the width of a column, the gap between parts, and the heights of title and lines."""

TITLE_FONT_PX, FONT_PX = 33, 12.5


def _shrunk(picture: np.ndarray, width_px: int) -> np.ndarray:
    """A picture in the size in which it is shown: Pillow is quicker at that than Matplotlib."""
    height, width, _ = picture.shape
    size = (width_px, round(height * width_px / width))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
