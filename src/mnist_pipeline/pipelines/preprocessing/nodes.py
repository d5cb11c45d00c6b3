"""Digits become what networks see and must return."""

import textwrap
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mnist_pipeline import plots, preprocessing
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.degradation import degrade
from mnist_pipeline.digits import Digits, DigitSet
from mnist_pipeline.distortion import Step, distort
from mnist_pipeline.families import Family
from mnist_pipeline.parameters import DegradationSettings, TrainingSettings
from mnist_pipeline.preprocessing import Rows, TrainingDigits

Part = Literal["train", "test"]


def degrade_digits(digits: Digits, degradation: DegradationSettings) -> Digits:
    """Shrink every digit, and bring it back to its size."""
    images = degrade(
        digits.images, degradation.size_px, degradation.shrink_by, degradation.enlarge_by
    )
    return Digits(images, digits.labels)


def distort_digits(digits: Digits, distortion: list[Step], seed: int, *, part: Part) -> Digits:
    """Distort every digit, training and test digits by different random numbers."""
    images = distort(
        digits.images, distortion,
        seed=2 * seed + (part == "test"), progress=f"distorting {part} digits",
    )  # fmt: skip
    return Digits(images, digits.labels)


def plot_distorted_samples(
    digits: Digits, distorted: Digits, distortion: list[Step], card: dict[str, Any]
) -> Figure:
    """Draw twenty digits (fewer where there are not as many) above what became of them."""
    width = min(10, len(digits))
    rows = {
        f"{name} {start + 1}-{start + width}": pictures.images[start : start + width]
        for start in ((0, width) if len(digits) >= 2 * width else (0,))
        for name, pictures in (("original", digits), ("distorted", distorted))
    }
    chain = textwrap.fill("; ".join(map(_in_words, distortion)), 90)
    title = f"Digits before and after distortion\n{chain}"
    return plots.picture_rows(rows, [""] * width, title, dataset_caption(card))


def _in_words(step: Step) -> str:
    if isinstance(step, str):
        return step
    ((name, settings),) = step.items()
    # A space where no line is broken keeps a value beside its name.
    return f"{name}: " + ", ".join(f"{key}\N{NO-BREAK SPACE}{v}" for key, v in settings.items())


def gather(card: dict[str, Any], *digits: Digits, views: tuple[str, ...]) -> DigitSet:
    """Put the digits of one part together, in every form that this run looks at."""
    return DigitSet(dict(zip(views, digits, strict=True)), card)


def show(digits: DigitSet, *, things: tuple[str, ...]) -> list[Any]:
    """Bring digits into the form in which one network sees them, and what it must return.

    Pictures stay bytes until they are asked for, some at a time: as float32 they would take four
    times the memory for as long as the network trains.
    Returns each of the things as `preprocessing.show` does.
    """
    return [preprocessing.show(digits, thing) for thing in things]


def split_digits(digits: DigitSet, training: TrainingSettings, seed: int) -> pd.DataFrame:
    """Set some of the training digits aside for validation.

    Returns a row per training digit, in their order: `label` and `part`, which is `train` or
    `validation`. A table rather than two sets of images, because a copy of 60,000 digits per
    family is what nobody needs.
    """
    labels = digits.views["digits"].labels
    _, validation = preprocessing.split_indices(
        labels, training.validation_fraction, training.validation_split, seed=seed
    )
    part = np.full(len(labels), "train", dtype=object)
    part[validation] = "validation"
    return pd.DataFrame({"label": labels, "part": part})


def show_to(
    family: Family,
    digits: Digits,
    card: dict[str, Any],
    degradation: DegradationSettings,
    distortion: list[Step],
    seed: int,
    *,
    part: Part,
) -> dict[str, Any]:
    """What the family's own pipeline shows its network, and what it must return, by its name.

    For pipelines that learn from their parameters which family is asked for: too late for Kedro to
    wire it. Returns {thing: as `show` gives it}.
    """
    views = {"digits": digits}
    if family.sees == "degraded_images":
        views["degraded_digits"] = degrade_digits(digits, degradation)
    elif family.sees == "distorted_images":
        views["distorted_digits"] = distort_digits(digits, distortion, seed, part=part)
    things = (family.sees, *family.returns)
    return dict(zip(things, show(DigitSet(views, card), things=things), strict=True))


def training_digits(
    family: Family,
    training: TrainingSettings,
    seed: int,
    train: Digits,
    card: dict[str, Any],
    degradation: DegradationSettings,
    distortion: list[Step],
) -> TrainingDigits:
    """The training digits as the family's own pipeline has them, with its split."""
    shown = show_to(family, train, card, degradation, distortion, seed, part="train")
    train_indices, validation_indices = preprocessing.split_indices(
        train.labels, training.validation_fraction, training.validation_split, seed=seed
    )
    targets: dict[str, Rows] = {thing: shown[thing] for thing in family.returns}
    return TrainingDigits(shown[family.sees], targets, train_indices, validation_indices)


def note_view(
    family: Family, degradation: DegradationSettings, distortion: list[Step]
) -> dict[str, Any]:
    """The parameters that decide how the family sees digits; scores on others mean others."""
    if family.sees == "degraded_images":
        return {"degradation": degradation.model_dump()}
    return {"distortion": distortion} if family.sees == "distorted_images" else {}
