"""Folders of pictures, read in batches: constant memory for one file or a million."""

import fnmatch
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mnist_pipeline.errors import UserError
from mnist_pipeline.reading.pictures import SUFFIXES, BadPictureError, open_picture, to_grey
from mnist_pipeline.reading.preparation import PreparedDigit, prepare_image

BATCH_SIZE = 1024


@dataclass(frozen=True)
class PreparedBatch:
    """Some files, and what was found in each: a digit, nothing (None), or why it is unreadable."""

    paths: list[Path]
    found: list[PreparedDigit | BadPictureError | None]


def find_pictures(folder: Path, patterns: Iterable[str] = ("**/*",)) -> Iterator[Path]:
    """The picture files of a folder and of the folders in it, folder by folder, in order.

    patterns: a file is taken if its path below the folder matches one of them, such as `*.png`,
    `scans/*`, or `**/*` for all. Case does not matter. Hidden files are left out.
    Raises UserError if there is no such folder, and on the way for one that may not be read. A file
    may be named in its place.
    """
    if folder.is_file():
        return iter([folder])
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder, and no such file.")
    wanted = [pattern.lower().removeprefix("**/") for pattern in patterns]
    return (
        path
        for path in _walk(folder)
        if any(
            fnmatch.fnmatch(name, pattern)
            for pattern in wanted
            for name in (path.name.lower(), path.relative_to(folder).as_posix().lower())
        )
    )


def _walk(folder: Path) -> Iterator[Path]:
    """Holds the names of one folder at a time. Links to folders, which may go round, are left."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in scan
                if not (entry.is_symlink() and entry.is_dir())
            )
    except OSError as error:
        raise UserError(f"{folder}: this folder cannot be read ({error.strerror}).") from error
    for name, is_folder in entries:
        if name.startswith("."):
            continue
        if is_folder:
            yield from _walk(folder / name)
        elif name.lower().endswith(SUFFIXES):
            yield folder / name


def printable(text: object) -> str:
    """For tables and messages: bytes of a file's name that are not UTF-8 are written as \\xfc."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def prepare_files(paths: Iterable[Path]) -> Iterator[PreparedBatch]:
    """Open and prepare picture files, several at a time and one batch ahead."""
    paths = iter(paths)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead = None
        while batch := list(islice(paths, BATCH_SIZE)):
            coming = (batch, pool.map(_prepare_some, _slices(batch)))
            if ahead:
                yield _finished(*ahead)
            ahead = coming
        if ahead:
            yield _finished(*ahead)


def _slices(batch: list[Path]) -> list[list[Path]]:
    size = -(-len(batch) // (os.cpu_count() or 1))
    return [batch[at : at + size] for at in range(0, len(batch), size)]


def _finished(
    batch: list[Path], parts: Iterable[list[PreparedDigit | BadPictureError | None]]
) -> PreparedBatch:
    return PreparedBatch(batch, [found for part in parts for found in part])


def _prepare_some(paths: list[Path]) -> list[PreparedDigit | BadPictureError | None]:
    return [_prepare_file(path) for path in paths]


def _prepare_file(path: Path) -> PreparedDigit | BadPictureError | None:
    try:
        return prepare_image(to_grey(open_picture(path)))
    except BadPictureError as error:
        return error
