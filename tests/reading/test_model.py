"""The reading model, made of a small classifier and a small autoencoder."""

import os

import numpy as np
import pytest

from mnist_pipeline.lazy import keras
from mnist_pipeline.preprocessing import normalize
from mnist_pipeline.reading import model
from mnist_pipeline.reading.calibration import soften
from mnist_pipeline.reading.model import fit_judge, look, read
from tests.forked import run_module


@pytest.fixture(scope="module")
def answers(networks):
    return read(networks.reading, networks.held_out)


def test_there_is_an_answer_of_each_kind_for_every_picture(networks, answers):
    n = len(networks.held_out)
    shapes = {name: values.shape for name, values in answers.items()}
    assert shapes == {
        "probabilities": (n, 10), "is_digit": (n, 1), "reconstruction": (n, 28, 28, 1)
    }  # fmt: skip
    for values in answers.values():
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1


def test_probabilities_are_the_classifiers_at_the_given_temperature(networks, answers):
    alone = networks.classifier(normalize(networks.held_out), training=False).numpy()
    expected = soften(alone, networks.temperature)
    np.testing.assert_allclose(answers["probabilities"], expected, atol=1e-5)
    assert not np.allclose(answers["probabilities"], alone, atol=0.01)


def test_the_reconstruction_is_the_autoencoders(networks, answers):
    alone = networks.autoencoder(normalize(networks.held_out), training=False)
    np.testing.assert_allclose(answers["reconstruction"], alone, atol=1e-6)


def test_of_the_digits_that_the_threshold_was_chosen_on_the_asked_share_is_refused(
    networks, answers
):
    refused = (answers["is_digit"] < 0.5).sum()
    assert refused == networks.refused_share * len(networks.held_out) == 20


def test_outliers_are_refused_far_more_often_than_digits(networks):
    refused = read(networks.reading, networks.outliers)["is_digit"] < 0.5
    assert refused.mean() > 5 * networks.refused_share


def test_the_witness_sees_features_logits_code_and_where_the_reconstruction_is_wrong(networks):
    image = networks.digits.images[:1]
    made = networks.witness(normalize(image), training=False)
    features = look(networks.witness, image)
    dense = next(layer for layer in networks.classifier.layers if "dense" in layer.name)
    n_features, n_tiles = dense.input.shape[-1], 7 * 7
    assert features.shape == (1, n_features + 10 + 4 + n_tiles)
    assert features.dtype == np.float16  # a hundred thousand have room in memory
    logits = features[:, n_features : n_features + 10]
    np.testing.assert_array_equal(logits, np.asarray(made["logits"]).astype(np.float16))
    error = np.square(normalize(image) - made["reconstruction"]).reshape(7, 4, 7, 4)
    tiles = error.mean(axis=(1, 3)).ravel()
    np.testing.assert_allclose(features[0, -n_tiles:], tiles, rtol=1e-3, atol=1e-6)


def test_pictures_are_looked_at_batch_by_batch(networks):
    images = np.concatenate([networks.digits.images[:400], networks.outliers[:200]])
    together = look(networks.witness, images)
    assert len(together) == 600  # a batch has 250
    for some in (slice(None, 50), slice(550, None)):
        alone = look(networks.witness, images[some])
        np.testing.assert_allclose(together[some], alone, rtol=2e-3, atol=1e-4)


def test_the_judge_learns_what_can_be_told_apart_and_the_same_from_the_same_seed():
    rng = np.random.default_rng(0)
    digits, outliers = (rng.normal(at, 1, (200, 4)).astype(np.float16) for at in (5, -5))
    settings = {"epochs": 4, "batch_size": 40, "learning_rate": 0.05, "hidden_units": [8]}
    one, again, other = (
        fit_judge(digits, outliers, **settings, dropout=0.1, seed=seed) for seed in (0, 0, 1)
    )
    assert one(digits).numpy().min() > 0 > one(outliers).numpy().max()
    np.testing.assert_array_equal(one(digits), again(digits))
    assert not np.array_equal(one(digits), other(digits))


def test_every_epoch_of_the_judge_has_each_picture_once_in_another_order():
    digits, outliers = (np.arange(n, dtype=np.float16)[:, np.newaxis] + 1 for n in (7, 5))
    batches = list(model._shuffled(digits, -outliers, epochs=2, batch_size=5, seed=0))
    assert [len(features) for features, _ in batches] == [5, 5, 2] * 2
    epochs = [
        np.concatenate([features for features, _ in some]) for some in (batches[:3], batches[3:])
    ]
    for epoch in epochs:
        assert sorted(epoch.ravel()) == [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7]
    assert not np.array_equal(*epochs)
    for features, is_digit in batches:
        np.testing.assert_array_equal(is_digit, features > 0)


def test_the_judge_scales_features_by_what_both_kinds_of_pictures_have():
    rng = np.random.default_rng(0)
    digits = rng.normal(3, 2, (700, 4)).astype(np.float16)
    outliers = rng.normal(-1, 1, (600, 4)).astype(np.float16)
    judge = fit_judge(
        digits, outliers,
        epochs=1, batch_size=400, learning_rate=0.01, hidden_units=[2], dropout=0.0, seed=0,
    )  # fmt: skip
    scaled = judge.layers[1](np.concatenate([digits, outliers]).astype(np.float32)).numpy()
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-4)


def test_the_saved_model_gives_the_same_answers_where_this_package_is_not(
    networks, answers, tmp_path
):
    networks.reading.save(tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", normalize(networks.held_out))
    here = keras.models.load_model(tmp_path / "model.keras")
    done = run_module("tests.elsewhere", (), tmp_path, dict(os.environ), timeout_s=120)
    assert done.returncode == 0, done.stdout
    elsewhere = np.load(tmp_path / "answers.npz")
    assert set(elsewhere) == set(answers)
    for name, values in read(here, networks.held_out).items():
        np.testing.assert_array_equal(values, answers[name])
        np.testing.assert_allclose(elsewhere[name], answers[name], atol=1e-5)
