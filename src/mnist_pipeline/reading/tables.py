"""Answers as rows of a table."""

from typing import Any

import pandas as pd

from mnist_pipeline.reading.classifier import Answer, DigitClassifier
from mnist_pipeline.reading.preparation import PreparedDigit

PROBABILITIES = [f"p{digit}" for digit in range(10)]
COLUMNS = ["file", "digit", "confidence", *PROBABILITIES, "is_digit", "reason"]
DECIMALS = 6


def row_of(file: str, answer: Answer) -> dict[str, Any]:
    """An answer as `file, digit, confidence, p0 ... p9, is_digit, reason`, whoever writes it.

    Without ink `digit` is None, the confidence 0 and every probability 0.1. `reason` says why
    `is_digit` is false.
    """
    probabilities = (round(p, DECIMALS) for p in answer.probabilities.tolist())
    return {
        "file": file,
        "digit": answer.digit,
        "confidence": round(answer.confidence, DECIMALS),
        **dict(zip(PROBABILITIES, probabilities, strict=True)),
        "is_digit": answer.is_digit,
        "reason": answer.reason or "",
    }


def table_of(
    files: list[str], found: list[PreparedDigit | None], classifier: DigitClassifier
) -> pd.DataFrame:
    """A row per picture. found: what was found in each file; None for no ink."""
    answers = classifier.answer(found)
    rows = [row_of(*pair) for pair in zip(files, answers, strict=True)]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"digit": "Int64"})
