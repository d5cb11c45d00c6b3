"""Digits that have been turned, shifted, blurred, covered or made noisy, reproducibly.

`distort` is the door: it takes pictures and a chain of steps. A step is a distortion with its
settings, `{"gaussian_noise": {"std": 0.2}}`, or the name of a published corruption, such as
`"fog"`, which stands for such steps (see `corruptions.py`).

Behind the door every distortion works on float32 pictures (n, height, width), 0 black to 1 white,
returns new ones, and draws its random numbers from the generator that it is given. What leaves the
range 0 to 1 is clipped after every step. A new distortion is a function here with an entry in
`DISTORTIONS`: its keyword arguments are what a parameter file may say.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from tqdm import tqdm

from mnist_pipeline.bounds import Count, NotNegative, Positive
from mnist_pipeline.corruptions import CORRUPTIONS

Border = Literal["wrap", "reflect", "nearest", "constant"]
Step = str | dict[str, dict[str, Any]]

Photons = Annotated[float, Field(gt=0, le=1e6)]

CHUNK = 1000
"""Pictures that are distorted together: enough to be quick, few enough for little memory."""

_SCIPY_BORDERS = {
    "wrap": "grid-wrap", "reflect": "reflect", "nearest": "nearest", "constant": "grid-constant"
}  # fmt: skip


def distort(
    images: np.ndarray,
    steps: list[Step],
    *,
    seed: int,
    moves_only: bool = False,
    progress: str | None = None,
) -> np.ndarray:
    """Apply a chain of distortions to every picture, each with random numbers of its own.

    images: (n, height, width), or with a last axis of length 1; uint8 0-255, or floats 0-1.
    steps: in this order; their settings are explained at the functions that `DISTORTIONS` names.
    seed: the same one gives the same pictures.
    moves_only: leave out all that does not move pixels (`MOVES`). With the same seed, a picture
        and what a network must make of it are moved alike.
    progress: title of a progress bar; None: no bar.
    Returns pictures of the same dtype and shape; the given ones are not touched.
    """
    pictures = images.reshape(images.shape[:3])
    distorted = np.empty_like(pictures)
    chain = [(i, name, settings) for i, (name, settings) in enumerate(_spell_out(steps))]
    if moves_only:
        chain = [(i, name, settings | MOVES[name]) for i, name, settings in chain if name in MOVES]
    with tqdm(
        total=len(pictures), desc=progress, unit="digit", leave=False,
        disable=None if progress else True,  # `None`: no bar when the output is not a terminal
    ) as bar:  # fmt: skip
        for start in range(0, len(pictures), CHUNK):
            chunk = _to_unit_range(pictures[start : start + CHUNK])
            for i, name, settings in chain:
                rng = np.random.default_rng([seed, start, i])
                chunk = np.clip(DISTORTIONS[name](chunk, rng, **settings), 0, 1)
            distorted[start : start + CHUNK] = _from_unit_range(chunk, images.dtype)
            bar.update(len(chunk))
    return distorted.reshape(images.shape)


def _spell_out(steps: list[Step]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step as a distortion and its settings."""
    for step in steps:
        if isinstance(step, str):
            yield from _spell_out(CORRUPTIONS[step])
        else:
            yield from step.items()


def _to_unit_range(images: np.ndarray) -> np.ndarray:
    scale = 255 if images.dtype == np.uint8 else 1
    return np.divide(images, scale, dtype=np.float32)


def _from_unit_range(images: np.ndarray, dtype: Any) -> np.ndarray:
    return np.rint(images * 255) if dtype == np.uint8 else images


# Movements


def geometric(
    images: np.ndarray,
    rng: np.random.Generator,
    *,
    rotation_degrees: NotNegative,
    shift_fraction: NotNegative,
    zoom_fraction: Annotated[float, Field(ge=0, lt=1)],
    brightness_fraction: Annotated[float, Field(ge=0, le=1)],
    border: Border,
) -> np.ndarray:
    """Turn, shift, zoom and brighten, each digit by amounts of its own.

    All are drawn evenly: the angle from -rotation_degrees to rotation_degrees; the shift along
    each axis from -shift_fraction to shift_fraction of the picture's size; the zoom of each axis
    from 1 - zoom_fraction to 1 + zoom_fraction; the factor of all grey values likewise around 1.
    border: what comes in from outside; `wrap`: what has left at the other side.
    """
    n, height, width = images.shape
    angle = np.radians(rng.uniform(-rotation_degrees, rotation_degrees, n))
    zoom = rng.uniform(1 - zoom_fraction, 1 + zoom_fraction, (n, 2))
    shift_px = rng.uniform(-shift_fraction, shift_fraction, (n, 2)) * (height, width)
    gain = 1 + brightness_fraction * rng.uniform(-1, 1, (n, 1, 1))
    moved = _warp(images, _rotation(angle) / zoom[:, np.newaxis, :], shift_px, border)
    return moved * gain.astype(np.float32)


