"""Folders of labelled pictures as a Kedro dataset."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version, get_protocol_and_path
from kedro_datasets._typing import ImagePreview
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from mnist_pipeline.datasets.preview import array_preview
from mnist_pipeline.digits import IMAGE_SIZE_PX, Digits
from mnist_pipeline.errors import BadFileError

_FLAT_NAME = re.compile(r"(\d+)_(\d+)")


class ImageFolderDataset(AbstractVersionedDataset):
    """Loads and saves digits as a folder of PNG files, in either of the two usual layouts.

    - flat: `{label}_{index}.png`, such as `7_00012.png`
    - by class: one folder per label, such as `7/anything.png`

    Ink is white and paper black, as in MNIST; colours become grey. Digits come in the order of
    their index (flat) or of class and file name (by class), so the order does not depend on the
    filesystem. The folder is local. Reading shows progress.

    In a catalog:

    ```yaml
    my_digits:
      type: mnist_pipeline.datasets.ImageFolderDataset
      filepath: data/01_raw/png/train
      layout: flat        # of what is saved; loading finds out by itself
    ```

    In Python:

    >>> ImageFolderDataset(filepath="png/train").load()  # -> Digits
    """

    def __init__(
        self,
        *,
        filepath: str,
        layout: str = "flat",
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the folder.

        layout: `flat` or `by_class`, for saving.
        version: which version to load and to save; `None` for a folder without versions.
        metadata: for people and plugins; Kedro ignores it.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        if protocol != "file":
            raise DatasetError(f"A picture folder must be local, but {filepath} is {protocol}.")
        if layout not in ("flat", "by_class"):
            raise DatasetError(f"layout must be 'flat' or 'by_class', not {layout!r}.")
        self._layout = layout
        self.metadata = metadata
        super().__init__(filepath=PurePosixPath(path), version=version)

    def load(self) -> Digits:
        """Every picture of the folder.

        Raises BadFileError, naming file or folder, when the folder is missing or empty, when a
        name bears no label, and when a file is not a picture, or not one of 28x28.
        """
        folder = Path(self._get_load_path())
        files = _labelled_files(folder)
        images = np.empty((len(files), IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
        labels = np.empty(len(files), np.uint8)
        progress = tqdm(files, desc=f"reading {folder.name}", unit=" images", disable=None)
        for position, (label, path) in enumerate(progress):
            images[position] = _read_grey(path)
            labels[position] = label
        return Digits(images, labels)

    def save(self, data: Digits) -> None:
        """Write one PNG per digit. Other files in the folder stay."""
        folder = Path(self._get_save_path())
        width = max(5, len(str(len(data))))
        for label in np.unique(data.labels) if self._layout == "by_class" else []:
            (folder / str(label)).mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        pairs = zip(data.images, data.labels, strict=True)
        progress = tqdm(pairs, f"writing {folder.name}", len(data), unit=" images", disable=None)
        for index, (image, label) in enumerate(progress):
            flat = self._layout == "flat"
            name = f"{label}_{index:0{width}}.png" if flat else f"{label}/{index:0{width}}.png"
            Image.fromarray(image).save(folder / name)

    def preview(self) -> ImagePreview:
        """A picture for kedro-viz: the first digits."""
        files = _labelled_files(Path(self._get_load_path()))[:40]
        return array_preview(np.stack([_read_grey(path) for _, path in files]))

    def _exists(self) -> bool:
        try:
            return Path(self._get_load_path()).is_dir()
        except DatasetError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "layout": self._layout, "version": self._version}


def _labelled_files(folder: Path) -> list[tuple[int, str]]:
    """(label, path) of every PNG in the folder, in an order that is the same everywhere."""
    if not folder.is_dir():
        raise BadFileError(f"{folder}: there is no such folder.")
    by_class = [entry for entry in os.scandir(folder) if entry.is_dir() and entry.name.isdecimal()]
    flat = sorted(map(_flat_key, _pngs(folder)))
    if by_class and flat:
        raise BadFileError(
            f"{folder}: holds both folders per class and PNG files ({Path(flat[0][2]).name}); "
            "which of them are the digits?"
        )
    files = [(label, path) for _, label, path in flat]
    for class_folder in sorted(by_class, key=lambda entry: int(entry.name)):
        paths = sorted(entry.path for entry in _pngs(class_folder.path))
        if not paths:
            raise BadFileError(f"{class_folder.path}: there is no PNG file in this folder.")
        files += [(_label(class_folder.name, class_folder.path), path) for path in paths]
    if not files:
        raise BadFileError(
            f"{folder}: expected {{label}}_{{index}}.png files, or one folder per digit with PNG "
            "files in it; found neither."
        )
    return files


def _pngs(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """The PNG files of a folder; hidden ones (macOS leaves `._7_00012.png`) are none."""
    return (
        entry
        for entry in os.scandir(folder)
        if entry.name.lower().endswith(".png") and not entry.name.startswith(".")
    )


def _flat_key(entry: os.DirEntry[str]) -> tuple[int, int, str]:
    match = _FLAT_NAME.fullmatch(Path(entry.name).stem)
    if not match:
        raise BadFileError(
            f"{entry.path}: expected a name such as 7_00012.png (label, underscore, index)."
        )
    return int(match[2]), _label(match[1], entry.path), entry.path


def _label(text: str, where: str) -> int:
    if int(text) > 255:
        raise BadFileError(f"{where}: label {text} is above 255.")
    return int(text)


def _read_grey(path: str) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.size != (IMAGE_SIZE_PX, IMAGE_SIZE_PX):
                width, height = image.size
                raise BadFileError(
                    f"{path}: expected a picture of {IMAGE_SIZE_PX}x{IMAGE_SIZE_PX} pixels, "
                    f"found {width}x{height}."
                )
            if image.mode not in ("L", "1", "P", "RGB"):
                raise BadFileError(
                    f"{path}: expected 8-bit grey or colour without transparency, found a picture "
                    f"of mode {image.mode}. Save it as 8-bit grey, white ink on black."
                )
            return np.asarray(image if image.mode == "L" else image.convert("L"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadFileError(
            f"{path}: expected a picture, found something that cannot be read as one ({error})."
        ) from error
