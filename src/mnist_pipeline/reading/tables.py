"""Answers as rows of a table."""

import numpy as np
import pandas as pd

from mnist_pipeline.reading.classifier import NO_DIGIT, NO_INK, DigitClassifier
from mnist_pipeline.reading.preparation import PreparedDigit

PROBABILITIES = [f"p{digit}" for digit in range(10)]
COLUMNS = ["file", "digit", "confidence", *PROBABILITIES, "is_digit", "reason"]


def table_of(
    files: list[str], found: list[PreparedDigit | None], classifier: DigitClassifier
) -> pd.DataFrame:
    """A row per picture: `file, digit, confidence, p0 ... p9, is_digit, reason`.

    found: what was found in each file; None for no ink. Then `digit` is missing, the confidence 0
    and every probability 0.1. `reason` says why `is_digit` is false.
    """
    has_ink = np.array([one is not None for one in found], bool)
    probabilities = np.full((len(found), 10), 0.1, np.float32)
    is_digit = np.zeros(len(found), bool)
    images = [one.image for one in found if one is not None]
    if images:
        readings = classifier.read(np.stack(images))
        probabilities[has_ink], is_digit[has_ink] = readings.probabilities, readings.is_digit
    digit = pd.array(probabilities.argmax(axis=1), dtype="Int64")
    digit[~has_ink] = pd.NA
    table = pd.DataFrame(probabilities.round(6), columns=PROBABILITIES)
    table.insert(0, "file", files)
    table.insert(1, "digit", digit)
    table.insert(2, "confidence", np.where(has_ink, probabilities.max(axis=1), 0).round(6))
    table["is_digit"] = is_digit
    table["reason"] = np.where(is_digit, "", np.where(has_ink, NO_DIGIT, NO_INK))
    return table
