"""Finished work is found again if nothing that decides it has changed, and only then."""

import pytest

from mnist_pipeline.identity import fingerprint, identify_training
from mnist_pipeline.parameters import LabelTraining
from tests.conftest import load_parameters

CARD = {
    "sha256": {"train_images": "a", "train_labels": "b", "test_images": "c", "test_labels": "d"},
    "class_names": ["0", "1"],
}


def key(card=CARD, **changes):
    settings = load_parameters("test")["mlp"]["training"] | changes
    training = LabelTraining.model_validate(settings)
    return identify_training("mlp", card, {}, {"dropout": 0.1}, training, 42, folds=5)["key"]


def test_a_fingerprint_changes_with_anything_that_decides():
    one = fingerprint(seed=1, model={"a": 1, "b": 2})
    assert one == fingerprint(model={"b": 2, "a": 1}, seed=1)
    assert one != fingerprint(seed=2, model={"a": 1, "b": 2})
    assert one != fingerprint(seed=1, model={"a": 1, "b": 3})


@pytest.mark.parametrize(
    ("part", "same"), [("train_images", False), ("train_labels", False), ("test_images", True)]
)
def test_other_training_digits_are_another_training_and_other_test_digits_are_not(part, same):
    other = CARD | {"sha256": CARD["sha256"] | {part: "changed"}}
    assert (key(other) == key()) is same


def test_where_the_checkpoint_is_kept_decides_nothing_and_the_rate_does():
    assert key(checkpoint="elsewhere.keras") == key()
    assert key(learning_rate=0.5) != key()
