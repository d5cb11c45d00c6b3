"""Pictures of handwritten digits as users bring them, drawn from a seed.

    python -m tests.own_digits.draw [FOLDER]

writes COUNT pictures of each digit and kind into FOLDER/<kind>/<label>_<index>.<suffix>, the
same bytes each time with the same versions of NumPy, SciPy, Pillow and scikit-learn. FOLDER is
`images` beside this file unless given. The pictures come from the strokes of `strokes.py` and,
for half of `marker`, from the handwriting of the UCI digits in scikit-learn.

Arrays of grounds are (height, width, 3) float64 from 0 (dark) to 255, arrays of ink (height,
width) float64 from 0 (none) to 1 (full); sizes are (width, height) in pixels, as in Pillow.
"""

import io
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

from tests.own_digits.strokes import DIGITS, write

Strokes = list[np.ndarray]
Colour = tuple[int, int, int]
Size = tuple[int, int]

COUNT = 3  # pictures of each digit and kind
FOLDER = Path(__file__).parent / "images"

UCI_COUNT = 360  # of the last pictures of scikit-learn's digits
# Those among them (counted from 0) that a person reads without doubt after uci_marker; many of
# the others lose their holes at 8x8.
UCI_CLEAR: dict[int, tuple[int, ...]] = {
    0: (33, 50, 108, 118, 154, 178, 183, 205, 226, 278, 356),
    1: (25, 48, 58, 63, 71, 77, 85, 148, 184, 189, 203),
    2: (28, 29, 32, 53, 62, 218, 232, 242, 280, 305),
    3: (37, 38, 67, 69, 76, 187, 243),
    4: (130, 204, 215, 294, 317, 340, 351, 354),
    5: (10, 11, 13, 80, 87, 262, 265, 339),
    6: (43, 45, 60, 66, 82, 84, 246, 264, 296),
    7: (30, 257, 342, 237, 274, 149),
    8: (6, 16, 18, 74, 101, 107, 182, 200, 306),
    9: (7, 9, 70, 83, 239, 249, 299, 303, 322, 358),
}

ORIENTATION_TAG = 0x0112  # EXIF
# The EXIF orientation that tells a viewer to undo each way of storing a picture turned.
TURNS = {
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
    3: Image.Transpose.ROTATE_180,
}

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
SCREEN_PENS: tuple[Colour, ...] = (BLACK, (20, 40, 190), (0, 0, 255))
BALLPOINTS: tuple[Colour, ...] = ((25, 25, 32), (28, 42, 120), (20, 60, 150), (50, 50, 55))
FELT_TIPS: tuple[Colour, ...] = (
    (30, 60, 180),
    (200, 30, 40),
    (20, 130, 60),
    (235, 120, 20),
    (120, 40, 140),
)
PAPERS: tuple[Colour, ...] = ((246, 246, 244), (250, 244, 228), (238, 238, 240))
PASTELS: tuple[Colour, ...] = (
    WHITE,
    (255, 250, 205),
    (222, 238, 255),
    (255, 228, 232),
    (226, 245, 224),
)
TABLES: tuple[Colour, ...] = ((120, 82, 52), (166, 128, 88), (62, 58, 56), (92, 60, 40))
BOARDS: tuple[Colour, ...] = ((38, 70, 55), (48, 84, 62), (62, 66, 68), (44, 50, 54))
RULINGS: tuple[Colour, ...] = ((176, 200, 228), (196, 204, 212), (184, 210, 216))
DARK_SCREENS: tuple[tuple[Colour, Colour], ...] = (  # ground and ink
    (BLACK, WHITE),
    (BLACK, WHITE),
    ((24, 28, 44), (240, 220, 90)),
    ((40, 40, 40), (120, 220, 255)),
    ((70, 20, 40), (255, 210, 220)),
    ((18, 60, 50), (225, 245, 230)),
)


# Parts that the kinds share.


def pick(options: tuple, rng: np.random.Generator) -> Any:
    """One of the options, each as likely."""
    return options[rng.integers(len(options))]


