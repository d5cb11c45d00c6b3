import gc
import json
import logging
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

from mnist_pipeline import fitting
from mnist_pipeline.cross_validation import (
    Training,
    assign_folds,
    cross_validate,
    score_fold,
)
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import FAMILIES, Family
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.parameters import LabelTraining
from mnist_pipeline.preprocessing import NormalizedImages, one_hot
from tests.conftest import load_parameters
from tests.failing import diverge, kill_this_process

MLP = next(family for family in FAMILIES if family.name == "mlp")


def small_training(folder):
    """How to train a small MLP."""
    values = load_parameters("test")["mlp"]
    checkpoint = str(folder / "checkpoint.keras")
    changes = {"epochs": 5, "batch_size": 16, "learning_rate": 0.01, "checkpoint": checkpoint}
    training = LabelTraining(**{**values["training"], **changes})
    return Training(MLP, values["model"], training, seed=3)


@pytest.fixture
def common(tmp_path):
    return small_training(tmp_path)


@pytest.fixture(scope="module")
def three_folds(digits, tmp_path_factory):
    """What `cross_validate` says of all three folds, trained one by one."""
    common = small_training(tmp_path_factory.mktemp("folds"))
    return list(cross_validate(common, *digits, wanted=[1, 2, 3], workers=1))


@pytest.fixture(scope="module")
def digits(bundled):
    """150 real digits, as `cross_validate` takes them, dealt into three folds."""
    some = bundled.take(np.arange(150))
    folds = assign_folds(some.labels, 3, seed=0)
    return NormalizedImages(some.images), some.labels, one_hot(some.labels, 10), folds


def without_times(results):
    kept = ("fold", "accuracy", "loss", "epochs_run", "best_epoch")
    losses = [[epoch["loss"] for epoch in result["history"]] for result in results]
    return [{name: result[name] for name in kept} for result in results], losses


def test_folds_have_every_class_in_proportion(bundled):
    folds = assign_folds(bundled.labels, 5, seed=0)
    assert set(folds) == {1, 2, 3, 4, 5}
    for label in range(10):
        counts = np.bincount(folds[bundled.labels == label], minlength=6)[1:]
        assert counts.max() - counts.min() <= 1


def test_folds_follow_from_the_seed(bundled):
    one, again, other = (assign_folds(bundled.labels, 5, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.5


def test_more_folds_than_a_class_has_digits_are_refused(tiny_digits):
    assert len(assign_folds(tiny_digits.labels, 3, seed=0)) == 30
    with pytest.raises(UserError, match=r"noise_comparison\.folds = 4, but a class has only 3"):
        assign_folds(tiny_digits.labels, 4, seed=0)


def test_every_fold_is_read_by_a_network_that_learned_from_others(three_folds):
    assert [result["fold"] for result in three_folds] == [1, 2, 3]
    for result in three_folds:
        assert result["held_out_images"] == 50
        assert (result["train_images"], result["validation_images"]) == (90, 10)
        assert len(result["history"]) == result["epochs_run"] == 5
        assert result["accuracy"] > 0.5  # chance is 0.1


def test_a_network_never_learns_from_the_digits_that_it_is_scored_on(common, digits, three_folds):
    inputs, labels, targets, folds = digits
    spoiled = targets.copy()
    spoiled[folds == 2] = np.roll(targets[folds == 2], 1, axis=1)  # every label of it is wrong
    first, second, _ = three_folds
    misled, other = (score_fold(common, inputs, labels, spoiled, folds, k) for k in (2, 1))
    assert without_times([misled]) == without_times([second])
    assert without_times([other]) != without_times([first])


def test_the_same_seed_gives_the_same_scores_and_folds_differ_in_theirs(
    common, digits, three_folds
):
    again = list(cross_validate(common, *digits, wanted=[1, 2], workers=1))
    assert without_times(again) == without_times(three_folds[:2])
    assert again[0]["history"][0]["loss"] != again[1]["history"][0]["loss"]


def test_folds_side_by_side_score_as_folds_one_by_one(common, digits, three_folds, caplog):
    with caplog.at_level(logging.INFO):
        side_by_side = list(cross_validate(common, *digits, wanted=[1, 3], workers=2))
    one_by_one = [three_folds[0], three_folds[2]]
    side_by_side.sort(key=lambda result: result["fold"])
    assert [r["fold"] for r in side_by_side] == [1, 3]
    for one, other in zip(side_by_side, one_by_one, strict=True):
        assert one["accuracy"] == pytest.approx(other["accuracy"], abs=0.041)  # two digits of 50
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-2)


def test_only_the_folds_wanted_are_trained(common, digits):
    assert [r["fold"] for r in cross_validate(common, *digits, wanted=[2], workers=4)] == [2]
    assert list(cross_validate(common, *digits, wanted=[], workers=4)) == []


def test_no_checkpoint_of_a_fold_stays_behind(common, digits, tmp_path):
    list(cross_validate(common, *digits, wanted=[1], workers=1))
    assert list(tmp_path.iterdir()) == []


def test_results_are_plain_numbers_that_json_can_hold(three_folds):
    assert json.loads(json.dumps(three_folds)) == three_folds


def test_every_fold_of_every_seed_has_chance_of_its_own(common, digits, monkeypatch):
    seeds = []

    def note(*_, seed, **__):
        seeds.append(seed)
        raise InterruptedError

    monkeypatch.setattr(fitting, "build_and_fit", note)
    for seed in (0, 1, 2**32 - 1):
        for fold in (1, 2, 3):
            with pytest.raises(InterruptedError):
                score_fold(replace(common, seed=seed), *digits, fold)
    assert len(set(seeds)) == 9
    assert max(seeds) < 2**32


def test_networks_of_earlier_folds_do_not_stay_in_memory(common, digits):
    networks = []

    def build(*shapes, **settings):
        networks.append(weakref.ref(network := build_mlp(*shapes, **settings)))
        return network

    family = replace(MLP, build=build)
    list(cross_validate(replace(common, family=family), *digits, wanted=[1, 2, 3], workers=1))
    gc.disable()  # what is still there, the training of the third fold has left there
    try:
        assert [network() is not None for network in networks[:2]] == [False, False]
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (kill_this_process, r"mlp: a process .* ended from outside.*noise_comparison\.workers"),
        (diverge, "mlp: the loss is not a number"),
    ],
)
def test_a_fold_that_fails_in_its_process_ends_the_others_with_one_message(
    common, digits, build, message
):
    family = Family("mlp", build, "clean_images", ("one_hot_labels",), ("classification",))
    started = time.monotonic()
    with pytest.raises(UserError, match=message):
        list(cross_validate(replace(common, family=family), *digits, wanted=[1, 2, 3], workers=2))
    assert time.monotonic() - started < 60