def rotate(images: np.ndarray, rng: np.random.Generator, *, degrees: NotNegative) -> np.ndarray:
    """Turn by just `degrees`, either way at random."""
    angle = np.radians(degrees) * _either_way(rng, len(images))
    return _warp(images, _rotation(angle))


def shear(images: np.ndarray, rng: np.random.Generator, *, degrees: NotNegative) -> np.ndarray:
    """Lean to the left or the right at random; level strokes stay level.

    As scikit-image did it when MNIST-C was made: a point (x, y) shows what was at
    (x - y sin(degrees), y cos(degrees)), so the digit leans by the arc tangent of sin(degrees)
    and grows taller by 1 / cos(degrees).
    """
    angle = np.radians(degrees) * _either_way(rng, len(images))
    zero, one = np.zeros_like(angle), np.ones_like(angle)
    return _warp(images, _matrices(np.cos(angle), zero, -np.sin(angle), one))


def scale(images: np.ndarray, rng: np.random.Generator, *, factor: Positive) -> np.ndarray:
    """Make the digit `factor` times its size, around the centre."""
    ones = np.full(len(images), 1 / factor)
    return _warp(images, _matrices(ones, 0 * ones, 0 * ones, ones))


def translate(images: np.ndarray, rng: np.random.Generator, *, shift_px: NotNegative) -> np.ndarray:
    """Shift by just `shift_px` along both axes, either way at random."""
    ones = np.ones(len(images))
    shifts = shift_px * np.stack([_either_way(rng, len(images)) for _ in "yx"], axis=1)
    return _warp(images, _matrices(ones, 0 * ones, 0 * ones, ones), shifts)


