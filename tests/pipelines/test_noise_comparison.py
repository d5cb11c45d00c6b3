import logging

import pandas as pd
import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.parameters import NoiseComparisonSettings
from mnist_pipeline.pipelines.noise_comparison import nodes
from tests.conftest import load_parameters

CARD = {"sha256": {"train_images": "abc"}}
TRAINED = {"train_sha256": "abc"}
SETTINGS = NoiseComparisonSettings(**load_parameters()["noise_comparison"])


@pytest.fixture
def asked(monkeypatch):
    """The classifiers that are measured; nothing is."""
    names = []
    monkeypatch.setattr(nodes, "measure_robustness", lambda models, *_, **__: names.extend(models))
    return names


def measure(*metrics):
    families = tuple("abc"[: len(metrics)])
    nodes.measure_classifiers(None, CARD, SETTINGS, 0, *families, *metrics, families=families)


def test_classifiers_of_other_digits_or_never_trained_are_left_out_and_named(asked, caplog):
    with caplog.at_level(logging.INFO):
        measure(TRAINED, None, {"train_sha256": "xyz"})
    assert asked == ["a"]
    assert "Not trained on these digits yet: b, c (trained on other digits)" in caplog.text
    assert "kedro run --pipeline=b" in caplog.text


def test_nothing_is_said_when_all_are_there(asked, caplog):
    with caplog.at_level(logging.INFO):
        measure(TRAINED, TRAINED)
    assert asked == ["a", "b"]
    assert caplog.text == ""


@pytest.fixture
def robustness():
    rows = [
        ("clean", "clean", "", None, 0.9), ("mnist_c", "fog", "", None, 0.5),
        ("mnist_c", "zigzag", "", None, 0.7), ("n_mnist", "awgn", "", None, 0.1),
        ("curve", "rotate", "degrees", 10.0, 0.0),
    ]  # fmt: skip
    columns = ["family", "group", "distortion", "setting", "strength", "accuracy"]
    both = [
        (family, *row[:-1], row[-1] * k) for family, k in (("mlp", 1), ("cnn", 0.5)) for row in rows
    ]
    return pd.DataFrame(both, columns=columns)


def test_the_table_of_corruptions_has_the_mean_of_mnist_c(robustness):
    table = nodes.tabulate_robustness(robustness)
    assert list(table.columns) == ["group", "distortion", "mlp", "cnn"]
    assert table["distortion"].tolist() == ["clean", "fog", "zigzag", "mean of the fifteen", "awgn"]
    assert table["group"].tolist() == ["clean", "mnist_c", "mnist_c", "mnist_c_mean", "n_mnist"]
    assert table["mlp"].tolist() == pytest.approx([0.9, 0.5, 0.7, 0.6, 0.1])
    assert table["cnn"].tolist() == pytest.approx([0.45, 0.25, 0.35, 0.3, 0.05])


CHAIN = [{"rotate": {"degrees": 20}}]
SCORES = {"family": "mlp", "accuracy": 0.86, "distortion": CHAIN}
FOLDS = pd.DataFrame({"accuracy": [0.8, 0.9], "fit_seconds": [2.0, 3.0]})
TWO_FOLDS = SETTINGS.model_copy(update={"folds": 2})


def test_metrics_gain_folds_clean_digits_and_corruptions(robustness):
    collected = nodes.collect_noise_metrics(robustness, CHAIN, TWO_FOLDS, SCORES, FOLDS)
    assert collected == {
        "mlp": SCORES
        | {
            "folds": 2,
            "cv_accuracy_mean": pytest.approx(0.85),
            "cv_accuracy_std": pytest.approx(0.1 / 2**0.5),
            "cv_fit_seconds": 5.0,
            "clean_accuracy": pytest.approx(0.9),
            "mnist_c_accuracy": pytest.approx(0.6),
        }
    }


@pytest.mark.parametrize(("chain", "settings"), [(["fog"], TWO_FOLDS), (CHAIN, SETTINGS)])
def test_scores_of_other_distortions_or_folds_are_not_put_side_by_side(robustness, chain, settings):
    with pytest.raises(UserError, match="mlp was trained on other distorted digits, or cross-v"):
        nodes.collect_noise_metrics(robustness, chain, settings, SCORES, FOLDS)
