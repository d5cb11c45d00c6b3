"""Digits become what networks see and must return."""

from typing import Any

import numpy as np
import pandas as pd

from mnist_pipeline import preprocessing
from mnist_pipeline.degradation import degrade
from mnist_pipeline.digits import Digits
from mnist_pipeline.parameters import DegradationSettings, TrainingSettings


def normalize_images(digits: Digits) -> np.ndarray:
    """Bring pixels to float32 (n, 28, 28, 1), 0 to 1."""
    return preprocessing.normalize(digits.images)


def encode_labels(digits: Digits, card: dict[str, Any]) -> np.ndarray:
    """Turn labels into one-hot rows, float32 (n, classes)."""
    return preprocessing.one_hot(digits.labels, len(card["class_names"]))


def degrade_digits(digits: Digits, degradation: DegradationSettings) -> Digits:
    """Shrink every digit, and bring it back to its size."""
    images = degrade(
        digits.images, degradation.size_px, degradation.shrink_by, degradation.enlarge_by
    )
    return Digits(images, digits.labels)


def split_digits(train: Digits, training: TrainingSettings, seed: int) -> pd.DataFrame:
    """Set some of the training digits aside for validation.

    Returns a row per training digit, in their order: `label` and `part`, which is `train` or
    `validation`. A table rather than two sets of images, because a copy of 60,000 digits per
    family is what nobody needs.
    """
    _, validation = preprocessing.split_indices(
        train.labels, training.validation_fraction, training.validation_split, seed=seed
    )
    part = np.full(len(train), "train", dtype=object)
    part[validation] = "validation"
    return pd.DataFrame({"label": train.labels, "part": part})
