"""From a grey picture to what a network sees: ink, the digit in it, its strokes, its place.

MNIST's own digits were scanned, fitted into a box of 20x20 pixels by area averaging, and moved by
whole pixels until their centre of mass was at the centre of 28x28 (LeCun et al. 1998,
http://yann.lecun.com/exdb/mnist). A user's picture has paper, light and pens besides; they are
taken out first. OpenCV does the arithmetic of pictures.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mnist_pipeline.digits import IMAGE_SIZE_PX
from mnist_pipeline.reading.geometry import bounds, centre_of_mass, resize
from mnist_pipeline.reading.ink import find_ink
from mnist_pipeline.reading.pieces import Piece, find_digit, find_digits
from mnist_pipeline.reading.sheet import find_sheet

BOX_PX = 20

CENTRE_PX = IMAGE_SIZE_PX / 2
"""Of MNIST's digits: every one of them has its centre of mass within half a pixel of (14, 14)."""

STROKE_PX = (1.7, 5.0)
"""How wide strokes may be, in pixels of the 20x20 box. Of 1,000 MNIST training digits, measured as
`even_strokes` does, 8 are narrower and 14 wider."""

FINE = 5
"""Strokes are widened and narrowed at this many times the size of the box."""


@dataclass(frozen=True)
class PreparedDigit:
    """A digit as MNIST would have it, and where it was.

    image: uint8 (28, 28), 0 background to 255 ink.
    box: (left, top, right, bottom) in pixels of the picture it was found in.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]


def prepare_image(grey: np.ndarray) -> PreparedDigit | None:
    """Find the one digit of a picture and bring it into MNIST's form.

    grey: float32 (h, w), 0 black to 1 white, as `to_grey` gives it; ink may be dark or light.
    Returns None for a picture without ink. A picture that has MNIST's form already comes back
    unchanged.
    """
    if is_mnist_like(grey):
        return PreparedDigit(np.rint(255 * grey).astype(np.uint8), bounds(grey > 0))
    sheet, to_picture = find_sheet(grey)
    ink = find_ink(sheet)
    digit = find_digit(ink)
    return None if digit is None else _prepare(digit, ink, sheet, to_picture)


def prepare_many(grey: np.ndarray) -> list[PreparedDigit]:
    """Find every digit of a picture, line by line and from left to right."""
    sheet, to_picture = find_sheet(grey)
    ink = find_ink(sheet)
    return [_prepare(digit, ink, sheet, to_picture) for digit in find_digits(ink)]


def _prepare(
    digit: Piece, ink: np.ndarray, sheet: np.ndarray, to_picture: np.ndarray
) -> PreparedDigit:
    image = fit_like_mnist(even_strokes(digit.ink))
    down, across = (whole / part for whole, part in zip(sheet.shape, ink.shape, strict=True))
    left, right = digit.left * across, digit.right * across
    top, bottom = digit.top * down, digit.bottom * down
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
    x, y = cv2.perspectiveTransform(corners, to_picture)[0].T
    return PreparedDigit(image, (round(x.min()), round(y.min()), round(x.max()), round(y.max())))


def is_mnist_like(grey: np.ndarray) -> bool:
    """Whether a picture is 28x28, light on black, 20 pixels long and centred, as MNIST's are."""
    if grey.shape != (IMAGE_SIZE_PX, IMAGE_SIZE_PX) or grey[0].any() or grey[:, 0].any():
        return False
    rows, columns = np.flatnonzero(grey.any(axis=1)), np.flatnonzero(grey.any(axis=0))
    if not len(rows):
        return False
    if max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 != BOX_PX:
        return False
    return all(abs(at - CENTRE_PX) <= 0.51 for at in centre_of_mass(grey))


def even_strokes(ink: np.ndarray) -> np.ndarray:
    """Bring the width of strokes near MNIST's, if it is outside the usual.

    ink: float32 (h, w), 0 to 1, one digit.
    Returns float32 (h', w'), at least BOX_PX * FINE long, where strokes were changed; the same
    array where they were not.
    """
    size_px = max(ink.shape)
    fine = np.pad(ink, 1)
    if size_px < FINE * BOX_PX:
        fine = resize(fine, FINE * BOX_PX / size_px)
    per_px = max(size_px, FINE * BOX_PX) / BOX_PX
    width = _stroke_width_px(fine) / per_px
    wanted = float(np.clip(width, *STROKE_PX))
    if width == wanted:
        return ink
    step_px = per_px * abs(wanted - width) / 2
    fine = np.pad(fine, int(step_px) + 2)
    mask = (fine > 0.5).astype(np.uint8)
    if wanted > width:
        distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
        return np.maximum(fine, np.clip(step_px + 0.5 - distance, 0, 1))
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    narrowed = np.minimum(fine, np.clip(distance - step_px + 0.5, 0, 1))
    return narrowed if narrowed.max() > 0.5 else ink  # of a blot nothing would be left


def _stroke_width_px(ink: np.ndarray) -> float:
    """Mean width: in a bar the mean distance to the edge is a quarter of its width."""
    mask = (ink > 0.5).astype(np.uint8)
    if not mask.any():
        return 0.0
    distances = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)
    return 4 * float(distances.sum()) / float(mask.sum())


def fit_like_mnist(ink: np.ndarray) -> np.ndarray:
    """The box to 20x20 by area averaging, the centre of mass to the centre by whole pixels.

    ink: float32 (h, w), 0 to 1.
    Returns uint8 (28, 28).
    """
    if not (ink > 0.05).any():
        return np.zeros((IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    left, top, right, bottom = bounds(ink > 0.05)
    ink = ink[top:bottom, left:right].astype(np.float32)
    scale = BOX_PX / max(ink.shape)
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    box = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    x, y = centre_of_mass(box)
    limit_x, limit_y = IMAGE_SIZE_PX - width, IMAGE_SIZE_PX - height
    at_x = int(np.clip(round(CENTRE_PX - x), 0, limit_x))
    at_y = int(np.clip(round(CENTRE_PX - y), 0, limit_y))
    image = np.zeros((IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    image[at_y : at_y + height, at_x : at_x + width] = np.rint(255 * np.clip(box, 0, 1))
    return image
