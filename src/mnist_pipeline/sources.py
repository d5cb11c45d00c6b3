"""Where digits come from: a row per source, tried in the order of `data.sources`.

Unlike the rest of the library these functions read files and the network: which ones, only the
parameters tell.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from mnist_pipeline.datasets import IDXDataset, ImageFolderDataset
from mnist_pipeline.digits import BUNDLED_TEST_DIGITS, IMAGE_SIZE_PX, Digits, check_digits
from mnist_pipeline.errors import BadFileError, UserError
from mnist_pipeline.idx import decode_idx, digest
from mnist_pipeline.parameters import DataSettings

logger = logging.getLogger(__name__)

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the decompressed files. Mirrors differ in how they gzip, never in these."""

INK_RANGE = (0.3, 0.8)
"""Stretches the contrast of the bundled digits to MNIST's."""


@dataclass(frozen=True)
class RawDigits:
    """What a source gives: digits for training and for testing, and what to call them.

    name: of the data set, as it stands under every picture.
    origin: where exactly they were read.
    """

    train: Digits
    test: Digits
    name: str
    origin: str


class UnavailableError(Exception):
    """This source has no digits to give; the message says why."""


def read_first_available(settings: DataSettings) -> tuple[str, RawDigits]:
    """Read the first source of `settings.sources` that has digits.

    Returns its name and its digits, checked. Logs a warning when it is not the first choice.
    Raises UserError when no source has any, and BadFileError when a source has a damaged file.
    """
    reasons = []
    for source in settings.sources:
        try:
            raw = SOURCES[source](settings)
        except UnavailableError as reason:
            reasons.append(f"{source}: {reason}")
            continue
        if reasons:
            logger.warning(
                "Using %s (%s), because earlier choices are not available. %s",
                *(source, raw.name, "; ".join(reasons)),
            )
        for part, digits in (("train", raw.train), ("test", raw.test)):
            check_digits(digits, len(settings.class_names), f"{raw.origin} ({part})")
        return source, raw
    raise UserError(
        "No source of digits is available.\n  " + "\n  ".join(reasons) + "\n"
        "Put the files where data.mnist_dir (or MNIST_DIR), data.png_dir or data.idx_dir says, or "
        "add bundled_digits to data.sources."
    )


def read_mnist_files(settings: DataSettings) -> RawDigits:
    """The four official files, gzipped or not; refused if they are not bit for bit MNIST."""
    folder = Path(settings.mnist_dir).expanduser()
    paths = {name: _find_idx(folder, name) for name in MNIST_SHA256}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise UnavailableError(f"no {' and no '.join(missing)} (or .gz) in {folder}")
    arrays = []
    for name, path in paths.items():
        array = IDXDataset(filepath=str(path)).load()
        if digest(array) != MNIST_SHA256[name]:
            raise BadFileError(
                f"{path}: expected MNIST, whose decompressed file has SHA-256 "
                f"{MNIST_SHA256[name]}, found {digest(array)}. For another data set in IDX form "
                "use data.sources=[idx_files]; otherwise fetch the file again."
            )
        arrays.append(array)
    return RawDigits(Digits(*arrays[:2]), Digits(*arrays[2:]), "MNIST", str(folder))


def download_mnist(settings: DataSettings) -> RawDigits:
    """Fetch what is missing of the four files into `settings.mnist_dir`, then read them."""
    folder = Path(settings.mnist_dir).expanduser()
    for name in MNIST_SHA256:
        if _find_idx(folder, name) is None:
            _download(name, folder, settings)
    return read_mnist_files(settings)


def read_png_folders(settings: DataSettings) -> RawDigits:
    """`train/` and `test/` in `settings.png_dir`, each in one of the two layouts."""
    folder = Path(settings.png_dir).expanduser()
    parts = [folder / "train", folder / "test"]
    for part in parts:
        if not part.is_dir():
            raise UnavailableError(f"no folder {part}")
    train, test = (ImageFolderDataset(filepath=str(part)).load() for part in parts)
    return RawDigits(train, test, settings.name or f"PNG folder {folder.name}", str(folder))


def read_idx_files(settings: DataSettings) -> RawDigits:
    """Any four files in IDX form whose names say train or t10k/test, images or labels."""
    folder = Path(settings.idx_dir).expanduser()
    train = Digits(*(_read_idx(folder, kind, ("train",)) for kind in ("images", "labels")))
    test = Digits(*(_read_idx(folder, kind, ("t10k", "test")) for kind in ("images", "labels")))
    if settings.idx_transposed:
        train, test = (Digits(d.images.swapaxes(1, 2), d.labels) for d in (train, test))
    return RawDigits(train, test, settings.name or f"IDX files {folder.name}", str(folder))


def read_bundled_digits(settings: DataSettings) -> RawDigits:
    """scikit-learn's 1,797 handwritten digits (UCI, 8x8), brought to 28x28."""
    digits = read_uci_digits(INK_RANGE)
    first, last = np.split(np.arange(len(digits)), [len(digits) - BUNDLED_TEST_DIGITS])
    return RawDigits(
        digits.take(first), digits.take(last), "UCI digits at 28x28", "scikit-learn's load_digits"
    )


