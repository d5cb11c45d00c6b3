"""Pictures that are no digits, made up: what a rejection model learns to refuse.

Networks that only ever saw digits are sure of themselves on letters too. Showing them made-up
outliers in training ("outlier exposure", Hendrycks et al. 2019, https://arxiv.org/abs/1812.04606)
is the known remedy. Each function here draws one outlier with the generator it is given.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from mnist_pipeline.digits import IMAGE_SIZE_PX, Digits
from mnist_pipeline.reading.preparation import fit_like_mnist, prepare_image

GLYPHS = (
    "ABCDEFGHJKLMNPQRTUVWXYadefhkmnprtuvwxy"  # without what is written like a digit: O I l S Z b q
    "ΓΔΘΛΞΠΣΦΨΩαβγδεηθκλμξπρφψωЖИЛЮЯж+=#%&@?*!<>$€"
)
FONTS = ("DejaVuS*.ttf", "STIXGeneral*.ttf", "cm?10.ttf", "cm??10.ttf")
"""Those that come with matplotlib."""

MIRRORED = (3, 4, 6, 7, 9)
UPSIDE_DOWN = (2, 4, 6, 7, 9)
ON_THEIR_SIDE = (2, 3, 4, 5, 6, 7, 9)
"""The digits that are none any more when they are turned like that."""


def turned_digit(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """A digit mirrored, upside down or on its side."""
    turns: tuple[tuple[tuple[int, ...], Callable[[np.ndarray], np.ndarray]], ...] = (
        (MIRRORED, np.fliplr),
        (UPSIDE_DOWN, np.flipud),
        (ON_THEIR_SIDE, np.rot90),
        (ON_THEIR_SIDE, lambda image: np.rot90(image, 3)),
    )
    labels, turn = turns[rng.integers(len(turns))]
    return fit_like_mnist(_lean(turn(_pick(digits, rng, labels)) / 255, rng, 0.6))


def spliced_digits(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """The upper or left part of one digit and the rest of another."""
    first, second = _pick_two(digits, rng)
    cut = rng.integers(10, 19)
    spliced = second.copy()
    if rng.random() < 0.5:
        spliced[:cut] = first[:cut]
    else:
        spliced[:, :cut] = first[:, :cut]
    return fit_like_mnist(spliced / 255)


def overlapping_digits(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """Two digits written over each other."""
    first, second = _pick_two(digits, rng)
    angle = rng.uniform(0, 2 * np.pi)
    right, down = np.rint(rng.uniform(5, 11) * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    padded = np.pad(first, IMAGE_SIZE_PX // 2)
    moved = np.roll(np.pad(second, IMAGE_SIZE_PX // 2), (down, right), axis=(0, 1))
    return fit_like_mnist(np.maximum(padded, moved) / 255)


def random_strokes(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """Three to five straight or bent strokes between nine points, as letters of no alphabet."""
    side = 84
    picture = np.zeros((side, side), np.uint8)
    points = np.array([(x, y) for x in (0.15, 0.5, 0.85) for y in (0.12, 0.5, 0.88)])
    width_px, narrow = int(rng.integers(3, 13)), rng.uniform(0.6, 1.0)
    at = points[rng.integers(9)]
    for _ in range(rng.integers(3, 6)):
        start = at if rng.random() < 0.5 else points[rng.integers(9)]
        at = points[rng.integers(9)]
        ends = np.stack([start, at]) + rng.normal(0, 0.04, (2, 2))
        bend = rng.uniform(-0.6, 0.6) if rng.random() < 0.4 else 0.0
        middle = ends.mean(axis=0) + bend * (ends[1] - ends[0])[::-1] * (1, -1)
        t = np.linspace(0, 1, 25)[:, None]
        curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * middle + t**2 * ends[1]
        corners = np.rint(curve * (narrow, 1) * side * 8).astype(np.int32)
        cv2.polylines(picture, [corners], False, 255, width_px, cv2.LINE_AA, 3)
    return fit_like_mnist(picture / 255)


def glyph(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """A letter or a sign in one of matplotlib's fonts, leaning, wavy, thin or bold."""
    fonts = _fonts()
    side = 110
    image = Image.new("L", (side, side), 0)
    font = fonts[rng.integers(len(fonts))]
    sign = GLYPHS[rng.integers(len(GLYPHS))]
    ImageDraw.Draw(image).text((side / 2, side / 2), sign, font=font, fill=255, anchor="mm")
    drawn = _wave(_lean(np.asarray(image, np.float32) / 255, rng, 1.2), rng)
    grow = int(rng.integers(0, 5))
    if grow:
        drawn = cv2.dilate(drawn, np.ones((grow, grow), np.uint8))
    return fit_like_mnist(drawn)


def texture(digits: Digits, rng: np.random.Generator) -> np.ndarray | None:
    """Noise of one grain or another, as a picture of which somebody expects a digit."""
    side = int(rng.integers(28, 160))
    field = rng.normal(size=(side, side)).astype(np.float32)
    grain = rng.choice([0.0, rng.uniform(0.5, side / 8)])
    smooth = cv2.GaussianBlur(field, (0, 0), grain) if grain else field
    standard = (smooth - smooth.mean()) / smooth.std()
    if rng.random() < 0.5:  # blots
        standard = np.tanh(3 * (standard - rng.uniform(0.3, 2)))
    return _prepared(0.5 + rng.uniform(0.05, 0.3) * standard)


