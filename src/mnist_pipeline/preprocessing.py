"""From uint8 digits to what a network sees and must return."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mnist_pipeline.digits import Digits, DigitSet
from mnist_pipeline.errors import UserError


def normalize(images: np.ndarray) -> np.ndarray:
    """Bring pixels from 0-255 integers to 0-1 floats, and add the channel axis.

    images: uint8 (n, 28, 28). Returns float32 (n, 28, 28, 1).
    """
    return np.divide(images, 255, dtype=np.float32)[..., np.newaxis]


def one_hot(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Turn class numbers into rows with a single 1.

    labels: integers (n,) from 0 to n_classes - 1. Returns float32 (n, n_classes).

    >>> one_hot(np.array([1, 0]), n_classes=3)
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    return np.eye(n_classes, dtype=np.float32)[labels]


class NormalizedImages:
    """Pictures that are normalized when they are asked for: in a quarter of the memory.

    Rows of it, `pictures[rows]`, are those of `normalize(images)`: float32 (n, 28, 28, 1), 0 to 1.
    images: uint8 (n, 28, 28).
    """

    dtype = np.dtype(np.float32)

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all of them, normalized."""
        return (*self.images.shape, 1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return normalize(self.images[rows])

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("All pictures as one array take four times the memory: ask for pictures[:]")


Rows = np.ndarray | NormalizedImages
"""What a network sees or must return, a row per digit, looked at some rows at a time."""

VIEWS = {
    "clean_images": "digits",
    "degraded_images": "degraded_digits",
    "distorted_images": "distorted_digits",
}
"""Which digits become which images."""


def show(digits: DigitSet, thing: str) -> Any:
    """What a network sees or must return, or what is needed to judge that.

    thing: `clean_images`, `degraded_images` or `distorted_images`: `NormalizedImages`;
        `one_hot_labels`: float32 (n, classes); `dataset_card`; or the name of a view: `Digits`.
    """
    if thing in VIEWS:
        return NormalizedImages(digits.views[VIEWS[thing]].images)
    if thing == "one_hot_labels":
        return one_hot(digits.views["digits"].labels, len(digits.card["class_names"]))
    return digits.card if thing == "dataset_card" else digits.views[thing]


@dataclass(frozen=True)
class TrainingDigits:
    """What one network trains and validates on, and every other of its family too.

    inputs, targets, train_indices, validation_indices: as `fitting.fit` takes them.
    """

    inputs: Rows
    targets: dict[str, Rows]
    train_indices: np.ndarray
    validation_indices: np.ndarray


def split_indices(
    labels: np.ndarray,
    fraction: float,
    method: Literal["stratified", "first"] = "stratified",
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose which digits train and which validate.

    labels: uint8 (n,). fraction: of all digits, those that validate; rounded to whole digits.
    method: `stratified` draws at random, every class in proportion; `first` takes the first ones.
    Returns the indices (int64, ascending) of the training digits and of the validation digits:
    disjoint, and together all of them.
    Raises UserError when a class has too few digits to be in both parts.
    """
    n_validation = round(len(labels) * fraction)
    if not 0 < n_validation < len(labels):
        raise UserError(
            f"A validation fraction of {fraction:g} of {len(labels)} digits leaves one part "
            "empty. Raise data.train_limit or change training.validation_fraction."
        )
    everything = np.arange(len(labels))
    if method == "first":
        return everything[n_validation:], everything[:n_validation]
    return _stratified(everything, labels, n_validation, seed)


def limit_digits(digits: Digits, limit: int | None, *, seed: int) -> Digits:
    """At most `limit` digits, every class in proportion, drawn at random, in their old order.

    Raises UserError when the limit keeps, or leaves out, less than one digit of each class.
    """
    if limit is None or limit >= len(digits):
        return digits
    _, kept = _stratified(np.arange(len(digits)), digits.labels, limit, seed)
    return digits.take(kept)


def _stratified(
    indices: np.ndarray, labels: np.ndarray, n_second: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split  # costs every command 0.6 s otherwise

    try:
        first, second = train_test_split(
            indices, test_size=n_second, stratify=labels, random_state=seed
        )
    except ValueError as error:
        n_classes = len(np.unique(labels))
        raise UserError(
            f"Cannot draw {n_second} of {len(labels)} digits with every class in proportion: both "
            f"those drawn and those left must be at least {n_classes}, one of each class. Change "
            "data.train_limit, data.test_limit or training.validation_fraction (or, to use every "
            "digit, set the limit to null)."
        ) from error
    return np.sort(first), np.sort(second)