def read_uci_digits(ink_range: tuple[float, float] = (0.0, 1.0)) -> Digits:
    """All of scikit-learn's digits, enlarged from 8x8 to 28x28 as `enlarge_uci_digits` does."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = enlarge_uci_digits(bunch.images, ink_range)
    return Digits(images, bunch.target.astype(np.uint8))


SOURCES: dict[str, Callable[[DataSettings], RawDigits]] = {
    "mnist_files": read_mnist_files,
    "mnist_download": download_mnist,
    "png_folders": read_png_folders,
    "idx_files": read_idx_files,
    "bundled_digits": read_bundled_digits,
}


def enlarge_uci_digits(images: np.ndarray, ink_range: tuple[float, float]) -> np.ndarray:
    """Bring 8x8 digits to 28x28, placed as in MNIST.

    MNIST's own recipe: the digit in a 20x20 box, its centre of mass in the middle of 28x28. The
    box is filled by bicubic interpolation.

    images: float (n, 8, 8), 0 background to 16 ink.
    ink_range: what becomes background, and what full ink, as fractions of ink. MNIST's strokes
        are mostly black or white while a blown-up 8x8 is grey: `INK_RANGE` makes them alike, and
        (0, 1) leaves them as they are.
    Returns uint8 (n, 28, 28).
    """
    background, ink = ink_range
    box_px = 20
    margin = (IMAGE_SIZE_PX - box_px) // 2
    boxes = np.stack(
        [
            np.asarray(Image.fromarray(small).resize((box_px, box_px), Image.Resampling.BICUBIC))
            for small in (images / 16).astype(np.float32)
        ]
    )
    boxes = np.clip((boxes - background) / (ink - background), 0, 1)
    padded = np.pad(boxes, ((0, 0), (margin, margin), (margin, margin)))
    row_and_column = np.indices((IMAGE_SIZE_PX, IMAGE_SIZE_PX))[:, None]
    masses = (padded * row_and_column).sum(axis=(2, 3)) / padded.sum(axis=(1, 2))
    shifts = np.rint((IMAGE_SIZE_PX - 1) / 2 - masses).astype(int).T
    enlarged = np.empty(padded.shape, np.uint8)
    for target, image, shift in zip(enlarged, np.rint(255 * padded), shifts, strict=True):
        target[:] = np.roll(image, shift, axis=(0, 1))
    return enlarged


def _read_idx(folder: Path, kind: str, parts: tuple[str, ...]) -> np.ndarray:
    """The one file of the folder whose name has `kind` and one of `parts` in it."""
    found = sorted(
        path
        for path in folder.glob(f"*{kind}*")
        if any(part in path.name for part in parts) and not Path(f"{path}.gz").exists()
    )
    if not found:
        raise UnavailableError(
            f"no file with {kind} and {' or '.join(parts)} in its name in {folder}"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise BadFileError(
            f"{folder}: expected one file of {parts[0]} {kind}, found {names}. "
            "Keep one data set in one folder."
        )
    array: np.ndarray = IDXDataset(filepath=str(found[0])).load()
    return array


def _find_idx(folder: Path, name: str) -> Path | None:
    """The file under one of the names in use: `train-images-idx3-ubyte`, `….idx3-…`, `.gz`."""
    stems = (name, name.replace("-idx", ".idx"))
    candidates = (folder / f"{stem}{suffix}" for stem in stems for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _download(name: str, folder: Path, settings: DataSettings) -> None:
    """Fetch one gzipped file from the first mirror that serves it intact.

    What has arrived stays in a `.part` file, from which the next mirror, or the next run, goes on;
    only a file whose content has the right digest gets its real name.
    Raises UnavailableError when no mirror serves it, or the folder cannot be written.
    """
    part = folder / f"{name}.gz.part"
    reasons = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for mirror in settings.mirrors:
            url = f"{mirror.rstrip('/')}/{name}.gz"
            problem = _fetch(url, part, settings.download_timeout_seconds)
            if not problem and _is_mnist(part, name):
                part.rename(folder / f"{name}.gz")
                return
            if not problem:
                part.unlink(missing_ok=True)
                problem = "what arrived is not MNIST (its digest differs)"
            reasons.append(f"{url}: {problem}")
    except OSError as error:
        raise UnavailableError(f"cannot write into {folder}: {error.strerror}") from error
    raise UnavailableError("no mirror gave the file: " + ", ".join(reasons))


def _fetch(url: str, part: Path, timeout_seconds: float) -> str:
    """Append to `part` what it lacks of the file behind `url`. Returns what went wrong, if any."""
    import requests

    size = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={size}-"} if size else {})}
    try:
        with requests.get(url, headers=headers, timeout=timeout_seconds, stream=True) as answer:
            if size and answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return ""  # nothing is missing: whether it is the right file, the digest tells
            answer.raise_for_status()
            resumed = answer.status_code == HTTPStatus.PARTIAL_CONTENT
            total = int(answer.headers.get("Content-Length", 0)) + (size if resumed else 0)
            with (
                part.open("ab" if resumed else "wb") as file,
                tqdm(
                    desc=part.stem, total=total, initial=size if resumed else 0, unit="B",
                    unit_scale=True, disable=None,
                ) as bar,
            ):  # fmt: skip
                for chunk in answer.iter_content(1 << 10):
                    bar.update(file.write(chunk))
    except requests.HTTPError as error:
        return str(error)
    except requests.RequestException as error:
        return f"interrupted ({type(error).__name__})" if part.exists() else type(error).__name__
    return ""


def _is_mnist(path: Path, name: str) -> bool:
    try:
        return digest(decode_idx(path.read_bytes())) == MNIST_SHA256[name]
    except BadFileError:
        return False