def leaves(digits: Digits, rng: np.random.Generator) -> np.ndarray | None:
    """Patches that hide each other, which has the statistics of photos ("dead leaves").

    Lee, Mumford, Huang 2001, https://doi.org/10.1023/A:1011109015675
    """
    side = int(rng.integers(60, 160))
    picture = np.full((side, side), rng.random(), np.float32)
    for _ in range(int(rng.integers(3, 40))):
        centre = tuple(int(at) for at in rng.integers(0, side, 2))
        axes = tuple(int(length) for length in rng.uniform(0.02, 0.4, 2) * side)
        turn, grey = float(rng.uniform(0, 180)), float(rng.random())
        cv2.ellipse(picture, centre, axes, turn, 0, 360, grey, -1, cv2.LINE_AA)
    blurred = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 2))
    return _prepared(blurred + rng.normal(0, 0.02, picture.shape))


OUTLIERS: dict[Callable[..., np.ndarray | None], float] = {
    turned_digit: 0.15,
    spliced_digits: 0.08,
    overlapping_digits: 0.07,
    random_strokes: 0.3,
    glyph: 0.3,
    texture: 0.06,
    leaves: 0.12,
}
"""What part each kind has, in proportion to the others."""


def make_outliers(
    digits: Digits,
    count: int,
    rng: np.random.Generator,
    kinds: tuple[Callable[..., np.ndarray | None], ...] = tuple(OUTLIERS),
) -> np.ndarray:
    """Draw outliers.

    digits: those that some kinds are made of.
    Returns uint8 (count, 28, 28).
    """
    shares = np.array([OUTLIERS[kind] for kind in kinds])
    outliers = np.empty((count, IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    chosen = rng.choice(len(kinds), count, p=shares / shares.sum())
    progress = tqdm(chosen, "making outliers", unit=" pictures", disable=None)
    for position, kind in enumerate(progress):
        while (outlier := kinds[kind](digits, rng)) is None or not outlier.any():
            pass  # a picture in which no ink was found: it is refused without a network
        outliers[position] = outlier
    return outliers


def vary_digits(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """Digits as other pens and hands write them, so that these are not taken for outliers.

    Leaning, stretched, thinner or bolder, grainy; four in ten stay as they are.
    Returns uint8 (n, 28, 28).
    """
    varied = np.empty_like(digits.images)
    for target, image in zip(varied, digits.images, strict=True):
        target[:] = image if rng.random() < 0.4 else _vary(image, rng)
    return varied


def _vary(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    drawn = _lean((image / 255).astype(np.float32), rng, 1.0)
    if rng.random() < 0.5:
        scale, change = 3, int(rng.integers(2, 8))
        large = np.pad(cv2.resize(drawn, None, fx=scale, fy=scale), change)
        pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (change, change))
        other = cv2.dilate(large, pen) if rng.random() < 0.6 else cv2.erode(large, pen)
        drawn = other if (other > 0.5).sum() > 17 * scale**2 else large
    elif rng.random() < 0.4:
        grains = drawn * (rng.random(drawn.shape) > 0.15)
        drawn = np.clip(1.4 * cv2.GaussianBlur(grains.astype(np.float32), (0, 0), 0.8), 0, 1)
    return fit_like_mnist(drawn)


def _pick(digits: Digits, rng: np.random.Generator, labels: tuple[int, ...]) -> np.ndarray:
    image: np.ndarray = digits.images[rng.choice(np.flatnonzero(np.isin(digits.labels, labels)))]
    return image


def _pick_two(digits: Digits, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Of different classes."""
    first = int(rng.integers(len(digits)))
    second = first
    while digits.labels[first] == digits.labels[second]:
        second = int(rng.integers(len(digits)))
    return digits.images[first], digits.images[second]


def _lean(picture: np.ndarray, rng: np.random.Generator, amount: float) -> np.ndarray:
    """Turn, shear and stretch about the centre: at most 14 degrees, 20 % and 15 % by 1."""
    angle, shear = rng.uniform(-0.25, 0.25) * amount, rng.uniform(-0.2, 0.2) * amount
    wide, high = 1 + rng.uniform(-0.15, 0.15, 2) * amount
    matrix = np.array(
        [[wide * np.cos(angle), shear - np.sin(angle)], [np.sin(angle), high * np.cos(angle)]]
    )
    centre = (np.array(picture.shape[::-1]) - 1) / 2
    moved = np.column_stack([matrix, centre - matrix @ centre])
    return cv2.warpAffine(np.ascontiguousarray(picture, np.float32), moved, picture.shape[::-1])


def _wave(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend lines gently, up to 5 pixels (elastic distortion, Simard et al. 2003)."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    right, down = _smooth_field(picture.shape, rng), _smooth_field(picture.shape, rng)
    return cv2.remap(picture, x + right, y + down, cv2.INTER_LINEAR)


def _smooth_field(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    field = cv2.GaussianBlur(rng.uniform(-1, 1, shape).astype(np.float32), (0, 0), 8)
    return rng.uniform(0, 5) * field / np.abs(field).max()


def _prepared(picture: np.ndarray) -> np.ndarray | None:
    found = prepare_image(np.clip(picture, 0, 1).astype(np.float32))
    return found.image if found else None


@cache
def _fonts() -> list[ImageFont.FreeTypeFont]:
    import matplotlib

    folder = Path(matplotlib.get_data_path(), "fonts/ttf")
    files = sorted({file for pattern in FONTS for file in folder.glob(pattern)})
    return [ImageFont.truetype(file, 60) for file in files if "Display" not in file.name]
