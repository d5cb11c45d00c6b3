import json

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import accuracy_score, f1_score, log_loss

from mnist_pipeline import metrics
from mnist_pipeline.lazy import keras


@pytest.fixture
def answers():
    """Probabilities for 300 digits, right about half of the time, and the labels."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 300)
    scores = random.normal(size=(300, 10)) + 2 * np.eye(10)[labels]
    exponentials = np.exp(scores)
    return exponentials / exponentials.sum(axis=1, keepdims=True), labels


def test_classification_metrics_agree_with_scikit_learn(answers):
    probabilities, labels = answers
    predicted = probabilities.argmax(axis=1)
    scores = metrics.classification_metrics(probabilities, labels)
    assert scores["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert scores["loss"] == pytest.approx(log_loss(labels, probabilities))
    assert scores["macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))


def test_per_class_accuracy_and_confusions_on_digits_counted_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 1, 1, 1, 0, 2])
    scores = metrics.classification_metrics(np.eye(4)[predicted], labels)
    assert scores["per_class_accuracy"] == {"0": 1 / 3, "1": 0.5, "2": 1.0, "3": None}
    assert scores["top_confusions"] == [[0, 1, 2], [1, 0, 1]]


def test_metrics_are_plain_json(answers):
    json.dumps(metrics.classification_metrics(*answers))


def test_a_certain_mistake_costs_a_finite_loss():
    assert metrics.classification_metrics(np.eye(3), np.array([1, 1, 2]))["loss"] == pytest.approx(
        -np.log(1e-7) / 3
    )


def test_calibration_error_worked_out_by_hand():
    # Bin of 0.9: three digits, two right. Bin of 0.5: one digit, right.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.5, 0.5]])
    labels = np.array([0, 0, 1, 0])
    expected = 3 / 4 * abs(2 / 3 - 0.9) + 1 / 4 * abs(1 - 0.5)
    assert metrics.expected_calibration_error(probabilities, labels) == pytest.approx(expected)


def test_calibration_bins_hold_every_prediction_once(answers):
    probabilities, labels = answers
    bins = metrics.calibration_bins(probabilities, labels)
    assert {values.shape for values in bins.values()} == {(metrics.CALIBRATION_BINS,)}
    assert bins["count"].sum() == len(labels)
    assert bins["correct"].sum() == (probabilities.argmax(axis=1) == labels).sum()
    assert bins["confidence"].sum() == pytest.approx(probabilities.max(axis=1).sum())
    mean = bins["confidence"] / np.maximum(bins["count"], 1)
    edges = np.linspace(0, 1, metrics.CALIBRATION_BINS + 1)
    filled = bins["count"] > 0
    assert ((edges[:-1] <= mean) & (mean <= edges[1:]))[filled].all()


def test_right_and_wrong_digits_come_with_the_most_confident_first():
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.9, 0.1]])
    right, wrong = metrics.right_and_wrong(probabilities, np.array([0, 1, 1, 0, 0]))
    assert right.tolist() == [1, 4, 0]
    assert wrong.tolist() == [2, 3]


def test_the_first_of_each_class_is_taken_where_there_is_one():
    labels = np.array([7, 1, 3, 1, 3])
    assert metrics.first_of_each_class(np.array([4, 0, 2]), labels).tolist() == [4, 0]
    assert metrics.first_of_each_class(np.array([], int), labels).tolist() == []


def test_a_network_that_is_always_sure_and_right_is_calibrated():
    assert metrics.expected_calibration_error(np.eye(10), np.arange(10)) == 0


@pytest.fixture
def pictures():
    """Forty real test pictures, and the same with noise."""
    from mnist_pipeline.preprocessing import normalize
    from mnist_pipeline.sources import read_bundled_digits

    originals = normalize(read_bundled_digits(None).test.images[:40])
    noise = np.random.default_rng(0).normal(0, 0.2, originals.shape)
    return np.clip(originals + noise, 0, 1).astype(np.float32), originals


def test_image_errors_agree_with_scikit_image(pictures):
    errors = metrics.image_errors(*pictures)
    for k, (noisy, original) in enumerate(zip(*(p[..., 0] for p in pictures), strict=True)):
        psnr = peak_signal_noise_ratio(original, noisy, data_range=1)
        similarity = structural_similarity(
            original.astype(np.float64), noisy.astype(np.float64), data_range=1,
            gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        )  # fmt: skip
        assert errors["psnr_db"][k] == pytest.approx(psnr)
        assert errors["ssim"][k] == pytest.approx(similarity)
        assert errors["mse"][k] == pytest.approx(np.mean((original - noisy) ** 2), rel=1e-5)


def test_a_picture_is_like_itself(pictures):
    errors = metrics.image_errors(pictures[1], pictures[1])
    assert not errors["mse"].any()
    assert (errors["psnr_db"] == 100).all()
    np.testing.assert_allclose(errors["ssim"], 1)


def test_cross_entropy_and_its_floor_agree_with_keras(pictures):
    restored = np.clip(pictures[0], 0.01, 0.99)  # Keras counts in float32: far off close to 0 and 1
    errors = metrics.image_errors(restored, pictures[1])
    expected = keras.losses.binary_crossentropy(pictures[1], restored)
    np.testing.assert_allclose(errors["bce"], np.mean(expected, axis=(1, 2)), rtol=1e-4)
    floor = metrics.binary_entropy(pictures[1])
    assert (errors["bce"] > floor).all()
    assert metrics.binary_entropy(np.full((1, 2, 2, 1), 0.5))[0] == pytest.approx(np.log(2))
    assert metrics.binary_entropy(np.ones((1, 2, 2, 1)))[0] == pytest.approx(0, abs=1e-5)


def test_more_pictures_than_fit_in_one_chunk_are_all_scored(pictures):
    restored, originals = (np.tile(p, (26, 1, 1, 1)) for p in pictures)
    assert len(restored) == 1040
    many, few = metrics.image_errors(restored, originals), metrics.image_errors(*pictures)
    for name, values in few.items():
        np.testing.assert_allclose(many[name], np.tile(values, 26))
    floors = np.tile(metrics.binary_entropy(pictures[1]), 26)
    np.testing.assert_allclose(metrics.binary_entropy(originals), floors)


def test_pca_restores_pictures_that_differ_in_as_many_ways_as_it_has_components():
    random = np.random.default_rng(0)
    basis = random.random((3, 784))
    pictures = (random.random((50, 3)) @ basis).reshape(50, 28, 28, 1)
    assert metrics.pca_mse(pictures, pictures, n_components=3) == pytest.approx(0, abs=1e-12)
    assert metrics.pca_mse(pictures, pictures, n_components=2) > 1e-3
