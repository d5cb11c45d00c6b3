"""A trained classifier and a trained autoencoder become one model that knows what is no digit."""

import gc
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mnist_pipeline import plots
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.digits import Digits
from mnist_pipeline.parameters import ReadingSettings

Card = dict[str, Any]


def make_pictures(
    digits: Digits, split: pd.DataFrame, settings: ReadingSettings, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Training digits in other hands, and as many outliers made up; uint8 (n, 28, 28) each.

    split: validation digits are left out; the threshold is chosen on them.
    """
    from mnist_pipeline.reading.outliers import make_outliers, vary_digits

    rng = np.random.default_rng(seed)
    digits = digits.take(np.flatnonzero((split["part"] == "train").to_numpy()))
    some = rng.permutation(len(digits))[: settings.pictures]
    return vary_digits(digits.take(some), rng), make_outliers(digits, len(some), rng)


def hold_out(digits: Digits, split: pd.DataFrame) -> np.ndarray:
    """Validation digits, on which the classifier was not trained; uint8 (n, 28, 28)."""
    return digits.images[(split["part"] == "validation").to_numpy()]


def make_test_outliers(test: Digits, settings: ReadingSettings, seed: int) -> dict[str, Any]:
    """Outliers of every kind, made of test digits; {kind: uint8 (n, 28, 28)}."""
    from mnist_pipeline.reading.outliers import OUTLIERS, make_outliers

    rng = np.random.default_rng(seed + 1)
    count = max(12, min(200, settings.pictures // 50))
    return {kind.__name__: make_outliers(test, count, rng, kinds=(kind,)) for kind in OUTLIERS}


def fit_reading_model(
    classifier: Any,
    autoencoder: Any,
    calibration: dict[str, float],
    held_out: np.ndarray,
    varied: np.ndarray,
    outliers: np.ndarray,
    settings: ReadingSettings,
    seed: int,
) -> Any:
    """Train the judge, choose its threshold on digits held out, and put everything together."""
    from mnist_pipeline.reading import model as reading

    gc.collect()  # networks that were trained before hang in reference cycles
    witness = reading.build_witness(classifier, autoencoder)
    judge = reading.fit_judge(
        reading.look(witness, varied),
        reading.look(witness, outliers),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        hidden_units=settings.hidden_units,
        dropout=settings.dropout,
        seed=seed,
    )
    threshold = reading.choose_threshold(witness, judge, held_out, settings.refused_share)
    return reading.assemble(witness, judge, calibration["temperature"], threshold)


def judge_reading(
    model: Any, test: Digits, outliers: dict[str, np.ndarray], settings: ReadingSettings, card: Card
) -> dict[str, Any]:
    """How many real digits are refused, and how many outliers of each kind.

    Returns `dataset, refused_share_asked, test_digits_refused, outliers_refused` {kind: fraction},
    `accuracy` on all test digits, and `accuracy_of_accepted` (None if none is accepted).
    """
    from mnist_pipeline.reading.model import DIGIT_FROM, read

    answers = read(model, test.images)
    accepted = answers["is_digit"].ravel() >= DIGIT_FROM
    right = answers["probabilities"].argmax(axis=1) == test.labels
    return {
        "dataset": card["name"],
        "refused_share_asked": settings.refused_share,
        "test_digits_refused": float(1 - accepted.mean()),
        "outliers_refused": {
            kind: float((read(model, some)["is_digit"] < DIGIT_FROM).mean())
            for kind, some in outliers.items()
        },
        "accuracy": float(right.mean()),
        "accuracy_of_accepted": float(right[accepted].mean()) if accepted.any() else None,
    }


def plot_refusals(limits: dict[str, Any], card: Card) -> Figure:
    """Draw what part of digits, and of outliers, is refused."""
    refused = {"test digits": limits["test_digits_refused"]}
    refused |= {kind.replace("_", " "): part for kind, part in limits["outliers_refused"].items()}
    return plots.refusals(refused, limits["refused_share_asked"], dataset_caption(card))


def plot_outliers(varied: np.ndarray, outliers: dict[str, np.ndarray], card: Card) -> Figure:
    """Draw some of the pictures that are to be accepted, and some that are to be refused."""
    strips = {"digits, in other hands": varied[:12]}
    strips |= {kind.replace("_", " "): some[:12] for kind, some in outliers.items()}
    title = "What the reading model learns to accept, and to refuse"
    return plots.picture_strips(strips, title, dataset_caption(card))
