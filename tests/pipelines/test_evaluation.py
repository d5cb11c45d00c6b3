import numpy as np
import pandas as pd
import pytest

from mnist_pipeline.digits import Digits
from mnist_pipeline.metrics import pca_mse
from mnist_pipeline.pipelines.evaluation import nodes

CARD = {
    "name": "Testset", "source": "idx_files", "train_images": 30, "test_images": 30,
    "class_names": [str(k) for k in range(10)],
}  # fmt: skip


def probabilities(labels, wrong, confidences):
    """Right with confidence 0.9, but for the positions `wrong`, taken for the next class."""
    rows = np.full((len(labels), 10), 0.1 / 9)
    rows[np.arange(len(labels)), labels] = 0.9
    for position, confidence in zip(wrong, confidences, strict=True):
        rows[position] = (1 - confidence) / 9
        rows[position, (labels[position] + 1) % 10] = confidence
    return rows


def test_misread_digits_are_shown_with_the_most_confident_first(tiny_digits):
    answers = probabilities(tiny_digits.labels, [4, 7, 9], [0.5, 0.8, 0.6])
    figure = nodes.plot_incorrect_examples(answers, tiny_digits, CARD, family="cnn")
    shown = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert shown == ["80.0%", "60.0%", "50.0%"]
    assert figure.get_suptitle() == "cnn: misread (3 of 30), the most confident first"


def test_correctly_read_digits_are_only_correct_ones(tiny_digits):
    answers = probabilities(tiny_digits.labels, [4, 7], [0.5, 0.8])
    figure = nodes.plot_correct_examples(answers, tiny_digits, CARD, 0, family="cnn")
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert len(titles) == 28
    assert not any("read" in title for title in titles)


def test_probability_bars_show_the_least_certain_digits_on_the_right(tiny_digits):
    answers = probabilities(tiny_digits.labels, [3, 11, 12, 20], [0.3, 0.4, 0.5, 0.6])
    figure = nodes.plot_probability_bars(answers, tiny_digits, CARD, 0, family="cnn")
    right = [axes.get_title() for axes in figure.axes[3::4]]
    assert [title[-7:] for title in right] == ["(30.0%)", "(40.0%)", "(50.0%)", "(60.0%)"]


def test_pca_is_fitted_to_the_training_digits_only():
    random = np.random.default_rng(0)
    images = random.random((40, 28, 28, 1))
    split = pd.DataFrame({"part": ["train"] * 30 + ["validation"] * 10})
    score = nodes.score_pca(images, split, images[30:], latent_dim=5)["pca_mse"]
    assert score == pytest.approx(pca_mse(images[:30], images[30:], 5))
    assert score != pytest.approx(pca_mse(images, images[30:], 5), rel=1e-3)


def test_reconstructions_are_scored_by_the_mean_over_pictures():
    targets = np.zeros((2, 28, 28, 1))
    outputs = targets + np.array([0.1, 0.01]).reshape(2, 1, 1, 1)
    digits = Digits(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8))
    errors = nodes.measure_reconstructions(outputs, targets, digits)
    scores = nodes.score_reconstruction(errors, {"pca_mse": 1.0}, {"family": "autoencoder"}, CARD)
    assert scores["psnr_db"] == pytest.approx((20 + 40) / 2)
    assert scores["mse"] == pytest.approx((0.01 + 0.0001) / 2)
    assert scores["pca_mse"] == 1.0
