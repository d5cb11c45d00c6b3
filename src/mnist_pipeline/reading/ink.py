"""From a grey picture to its ink, whatever the paper, the light and the lines on it."""

import cv2
import numpy as np

from mnist_pipeline.reading.geometry import disk, shrink

WORK_PX = 1000
"""Larger pictures are shrunk to this before anything else."""

LIGHT_PX = 96
"""Light changes slowly, so it is looked at in a picture of this size."""


def find_ink(grey: np.ndarray) -> np.ndarray:
    """Tell ink from ground, whichever is darker, under whatever light.

    grey: float32 (h, w), 0 black to 1 white.
    Returns float32 (h', w'), 0 ground to 1 ink, edges grey as they were; at most WORK_PX long.
    """
    grey = shrink(grey, WORK_PX)
    if not is_dark_on_light(grey):
        grey = 1 - grey
    ground = find_ground(grey)
    grey = _without_noise(grey, ground)
    contrast = (ground - grey) / np.maximum(ground, 0.1)
    grain = _noise(contrast) if min(grey.shape) >= 100 else 0.0
    contrast = _without_lines(np.clip(contrast, 0, 1))
    return _stretch(contrast, max(grain, _noise(contrast)))


def is_dark_on_light(grey: np.ndarray) -> bool:
    """Find the polarity: ink is what differs from the ground.

    Where the picture's rim is even, the rim is ground. Elsewhere (photos, boards) strokes are told
    by being narrow: a closing fills dark ones, an opening light ones, and neither moves an edge.
    """
    small = shrink(grey, LIGHT_PX)
    low, ground, high = np.percentile(_rim(small), (10, 50, 90))
    darkest, brightest = float(small.min()), float(small.max())
    if high - low <= 0.15 * (brightest - darkest):
        return bool(ground - darkest >= brightest - ground)
    by_rim = _ground_is_light(small)
    if by_rim is not None:
        return by_rim
    for radius in (max(small.shape) / 40, max(small.shape) / 16):
        stroke = disk(max(1.0, radius))
        dark = float(((cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke) - small) ** 3).sum())
        light = float(((small - cv2.morphologyEx(small, cv2.MORPH_OPEN, stroke)) ** 3).sum())
        if max(dark, light) > 2 * min(dark, light):
            break
    return dark > 0.8 * light  # under light that falls off they are the same but for rounding


def _ground_is_light(small: np.ndarray) -> bool | None:
    """Whether the lighter part of the picture is ground, told by the rim; None if that is unsure.

    Sure are two parts with sharp edges between them, one of which has nearly all of the rim. (The
    edge between light and shade is soft, or crosses the rim.)
    """
    bytes_ = np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8)
    _, light = cv2.threshold(bytes_, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    share = float(_rim(light).mean())
    if 0.1 < share < 0.9 or light.min() == light.max():
        return None
    step = float(small[light == 1].mean() - small[light == 0].mean())
    at_edge = cv2.morphologyEx(light, cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    near = np.ones((5, 5))
    rise = float(np.median((cv2.dilate(small, near) - cv2.erode(small, near))[at_edge]))
    drawn = cv2.distanceTransform(np.pad(light if share < 0.5 else 1 - light, 1), cv2.DIST_L2, 5)
    is_stroke = float(drawn.max()) < 0.15 * max(small.shape)  # and no sheet of paper
    return share > 0.5 if rise > 0.6 * step and is_stroke else None


def find_ground(grey: np.ndarray) -> np.ndarray:
    """What the picture would be without its dark strokes: paper, and the light on it.

    A closing (the lightest, then the darkest of the surroundings) fills what is narrower than its
    disk, and keeps the edges of shadows where they are. Its radius is the first of 1/32, 1/16 and
    1/8 of the picture's length that leaves no stroke.

    grey: float32 (h, w), 0 black to 1 white, dark strokes.
    Returns float32 (h, w).
    """
    small = cv2.GaussianBlur(shrink(grey, LIGHT_PX), (0, 0), 0.7)
    low, ground, high = np.percentile(_rim(small), (5, 50, 95))
    if high - low < 0.04:
        return np.full_like(grey, ground)
    for part in (32, 16, 8):
        closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, disk(max(small.shape) / part))
        if _steepest(closed) < 0.3 * _steepest(small):
            break
    smooth = cv2.GaussianBlur(closed, (0, 0), 1.0)
    return cv2.resize(smooth, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _steepest(picture: np.ndarray) -> float:
    """How far it rises from a pixel to the next, where it is steepest."""
    rise = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((3, 3)))
    return float(np.sort(rise, axis=None)[-5:][0])


def _rim(picture: np.ndarray) -> np.ndarray:
    return np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])


