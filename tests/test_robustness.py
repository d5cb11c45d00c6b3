import numpy as np
import pandas as pd
import pytest

from mnist_pipeline.corruptions import MNIST_C, N_MNIST
from mnist_pipeline.lazy import keras
from mnist_pipeline.robustness import conditions, measure_robustness

CURVES = {"salt_and_pepper": {"amount": [0.0, 1.0]}, "brightness": {"added": [1.0]}}


def reads(digit):
    """A network that takes every picture for `digit`; and one that looks at the first pixel."""
    inputs = keras.Input((28, 28, 1))
    weights = np.zeros((784, 10), np.float32)
    bias = np.eye(10, dtype=np.float32)[digit]
    x = keras.layers.Flatten()(inputs)
    outputs = keras.layers.Dense(10)(x)
    model = keras.Model(inputs, outputs)
    model.layers[-1].set_weights([weights, bias])
    return model


def sees_light(dark, light):
    """A network that reads `light` where the first pixel is white, and `dark` where it is not."""
    model = reads(dark)
    weights, bias = model.layers[-1].get_weights()
    weights[0, light] = 2
    model.layers[-1].set_weights([weights, bias])
    return model


def test_conditions_are_clean_digits_all_published_corruptions_and_the_curves():
    every = list(conditions(CURVES))
    assert [c.group for c in every] == [
        "clean",
        *["mnist_c"] * 15,
        *["n_mnist"] * 3,
        *["curve"] * 3,
    ]
    assert [c.name for c in every[1:19]] == [*MNIST_C, *N_MNIST]
    assert every[0].steps == []
    assert every[-1] == ("curve", "brightness", "added", 1.0, [{"brightness": {"added": 1.0}}])


def test_accuracy_is_that_of_each_classifier_on_each_kind_of_digits(bundled):
    classifiers = {"always 3": reads(3), "sees light": sees_light(dark=3, light=7)}
    some = bundled.take(np.arange(300))
    table = measure_robustness(classifiers, some, CURVES, seed=0)
    share = {k: np.mean(some.labels == k) for k in (3, 7)}

    def accuracy(family, group, name, strength=None):
        rows = table[(table["family"] == family) & (table["group"] == group)]
        rows = rows[rows["distortion"] == name]
        (row,) = (
            rows[rows["strength"] == strength]["accuracy"]
            if strength is not None
            else rows["accuracy"]
        )
        return row

    assert len(table) == 2 * 22
    for group, name in (("clean", "clean"), ("mnist_c", "fog"), ("n_mnist", "awgn")):
        assert accuracy("always 3", group, name) == pytest.approx(share[3])
    assert accuracy("sees light", "clean", "clean") == pytest.approx(share[3])
    assert accuracy("sees light", "mnist_c", "stripe") == pytest.approx(share[7])
    assert accuracy("sees light", "curve", "brightness", 1.0) == pytest.approx(share[7])
    assert accuracy("sees light", "curve", "salt_and_pepper", 0.0) == pytest.approx(share[3])


def test_the_same_seed_spoils_the_same_digits(bundled):
    some = bundled.take(np.arange(300))
    one, again, other = (
        measure_robustness({"net": sees_light(3, 7)}, some, CURVES, seed=s) for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, again)
    assert not one.equals(other)
