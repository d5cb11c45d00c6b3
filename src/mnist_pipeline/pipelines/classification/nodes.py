"""The user's own pictures become a table of digits."""

import contextlib
import csv
import tempfile
from collections.abc import Hashable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tqdm import tqdm

from mnist_pipeline import plots
from mnist_pipeline.errors import UserError
from mnist_pipeline.parameters import ClassificationSettings
from mnist_pipeline.reading.classifier import DigitClassifier
from mnist_pipeline.reading.folder import find_pictures, prepare_files, printable
from mnist_pipeline.reading.pictures import BadPictureError, open_picture, to_grey
from mnist_pipeline.reading.preparation import prepare_image
from mnist_pipeline.reading.tables import COLUMNS, table_of
from mnist_pipeline.trained_networks import TrainedNetworks

REFUSED = ["file", "reason"]


def classify_pictures(
    networks: TrainedNetworks, settings: ClassificationSettings
) -> tuple[Iterator[pd.DataFrame], Iterator[pd.DataFrame]]:
    """Read every picture of a folder.

    Returns the rows of readable pictures (`file, digit, confidence, p0 ... p9, is_digit, reason`)
    and those of the others (`file, reason`), both piece by piece. The first has to be read to its
    end before the second one is complete: the files are gone through once.
    Raises UserError if there is no such folder, or no picture in it.
    """
    folder = Path(settings.images).expanduser()
    another = "Name another: --params=classification.images=FOLDER"
    if not folder.exists():
        raise UserError(f"{folder}: there is no such folder, and no such file. {another}")
    paths = find_pictures(folder, settings.patterns)
    first = next(paths, None)
    if first is None:
        raise UserError(
            f"{folder}: there is no picture in it (PNG, JPG, JPEG, BMP, TIF, TIFF) that matches "
            f"{settings.patterns}. {another}"
        )
    classifier = DigitClassifier(networks, settings.family)
    refused = _Refused()
    return _readable(classifier, _again(first, paths), refused), refused.pieces()


def _again(first: Path, others: Iterator[Path]) -> Iterator[Path]:
    yield first
    yield from others


def _readable(
    classifier: DigitClassifier, paths: Iterator[Path], refused: "_Refused"
) -> Iterator[pd.DataFrame]:
    yield pd.DataFrame(columns=COLUMNS)
    with tqdm(desc="reading pictures", unit=" images", disable=None) as progress:
        for batch in prepare_files(paths):
            files, found = [], []
            for path, one in zip(batch.paths, batch.found, strict=True):
                if isinstance(one, BadPictureError):
                    refused.add(path, one)
                else:
                    files.append(printable(path))
                    found.append(one)
            yield table_of(files, found, classifier)
            progress.update(len(batch.paths))


class _Refused:
    """Rows that wait for their turn in a temporary file, as there may be a million."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115, it is closed when it is read
            1 << 20, "w+", encoding="utf-8", newline=""
        )

    def add(self, path: Path, error: BadPictureError) -> None:
        reason = error.message.removeprefix(f"{path}: ")
        csv.writer(self._file).writerow([printable(path), printable(reason)])

    def pieces(self) -> Iterator[pd.DataFrame]:
        yield pd.DataFrame(columns=REFUSED)
        self._file.seek(0)
        rows = csv.reader(self._file)
        while some := list(islice(rows, 10_000)):
            yield pd.DataFrame(some, columns=REFUSED)
        self._file.close()


def plot_gallery(predictions: Iterator[pd.DataFrame], settings: ClassificationSettings) -> Figure:
    """Draw some of the pictures: the file, what the network saw, the answer."""
    table = pd.concat(islice(predictions, 1))
    some = np.unique(np.linspace(0, len(table) - 1, min(settings.gallery, len(table))).astype(int))
    cells = [_cell(Path(row["file"]), row) for row in table.iloc[some].to_dict("records")]
    title = f"{settings.family}: {len(cells)} of your own pictures, and what the network saw"
    return plots.gallery(cells, title, settings.images)


def _cell(path: Path, row: dict[Hashable, Any]) -> tuple[str, np.ndarray, np.ndarray, str]:
    seen = grey = np.zeros((28, 28), np.uint8)
    with contextlib.suppress(BadPictureError):  # it may be gone by now
        grey = to_grey(open_picture(path))
        found = prepare_image(grey)
        seen = found.image if found else seen
    answer = f"{row['digit']:.0f}  {row['confidence']:.0%}" if row["is_digit"] else "no digit"
    return path.name, grey, seen, answer
