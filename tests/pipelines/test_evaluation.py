import numpy as np
import pandas as pd
import pytest

from mnist_pipeline.degradation import degrade
from mnist_pipeline.digits import Digits
from mnist_pipeline.lazy import keras
from mnist_pipeline.metrics import expected_calibration_error, pca_mse
from mnist_pipeline.parameters import DegradationSettings
from mnist_pipeline.pipelines.evaluation import nodes
from mnist_pipeline.preprocessing import normalize

CARD = {
    "name": "Testset", "source": "idx_files",
    "sha256": {"train_images": "abc", "test_images": "def"},
    "train_images": 30, "test_images": 30,
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


def texts_of(figure):
    """What stands beside the pictures of a grid."""
    (axes,) = figure.axes
    return [text.get_text() for text in axes.texts]


def test_misread_digits_are_shown_with_the_most_confident_first(tiny_digits):
    answers = probabilities(tiny_digits.labels, [4, 7, 9], [0.5, 0.8, 0.6])
    figure = nodes.plot_incorrect_examples(answers, tiny_digits, CARD, family="cnn")
    shown = [text for text in texts_of(figure) if text.endswith("%")]
    assert shown == ["80.0%", "60.0%", "50.0%"]
    assert figure.get_suptitle() == "cnn: misread (3 of 30), the most confident first"


def test_correctly_read_digits_are_only_correct_ones(tiny_digits):
    answers = probabilities(tiny_digits.labels, [4, 7], [0.5, 0.8])
    figure = nodes.plot_correct_examples(answers, tiny_digits, CARD, 0, family="cnn")
    titles = [text for text in texts_of(figure) if not text.endswith("%")]
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
    errors = nodes.measure_pictures(outputs, targets)
    scores = nodes.score_reconstruction(errors, {"pca_mse": 1.0})
    assert scores["psnr_db"] == pytest.approx((20 + 40) / 2)
    assert scores["mse"] == pytest.approx((0.01 + 0.0001) / 2)
    assert scores["pca_mse"] == 1.0


def test_restorations_are_scored_beside_their_inputs_and_class_by_class():
    originals = np.zeros((3, 28, 28, 1))
    restored = originals + np.array([0.1, 0.01, 0.01]).reshape(3, 1, 1, 1)
    errors, input_errors = (nodes.measure_pictures(p, originals) for p in (restored, originals + 1))
    digits = Digits(np.zeros((3, 28, 28), np.uint8), np.array([3, 7, 7], np.uint8))
    baseline = {"bicubic_psnr_db": 12.0}
    scores = nodes.score_restoration(errors, input_errors, originals, digits, baseline, CARD)
    assert scores["psnr_db"] == pytest.approx((20 + 40 + 40) / 3)
    assert scores["input_psnr_db"] == pytest.approx(0)
    assert scores["bicubic_psnr_db"] == 12.0
    assert scores["per_class_psnr_db"] == pytest.approx({"3": 20, "7": 40})
    assert scores["bce_floor"] == pytest.approx(0, abs=1e-5)


def test_the_bicubic_baseline_does_not_depend_on_the_filter_of_the_degraded_digits(bundled):
    few = bundled.take(np.arange(20))
    scores = [
        nodes.score_bicubic(few, DegradationSettings(size_px=14, shrink_by="area", enlarge_by=name))
        for name in ("bicubic", "nearest")
    ]
    assert scores[0] == scores[1]
    degraded = normalize(degrade(few.images, 14, "area", "bicubic"))
    errors = nodes.measure_pictures(degraded, normalize(few.images))
    assert scores[0]["bicubic_psnr_db"] == pytest.approx(errors["psnr_db"].mean())


READER = {
    "dataset": "Testset", "train_images": 27, "validation_images": 3, "train_sha256": "abc"
}  # fmt: skip


@pytest.mark.parametrize(("which", "first_db"), [("best", 40), ("worst", 20)])
def test_the_best_and_the_worst_restorations_are_shown_first(which, first_db):
    originals = np.zeros((12, 28, 28, 1))
    error = np.where(np.arange(12) == 5, 0.01, np.where(np.arange(12) == 8, 0.1, 0.05))
    restored = originals + error.reshape(12, 1, 1, 1)
    errors = nodes.measure_pictures(restored, originals)
    figure = nodes.plot_restorations(
        restored, originals, originals + 0.5, errors, CARD, 0, family="enhancement", which=which
    )
    captions = [text for text in texts_of(figure) if text.endswith("dB")]
    assert len(captions) == 10
    assert captions[0] == f"6.0 to {first_db}.0 dB"


@pytest.mark.parametrize("reader_metrics", [None, {**READER, "train_sha256": "xyz"}])
def test_a_reader_that_is_missing_or_of_other_data_does_not_count(reader_metrics, caplog):
    scores = nodes.score_reader(None, reader_metrics, None, None, None, None, CARD)
    assert scores == {"reader_accuracy": None}
    assert "No cnn of Testset, 30 digits" in caplog.text


def test_of_the_training_set_no_digit_is_restored_for_the_cross_check(bundled, monkeypatch):
    """Where training digits are UCI digits too, the cross-check must use the other ones."""
    shown = []
    monkeypatch.setattr(nodes, "predict", lambda _, images: shown.append(images) or [images])
    for source, n in (("mnist_files", 1437), ("bundled_digits", 360)):
        card = {**CARD, "source": source}
        nodes.restore_uci_digits(None, bundled, None, None, card, 0, family="x")
        assert len(shown[-1]) == n
    np.testing.assert_array_equal(shown[-1], normalize(bundled.images[-360:]))


def test_a_reader_is_scored_on_every_version_of_the_digits(bundled):
    few = bundled.take(np.arange(50))
    originals = normalize(few.images)

    def reader_that_knows(images):
        """A network of the one picture per digit that it was given: nearest neighbour."""
        inputs = keras.Input((28, 28, 1))
        flat = keras.layers.Flatten()(inputs)
        layer = keras.layers.Dense(len(images))
        answers = layer(flat)
        pixels = images.reshape(len(images), -1)
        layer.set_weights([pixels.T, -0.5 * np.square(pixels).sum(axis=1)])
        to_class = keras.layers.Dense(10, use_bias=False)
        outputs = to_class(keras.layers.Softmax()(answers * 100))
        to_class.set_weights([np.eye(10)[few.labels]])
        return keras.Model(inputs, outputs)

    black = np.zeros_like(originals)
    scores = nodes.score_reader(
        reader_that_knows(originals),
        READER,
        originals,
        black,
        originals,
        few,
        CARD,
    )["reader_accuracy"]
    assert scores["original"] == scores["restored"] == 1.0
    assert scores["degraded"] < 0.3


def test_metrics_are_the_report_the_data_and_all_scores():
    report = {"family": "cnn", "seed": 1, "fit_seconds": 2.0}
    metrics = nodes.collect_metrics(report, CARD, {"accuracy": 0.5}, {"psnr_db": 20.0})
    assert metrics == {
        "family": "cnn", "dataset": "Testset", "source": "idx_files", "seed": 1,
        "fit_seconds": 2.0, "test_images": 30, "train_sha256": "abc", "test_sha256": "def",
        "accuracy": 0.5, "psnr_db": 20.0,
    }  # fmt: skip


def too_sure(n, times=3.0):
    """Honest logits, labels drawn by them, and probabilities of the logits times 3."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (n, 10))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (honest.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    sure = np.exp(times * logits)
    return sure / sure.sum(axis=1, keepdims=True), labels


def test_the_temperature_is_fitted_to_the_validation_digits_only(monkeypatch):
    monkeypatch.setattr(nodes, "predict", lambda _, inputs: [None, inputs])
    probabilities, labels = too_sure(6000)
    labels[:3000] = probabilities[:3000].argmax(axis=1)  # as if it had learned these by heart
    split = pd.DataFrame({"part": ["train"] * 3000 + ["validation"] * 3000})
    calibrated = nodes.calibrate(None, probabilities, np.eye(10)[labels], split, output=1)
    assert calibrated == {"temperature": pytest.approx(3, rel=0.05), "validation_images": 3000}


def test_the_calibration_error_is_that_after_calibration():
    probabilities, labels = too_sure(4000)
    digits = Digits(np.zeros((4000, 28, 28), np.uint8), labels.astype(np.uint8))
    mended, unmended = (
        nodes.score_calibration(probabilities, digits, {"temperature": t}) for t in (3.0, 1.0)
    )
    assert mended["temperature"] == 3.0
    assert mended["calibrated_expected_calibration_error"] < 0.02
    error = expected_calibration_error(probabilities, labels)
    assert unmended["calibrated_expected_calibration_error"] == pytest.approx(error)
    assert error > 0.1
