"""Small helps for pictures as arrays."""

import cv2
import numpy as np


def disk(radius: float) -> np.ndarray:
    """What a morphological operation reaches: uint8 (n, n), 1 within the radius in pixels, else 0.

    n is odd, 2 * ceil(radius) + 1.
    """
    reach = int(np.ceil(radius))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return (x**2 + y**2 <= (radius + 0.3) ** 2).astype(np.uint8)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what is set, in pixels; right and bottom are the first beyond.

    mask: bool (h, w), of which something must be set.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    """(x, y) in pixels, 0 in the middle of the first. ink: numbers (h, w), not all of them 0."""
    total = ink.sum(dtype=np.float64)
    x, y = ink.sum(axis=0) @ np.arange(ink.shape[1]), ink.sum(axis=1) @ np.arange(ink.shape[0])
    return float(x / total), float(y / total)


def shrink(picture: np.ndarray, longest_px: int) -> np.ndarray:
    """By area averaging, if it is longer than that; uint8 or float32 (h, w) to (h', w')."""
    scale = longest_px / max(picture.shape)
    return resize(picture, scale) if scale < 1 else picture


def resize(picture: np.ndarray, scale: float) -> np.ndarray:
    """Make it `scale` times as long and wide; uint8 or float32 (h, w) to (h', w'), at least 1x1.

    Smaller by area averaging, larger by linear interpolation.
    """
    height, width = (max(1, round(length * scale)) for length in picture.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=how)
