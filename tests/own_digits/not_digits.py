"""Pictures that show no digit: empty paper, noise, letters and crops of photos, from a seed."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

from tests.own_digits.draw import (
    KINDS,
    PAPERS,
    Size,
    as_image,
    clouds,
    flat,
    ink,
    inked,
    light_falling,
    pick,
    ruled_paper,
    with_noise,
)
from tests.own_digits.strokes import LETTERS, smooth_curve, write

LETTER_KINDS = ("hairline", "marker", "chalk", "inverted", "phone_photo", "coloured_pen")
BLANK_SIZES: tuple[Size, ...] = ((28, 28), (100, 100), (200, 150), (300, 300), (320, 240))


def blank(rng: np.random.Generator) -> Image.Image:
    """Nothing drawn, 28x28 to 320x240: one of the grounds below, each as likely."""
    grounds = (_white, _lit_paper, _black_screen, _empty_ruled_paper, _transparent)
    return pick(grounds, rng)(pick(BLANK_SIZES, rng), rng)


def _white(size: Size, _: np.random.Generator) -> Image.Image:
    """A drawing program's empty white page, grey."""
    return Image.new("L", size, 255)


def _lit_paper(size: Size, rng: np.random.Generator) -> Image.Image:
    """A photo of white or cream paper with uneven light, perhaps a shadow, and noise."""
    page = flat(size, pick(PAPERS, rng)) * light_falling(size, rng)[:, :, None]
    return as_image(with_noise(page, rng.uniform(1.0, 4.0), rng))


def _black_screen(size: Size, _: np.random.Generator) -> Image.Image:
    """An empty black drawing ground."""
    return Image.new("RGB", size)


def _empty_ruled_paper(size: Size, rng: np.random.Generator) -> Image.Image:
    """Ruled or squared paper, the lines a sixth to a third of the height apart, with noise."""
    spacing_px = size[1] * rng.uniform(1 / 6, 1 / 3)
    page = ruled_paper(size, spacing_px, bool(rng.uniform() < 0.5), rng)
    return as_image(with_noise(page, 1.2, rng))


def _transparent(size: Size, _: np.random.Generator) -> Image.Image:
    """A fully transparent drawing."""
    return Image.new("RGBA", size)


def noise(rng: np.random.Generator) -> Image.Image:
    """A picture of 28 to 300 px a side of one of the noises below, each as likely."""
    width_px = int(rng.integers(28, 301))
    size = (width_px, int(np.clip(width_px * rng.uniform(0.5, 2.0), 28, 300)))
    return pick((_gaussian, _salt_and_pepper, _blobs, _scribble, _dots), rng)(size, rng)


def _gaussian(size: Size, rng: np.random.Generator) -> Image.Image:
    """Gaussian noise in grey or colour, standard deviation 15 to 70 grey levels."""
    channels = int(pick((1, 3), rng))
    shades = rng.normal(rng.uniform(60, 200), rng.uniform(15, 70), (size[1], size[0], channels))
    return as_image(np.broadcast_to(shades, (size[1], size[0], 3)))


def _salt_and_pepper(size: Size, rng: np.random.Generator) -> Image.Image:
    """A flat grey with black and white pixels, 2 to 30 % of all."""
    picture = np.full((size[1], size[0]), rng.integers(0, 256), dtype=np.uint8)
    hit = rng.uniform(size=picture.shape) < rng.uniform(0.02, 0.30)
    picture[hit] = rng.choice(np.array([0, 255], dtype=np.uint8), int(hit.sum()))
    return Image.fromarray(picture)


def _blobs(size: Size, rng: np.random.Generator) -> Image.Image:
    """Gaussian noise smoothed over 2.5 to 10 % of the shorter side (standard deviation)."""
    shades = clouds(size, min(size) * rng.uniform(0.025, 0.10), rng)
    return as_image(np.repeat((128 + 55 * shades)[:, :, None], 3, axis=2))


def _scribble(size: Size, rng: np.random.Generator) -> Image.Image:
    """A pen running to and fro between 15 to 30 places, dark on paper."""
    places = rng.uniform(0.08, 0.92, (int(rng.integers(15, 31)), 2)) * size
    width_px = max(1.0, min(size) * rng.uniform(0.01, 0.03))
    cover = ink([smooth_curve(places)], width_px, size)
    return as_image(inked(flat(size, pick(PAPERS, rng)), (30, 30, 36), cover))


def _dots(size: Size, rng: np.random.Generator) -> Image.Image:
    """8 to 40 dots of 2 to 6 % of the shorter side, dark on white."""
    width_px = max(2.0, min(size) * rng.uniform(0.02, 0.06))
    places = rng.uniform(0.05, 0.95, (int(rng.integers(8, 41)), 1, 2)) * size
    cover = ink(list(np.repeat(places, 2, axis=1)), width_px, size)
    return as_image(inked(flat(size, (255, 255, 255)), (20, 20, 20), cover))


def letters(rng: np.random.Generator) -> Image.Image:
    """A handwritten letter in one of LETTER_KINDS, each as likely."""
    shapes = LETTERS[pick(tuple(LETTERS), rng)]
    return KINDS[pick(LETTER_KINDS, rng)](write(shapes, rng), rng)


def photos(rng: np.random.Generator) -> Image.Image:
    """A crop of 60 to 300 px a side of scikit-learn's photos of a temple and a flower."""
    photo = pick(_sample_photos(), rng)
    width_px, height_px = (int(side) for side in rng.integers(60, 301, 2))
    top = int(rng.integers(photo.shape[0] - height_px + 1))
    left = int(rng.integers(photo.shape[1] - width_px + 1))
    return Image.fromarray(photo[top : top + height_px, left : left + width_px])


@cache
def _sample_photos() -> tuple[np.ndarray, ...]:
    """The photos, each (427, 640, 3) uint8."""
    return tuple(load_sample_images().images)


NOT_DIGITS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "blank": blank,
    "noise": noise,
    "letters": letters,
    "photos": photos,
}


def pictures(kind: str, count: int, seed: int = 2026) -> Iterator[Image.Image]:
    """`count` pictures of one kind; the same ones for the same seed."""
    rng = np.random.default_rng([seed, len(KINDS) + list(NOT_DIGITS).index(kind)])
    for _ in range(count):
        yield NOT_DIGITS[kind](rng)
