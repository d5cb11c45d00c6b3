"""Digits from pictures, in three lines:

>>> classifier = DigitClassifier.load()
>>> answer = classifier.classify("seven.jpg")
>>> answer.digit, answer.confidence
(7, 0.998)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mnist_pipeline.digits import IMAGE_SIZE_PX
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.reading.model import DIGIT_FROM
from mnist_pipeline.reading.pictures import BadPictureError, open_picture, to_grey
from mnist_pipeline.reading.preparation import PreparedDigit, prepare_image, prepare_many
from mnist_pipeline.trained_networks import (
    ENSEMBLE,
    READING,
    TrainedNetworks,
    find_data,
)

Picture = str | Path | bytes | Image.Image | np.ndarray
"""A path, the bytes of a file, a Pillow image, or an array as `to_grey` takes it."""

NO_INK = "there is no ink in the picture"
NO_DIGIT = "this does not look like a digit"

BATCH_SIZE = 256
"""How many digits are read at a time; more would need more memory and be no faster."""

CLASSIFIERS = tuple(
    family.name
    for family in EVERY_FAMILY
    if "classification" in family.judges and family.sees != "degraded_images"
)
"""The families that can read a whole digit."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What is said of one digit.

    digit: 0 to 9, the best guess even if it is not taken for a digit; None if there is no ink.
    confidence: the probability of that digit, 0 to 1, calibrated.
    probabilities: float32 (10,), in the order of the digits.
    is_digit: whether it is taken for a digit; reason: why not.
    image: uint8 (28, 28), what the network saw; None if there is no ink.
    box: (left, top, right, bottom), where it is in the picture, in pixels.
    reconstruction: uint8 (28, 28), the autoencoder's; None without a reading model.
    """

    digit: int | None
    confidence: float
    probabilities: np.ndarray
    is_digit: bool
    reason: str | None = None
    image: np.ndarray | None = None
    box: tuple[int, int, int, int] | None = None
    reconstruction: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Readings:
    """What the networks say of n prepared digits.

    probabilities: float32 (n, 10), calibrated. is_digit: bool (n,).
    reconstructions: uint8 (n, 28, 28), or None without a reading model.
    """

    probabilities: np.ndarray
    is_digit: np.ndarray
    reconstructions: np.ndarray | None


class DigitClassifier:
    """Reads digits with a trained network.

    family: which network reads. version: of its file. dataset: what it was trained on.
    refuses: whether it can tell what is no digit, for which there must be a reading model.
    """

    def __init__(self, networks: TrainedNetworks, family: str = "cnn") -> None:
        """Take the newest network of a family, and the newest reading model if there is one.

        Raises UserError for a family that reads no digits, or is not trained yet; it names the
        command that trains it.
        """
        of = networks.family_of(family)
        if of not in CLASSIFIERS:
            what = repr(family) if of == family else f"the newest {family}, which is of {of},"
            readers = f"{', '.join(CLASSIFIERS)}, and an {ENSEMBLE} of one of them"
            raise UserError(f"{what} reads no digits; these do: {readers}.")
        self.family = family
        self.version = networks.version_of(family)
        self.dataset = networks.scores_of(family).get("dataset", "unknown digits")
        self._networks = networks
        version, reading_version = self.version or "", networks.version_of(READING) or ""
        self.refuses = reading_version != ""
        is_in_reading_model = family == "cnn" and "" < version <= reading_version
        network = None if is_in_reading_model else networks.load(family)
        reading = networks.load(READING) if self.refuses else None
        self._read = _compile(network, networks.temperature_of(family), reading)
        self._restorer: Callable[[np.ndarray], np.ndarray] | None = None

    @classmethod
    def load(cls, family: str = "cnn", data: str | Path | None = None) -> "DigitClassifier":
        """Load from the `data` folder of the project; of the one around the working directory."""
        return cls(TrainedNetworks(Path(data) if data else find_data()), family)

    def classify(self, picture: Picture) -> Answer:
        """Read the one digit of a picture.

        Raises BadPictureError for a picture that cannot be read.
        """
        found = prepare_image(_grey(picture))
        return self.answer([found])[0]

    def classify_many(self, picture: Picture) -> list[Answer]:
        """Read every digit of a picture, line by line and from left to right."""
        return self.answer(list(prepare_many(_grey(picture))))

    def classify_folder(
        self, folder: str | Path, patterns: tuple[str, ...] = ("**/*",)
    ) -> Iterator[tuple[Path, Answer | BadPictureError]]:
        """Read the one digit of every picture in a folder, in the order of their names.

        patterns: which files, such as `*.png`. Yields each path with its answer, or with the
        reason why it cannot be read. Needs the same memory for any number of files.
        """
        from mnist_pipeline.reading.folder import find_pictures

        return self.classify_files(find_pictures(Path(folder), patterns))

    def classify_files(
        self, files: Iterable[Path]
    ) -> Iterator[tuple[Path, Answer | BadPictureError]]:
        """Read the one digit of every file, in batches, as `classify_folder` does."""
        from mnist_pipeline.reading.folder import prepare_files

        for batch in prepare_files(files):
            answers = iter(self.answer([f for f in batch.found if not isinstance(f, Exception)]))
            for path, found in zip(batch.paths, batch.found, strict=True):
                yield path, found if isinstance(found, BadPictureError) else next(answers)

    def enhance(self, picture: Picture) -> np.ndarray | None:
        """Restore the one digit of a picture with the newest `enhancement` network.

        Returns uint8 (28, 28), or None for a picture without ink.
        Raises UserError if that network has not been trained.
        """
        found = prepare_image(_grey(picture))
        return self.restore(found.image[None])[0] if found else None

    def restore(self, images: np.ndarray) -> np.ndarray:
        """Restore prepared digits; uint8 (n, 28, 28) to the same."""
        if self._restorer is None:
            self._restorer = _compile_restorer(self._networks.load("enhancement"))
        return self._restorer(images)

    def can_restore(self) -> bool:
        """Whether an `enhancement` network has been trained."""
        return self._networks.version_of("enhancement") is not None

    def read(self, images: np.ndarray) -> Readings:
        """Read prepared digits, some at a time.

        images: uint8 (n, 28, 28), as `prepare_image` makes them; at least one.
        """
        parts = [
            self._read(images[at : at + BATCH_SIZE]) for at in range(0, len(images), BATCH_SIZE)
        ]
        probabilities, is_digit, reconstructions = zip(*parts, strict=True)
        if not self.refuses:
            return Readings(np.concatenate(probabilities), np.ones(len(images), bool), None)
        return Readings(
            np.concatenate(probabilities),
            np.concatenate(is_digit) >= DIGIT_FROM,
            _to_uint8(np.concatenate(reconstructions)),
        )

    def answer(self, found: list[PreparedDigit | None]) -> list[Answer]:
        """Answers for prepared digits; None stands for a picture without ink."""
        digits = [digit for digit in found if digit is not None]
        if not digits:
            return [_no_ink() for _ in found]
        readings = self.read(np.stack([digit.image for digit in digits]))
        answers = iter(_answer(readings, k, digit) for k, digit in enumerate(digits))
        return [_no_ink() if digit is None else next(answers) for digit in found]


def _answer(readings: Readings, at: int, digit: PreparedDigit) -> Answer:
    probabilities, is_digit = readings.probabilities[at], bool(readings.is_digit[at])
    answer = Answer(
        digit=int(probabilities.argmax()),
        confidence=float(probabilities.max()),
        probabilities=probabilities,
        is_digit=is_digit,
        reason=None if is_digit else NO_DIGIT,
        image=digit.image,
        box=digit.box,
    )
    if readings.reconstructions is None:
        return answer
    return replace(answer, reconstruction=readings.reconstructions[at])


def _no_ink() -> Answer:
    return Answer(None, 0.0, np.full(10, 0.1, np.float32), False, NO_INK)


def _grey(picture: Picture) -> np.ndarray:
    if isinstance(picture, (str, Path, bytes)):
        picture = open_picture(Path(picture) if isinstance(picture, str) else picture)
    return to_grey(picture)


def _to_uint8(images: np.ndarray) -> np.ndarray:
    pixels: np.ndarray = np.rint(255 * np.clip(images, 0, 1)).astype(np.uint8)
    return pixels.reshape(-1, IMAGE_SIZE_PX, IMAGE_SIZE_PX)


def _compile(network: Any, temperature: float, reading: Any) -> Callable[[np.ndarray], Any]:
    """One TensorFlow function of fixed signature: 2 ms less for every picture than the model.

    network: the classifier; None if the reading model's own probabilities are taken.
    """
    from mnist_pipeline.lazy import tf

    @tf.function(
        input_signature=[tf.TensorSpec((None, IMAGE_SIZE_PX, IMAGE_SIZE_PX), tf.uint8)],
        reduce_retracing=True,
    )
    def run(images: Any) -> dict[str, Any]:
        x = tf.cast(images, tf.float32)[..., tf.newaxis] / 255
        outputs = dict(reading(x, training=False)) if reading is not None else {}
        if network is not None:
            logits = tf.math.log(tf.maximum(network(x, training=False), 1e-30))
            outputs["probabilities"] = tf.nn.softmax(logits / temperature)
        return outputs

    def read(images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        outputs = {name: value.numpy() for name, value in run(images).items()}
        is_digit = outputs.get("is_digit")
        return (
            outputs["probabilities"],
            None if is_digit is None else is_digit.ravel(),
            outputs.get("reconstruction"),
        )

    read(np.zeros((1, IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8))  # traced now, not at first use
    return read


def _compile_restorer(network: Any) -> Callable[[np.ndarray], np.ndarray]:
    from mnist_pipeline.lazy import tf

    @tf.function(input_signature=[tf.TensorSpec((None, IMAGE_SIZE_PX, IMAGE_SIZE_PX), tf.uint8)])
    def run(images: Any) -> Any:
        return network(tf.cast(images, tf.float32)[..., tf.newaxis] / 255, training=False)

    return lambda images: _to_uint8(run(images).numpy())
