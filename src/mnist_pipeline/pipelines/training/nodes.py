"""A family's network, built and trained."""

from typing import Any

import numpy as np
import pandas as pd

from mnist_pipeline.errors import UserError
from mnist_pipeline.families import Family
from mnist_pipeline.lazy import keras
from mnist_pipeline.parameters import TrainingSettings


def train_model(
    inputs: np.ndarray,
    targets: np.ndarray,
    split: pd.DataFrame,
    model_settings: dict[str, Any],
    training: TrainingSettings,
    seed: int,
    *,
    family: Family,
) -> tuple[Any, pd.DataFrame, dict[str, Any]]:
    """Build the family's network and train it.

    inputs, targets: float32, a row per digit. split: a row per digit, as `split_digits` gives it.
    Returns the Keras model, the history (a row per epoch), and a report: `family, seed,
    train_images, validation_images, parameters, epochs_run, best_epoch, fit_seconds` and
    `images_per_second` (training images, over the whole of training).
    """
    from mnist_pipeline.fitting import fit  # imports TensorFlow: not before it is needed

    if len(split) != len(inputs):
        raise UserError(
            f"{family.name}: the split is of {len(split)} digits, but there are {len(inputs)}. It "
            f"was made for other data; run the whole pipeline: kedro run --pipeline={family.name}"
        )
    keras.utils.set_random_seed(seed)  # first weights and dropout
    model = family.build(inputs.shape[1:], targets.shape[1:], **model_settings)
    is_validation = (split["part"] == "validation").to_numpy()
    result = fit(
        model,
        inputs,
        targets,
        train_indices=np.flatnonzero(~is_validation),
        validation_indices=np.flatnonzero(is_validation),
        settings=training,
        metrics=["accuracy"] if family.task == "classification" else [],
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
        "parameters": model.count_params(),
        "epochs_run": epochs_run,
        "best_epoch": result.best_epoch,
        "fit_seconds": result.fit_seconds,
        "images_per_second": train_images * epochs_run / result.fit_seconds,
    }
    return result.model, result.history, report
