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

BOX_PX = 20
CENTRE_PX = IMAGE_SIZE_PX / 2
"""Of MNIST's digits: every one of them has its centre of mass within half a pixel of (14, 14)."""

STROKE_PX = (1.7, 5.0)
"""Strokes of 95 in 100 MNIST digits are this wide, in pixels of the 20x20 box."""

WORK_PX = 1000
"""Larger pictures are shrunk to this before anything else."""

LIGHT_PX = 96
"""Light changes slowly, so it is looked at in a picture of this size."""

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
        return PreparedDigit(np.rint(255 * grey).astype(np.uint8), _bounds(grey > 0))
    ink = find_ink(grey)
    digit = find_digit(ink)
    return None if digit is None else _prepare(digit, ink.shape, grey.shape)


def prepare_many(grey: np.ndarray) -> list[PreparedDigit]:
    """Find every digit of a picture, line by line and from left to right."""
    ink = find_ink(grey)
    return [_prepare(digit, ink.shape, grey.shape) for digit in find_digits(ink)]


def _prepare(
    digit: "Piece", ink_shape: tuple[int, ...], picture_shape: tuple[int, ...]
) -> PreparedDigit:
    image = fit_like_mnist(even_strokes(digit.ink))
    down, across = (whole / part for whole, part in zip(picture_shape, ink_shape, strict=True))
    box = (digit.left * across, digit.top * down, digit.right * across, digit.bottom * down)
    left, top, right, bottom = map(round, box)
    return PreparedDigit(image, (left, top, right, bottom))


# 0. Already in MNIST's form


def is_mnist_like(grey: np.ndarray) -> bool:
    """Whether a picture is 28x28, light on black, 20 pixels long and centred, as MNIST's are."""
    if grey.shape != (IMAGE_SIZE_PX, IMAGE_SIZE_PX) or grey[0].any() or grey[:, 0].any():
        return False
    rows, columns = np.flatnonzero(grey.any(axis=1)), np.flatnonzero(grey.any(axis=0))
    if not len(rows):
        return False
    if max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 != BOX_PX:
        return False
    return all(abs(at - CENTRE_PX) <= 0.51 for at in _centre_of_mass(grey))


# 1. Ink


def find_ink(grey: np.ndarray) -> np.ndarray:
    """Tell ink from ground, whichever is darker, under whatever light.

    grey: float32 (h, w), 0 black to 1 white.
    Returns float32 (h', w'), 0 ground to 1 ink, edges grey as they were; at most WORK_PX long.
    """
    grey = _shrink(grey, WORK_PX)
    if not is_dark_on_light(grey):
        grey = 1 - grey
    ground = find_ground(grey)
    contrast = np.clip((ground - grey) / np.maximum(ground, 0.1), 0, 1)
    return _stretch(_without_lines(contrast))


def is_dark_on_light(grey: np.ndarray) -> bool:
    """Find the polarity: ink is what differs from the ground.

    Where the picture's rim is even, the rim is ground. Elsewhere (photos, boards) strokes are told
    by being narrow: a closing fills dark ones, an opening light ones, and neither moves an edge.
    """
    small = _shrink(grey, LIGHT_PX)
    low, ground, high = np.percentile(_rim(small), (10, 50, 90))
    darkest, brightest = float(small.min()), float(small.max())
    if high - low <= 0.15 * (brightest - darkest):
        return bool(ground - darkest >= brightest - ground)
    for radius in (max(small.shape) / 40, max(small.shape) / 16):
        stroke = _disk(max(1.0, radius))
        dark = float(((cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke) - small) ** 3).sum())
        light = float(((small - cv2.morphologyEx(small, cv2.MORPH_OPEN, stroke)) ** 3).sum())
        if max(dark, light) > 2 * min(dark, light):
            break
    return dark > 0.8 * light  # under light that falls off they are the same but for rounding


def find_ground(grey: np.ndarray) -> np.ndarray:
    """What the picture would be without its dark strokes: paper, and the light on it.

    A closing (the lightest, then the darkest of the surroundings) fills what is narrower than a
    quarter of the picture, and keeps the edges of shadows where they are.
    """
    small = cv2.GaussianBlur(_shrink(grey, LIGHT_PX), (0, 0), 0.7)
    low, ground, high = np.percentile(_rim(small), (5, 50, 95))
    if high - low < 0.04:
        return np.full_like(grey, ground)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, _disk(max(small.shape) / 8))
    smooth = cv2.GaussianBlur(closed, (0, 0), 1.0)
    return cv2.resize(smooth, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _rim(picture: np.ndarray) -> np.ndarray:
    return np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])


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
    small = _shrink(contrast, 400)
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


