"""What every stage passes on: pictures of digits with their labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_pipeline.errors import UserError

IMAGE_SIZE_PX = 28

BUNDLED_TEST_DIGITS = 360
"""The last digits of the bundled set: other people wrote them than wrote the first ones."""


@dataclass(frozen=True)
class Digits:
    """Pictures and what they show.

    images: uint8 (n, 28, 28), 0 background to 255 ink.
    labels: uint8 (n,), the class of each picture, counted from 0.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "Digits":
        """The digits at `indices` (integers), in that order."""
        return Digits(self.images[indices], self.labels[indices])


@dataclass(frozen=True)
class DigitSet:
    """All training digits, or all test digits, in every form in which this run looks at them.

    views: `digits` as they were, and, where a network sees them so, `degraded_digits` and
        `distorted_digits`: the same digits in the same order. For networks that restore,
        `uci_digits` too, which are others. All of them uint8: a quarter of what networks see.
    card: the dataset card.
    """

    views: dict[str, Digits]
    card: dict[str, Any]


def check_digits(digits: Digits, n_classes: int, source: str) -> Digits:
    """Return `digits` unchanged, or say what is wrong with them.

    source: where they come from, for the message.
    Raises UserError for a wrong dtype or shape, for images and labels that differ in number, for
    no digits at all, and for a label that is not one of `n_classes` classes.
    """
    images, labels = digits.images, digits.labels
    expected = f"uint8 pictures of {IMAGE_SIZE_PX}x{IMAGE_SIZE_PX}"
    if images.dtype != np.uint8 or images.shape[1:] != (IMAGE_SIZE_PX, IMAGE_SIZE_PX):
        found = f"{images.dtype} of shape {images.shape}"
        raise UserError(f"{source}: expected {expected}, found {found}.")
    if labels.ndim != 1 or labels.dtype != np.uint8:
        found = f"{labels.dtype} of shape {labels.shape}"
        raise UserError(f"{source}: expected one uint8 label a picture, found {found}.")
    if len(images) != len(labels):
        raise UserError(
            f"{source}: {len(images)} images but {len(labels)} labels. "
            "Every image needs exactly one label: are both files of the same set?"
        )
    if not len(labels):
        raise UserError(f"{source}: there is not a single digit in it.")
    if labels.max() >= n_classes:
        at = int(np.argmax(labels >= n_classes))
        raise UserError(
            f"{source}: label {labels[at]} at position {at}, but there are {n_classes} classes "
            f"(0 to {n_classes - 1}). Set data.class_names to one name per class."
        )
    return digits
