"""From ink to the digit in it: strokes that hang together, and which of them belong to it."""

from dataclasses import dataclass

import cv2
import numpy as np

from mnist_pipeline.reading.geometry import bounds, disk


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
    pieces = _without_underline(_without_cut_off(find_pieces(ink), ink.shape[1]))
    return _join(_around_the_main_piece(pieces)) if pieces else None


def find_digits(ink: np.ndarray) -> list[Piece]:
    """Every digit, cut out, line by line and from left to right."""
    return [_join(group) for group in _in_reading_order(_digits_of(find_pieces(ink)))]


def find_pieces(ink: np.ndarray) -> list[Piece]:
    """The strokes of a picture, the heaviest first, without its frame and without specks."""
    mask = (ink > 0.3).astype(np.uint8)
    if not mask.any():
        return []
    bridged = cv2.dilate(mask, disk(0.02 * _extent_px(mask)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    pieces: list[Piece] = []
    framing: list[Piece] = []
    for label in range(1, count):
        left, top, width, height, _ = map(int, stats[label])
        window = np.s_[top : top + height, left : left + width]
        own = np.where(labels[window] == label, ink[window], 0)
        piece = Piece(own, left, top)
        (framing if _is_frame(piece, ink.shape) else pieces).append(piece)
    pieces = _without_enclosing(sorted(pieces or framing, key=lambda piece: -piece.mass))
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


def _without_enclosing(pieces: list[Piece]) -> list[Piece]:
    """Leave out circles and boxes drawn round a digit, which must be a third as large."""
    heavy = [piece for piece in pieces if piece.mass > 0.05 * pieces[0].mass] if pieces else []
    enclosing = {
        id(outer)
        for outer in heavy
        if any(
            inner.size_px > 0.33 * min(outer.ink.shape) and _encloses(outer, inner)
            for inner in heavy
            if inner is not outer
        )
    }
    return [piece for piece in pieces if id(piece) not in enclosing]


def _encloses(outer: Piece, inner: Piece) -> bool:
    """Whether a piece lies in a hole of another that is round or four-cornered, without dents."""
    if not (
        outer.left < inner.left
        and outer.top < inner.top
        and outer.right > inner.right
        and outer.bottom > inner.bottom
    ):
        return False
    if _is_ring(outer):
        return True
    mask = (outer.ink > 0.3).astype(np.uint8)
    mask = np.pad(cv2.morphologyEx(np.pad(mask, 9), cv2.MORPH_CLOSE, disk(4)), 1)
    _, labels = cv2.connectedComponents(1 - mask, connectivity=4)
    row, column = np.unravel_index(int(inner.ink.argmax()), inner.ink.shape)
    label = labels[inner.top + row - outer.top + 10, inner.left + column - outer.left + 10]
    if label in (0, labels[0, 0]):
        return False
    contours, _ = cv2.findContours(
        (labels == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    hole = max(contours, key=cv2.contourArea)
    return bool(cv2.contourArea(hole) > 0.9 * cv2.contourArea(cv2.convexHull(hole)))


def _is_ring(piece: Piece) -> bool:
    """Whether its ink lies along its own outline, nearly all the way round; it may have a gap."""
    mask = (piece.ink > 0.3).astype(np.uint8)
    hull = cv2.convexHull(cv2.findNonZero(mask))
    outline = np.zeros_like(mask)
    cv2.polylines(outline, [hull], True, 1, max(1, round(0.2 * piece.size_px)))
    thin = np.zeros_like(mask)
    cv2.polylines(thin, [hull], True, 1, 1)
    near = cv2.dilate(mask, disk(0.06 * piece.size_px))
    return bool(
        mask[outline > 0].sum() > 0.95 * mask.sum() and near[thin > 0].sum() > 0.85 * thin.sum()
    )


def _without_cut_off(pieces: list[Piece], width: int) -> list[Piece]:
    """Leave out the digits to the left and the right that the picture cuts off."""

    def is_cut(piece: Piece) -> bool:
        return piece.left <= 0 or piece.right >= width

    whole = [piece for piece in pieces if not is_cut(piece)]
    if not whole or whole[0].mass < 0.3 * pieces[0].mass:
        return pieces
    main = whole[0]
    return [
        piece
        for piece in pieces
        if not is_cut(piece) or (piece.right > main.left and piece.left < main.right)
    ]


def _without_underline(pieces: list[Piece]) -> list[Piece]:
    """Leave out a flat stroke that lies below a digit, apart from it, and is as wide as it."""
    for line in pieces[:3]:
        height, width = line.ink.shape
        if height > 0.2 * width:
            continue
        above = [
            piece
            for piece in pieces
            if piece is not line
            and piece.bottom <= line.top
            and piece.mass > 0.2 * line.mass
            and piece.ink.shape[0] > 2 * height
            and line.left <= (piece.left + piece.right) / 2 <= line.right
            and line.top - piece.bottom < piece.size_px
        ]
        if above and width > 0.8 * max(piece.ink.shape[1] for piece in above):
            return [piece for piece in pieces if piece is not line and piece.bottom <= line.top]
    return pieces


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


def _join(group: list[Piece]) -> Piece:
    left, top, right, bottom = _box_of(group)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for piece in group:
        window = np.s_[piece.top - top : piece.bottom - top, piece.left - left : piece.right - left]
        ink[window] = np.maximum(ink[window], piece.ink)
    x0, y0, x1, y1 = bounds(ink > 0.05)
    return Piece(ink[y0:y1, x0:x1], left + x0, top + y0)
