"""Digits that have lost detail: shrunk, and brought back to their size."""

import numpy as np
from PIL import Image

FILTERS = {
    "area": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Pillow's filters by their usual names. When they shrink, all but `nearest` look at every pixel,
so there is no aliasing."""


def degrade(images: np.ndarray, size_px: int, shrink_by: str, enlarge_by: str) -> np.ndarray:
    """Shrink pictures to `size_px` and bring them back to the size that they had.

    images: uint8 (n, height, width). size_px: height and width in between.
    shrink_by, enlarge_by: names of `FILTERS`.
    Returns uint8 (n, height, width), the same for the same arguments.
    """
    _, height, width = images.shape
    down, up = FILTERS[shrink_by], FILTERS[enlarge_by]
    degraded = np.empty_like(images)
    for target, image in zip(degraded, images, strict=True):
        small = Image.fromarray(image).resize((size_px, size_px), down)
        target[:] = np.asarray(small.resize((width, height), up))
    return degraded
