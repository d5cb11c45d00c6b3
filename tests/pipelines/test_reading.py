"""The nodes of the reading pipeline, and a small reading model from end to end."""

import numpy as np
import pandas as pd
import pytest

from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.digits import Digits
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.autoencoder import build_autoencoder
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.parameters import ReadingSettings
from mnist_pipeline.pipelines.reading import nodes
from mnist_pipeline.reading.model import read
from mnist_pipeline.reading.outliers import OUTLIERS
from tests.conftest import load_parameters
from tests.pipelines.test_evaluation import CARD

SETTINGS = ReadingSettings(
    **load_parameters()["reading"] | {"pictures": 60, "epochs": 2, "refused_share": 0.1}
)
SPLIT = pd.DataFrame({"part": ["train"] * 300 + ["validation"] * 100})


@pytest.fixture(scope="module")
def digits(bundled):
    return bundled.take(np.arange(400))


@pytest.fixture(scope="module")
def pictures(digits):
    return nodes.make_pictures(digits, SPLIT, SETTINGS, 0)


@pytest.fixture(scope="module")
def test_outliers(digits):
    return nodes.make_test_outliers(digits, SETTINGS, 0)


@pytest.fixture(scope="module")
def fit(digits, pictures):
    """Fit a reading model on two networks that are not trained."""
    keras.utils.set_random_seed(0)
    shape = (28, 28, 1)
    classifier = build_mlp(shape, (10,), hidden_units=[8], dropout=0.0)
    autoencoder = build_autoencoder(
        shape, shape, filters=[2], kernel_size_px=3, latent_dim=4,
        batch_normalization=False, dropout=0.0, initial_grey=0.13,
    )  # fmt: skip
    calibration = {"temperature": 2.0, "validation_images": 100}

    def fit():
        return nodes.fit_reading_model(
            classifier, autoencoder, calibration, nodes.hold_out(digits, SPLIT), *pictures,
            SETTINGS, 0,
        )  # fmt: skip

    return fit


@pytest.fixture(scope="module")
def model(fit):
    return fit()


def test_there_are_as_many_outliers_as_digits_and_as_many_as_asked_for(pictures):
    for images in pictures:
        assert (images.shape, images.dtype) == ((60, 28, 28), np.uint8)


def test_of_fewer_digits_fewer_pictures_are_made(digits):
    few = pd.DataFrame({"part": ["train"] * 20 + ["validation"] * 380})
    assert [len(images) for images in nodes.make_pictures(digits, few, SETTINGS, 0)] == [20, 20]


def test_validation_digits_are_left_out(digits):
    """They are blank here: one that was taken would show."""
    images = digits.images.copy()
    images[300:] = 0
    settings = SETTINGS.model_copy(update={"pictures": 400})
    varied, _ = nodes.make_pictures(Digits(images, digits.labels), SPLIT, settings, 0)
    assert len(varied) == 300
    assert varied.any(axis=(1, 2)).all()


def test_the_same_seed_makes_the_same_pictures(digits, pictures, test_outliers):
    again = nodes.make_pictures(digits, SPLIT, SETTINGS, 0)
    other = nodes.make_pictures(digits, SPLIT, SETTINGS, 1)
    for one, same, different in zip(pictures, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, different)
    for kind, images in nodes.make_test_outliers(digits, SETTINGS, 0).items():
        np.testing.assert_array_equal(images, test_outliers[kind])


def test_outliers_to_test_are_of_every_kind_and_others_than_those_to_learn_from(
    pictures, test_outliers
):
    assert list(test_outliers) == [kind.__name__ for kind in OUTLIERS]
    assert {len(images) for images in test_outliers.values()} == {12}
    learned = {image.tobytes() for image in pictures[1]}
    tested = {image.tobytes() for images in test_outliers.values() for image in images}
    assert not learned & tested


def test_of_validation_digits_the_asked_share_is_refused(model, digits):
    refused = read(model, digits.images[300:])["is_digit"] < 0.5
    assert refused.mean() == SETTINGS.refused_share
    assert (read(model, digits.images[:300])["is_digit"] < 0.5).mean() != SETTINGS.refused_share


def test_the_same_seed_trains_the_same_model(model, fit, digits):
    one, again = (read(some, digits.images)["is_digit"] for some in (model, fit()))
    np.testing.assert_array_equal(one, again)


def test_limits_say_what_is_refused_and_how_well_the_rest_is_read(model, digits, test_outliers):
    limits = nodes.judge_reading(model, digits, test_outliers, SETTINGS, CARD)
    answers = read(model, digits.images)
    accepted = answers["is_digit"].ravel() >= 0.5
    right = answers["probabilities"].argmax(axis=1) == digits.labels
    assert limits["dataset"] == "Testset"
    assert limits["refused_share_asked"] == 0.1
    assert limits["test_digits_refused"] == pytest.approx((~accepted).mean())
    assert limits["accuracy"] == right.mean()
    assert limits["accuracy_of_accepted"] == right[accepted].mean()
    for kind, images in test_outliers.items():
        refused = (read(model, images)["is_digit"] < 0.5).mean()
        assert limits["outliers_refused"][kind] == refused


def test_where_nothing_is_accepted_there_is_no_accuracy_of_it(digits):
    image = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(image)
    probabilities = keras.layers.Dense(10, activation="softmax")(flat)
    is_digit = keras.layers.Rescaling(0.0)(keras.layers.Dense(1)(flat))
    model = keras.Model(
        image, {"probabilities": probabilities, "is_digit": is_digit, "reconstruction": image}
    )
    limits = nodes.judge_reading(model, digits, {"glyph": digits.images[:3]}, SETTINGS, CARD)
    assert limits["accuracy_of_accepted"] is None
    assert limits["test_digits_refused"] == limits["outliers_refused"]["glyph"] == 1


def test_refusals_are_drawn_with_the_digits_first():
    limits = {
        "test_digits_refused": 0.02, "refused_share_asked": 0.01,
        "outliers_refused": {"glyph": 0.9, "turned_digit": 0.5},
    }  # fmt: skip
    figure = nodes.plot_refusals(limits, CARD)
    assert figure.get_supxlabel() == f"Data: {dataset_caption(CARD)}"
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["test digits", "glyph", "turned digit"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([2, 90, 50])
    assert "1 % was aimed at" in axes.get_xlabel()


def test_what_it_learns_from_is_drawn_in_strips(pictures, test_outliers):
    figure = nodes.plot_outliers(pictures[0], test_outliers, CARD)
    names = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert names == [
        "digits, in other hands", "turned digit", "spliced digits", "overlapping digits",
        "random strokes", "glyph", "texture", "leaves",
    ]  # fmt: skip
    assert figure.get_suptitle()
    assert figure.get_supxlabel() == f"Data: {dataset_caption(CARD)}"