def _without_noise(grey: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Blur just enough for ink to stand out from the grain of a photo in bad light."""
    for sigma in (0.0, 1.0, 1.5, 2.2, 3.2):
        if sigma > max(grey.shape) / 150:
            break
        soft = cv2.GaussianBlur(grey, (0, 0), sigma) if sigma else grey
        grain = soft - cv2.GaussianBlur(soft, (0, 0), 2 * sigma + 1)
        deviation = 1.4826 * float(np.median(np.abs(grain)))
        if deviation < 0.1 * float((ground - soft).max()):
            return soft
    return soft


def _without_lines(contrast: np.ndarray) -> np.ndarray:
    """Take out the lines of ruled and squared paper: what runs straight through the picture.

    Lines are as faint in one place as in another, so each is taken off at the strength that it has
    along most of its length; strokes that cross it stay.
    """
    if min(contrast.shape) < 100 or (contrast > 0.05).mean() < 0.01:
        return contrast
    across = _subtract_rows(contrast)
    return np.ascontiguousarray(_subtract_rows(np.ascontiguousarray(across.T)).T)


def _subtract_rows(contrast: np.ndarray) -> np.ndarray:
    """Take out lines that run from left to right, up to 12 degrees askew."""
    small = shrink(contrast, 400)
    slopes = np.tan(np.radians(np.arange(-12, 12.1, 0.25)))
    slope = slopes[np.argmax([_shear(small, slope).mean(axis=1).var() for slope in slopes])]
    level = _shear(contrast, slope)
    thick_px = max(3, round(len(level) / 200) | 1)
    tolerant = cv2.dilate(level, np.ones((thick_px, 1)))[:, :: max(1, level.shape[1] // 200)]
    strength = np.partition(tolerant, tolerant.shape[1] // 4, axis=1)[:, tolerant.shape[1] // 4]
    strength = np.maximum(strength - 1.5 * np.median(strength), 0)
    lines = strength > 0.03
    starts = np.flatnonzero(np.diff(lines.astype(np.int8), prepend=0) == 1)
    if len(starts) < 3 or lines.mean() > 0.4:
        return contrast
    spread = cv2.dilate(strength.reshape(-1, 1), np.ones((thick_px, 1)))
    return np.maximum(contrast - 1.5 * _shear(np.tile(spread, (1, level.shape[1])), -slope), 0)


def _shear(picture: np.ndarray, slope: float) -> np.ndarray:
    """Move every column down in proportion to its distance from the middle one."""
    height, width = picture.shape
    matrix = np.array([[1, 0, 0], [slope, 1, -slope * width / 2]])
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _noise(contrast: np.ndarray) -> float:
    """How dark the ground is, and how much that varies, where there is no ink."""
    sample = contrast[:: contrast.shape[0] // 256 + 1, :: contrast.shape[1] // 256 + 1]
    usual = float(np.median(sample))
    return max(1.4826 * float(np.median(np.abs(sample - usual))) + usual, 0.0)


def _stretch(contrast: np.ndarray, noise: float) -> np.ndarray:
    """Noise to 0 and full ink to 1, edges in between."""
    floor = min(max(0.02, 4 * noise), 0.3 * float(contrast.max()))
    strong = contrast[contrast > max(floor, 0.08)]
    if not strong.size:
        return np.zeros_like(contrast)
    full = float(np.percentile(strong, 85))
    low = min(floor, 0.4 * full) if noise > 0.005 else 0.02 * full
    return np.clip((contrast - low) / (0.95 * full - low), 0, 1)