def _stretch(contrast: np.ndarray) -> np.ndarray:
    """Noise to 0 and full ink to 1, edges in between."""
    sample = contrast[:: contrast.shape[0] // 256 + 1, :: contrast.shape[1] // 256 + 1]
    noise = 1.4826 * float(np.median(np.abs(sample - np.median(sample)))) + float(np.median(sample))
    floor = min(max(0.02, 4 * noise), 0.3 * float(contrast.max()))
    strong = contrast[contrast > max(floor, 0.08)]
    if not strong.size:
        return np.zeros_like(contrast)
    full = float(np.percentile(strong, 85))
    low = min(floor, 0.4 * full) if noise > 0.005 else 0.02 * full
    return np.clip((contrast - low) / (0.95 * full - low), 0, 1)


# 2. The digit


@dataclass(frozen=True, eq=False)
class Piece:
    """Strokes that hang together: their ink, and where they are in the picture."""

    ink: np.ndarray
    left: int
    top: int

    @property
    def right(self) -> int:
        return self.left + self.ink.shape[1]

    @property
    def bottom(self) -> int:
        return self.top + self.ink.shape[0]

    @property
    def mass(self) -> float:
        return float(self.ink.sum())

    @property
    def size_px(self) -> int:
        return max(self.ink.shape)


def find_digit(ink: np.ndarray) -> Piece | None:
    """The heaviest piece and what belongs to it, cut out; None if there is no ink."""
    pieces = find_pieces(ink)
    return _join(_around_the_main_piece(pieces)) if pieces else None


def find_digits(ink: np.ndarray) -> list[Piece]:
    """Every digit, cut out, line by line and from left to right."""
    return [_join(group) for group in _in_reading_order(_digits_of(find_pieces(ink)))]


def _join(group: list[Piece]) -> Piece:
    left, top, right, bottom = _box_of(group)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for piece in group:
        window = np.s_[piece.top - top : piece.bottom - top, piece.left - left : piece.right - left]
        ink[window] = np.maximum(ink[window], piece.ink)
    x0, y0, x1, y1 = _bounds(ink > 0.05)
    return Piece(ink[y0:y1, x0:x1], left + x0, top + y0)


def find_pieces(ink: np.ndarray) -> list[Piece]:
    """The strokes of a picture, the heaviest first, without its frame and without specks."""
    mask = (ink > 0.3).astype(np.uint8)
    if not mask.any():
        return []
    bridged = cv2.dilate(mask, _disk(0.02 * _extent_px(mask)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    pieces: list[Piece] = []
    framing: list[Piece] = []
    for label in range(1, count):
        left, top, width, height, _ = map(int, stats[label])
        window = np.s_[top : top + height, left : left + width]
        own = np.where(labels[window] == label, ink[window], 0)
        piece = Piece(own, left, top)
        (framing if _is_frame(piece, ink.shape) else pieces).append(piece)
    pieces = sorted(pieces or framing, key=lambda piece: -piece.mass)
    return [piece for piece in pieces if piece.mass > 0.01 * pieces[0].mass]


def _extent_px(mask: np.ndarray) -> float:
    """How large the drawing is, leaving out what is far off."""
    extents = []
    for axis in (0, 1):
        share = np.cumsum(mask.sum(axis=axis, dtype=np.int64))
        low, high = np.searchsorted(share, (0.03 * share[-1], 0.97 * share[-1]))
        extents.append(high - low + 1)
    return float(max(extents))


def _is_frame(piece: Piece, shape: tuple[int, ...]) -> bool:
    """Whether it lies along the rim: the table beside the paper, a border, a shadow."""
    height, width = shape
    contacts = [
        (piece.top == 0, piece.ink[0], width),
        (piece.bottom == height, piece.ink[-1], width),
        (piece.left == 0, piece.ink[:, 0], height),
        (piece.right == width, piece.ink[:, -1], height),
    ]
    touched = [float((edge > 0.3).sum()) / length for touches, edge, length in contacts if touches]
    return sum(touched) > 0.3 or len(touched) > 2


def _around_the_main_piece(pieces: list[Piece]) -> list[Piece]:
    """The heaviest piece, and what is near enough to belong to it."""
    group, others = [pieces[0]], pieces[1:]
    reach = 0.25 * pieces[0].size_px
    while near := [piece for piece in others if _gap(piece, group) < reach]:
        group += near
        others = [piece for piece in others if piece not in near]
    return group


def _gap(piece: Piece, group: list[Piece]) -> float:
    """Pixels between a piece's box and the box around a group."""
    left, top, right, bottom = _box_of(group)
    across = max(left - piece.right, piece.left - right, 0)
    down = max(top - piece.bottom, piece.top - bottom, 0)
    return float(np.hypot(across, down))


def _box_of(group: list[Piece]) -> tuple[int, int, int, int]:
    return (
        min(piece.left for piece in group),
        min(piece.top for piece in group),
        max(piece.right for piece in group),
        max(piece.bottom for piece in group),
    )


def _digits_of(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces that stand above each other are one digit; what is small beside the others is none."""
    if not pieces:
        return []
    typical_px = float(np.median([p.size_px for p in pieces if p.mass > 0.2 * pieces[0].mass]))
    groups: list[list[Piece]] = []
    for piece in pieces:
        near = next((group for group in groups if _stands_above(piece, group, typical_px)), None)
        if near:
            near.append(piece)
        else:
            groups.append([piece])
    return [group for group in groups if _height_of(group) > 0.4 * typical_px]


def _stands_above(piece: Piece, group: list[Piece], typical_px: float) -> bool:
    left, _, right, _ = _box_of(group)
    shared = min(right, piece.right) - max(left, piece.left)
    return shared > 0.4 * min(right - left, piece.ink.shape[1]) and (
        _gap(piece, group) < 0.25 * typical_px
    )


def _height_of(group: list[Piece]) -> int:
    _, top, _, bottom = _box_of(group)
    return bottom - top


def _in_reading_order(groups: list[list[Piece]]) -> list[list[Piece]]:
    """Line by line, each from left to right."""
    lines: list[list[list[Piece]]] = []
    for group in sorted(groups, key=lambda group: _box_of(group)[1]):
        middle = (_box_of(group)[1] + _box_of(group)[3]) / 2
        line = next((line for line in lines if _box_of(line[0])[3] > middle), None)
        if line:
            line.append(group)
        else:
            lines.append([group])
    return [group for line in lines for group in sorted(line, key=lambda group: _box_of(group)[0])]


# 3. Its strokes


def even_strokes(ink: np.ndarray) -> np.ndarray:
    """Bring the width of strokes near MNIST's, if it is outside the usual.

    ink: float32 (h, w), 0 to 1, one digit.
    Returns float32 (h', w'), at least BOX_PX * FINE long, where strokes were changed; the same
    array where they were not.
    """
    size_px = max(ink.shape)
    fine = np.pad(ink, 1)
    if size_px < FINE * BOX_PX:
        fine = _resize(fine, FINE * BOX_PX / size_px)
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


def _disk(radius: float) -> np.ndarray:
    reach = int(np.ceil(radius))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return (x**2 + y**2 <= (radius + 0.3) ** 2).astype(np.uint8)


# 4. Its place


def fit_like_mnist(ink: np.ndarray) -> np.ndarray:
    """The box to 20x20 by area averaging, the centre of mass to the centre by whole pixels.

    ink: float32 (h, w), 0 to 1.
    Returns uint8 (28, 28).
    """
    if not (ink > 0.05).any():
        return np.zeros((IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    left, top, right, bottom = _bounds(ink > 0.05)
    ink = ink[top:bottom, left:right].astype(np.float32)
    scale = BOX_PX / max(ink.shape)
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    box = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    x, y = _centre_of_mass(box)
    limit_x, limit_y = IMAGE_SIZE_PX - width, IMAGE_SIZE_PX - height
    at_x = int(np.clip(round(CENTRE_PX - x), 0, limit_x))
    at_y = int(np.clip(round(CENTRE_PX - y), 0, limit_y))
    image = np.zeros((IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    image[at_y : at_y + height, at_x : at_x + width] = np.rint(255 * np.clip(box, 0, 1))
    return image


def _bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    """(x, y) in pixels."""
    total = ink.sum(dtype=np.float64)
    x, y = ink.sum(axis=0) @ np.arange(ink.shape[1]), ink.sum(axis=1) @ np.arange(ink.shape[0])
    return float(x / total), float(y / total)


def _shrink(picture: np.ndarray, longest_px: int) -> np.ndarray:
    """By area averaging, if it is longer than that."""
    scale = longest_px / max(picture.shape)
    return _resize(picture, scale) if scale < 1 else picture


def _resize(picture: np.ndarray, scale: float) -> np.ndarray:
    height, width = (max(1, round(length * scale)) for length in picture.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=how)