def placed(
    strokes: Strokes, length_px: float, room: Size, margin_px: float, rng: np.random.Generator
) -> Strokes:
    """The strokes with a longer side of `length_px`, anywhere in `room` off its margin."""
    points = np.concatenate(strokes) * length_px
    free = np.array(room) - points.max(axis=0) - 2 * margin_px
    corner = margin_px + rng.uniform(0.0, 1.0, 2) * np.maximum(free, 0.0)
    return [stroke * length_px + corner for stroke in strokes]


def pressure(strokes: Strokes, least: float, rng: np.random.Generator) -> list[np.ndarray]:
    """A slowly varying pressure of the pen for each sample of each stroke, from `least` to 1."""
    forces = []
    for stroke in strokes:
        along = np.linspace(0.0, 1.0, len(stroke))
        wave = np.sin(2 * np.pi * (rng.uniform(0.5, 2.0) * along + rng.uniform()))
        forces.append(least + (1 - least) * (0.5 + 0.5 * wave))
    return forces


def ink(
    strokes: Strokes,
    width_px: float,
    size: Size,
    forces: list[np.ndarray] | None = None,
    scale: int = 4,
) -> np.ndarray:
    """The anti-aliased ink of strokes in pixels, drawn `scale` times as large and reduced.

    A force below 1 makes the line thinner (to 60 %) and fainter (in proportion).
    """
    mask = Image.new("L", (size[0] * scale, size[1] * scale))
    pen = ImageDraw.Draw(mask)
    for index, stroke in enumerate(strokes):
        force = np.ones(len(stroke)) if forces is None else forces[index]
        _draw_stroke(pen, stroke * scale, width_px * scale * (0.6 + 0.4 * force), force)
    return np.asarray(mask.reduce(scale), dtype=np.float64) / 255


def _draw_stroke(
    pen: ImageDraw.ImageDraw, points: np.ndarray, widths_px: np.ndarray, force: np.ndarray
) -> None:
    """One line with round joints and ends on an `L` picture."""
    fills = np.rint(255 * force).astype(int)
    for index, (x, y) in enumerate(points):
        radius = widths_px[index] / 2
        if index:
            line = [*points[index - 1], x, y]
            pen.line(line, fill=int(fills[index]), width=max(1, round(widths_px[index])))
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=int(fills[index]))


def flat(size: Size, colour: Colour) -> np.ndarray:
    """A ground of one colour."""
    return np.tile(np.array(colour, dtype=np.float64), (size[1], size[0], 1))


def inked(ground: np.ndarray, colour: Colour, cover: np.ndarray) -> np.ndarray:
    """The ground with a colour laid on it as thickly as `cover` says."""
    share = cover[:, :, None]
    return ground * (1 - share) + np.array(colour, dtype=np.float64) * share


