"""Pictures as users bring them, turned into grey: whatever the file, its mode, its orientation.

Pillow reads the files, because it knows their modes and their orientation and can be told how many
pixels are too many.
"""

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_pipeline.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
"""Of the files that are taken from a folder; others are read when they are named."""

MAX_PIXELS = 50_000_000
"""Larger pictures are refused before they are decoded: a small file may hold billions."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""How bright red, green and blue appear (ITU-R BT.601), as in Pillow's own grey."""

FULL_SCALE = {"I;16": 65535, "I;16L": 65535, "I;16B": 65535, "I;16N": 65535}
"""White in the modes of 16 bits. Pillow clips them to 8 bits, so they are scaled here."""


class BadPictureError(UserError):
    """A picture cannot be read; `code` says why in a word, for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def open_picture(source: str | Path | bytes, name: str | None = None) -> Image.Image:
    """Decode a picture from a file or from the bytes of one.

    name: what to call it in messages; the path if there is one.
    Raises BadPictureError: `not_found`, `too_large` (more than MAX_PIXELS), `not_a_picture`,
    `damaged`.
    """
    name = name or ("the picture" if isinstance(source, bytes) else str(source))
    try:
        image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
        if image.width * image.height > MAX_PIXELS:
            raise BadPictureError(
                "too_large",
                f"{name}: {image.width:,}x{image.height:,} pixels; at most {MAX_PIXELS:,} pixels "
                "are read. Make it smaller: a digit needs no more than a thousand.",
            )
        image.load()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise BadPictureError("not_found", f"{name}: {error.strerror}.") from error
    except Image.DecompressionBombError as error:
        raise BadPictureError(
            "too_large", f"{name}: far more than the {MAX_PIXELS:,} pixels that are read."
        ) from error
    except UnidentifiedImageError as error:
        raise BadPictureError(
            "not_a_picture", f"{name}: this is no picture in a known format (PNG, JPEG, BMP, TIFF)."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadPictureError("damaged", f"{name}: the picture is damaged ({error}).") from error
    return image


def to_grey(picture: Image.Image | np.ndarray) -> np.ndarray:
    """Bring any picture to grey: upright, without transparency, as the eye sees it.

    picture: a Pillow image of any mode, or an array: (h, w), (h, w, 3) or (h, w, 4), bool, uint8,
        uint16, or float in [0, 1].
    Returns float32 (h, w), 0 black to 1 white.
    Raises BadPictureError (`not_a_picture`) for an array of another shape or dtype, or empty.
    """
    if isinstance(picture, np.ndarray):
        return _flatten(_unit_scale(picture))
    if 0 in picture.size:
        raise BadPictureError("not_a_picture", "the picture is empty.")
    upright = _turn_upright(picture)
    if upright.mode in ("L", "1"):
        return _flatten(_unit_scale(np.asarray(upright)))
    if upright.mode in FULL_SCALE:
        return _flatten(np.asarray(upright, np.float32) / FULL_SCALE[upright.mode])
    if upright.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(upright, np.float32))
        top = next((full for full in (1, 255, 65535) if values.max() <= full), values.max())
        return _flatten(np.clip(values / top, 0, 1))
    has_alpha = upright.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info
    return _flatten(_unit_scale(np.asarray(upright.convert("RGBA" if has_alpha else "RGB"))))


def _turn_upright(image: Image.Image) -> Image.Image:
    """By its EXIF orientation; a damaged EXIF block is no reason to refuse a picture."""
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, OSError, struct.error):
        return image


def _unit_scale(values: np.ndarray) -> np.ndarray:
    """float32 in [0, 1]"""
    if values.ndim not in (2, 3) or 0 in values.shape or values.shape[2:] not in ((), (3,), (4,)):
        raise BadPictureError(
            "not_a_picture",
            f"expected an array of (h, w), (h, w, 3) or (h, w, 4), found {values.shape}.",
        )
    if values.dtype == bool:
        return values.astype(np.float32)
    if values.dtype in (np.uint8, np.uint16):
        return values.astype(np.float32) / np.iinfo(values.dtype).max
    if np.issubdtype(values.dtype, np.floating) and values.min() >= 0 and values.max() <= 1:
        return values.astype(np.float32)
    has_span = np.issubdtype(values.dtype, np.number)
    span = f" in [{values.min()}, {values.max()}]" if has_span else ""
    raise BadPictureError(
        "not_a_picture",
        f"expected bool, uint8, uint16 or floats in [0, 1], found {values.dtype}{span}.",
    )


def _flatten(values: np.ndarray) -> np.ndarray:
    """(h, w, channels) -> (h, w)"""
    if values.ndim == 2:
        return values
    colours = values[..., :3]
    if values.shape[2] == 4:
        colours = _lay_on_ground(colours, values[..., 3:])
    return _most_telling_grey(colours)


def _lay_on_ground(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Fill what is transparent with white, or with black if the opaque part is light."""
    opaque = float(alpha.sum())
    if opaque == alpha.size:
        return colours
    brightness = float(((colours @ LUMA) * alpha[..., 0]).sum()) / max(opaque, 1e-6)
    ground = np.float32(brightness <= 0.5)
    mixed: np.ndarray = colours * alpha + ground * (1 - alpha)
    return mixed


def _most_telling_grey(colours: np.ndarray) -> np.ndarray:
    """Brightness, unless ink and ground are about equally bright and differ in colour."""
    luma: np.ndarray = colours @ LUMA
    channels = [luma, *(np.ascontiguousarray(colours[..., k]) for k in range(3))]
    contrasts = [_contrast(channel) for channel in channels]
    best = int(np.argmax(contrasts))
    return channels[best] if contrasts[best] > 1.8 * contrasts[0] else luma


def _contrast(channel: np.ndarray) -> float:
    """How far anything stands out from the ground."""
    smooth: Any = cv2.blur(channel, (3, 3))
    return float(np.abs(smooth - np.median(smooth[:: len(smooth) // 64 + 1])).max())
