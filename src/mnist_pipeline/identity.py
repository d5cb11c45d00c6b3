"""A short name for all that decides a result, by which finished work is found again."""

import hashlib
import json
from typing import Any

from mnist_pipeline import __version__
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.provenance import versions


def fingerprint(**what: Any) -> str:
    """The same whenever all of it is the same. what: anything that JSON can hold."""
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def training_digests(card: dict[str, Any]) -> dict[str, str]:
    """Of the digits that a network learns from. card: `cards.dataset_card`."""
    return {part: sha for part, sha in card["sha256"].items() if part.startswith("train")}


def identify_training(
    family: str,
    card: dict[str, Any],
    view: dict[str, Any],
    model: dict[str, Any],
    training: TrainingSettings,
    seed: int,
    *packages: str,
    **more: Any,
) -> dict[str, Any]:
    """All that decides what networks become, and `key`, a fingerprint of it.

    card: `cards.dataset_card`; test digits decide nothing. view: what is done to the digits before
    the network sees them. model: settings. packages: that decide besides Keras and TensorFlow.
    more: what else decides.
    """
    decisive = {
        "family": family,
        "digits": {"sha256": training_digests(card), **view},
        "classes": len(card["class_names"]),
        "model": model,
        "training": training.model_dump(exclude={"checkpoint"}),
        "seed": seed,
        "versions": {
            "mnist_pipeline": __version__, **versions("keras", "tensorflow", *packages)
        },
        **more,
    }  # fmt: skip
    return decisive | {"key": fingerprint(**decisive)}
