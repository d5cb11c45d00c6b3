"""One family trained with several seeds: how much of a score is chance, and is their mean better?

First weights, the order of the digits, dropout and augmentation are drawn anew for every seed.
Which digits validate is not, so that no member of the ensemble has seen them.

Each network that is finished is a line of the log, whose record has it as data, `record.trial`: a
dict of `kind, family, number, state, score, score_name, epochs_run, fit_seconds, settings`.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mnist_pipeline import metrics
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import EVERY_FAMILY, Family
from mnist_pipeline.parameters import SeedsSettings, TrainingSettings
from mnist_pipeline.preprocessing import Rows, TrainingDigits

logger = logging.getLogger(__name__)

HEADLINES = {
    "classification": "accuracy",
    "reconstruction": "mse",
    "restoration": "psnr_gain_db",
}
"""What each judge looks at first."""

NOT_AVERAGED = {"seed", "train_images", "validation_images", "parameters"}
"""Columns of the table of networks that are the same for all, or mean nothing on average."""


@dataclass(frozen=True)
class Sweep:
    """What is trained.

    model, training: the settings of the family, as its parameter file has them.
    seed: of the whole run, by which digits are split. seeds: of the networks; it is the first.
    """

    family: Family
    model: dict[str, Any]
    training: TrainingSettings
    seed: int
    seeds: tuple[int, ...]


def plan(settings: SeedsSettings, parameters: dict[str, Any]) -> Sweep:
    """The networks that the parameters ask for.

    parameters: all of them. Raises UserError when no family is named, or the seeds are too high.
    """
    if settings.family is None:
        raise UserError(
            "Which family is to be trained with several seeds? Name it: "
            "kedro run --pipeline=seeds --params=seeds.family=cnn"
        )
    first = parameters["seed"]
    if first + settings.count > 2**32:
        raise UserError(f"seed = {first} and {settings.count - 1} more: seeds end at 2^32 - 1.")
    (family,) = (f for f in EVERY_FAMILY if f.name == settings.family)
    own = parameters[family.name]
    training = TrainingSettings.model_validate(own["training"])
    seeds = tuple(range(first, first + settings.count))
    return Sweep(family, own["model"], training, first, seeds)


def train_network(sweep: Sweep, seed: int, digits: TrainingDigits) -> tuple[Any, dict[str, Any]]:
    """Train one of them.

    Returns the Keras model, and its report: `seed, train_images, validation_images, parameters,
    epochs_run, best_epoch, fit_seconds`, and `val_loss`, for classifiers `val_accuracy` too, of the
    epoch that was kept.
    """
    from mnist_pipeline.fitting import build_and_fit  # TensorFlow: not before it is needed

    training = sweep.training.with_checkpoint_of(f"seed-{seed}")
    fit = build_and_fit(
        sweep.family.build,
        sweep.model,
        digits.inputs,
        digits.targets,
        seed=seed,
        train_indices=digits.train_indices,
        validation_indices=digits.validation_indices,
        settings=training,
        name=f"{sweep.family.name} seed {seed}",
    )
    Path(training.checkpoint).unlink()  # of an interrupted training it stays, as the log says
    kept: dict[Any, float] = fit.history.set_index("epoch").loc[fit.best_epoch].to_dict()
    report = {
        "seed": seed,
        "train_images": len(digits.train_indices),
        "validation_images": len(digits.validation_indices),
        "parameters": fit.model.count_params(),
        "epochs_run": len(fit.history),
        "best_epoch": fit.best_epoch,
        "fit_seconds": fit.fit_seconds,
        **{name: kept[name] for name in ("val_loss", "val_accuracy") if name in kept},
    }
    _tell(sweep, report)
    return fit.model, report


def _tell(sweep: Sweep, report: dict[str, Any]) -> None:
    seed, score_name = report["seed"], sweep.training.best_by
    logger.info(
        "%s seed %d (%d of %d): %s %.5g, %.0f s",
        *(sweep.family.name, seed, sweep.seeds.index(seed) + 1, len(sweep.seeds)),
        *(score_name, report[score_name], report["fit_seconds"]),
        extra={
            "trial": {
                "kind": "seed",
                "family": sweep.family.name,
                "number": seed,
                "state": "complete",
                "score": report[score_name],
                "score_name": score_name,
                "epochs_run": report["epochs_run"],
                "fit_seconds": report["fit_seconds"],
                "settings": {
                    "seed": seed,
                    "model": sweep.model,
                    "training": sweep.training.model_dump(),
                },
            }
        },
    )


def score(
    family: Family, answers: list[np.ndarray], shown: dict[str, Rows], labels: np.ndarray
) -> dict[str, Any]:
    """How well the answers of a network are, by all judges of its family.

    answers: one for each thing that the family returns. shown: what it sees, and should return,
    by name. labels: integers (n,).
    Returns for labels what `metrics.classification_metrics` does, for pictures the means of `mse,
    psnr_db, ssim, bce`, and of restored ones `psnr_gain_db` over what the network saw.
    """
    scores: dict[str, Any] = {}
    for thing, answer in zip(family.returns, answers, strict=True):
        if thing == "one_hot_labels":
            scores |= metrics.classification_metrics(answer, labels)
            continue
        errors = metrics.image_errors(answer, shown[thing])
        scores |= {name: float(values.mean()) for name, values in errors.items()}
        if "restoration" in family.judges:
            before = metrics.psnr_db(shown[family.sees], shown[thing])
            scores["psnr_gain_db"] = scores["psnr_db"] - float(before.mean())
    return scores


def summarize(table: pd.DataFrame) -> dict[str, float]:
    """Mean and standard deviation (of a sample) of every column: `<name>_mean`, `<name>_std`."""
    numbers = table.drop(columns=list(NOT_AVERAGED & set(table)))
    means, spreads = numbers.mean().add_suffix("_mean"), numbers.std(ddof=1).add_suffix("_std")
    return {str(name): float(value) for name, value in pd.concat([means, spreads]).items()}


def scalars(scores: dict[str, Any]) -> dict[str, float]:
    """Those scores that are one number."""
    return {name: value for name, value in scores.items() if isinstance(value, int | float)}
