"""A family's network, built and trained."""

from typing import Any

import numpy as np
import pandas as pd

from mnist_pipeline.errors import UserError
from mnist_pipeline.families import Family
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.preprocessing import Rows


def train_model(
    split: pd.DataFrame,
    model_settings: dict[str, Any],
    training: TrainingSettings,
    seed: int,
    inputs: Rows,
    *others: Rows,
    family: Family,
) -> tuple[Any, pd.DataFrame, dict[str, Any]]:
    """Build the family's network and train it.

    split: a row per training digit, as `split_digits` gives it.
    inputs: what the network sees, a row per training digit, as `fitting.fit` takes them.
    others: what it must return, a target per output; and, for a family that tracks the test loss,
        the same again (inputs and targets) for test digits.
    Returns the Keras model, the history (a row per epoch), and a report: `family, seed,
    train_images, validation_images, parameters, epochs_run, best_epoch, fit_seconds` and
    `images_per_second` (training images, over the whole of training).
    """
    from mnist_pipeline.fitting import build_and_fit  # TensorFlow: not before it is needed

    if len(split) != len(inputs):
        raise UserError(
            f"{family.name}: the split is of {len(split)} digits, but there are {len(inputs)}. It "
            f"was made for other data; run the whole pipeline: kedro run --pipeline={family.name}"
        )
    targets, test = _sort_out(others, family.returns)
    is_validation = (split["part"] == "validation").to_numpy()
    result = build_and_fit(
        family.build,
        model_settings,
        inputs,
        targets,
        train_indices=np.flatnonzero(~is_validation),
        validation_indices=np.flatnonzero(is_validation),
        test=test,
        settings=training,
        name=family.name,
        seed=seed,
    )
    train_images = int((~is_validation).sum())
    epochs_run = len(result.history)
    report = {
        "family": family.name,
        "seed": seed,
        "train_images": train_images,
        "validation_images": int(is_validation.sum()),
        "parameters": result.model.count_params(),
        "epochs_run": epochs_run,
        "best_epoch": result.best_epoch,
        "fit_seconds": result.fit_seconds,
        "images_per_second": train_images * epochs_run / result.fit_seconds,
    }
    return result.model, result.history, report


Targets = dict[str, Rows]


def _sort_out(
    others: tuple[Rows, ...], returns: tuple[str, ...]
) -> tuple[Targets, tuple[Rows, Targets] | None]:
    """Targets by name; and test inputs with their targets, if there are any."""
    n = len(returns)
    targets = dict(zip(returns, others[:n], strict=True))
    if len(others) == n:
        return targets, None
    return targets, (others[n], dict(zip(returns, others[n + 1 :], strict=True)))
