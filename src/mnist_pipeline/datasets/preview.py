"""Small pictures of arrays, and beginnings of tables, for kedro-viz."""

import base64
import io
from typing import NewType

import numpy as np
import pandas as pd
from kedro_datasets._typing import ImagePreview, TablePreview
from PIL import Image, ImageDraw

TextPreview = NewType("TextPreview", str)
"""Kedro-viz goes by the name; kedro-datasets knows only `HTMLPreview`, in which `_` is Markdown."""

COLUMNS, ROWS, SCALE = 10, 4, 2


def array_preview(array: np.ndarray) -> ImagePreview:
    """Draw an array as a base64 PNG.

    array: (n, height, width) images become a grid of the first 40; (height, width) one picture;
    (n,) labels become one bar a value, as long as the value is frequent.
    Values are stretched so that the smallest is black and the largest white.
    """
    picture = _bars(array) if array.ndim <= 1 else Image.fromarray(_mosaic(array))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return ImagePreview(base64.b64encode(buffer.getvalue()).decode())


def table_preview(table: pd.DataFrame) -> TablePreview:
    """A short table in the form that kedro-viz draws: `index, columns, data`."""
    return TablePreview(table.to_dict(orient="split"))


def _mosaic(array: np.ndarray) -> np.ndarray:
    images = array.reshape(-1, *array.shape[-2:])[: COLUMNS * ROWS].astype(np.float64)
    low, high = (images.min(), images.max()) if images.size else (0.0, 0.0)
    grey = ((images - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    columns = min(COLUMNS, max(len(grey), 1))
    missing = -len(grey) % columns
    grey = np.concatenate([grey, np.zeros((missing, *grey.shape[1:]), np.uint8)])
    rows = [np.hstack(list(row)) for row in grey.reshape(-1, columns, *grey.shape[1:])]
    mosaic = np.vstack(rows) if rows else np.zeros((1, 1), np.uint8)
    return mosaic.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def _bars(labels: np.ndarray) -> Image.Image:
    values, counts = np.unique(labels, return_counts=True)
    values, counts = values[:20], counts[:20]
    picture = Image.new("L", (320, 18 * max(len(values), 1)), 255)
    draw = ImageDraw.Draw(picture)
    for row, (value, count) in enumerate(zip(values, counts, strict=True)):
        length = int(180 * count / counts.max())
        draw.rectangle((40, 18 * row + 3, 40 + length, 18 * row + 14), fill=90)
        draw.text((5, 18 * row + 3), str(value), fill=0)
        draw.text((46 + length, 18 * row + 3), f"{count:,}", fill=0)
    return picture