def _either_way(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.choice([-1.0, 1.0], n)


def _matrices(yy: np.ndarray, yx: np.ndarray, xy: np.ndarray, xx: np.ndarray) -> np.ndarray:
    """(n, 2, 2) from the four elements, each (n,), rows first."""
    return np.stack([np.stack([yy, yx], axis=-1), np.stack([xy, xx], axis=-1)], axis=-2)


def _rotation(angle: np.ndarray) -> np.ndarray:
    """Matrices for angles in radians, (n,). A positive one turns a digit anticlockwise."""
    cos, sin = np.cos(angle), np.sin(angle)
    return _matrices(cos, sin, -sin, cos)


def _warp(
    images: np.ndarray,
    matrices: np.ndarray,
    shift_px: np.ndarray | None = None,
    border: Border = "constant",
) -> np.ndarray:
    """Map every picture linearly, around its centre, with bilinear interpolation.

    matrices: (n, 2, 2); the pixel at p (y, x, from the centre) shows what was at
    `matrix @ (p - shift)`. shift_px: (n, 2), y and x. `constant`: black comes in.
    """
    from scipy.ndimage import affine_transform

    centre = (np.array(images.shape[1:]) - 1) / 2
    target = np.broadcast_to(centre, (len(images), 2)) + (0 if shift_px is None else shift_px)
    offsets = centre - np.einsum("nij,nj->ni", matrices, target)
    warped = np.empty_like(images)
    for image, matrix, offset, output in zip(images, matrices, offsets, warped, strict=True):
        affine_transform(image, matrix, offset, output=output, order=1, mode=_SCIPY_BORDERS[border])
    return warped


# Noise: every pixel by itself


def gaussian_noise(images: np.ndarray, rng: np.random.Generator, *, std: NotNegative) -> np.ndarray:
    """Add a normal number to every pixel. std: 1 is the way from black to white."""
    return images + std * rng.standard_normal(images.shape, np.float32)


def speckle_noise(images: np.ndarray, rng: np.random.Generator, *, std: NotNegative) -> np.ndarray:
    """Add to every pixel a normal number times its grey value: black stays black."""
    return images + images * (std * rng.standard_normal(images.shape, np.float32))


def poisson_noise(images: np.ndarray, rng: np.random.Generator, *, peak: Photons) -> np.ndarray:
    """Count light, as few photons as there are: Poisson(grey value * peak) / peak.

    peak: photons that a white pixel sends on average; the fewer, the noisier.
    """
    return (rng.poisson(images * peak) / peak).astype(np.float32)


def salt_and_pepper(
    images: np.ndarray, rng: np.random.Generator, *, amount: Annotated[float, Field(ge=0, le=1)]
) -> np.ndarray:
    """Make a fraction `amount` of all pixels white or black, whichever at random."""
    hit = rng.random(images.shape, np.float32) < amount
    salt = rng.random(images.shape, np.float32) < 0.5
    return np.where(hit, salt.astype(np.float32), images)


# Blur


def gaussian_blur(
    images: np.ndarray, rng: np.random.Generator, *, sigma_px: Positive
) -> np.ndarray:
    """Mix neighbours, weighted by a normal curve of standard deviation `sigma_px`."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(images, sigma_px, axes=(1, 2), mode="nearest")


def motion_blur(
    images: np.ndarray,
    rng: np.random.Generator,
    *,
    radius_px: Count,
    sigma_px: Positive,
    max_angle_degrees: NotNegative,
) -> np.ndarray:
    """Draw a fading trail behind the digit, in a direction of its own.

    The trail is half a normal curve of standard deviation sigma_px, 2 radius_px + 1 pixels long,
    as ImageMagick's `-motion-blur` has it; directions lie evenly within max_angle_degrees of the
    horizontal.
    """
    n, height, width = images.shape
    angle = np.radians(rng.uniform(-max_angle_degrees, max_angle_degrees, (n, 1, 1)))
    distance = np.arange(2 * radius_px + 1)
    weights = np.exp(-(distance**2) / (2 * sigma_px**2))
    rows, columns = np.arange(height)[:, np.newaxis], np.arange(width)
    blurred = np.zeros_like(images)
    for at, weight in zip(distance, weights / weights.sum(), strict=True):
        # Half a pixel goes to the nearer one; beyond the border, its last pixel goes on.
        y = np.clip(rows + np.ceil(at * np.sin(angle) - 0.5).astype(int), 0, height - 1)
        x = np.clip(columns + np.ceil(at * np.cos(angle) - 0.5).astype(int), 0, width - 1)
        blurred += np.float32(weight) * images[np.arange(n)[:, np.newaxis, np.newaxis], y, x]
    return blurred


def linear_blur(
    images: np.ndarray,
    rng: np.random.Generator,
    *,
    length_px: Positive,
    angle_degrees: Annotated[float, Field(ge=-180, le=180)],
) -> np.ndarray:
    """Blur evenly along a line of `length_px`, as a camera does that moves while it looks.

    angle_degrees: from the horizontal, anticlockwise. A pixel counts the more the closer it is to
    the line, and not at all from a distance of one pixel on.
    """
    from scipy.ndimage import correlate

    reach = int(np.ceil(length_px / 2)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    angle = np.radians(angle_degrees)
    along = x * np.cos(angle) - y * np.sin(angle)
    beyond = np.maximum(np.abs(along) - (length_px - 1) / 2, 0)
    across = x * np.sin(angle) + y * np.cos(angle)
    kernel = np.maximum(1 - np.hypot(beyond, across), 0)
    return correlate(images, (kernel / kernel.sum())[np.newaxis].astype(np.float32), mode="nearest")


def glass_blur(
    images: np.ndarray,
    rng: np.random.Generator,
    *,
    sigma_px: Positive,
    reach_px: Annotated[int, Field(ge=1, le=13)],
    passes: Count,
) -> np.ndarray:
    """Blur up and down, let half of the pixels swap places with a neighbour, and blur again.

    There is no blur sideways: that is how the published pictures were made, as scikit-image took
    their columns for colours. Pixels are taken from the lower right on, so that one may wander.
    The neighbour is at most reach_px up or to the left, and one less down or to the right.
    (Mu and Gilmer 2019.)
    """
    n, height, width = images.shape
    seen = _blur_upright(images, sigma_px)
    picture = np.arange(n)
    for _ in range(passes):
        for y in range(height - reach_px, reach_px, -1):
            for x in range(width - reach_px, reach_px, -1):
                dy, dx = rng.integers(-reach_px, reach_px, (2, n)) * rng.integers(0, 2, n)
                here, there = seen[:, y, x].copy(), seen[picture, y + dy, x + dx]
                seen[picture, y + dy, x + dx], seen[:, y, x] = here, there
    return _blur_upright(seen, sigma_px)


def _blur_upright(images: np.ndarray, sigma_px: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(images, sigma_px, axis=1, mode="nearest")


# Light


def contrast(images: np.ndarray, rng: np.random.Generator, *, factor: NotNegative) -> np.ndarray:
    """Bring every pixel nearer to the mean of its picture: mean + factor * (grey - mean)."""
    mean = images.mean(axis=(1, 2), keepdims=True)
    return mean + np.float32(factor) * (images - mean)


def brightness(
    images: np.ndarray, rng: np.random.Generator, *, added: Annotated[float, Field(ge=-1, le=1)]
) -> np.ndarray:
    """Add the same to every pixel. added: 1 is the way from black to white."""
    return images + np.float32(added)


def fog(
    images: np.ndarray, rng: np.random.Generator, *, thickness: Positive, decay: Positive
) -> np.ndarray:
    """Lay a cloud over the digit: (grey + thickness * cloud) * m / (m + thickness).

    m is the picture's lightest grey. The cloud, 0 to 1, is a corner of a plasma fractal (midpoint
    displacement, Fournier, Fussell and Carpenter 1982) of 256x256 pixels; the square root of its
    bumps shrinks by `decay` with every halving of their size. (Mu and Gilmer 2019.)
    """
    _, height, width = images.shape
    peak = images.max(axis=(1, 2), keepdims=True)
    clouds = np.concatenate(
        [_plasma(len(some), 256, decay, rng)[:, :height, :width] for some in _by(images, 50)]
    )
    return (images + thickness * clouds) * peak / (peak + thickness)


def _by(images: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(images), size):
        yield images[start : start + size]


def _plasma(n: int, size_px: int, decay: float, rng: np.random.Generator) -> np.ndarray:
    """Clouds, float32 (n, size_px, size_px), each from 0 to 1; they fit their own other side."""

    def bumpy_mean(corners: np.ndarray) -> np.ndarray:
        return corners / 4 + bump**2 * (2 * rng.random(corners.shape, np.float32) - 1)

    clouds = np.zeros((n, size_px, size_px), np.float32)
    step, bump = size_px, np.float32(100)
    while step >= 2:
        half = step // 2
        corners = clouds[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        clouds[:, half::step, half::step] = bumpy_mean(pairs + np.roll(pairs, -1, axis=2))
        middles = clouds[:, half::step, half::step]
        above_and_below = middles + np.roll(middles, 1, axis=1)
        left_and_right = middles + np.roll(middles, 1, axis=2)
        sideways = corners + np.roll(corners, -1, axis=2)
        upwards = corners + np.roll(corners, -1, axis=1)
        clouds[:, ::step, half::step] = bumpy_mean(above_and_below + sideways)
        clouds[:, half::step, ::step] = bumpy_mean(left_and_right + upwards)
        step, bump = half, bump / np.float32(decay)
    clouds -= clouds.min(axis=(1, 2), keepdims=True)
    return clouds / clouds.max(axis=(1, 2), keepdims=True)


# Things on top of the digit


def occlusion(images: np.ndarray, rng: np.random.Generator, *, size_px: Count) -> np.ndarray:
    """Cover a square of `size_px` with black, wholly in the picture (DeVries and Taylor 2017)."""
    n, height, width = images.shape
    top = rng.integers(0, max(height - size_px, 0) + 1, (n, 1, 1))
    left = rng.integers(0, max(width - size_px, 0) + 1, (n, 1, 1))
    y, x = np.arange(height)[:, np.newaxis], np.arange(width)
    covered = (y >= top) & (y < top + size_px) & (x >= left) & (x < left + size_px)
    return np.where(covered, np.float32(0), images)


def stripe(images: np.ndarray, rng: np.random.Generator, *, width_px: Count) -> np.ndarray:
    """Invert a stripe of `width_px` at the left border and one at the right."""
    column = np.arange(images.shape[2])
    inverted = (column < width_px) | (column >= images.shape[2] - width_px)
    return np.where(inverted, 1 - images, images)


def spatter(
    images: np.ndarray,
    rng: np.random.Generator,
    *,
    mean: float,
    std: Positive,
    sigma_px: Positive,
    threshold: float,
    softness_px: Positive,
    grey: Annotated[float, Field(ge=0, le=1)],
) -> np.ndarray:
    """Throw mud: smooth noise (mean, std, blurred by sigma_px) sticks where it is over threshold.

    The edges of the mud are softened by softness_px; what covers less than 0.8 falls off. grey:
    of the mud. (Mu and Gilmer 2019.)
    """
    noise = (mean + std * rng.standard_normal(images.shape, np.float32)).astype(np.float32)
    mud = (gaussian_blur(noise, rng, sigma_px=sigma_px) > threshold).astype(np.float32)
    cover = gaussian_blur(mud, rng, sigma_px=softness_px)
    cover[cover < 0.8] = 0
    return images * (1 - cover) + np.float32(grey) * cover


def dotted_line(images: np.ndarray, rng: np.random.Generator, *, dot_px: Count) -> np.ndarray:
    """Draw a dotted line from the left border to the right one, anywhere, at any slope.

    dot_px: length of a dot, and of the gap before it. (Mu and Gilmer 2019.)
    """
    n, height, width = images.shape
    left, right = rng.integers(0, height - 1, (2, n))
    zero = np.zeros(n)
    lines = _lines(images.shape, zero, left, zero + width - 1, right)
    return images + lines * (np.arange(width) // dot_px % 2 == 1)


def zigzag(
    images: np.ndarray, rng: np.random.Generator, *, length_px: Positive, height_px: Positive
) -> np.ndarray:
    """Draw a zigzag across the picture, from two pixels off the left border to as far right.

    length_px: of half a tooth. height_px: of a tooth, from the middle. (Mu and Gilmer 2019.)
    """
    n, height, width = images.shape
    first, last = 2, width - 3
    start = rng.integers(0, height - 1, n)
    slope = np.arctan(rng.integers(-5, 5, n) / (last - first))
    length = (last - first) / np.cos(slope)
    teeth = int((last - first - length_px) // (2 * length_px)) + 1
    along = [np.zeros(n), *((2 * i + 1) * length_px * np.ones(n) for i in range(teeth)), length]
    up = [0.0, *((-1) ** i * height_px for i in range(teeth)), 0.0]
    corners = [
        (
            first + a * np.cos(slope) - u * np.sin(slope),
            start + a * np.sin(slope) + u * np.cos(slope),
        )
        for a, u in zip(along, up, strict=True)
    ]
    for (x0, y0), (x1, y1) in pairwise(corners):
        images = np.minimum(images + _lines(images.shape, x0, y0, x1, y1), 1)
    return images


def _lines(
    shape: tuple[int, ...], x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray
) -> np.ndarray:
    """A soft line for each picture: 1 + log(1 - d / 2.3) at a vertical distance of d pixels.

    x0, y0, x1, y1: (n,), in pixels, x0 < x1. Returns float32 of `shape`, 0 to 1.
    """
    _, height, width = shape
    column, row = np.arange(width), np.arange(height)[:, np.newaxis]
    x0, y0, x1, y1 = (ends.reshape(-1, 1, 1) for ends in (x0, y0, x1, y1))
    middle = y0 + (y1 - y0) / (x1 - x0) * (column - x0)
    distance_px = np.minimum(np.abs(row - middle), 2.29)
    lines = np.maximum(1 + np.log(1 - distance_px / 2.3), 0)
    return np.where((column >= np.floor(x0)) & (column < np.ceil(x1)), lines, 0).astype(np.float32)


def canny_edges(images: np.ndarray, rng: np.random.Generator, *, sigma_px: Positive) -> np.ndarray:
    """Leave only the edges that the detector of Canny (1986) finds, white on black.

    sigma_px: of the blur before it. Thresholds are those of scikit-image.
    """
    from skimage.feature import canny

    return np.stack([canny(image, sigma_px) for image in images]).astype(np.float32)


DISTORTIONS: dict[str, Callable[..., np.ndarray]] = {
    function.__name__: function
    for function in (
        geometric, rotate, shear, scale, translate,
        gaussian_noise, speckle_noise, poisson_noise, salt_and_pepper,
        gaussian_blur, motion_blur, linear_blur, glass_blur,
        contrast, brightness, fog,
        occlusion, stripe, spatter, dotted_line, zigzag, canny_edges,
    )
}  # fmt: skip
"""Every distortion by the name that parameter files use."""

MOVES: dict[str, dict[str, float]] = {
    "geometric": {"brightness_fraction": 0}, "rotate": {}, "shear": {}, "scale": {}, "translate": {}
}  # fmt: skip
"""Those that move pixels, and what keeps them from changing grey values as well."""