def clouds(size: Size, sigma_px: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of mean 0 and standard deviation 1: (height, width)."""
    noise = gaussian_filter(rng.normal(size=(size[1], size[0])), sigma_px, mode="reflect")
    return (noise - noise.mean()) / noise.std()


def with_noise(picture: np.ndarray, sd: float, rng: np.random.Generator) -> np.ndarray:
    """The picture with a sensor's noise of `sd` grey levels in brightness, half in colour."""
    grey = rng.normal(0.0, sd, picture.shape[:2])[:, :, None]
    return picture + grey + rng.normal(0.0, sd / 2, picture.shape)


def as_image(picture: np.ndarray) -> Image.Image:
    """The array as an RGB picture."""
    return Image.fromarray(np.rint(np.clip(picture, 0, 255)).astype(np.uint8))


def held_turned(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """The picture, in a `share` of the cases stored turned, its EXIF orientation saying so."""
    if rng.uniform() >= share:
        return image
    orientation = pick((6, 6, 8, 3), rng)
    turned = image.transpose(TURNS[orientation])
    turned.getexif()[ORIENTATION_TAG] = orientation
    return turned


def _black_on_white(cover: np.ndarray) -> Image.Image:
    """Black ink on white as an `L` picture."""
    return Image.fromarray(np.rint(255 * (1 - cover)).astype(np.uint8))


# The kinds.


def hairline(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A drawing program's white page, about 1050x800, with a thin black or blue line.

    Varies: the page's size, the line (1 to 3 px), the digit (25 to 80 % of the page's height,
    anywhere), the colour.
    """
    size = pick(((1050, 800), (1024, 768), (960, 720), (1200, 900), (800, 1050)), rng)
    length_px = min(size) * rng.uniform(0.25, 0.8)
    cover = ink(placed(strokes, length_px, size, 12, rng), rng.uniform(1.0, 3.0), size)
    return as_image(inked(flat(size, WHITE), pick(SCREEN_PENS, rng), cover))


def marker(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A small drawing, 32x32 to 64x64, grey, black on white, with a thick marker.

    Varies: the side, the line (10 to 18 % of the side), how much of the side the digit fills
    (80 to 96 %, ink included).
    """
    side_px = int(rng.integers(32, 65))
    width_px = side_px * rng.uniform(0.10, 0.18)
    length_px = side_px * rng.uniform(0.80, 0.96) - width_px
    size = (side_px, side_px)
    return _black_on_white(ink(placed(strokes, length_px, size, width_px / 2, rng), width_px, size))


def uci_marker(label: int, index: int, rng: np.random.Generator) -> Image.Image:
    """A real handwritten digit of the UCI set in marker's manner, 50x50 to 72x72, grey.

    One of UCI_CLEAR (never the same for two indices), framed by a pixel of paper, enlarged from
    10x10 by cubic interpolation and thresholded softly. Varies: the picture and its side.
    """
    number = pick(UCI_CLEAR[label][index::COUNT], rng)
    small = Image.fromarray(np.pad(uci_pictures()[number], 1))
    side_px = int(rng.integers(50, 73))
    large = np.asarray(small.resize((side_px, side_px), Image.Resampling.BICUBIC), dtype=float)
    return _black_on_white(1 / (1 + np.exp(-14 * (large - 0.45))))


@cache
def uci_pictures() -> np.ndarray:
    """The last UCI_COUNT pictures of the set: (UCI_COUNT, 8, 8) float32 from 0 to 1 (ink)."""
    return (load_digits().images[-UCI_COUNT:] / 16).astype(np.float32)


def chalk(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A photo of a dark green or grey board, about 400x300, with a light, grainy, broken line.

    Varies: the size, the board's colour and unevenness, the wiped traces, the chalk's width
    (2 to 4 % of the width), its grain and gaps; the digit takes 40 to 75 % of the height. One
    in ten is stored turned with an EXIF orientation.
    """
    size = pick(((400, 300), (360, 270), (320, 320), (300, 400)), rng)
    length_px = min(size) * rng.uniform(0.4, 0.75)
    lines = placed(strokes, length_px, size, 20, rng)
    cover = ink(lines, size[0] * rng.uniform(0.02, 0.04), size, pressure(lines, 0.75, rng), 2)
    grain = np.clip(0.75 + 0.45 * clouds(size, 0.8, rng), 0, 1)
    gaps = 1 - 0.75 * np.clip(clouds(size, 5.0, rng) - 1.2, 0, 1)
    board = inked(_board(size, rng), (236, 236, 228), cover * grain * gaps)
    return held_turned(as_image(with_noise(board, 1.5, rng)), 0.1, rng)


def _board(size: Size, rng: np.random.Generator) -> np.ndarray:
    """An uneven board with traces of wiped chalk."""
    ground = flat(size, pick(BOARDS, rng)) + 5 * clouds(size, 40.0, rng)[:, :, None]
    for _ in range(rng.integers(2, 6)):
        wipe = ink([_sweep(size, rng)], size[1] * rng.uniform(0.10, 0.22), size, scale=1)
        streaks = np.clip(0.6 + 0.4 * clouds(size, 3.0, rng), 0, 1)
        ground += 22 * rng.uniform(0.3, 1.0) * (gaussian_filter(wipe, 6) * streaks)[:, :, None]
    return ground


def _sweep(size: Size, rng: np.random.Generator) -> np.ndarray:
    """The arc of a wiping hand: (points, 2) in pixels."""
    start, middle, end = (rng.uniform(-0.1, 1.1, 2) * size for _ in range(3))
    share = np.linspace(0, 1, 60)[:, None]
    return (1 - share) ** 2 * start + 2 * share * (1 - share) * middle + share**2 * end


def pencil_ruled(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A scan of ruled paper, about 320 px, with a grey pencil digit 2 to 4 rulings high.

    Varies: the size, the rulings (28 to 42 px apart, light blue or grey), the page's turn
    (sd 2 degrees), the pencil's darkness, width (2 to 4 px) and pressure. One in ten is stored
    turned with an EXIF orientation.
    """
    return _pencil(strokes, rng.uniform(28, 42), False, rng)


def pencil_squared(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A scan of squared paper, about 320 px, with a grey pencil digit 2 to 4 squares high.

    Varies as pencil_ruled, the squares 22 to 34 px wide.
    """
    return _pencil(strokes, rng.uniform(22, 34), True, rng)


def _pencil(
    strokes: Strokes, spacing_px: float, squared: bool, rng: np.random.Generator
) -> Image.Image:
    """Pencil on ruled or squared paper; see pencil_ruled."""
    size = pick(((320, 240), (300, 300), (240, 320), (360, 280)), rng)
    length_px = min(spacing_px * rng.uniform(2.0, 4.0), min(size) - 30)
    lines = placed(strokes, length_px, size, 14, rng)
    ground = ruled_paper(size, spacing_px, squared, rng)
    force = pressure(lines, rng.uniform(0.65, 0.9), rng)
    cover = ink(lines, rng.uniform(2.0, 4.0), size, force)
    grain = np.clip(0.88 + 0.14 * clouds(size, 0.7, rng), 0, 1)
    grey = int(rng.integers(45, 85))
    page = inked(ground, (grey, grey, grey + 4), cover * grain)
    return held_turned(as_image(with_noise(page, 1.2, rng)), 0.1, rng)


def ruled_paper(
    size: Size, spacing_px: float, squared: bool, rng: np.random.Generator
) -> np.ndarray:
    """Paper with lines `spacing_px` apart, also upright ones if `squared`, turned a little."""
    turn = np.radians(np.clip(rng.normal(0.0, 2.0), -5, 5))
    width_px = rng.uniform(1.0, 1.8)
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    across = [y * np.cos(turn) - x * np.sin(turn)]
    if squared:
        across.append(x * np.cos(turn) + y * np.sin(turn))
    covers = [_line_cover(place, spacing_px, width_px, rng) for place in across]
    ground = flat(size, pick(PAPERS, rng)) + 2 * clouds(size, 50.0, rng)[:, :, None]
    return inked(ground, pick(RULINGS, rng), np.maximum.reduce(covers))


def _line_cover(
    place_px: np.ndarray, spacing_px: float, width_px: float, rng: np.random.Generator
) -> np.ndarray:
    """How far each pixel at `place_px` across the lines is covered by one of them, 0 to 1."""
    offset_px = rng.uniform(0, spacing_px)
    distance_px = np.abs((place_px + offset_px) % spacing_px - spacing_px / 2)
    return np.clip(width_px / 2 + 0.5 - distance_px, 0, 1)


def phone_photo(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A phone's photo, about 640x480, of a digit in pen on white or cream paper.

    Varies: the pen (4 to 9 px, black or blue), the digit (25 to 60 % of the height), the
    perspective, the table at a side or corner (in two of five), a shadow with a soft or hard
    edge (in two of three), the light's fall-off, blur and noise. A third is stored turned with
    an EXIF orientation.
    """
    size = pick(((640, 480), (640, 480), (480, 640), (600, 450)), rng)
    length_px = min(size) * rng.uniform(0.25, 0.6)
    lines = placed(strokes, length_px, size, 0.18 * min(size), rng)
    cover = ink(lines, rng.uniform(4.0, 9.0), size, pressure(lines, 0.8, rng), 2)
    page = inked(flat(size, pick(PAPERS, rng)), pick(BALLPOINTS, rng), cover)
    scene = _seen_askew(page, size, rng) * light_falling(size, rng)[:, :, None]
    blurred = gaussian_filter(scene, (*[rng.uniform(0.6, 1.2)] * 2, 0))
    return held_turned(as_image(with_noise(blurred, rng.uniform(1.0, 2.5), rng)), 1 / 3, rng)


def _seen_askew(page: np.ndarray, size: Size, rng: np.random.Generator) -> np.ndarray:
    """The page in perspective on a table, which shows at a side or corner or not at all."""
    width_px, height_px = size
    corners = np.array([[0, 0], [width_px, 0], [width_px, height_px], [0, height_px]], float)
    outwards = np.sign(corners - corners.mean(axis=0)) * size
    seen = corners + outwards * rng.uniform(0.01, 0.12, (4, 2))
    if rng.uniform() < 0.4:
        first, both = rng.integers(4), rng.uniform() < 0.5
        bared = [first, (first + 1) % 4] if both else [first]
        seen[bared] = corners[bared] - outwards[bared] * rng.uniform(0.02, 0.10, (len(bared), 2))
    paper = as_image(page)
    paper.putalpha(255)
    terms = _homography(seen, corners)
    method, cubic = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    turned = np.asarray(paper.transform(size, method, terms, cubic), dtype=np.float64)
    alpha = turned[:, :, 3:] / 255
    return turned[:, :, :3] * alpha + _table(size, rng) * (1 - alpha)


def _homography(seen: np.ndarray, corners: np.ndarray) -> list[float]:
    """Pillow's eight terms that take the four points `seen` to `corners`, both (4, 2)."""
    rows = []
    for (x, y), (u, v) in zip(seen, corners, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    return np.linalg.solve(np.array(rows), corners.ravel()).tolist()


def _table(size: Size, rng: np.random.Generator) -> np.ndarray:
    """A table of wood or plain dark stuff with a grain along x."""
    noise = gaussian_filter(rng.normal(size=(size[1], size[0])), (1.5, 40.0))
    return flat(size, pick(TABLES, rng)) + 9 * (noise / noise.std())[:, :, None]


def light_falling(size: Size, rng: np.random.Generator) -> np.ndarray:
    """The share of the light, (height, width): fall-off, vignette and perhaps a shadow."""
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    angle = rng.uniform(0, 2 * np.pi)
    light = rng.uniform(0.78, 0.95) + rng.uniform(0.02, 0.12) * (
        x * np.cos(angle) + y * np.sin(angle)
    )
    light *= 1 - rng.uniform(0.05, 0.16) * (x**2 + y**2)
    if rng.uniform() < 2 / 3:
        turn, softness = rng.uniform(0, 2 * np.pi), pick((0.008, 0.03, 0.12, 0.25), rng)
        depth = x * np.cos(turn) + y * np.sin(turn) - rng.uniform(-0.4, 0.6)
        light *= 1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-np.clip(depth / softness, -50, 50)))
    return light


def inverted(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A drawing on a screen, light on black or another dark colour, 28x28 to 400x300.

    Varies: the size, the colours, the line (4 to 10 % of the shorter side), the digit (55 to
    80 % of the shorter side).
    """
    size = pick(((28, 28), (64, 64), (100, 140), (200, 200), (280, 280), (400, 300)), rng)
    width_px = max(2.0, min(size) * rng.uniform(0.04, 0.10))
    lines = placed(strokes, min(size) * rng.uniform(0.55, 0.80), size, width_px / 2 + 1, rng)
    ground, colour = pick(DARK_SCREENS, rng)
    return as_image(inked(flat(size, ground), colour, ink(lines, width_px, size)))


def off_centre(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A small dark digit far in a corner of a larger white or pale page, 240 to 600 px.

    Varies: the size, the corner, the digit (10 to 20 % of the shorter side, at least 26 px),
    the line (7 to 11 % of the digit), in half of them a few specks of dust of 1 to 2 px.
    """
    size = pick(((320, 320), (480, 360), (360, 480), (600, 400), (240, 240)), rng)
    length_px = max(26.0, min(size) * rng.uniform(0.10, 0.20))
    corner = (round(1.3 * length_px) + 12,) * 2
    shift = rng.integers(0, 2, 2) * (np.array(size) - corner)
    lines = [stroke + shift for stroke in placed(strokes, length_px, corner, 6, rng)]
    cover = ink(lines, length_px * rng.uniform(0.07, 0.11), size)
    if rng.uniform() < 0.5:
        cover = np.maximum(cover, _dust(size, rng))
    return as_image(inked(flat(size, pick((WHITE, WHITE, *PAPERS), rng)), (35, 35, 40), cover))


def _dust(size: Size, rng: np.random.Generator) -> np.ndarray:
    """The ink of 2 to 6 specks."""
    specks = [np.repeat(rng.uniform(0.05, 0.95, (1, 2)) * size, 2, axis=0) for _ in range(6)]
    return 0.6 * ink(specks[: rng.integers(2, 7)], rng.uniform(1.0, 2.0), size)


def tiny(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A picture 12 to 20 px high, grey or 1-bit, black on white, nearly filled by the digit.

    Varies: the height, the width (square, or as the digit needs, at least half the height), the
    mode, the line (grey: 8 to 11 % of the height, at least 1 px, anti-aliased; 1-bit, only from
    14 px up: 1 px, hard).
    """
    height_px = int(rng.integers(12, 21))
    width_px = max(1.0, height_px * rng.uniform(0.08, 0.11))
    extent = np.concatenate(strokes).max(axis=0)
    length_px = (height_px - width_px - 1) / max(extent[1], 0.8)
    needed_px = int(np.ceil(max(extent[0] * length_px + width_px + 1, height_px / 2)))
    size = (max(needed_px, height_px) if rng.uniform() < 0.5 else needed_px, height_px)
    lines = placed(strokes, length_px, size, width_px / 2 + 0.5, rng)
    if height_px >= 14 and rng.uniform() < 0.6:
        return _black_on_white(_pixel_pen(lines, size)).convert("1")
    return _black_on_white(ink(lines, width_px, size, scale=8))


def _pixel_pen(lines: Strokes, size: Size) -> np.ndarray:
    """The hard ink of a drawing program's one-pixel pen that reports its place every 1.5 px."""
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    for line in lines:
        length_px = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
        reports = np.linspace(0, len(line) - 1, max(2, round(length_px / 1.5))).round().astype(int)
        pen.line(np.floor(line[reports]).ravel().tolist(), fill=255)
    return np.asarray(mask, dtype=np.float64) / 255


def huge(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A scan or export of 2000 to 3000 px, hard-edged ink on white: grey, RGB, palette, 1-bit.

    Varies: the size, the mode, the line (1.5 to 4 % of the shorter side), the digit (35 to
    80 % of the shorter side), the ink.
    """
    size = pick(((2000, 2000), (2400, 2000), (2000, 2800), (3000, 2200)), rng)
    lines = placed(strokes, min(size) * rng.uniform(0.35, 0.80), size, 80, rng)
    cover = ink(lines, min(size) * rng.uniform(0.015, 0.04), size, scale=1)
    grey = _black_on_white(cover)
    mode = pick(("L", "RGB", "P", "1"), rng)
    if mode == "P":
        return _paletted(grey, pick(FELT_TIPS, rng))
    return grey.convert(mode)


def _paletted(grey: Image.Image, colour: Colour) -> Image.Image:
    """An `L` picture as a palette picture that runs from `colour` (at 0) to white (at 255)."""
    share = np.linspace(0, 1, 256)[:, None]
    palette = np.rint((1 - share) * np.array(colour) + share * 255).astype(np.uint8)
    image = Image.frombytes("P", grey.size, grey.tobytes())
    image.putpalette(palette.tobytes())
    return image


def jpeg_damaged(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A pen digit in a JPEG of 100 to 200 px at quality 8 to 25.

    Varies: the size, the quality, the pen (4 to 8 % of the shorter side, black, blue or a felt
    tip's colour), the digit (50 to 80 % of the shorter side), the paper.
    """
    size = (int(rng.integers(100, 201)), int(rng.integers(100, 201)))
    lines = placed(strokes, min(size) * rng.uniform(0.5, 0.8), size, 8, rng)
    cover = ink(lines, min(size) * rng.uniform(0.04, 0.08), size)
    page = inked(flat(size, pick(PAPERS, rng)), pick(BALLPOINTS + FELT_TIPS, rng), cover)
    file = io.BytesIO()
    as_image(page).save(file, "JPEG", quality=int(rng.integers(8, 26)))
    return Image.open(file)


def transparent(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """An RGBA drawing of 64 to 400 px on a fully transparent ground, dark or light ink.

    Varies: the size, the ink, the colour that the transparent pixels hide (black, white or the
    ink's), the line (4 to 9 % of the shorter side), the digit (50 to 80 % of it).
    """
    size = pick(((64, 64), (128, 128), (200, 260), (300, 300), (400, 300)), rng)
    width_px = min(size) * rng.uniform(0.04, 0.09)
    lines = placed(strokes, min(size) * rng.uniform(0.5, 0.8), size, width_px / 2 + 1, rng)
    colour = pick((BLACK, (20, 40, 120), (60, 60, 60), WHITE, (255, 240, 190)), rng)
    alpha = np.rint(255 * ink(lines, width_px, size))
    hidden = flat(size, pick((BLACK, WHITE, colour), rng))
    rgb = np.where(alpha[:, :, None] > 0, np.array(colour, dtype=np.float64), hidden)
    return Image.fromarray(np.dstack([rgb, alpha]).astype(np.uint8))


def coloured_pen(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """A scan of 300 to 500 px of a coloured pen on white or pastel paper.

    Varies: the size, the ink (blue, red, green, orange, violet), the paper, the pen (1.2 to
    4 % of the shorter side), the digit (35 to 75 % of the shorter side), the pressure.
    """
    size = pick(((300, 300), (400, 300), (360, 480), (500, 400)), rng)
    lines = placed(strokes, min(size) * rng.uniform(0.35, 0.75), size, 16, rng)
    width_px = min(size) * rng.uniform(0.012, 0.04)
    cover = ink(lines, width_px, size, pressure(lines, 0.75, rng))
    page = inked(flat(size, pick(PASTELS, rng)), pick(FELT_TIPS, rng), cover)
    return as_image(page + 1.2 * clouds(size, 1.0, rng)[:, :, None])


KINDS: dict[str, Callable[[Strokes, np.random.Generator], Image.Image]] = {
    "hairline": hairline,
    "marker": marker,
    "chalk": chalk,
    "pencil_ruled": pencil_ruled,
    "pencil_squared": pencil_squared,
    "phone_photo": phone_photo,
    "inverted": inverted,
    "off_centre": off_centre,
    "tiny": tiny,
    "huge": huge,
    "jpeg_damaged": jpeg_damaged,
    "transparent": transparent,
    "coloured_pen": coloured_pen,
}

PNG: tuple[str, dict[str, Any]] = (".png", {"optimize": True})
JPEG: tuple[str, dict[str, Any]] = (".jpg", {"quality": 70})
# How each kind is saved: the suffix and Pillow's options.
SAVED: dict[str, tuple[str, dict[str, Any]]] = dict.fromkeys(KINDS, PNG) | {
    "chalk": JPEG,
    "pencil_ruled": JPEG,
    "pencil_squared": JPEG,
    "phone_photo": JPEG,
    "jpeg_damaged": (".jpg", {"quality": "keep"}),
    "coloured_pen": (".jpg", {"quality": 80}),
}


def picture(kind: str, label: int, index: int, rng: np.random.Generator) -> Image.Image:
    """The picture of one digit; every other `marker` is of the UCI set's handwriting."""
    if kind == "marker" and (label + index) % 2:
        return uci_marker(label, index, rng)
    return KINDS[kind](write(DIGITS[label], rng), rng)


def save(image: Image.Image, path: Path, options: dict[str, Any]) -> None:
    """Write the picture, with its EXIF orientation if it has one."""
    exif = image.getexif()
    image.save(path, **(options | ({"exif": exif} if exif else {})))


def draw_all(folder: Path, seed: int = 2026) -> None:
    """Write COUNT pictures of each digit and kind; each kind has its own random numbers."""
    for number, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, number])
        suffix, options = SAVED[kind]
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for label in DIGITS:
            for index in range(COUNT):
                path = folder / kind / f"{label}_{index:02d}{suffix}"
                save(picture(kind, label, index, rng), path, options)


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
