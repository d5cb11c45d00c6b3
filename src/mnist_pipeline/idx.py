"""The IDX file format, in which MNIST is published.

Two zero bytes, a type code, the number of dimensions, the size of each dimension as a big-endian
32-bit integer, then the values, big-endian, last dimension fastest.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

import gzip
import hashlib
import math
import struct
import zlib
from typing import Any

import numpy as np

from mnist_pipeline.errors import BadFileError

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
"""The value type behind each IDX type code."""

_GZIP_MAGIC = b"\x1f\x8b"


def decode_idx(content: bytes, name: str = "IDX data") -> np.ndarray:
    """Read IDX bytes, gzipped or not, into an array of the type and shape that they state.

    name: where the bytes come from, for the message.
    Returns an array in native byte order; it may be read-only.
    Raises BadFileError for a damaged gzip, a wrong magic number, an unknown type code, and for
    fewer or more bytes than the header announces.

    >>> decode_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    array([7, 2, 1], dtype=uint8)
    """
    if content.startswith(_GZIP_MAGIC):
        content = _gunzip(content, name)
    if len(content) < 4:
        raise BadFileError(
            f"{name}: expected an IDX header of at least 4 bytes, found {len(content)} bytes. "
            "Is the file empty or cut short?"
        )
    if content[:2] != b"\0\0":
        raise BadFileError(
            f"{name}: expected an IDX magic number (it starts with two zero bytes), "
            f"found {content[:4].hex(' ')}. This is not an IDX file."
        )
    if content[2] not in DTYPES:
        known = ", ".join(f"0x{code:02x} ({dtype.name})" for code, dtype in DTYPES.items())
        raise BadFileError(
            f"{name}: unknown IDX type code 0x{content[2]:02x}; the format knows {known}."
        )
    dtype, n_dims = DTYPES[content[2]], content[3]
    start = 4 + 4 * n_dims
    if len(content) < start:
        raise BadFileError(
            f"{name}: expected a header of {start} bytes for {n_dims} dimensions, "
            f"found {len(content)} bytes. The file is truncated."
        )
    shape = struct.unpack(f">{n_dims}I", content[4:start])
    expected, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if expected != found:
        size = "x".join(map(str, shape)) or "scalar"
        problem = "is truncated" if found < expected else "has trailing bytes"
        raise BadFileError(
            f"{name}: expected {expected} bytes after the header ({size} {dtype.name}), "
            f"found {found}. The file {problem}."
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def encode_idx(array: np.ndarray) -> bytes:
    """Write an array as IDX bytes (not gzipped).

    array: uint8, int8, int16, int32, float32 or float64, of any byte order and up to 255
    dimensions. Raises ValueError for any other type.
    """
    for code, dtype in DTYPES.items():
        if dtype == array.dtype.newbyteorder(">"):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
            return header + np.ascontiguousarray(array, dtype).tobytes()
    allowed = ", ".join(dtype.name for dtype in DTYPES.values())
    raise ValueError(f"IDX cannot hold {array.dtype}; it holds {allowed}.")


def digest(array: np.ndarray) -> str:
    """SHA-256 of the array as an IDX file: for MNIST, the official file's digest."""
    return hashlib.sha256(encode_idx(array)).hexdigest()


def _gunzip(content: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadFileError(f"{name}: the gzip data are damaged or cut short ({error}).") from error
