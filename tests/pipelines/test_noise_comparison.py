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
    asked = {}
    monkeypatch.setattr(nodes, "measure_robustness", lambda models, *_, **__: asked.update(models))
    return asked


class Trained(dict):
    """Metrics of networks that runs have left, by version; a network is its version here."""

    def all_scores(self, family):
        return self.get(family, {})

    def load(self, family, until):
        return until


def measure(trained, *of_this_run, families=("a", "b", "c")):
    nodes.measure_classifiers(
        None, CARD, SETTINGS, 0, Trained(trained), *of_this_run, families=families
    )


def test_classifiers_of_other_digits_or_never_trained_are_left_out_and_named(asked, caplog):
    with caplog.at_level(logging.INFO):
        measure({"a": {"1": TRAINED}, "c": {"1": {"train_sha256": "xyz"}}})
    assert asked == {"a": "1"}
    assert "Not trained on these digits yet: b, c (trained on other digits)" in caplog.text
    assert "kedro run --pipeline=b" in caplog.text


def test_an_older_network_of_these_digits_reads_when_the_newest_is_of_others(asked):
    measure({"a": {"2": {"train_sha256": "xyz"}, "1": TRAINED}}, families=("a",))
    assert asked == {"a": "1"}


def test_nothing_is_said_when_all_are_there(asked, caplog):
    with caplog.at_level(logging.INFO):
        measure({name: {"1": TRAINED} for name in "abc"})
    assert asked == {"a": "1", "b": "1", "c": "1"}
    assert caplog.text == ""


def test_the_network_of_this_run_reads_even_when_another_run_was_faster(asked):
    mine = TRAINED | {"seed": 7}
    measure({"a": {"3": TRAINED, "2": mine, "1": TRAINED}}, mine, families=("a",))
    assert asked == {"a": "2"}


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
SCORES = TRAINED | {"family": "mlp", "accuracy": 0.86, "distortion": CHAIN, "seed": 1}
FOLDS = pd.DataFrame({"accuracy": [0.8, 0.9], "fit_seconds": [2.0, 3.0]})
IDENTITY = {
    "family": "mlp", "digits": {"sha256": CARD["sha256"], "distortion": CHAIN}, "folds": 2,
    "seed": 1, "key": "x",
}  # fmt: skip
TWO_FOLDS = SETTINGS.model_copy(update={"folds": 2})


def test_metrics_gain_folds_clean_digits_and_corruptions(robustness):
    collected = nodes.collect_noise_metrics(
        robustness, CARD, CHAIN, TWO_FOLDS,
        SCORES, SCORES | {"family": "cnn"},
        nodes.score_folds(IDENTITY, FOLDS), nodes.score_folds(IDENTITY, FOLDS + 0.05),
    )  # fmt: skip
    assert collected["mlp"] == SCORES | {
        "folds": 2,
        "cv_accuracy_mean": pytest.approx(0.85),
        "cv_accuracy_std": pytest.approx(0.1 / 2**0.5),
        "cv_fit_seconds": 5.0,
        "clean_accuracy": pytest.approx(0.9),
        "mnist_c_accuracy": pytest.approx(0.6),
    }
    assert collected["cnn"]["cv_accuracy_mean"] == pytest.approx(0.9)
    assert collected["cnn"]["clean_accuracy"] == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("card", "chain", "settings", "scores", "other"),
    [
        ({"sha256": {"train_images": "xyz"}}, CHAIN, TWO_FOLDS, {}, {}),
        (CARD, ["fog"], TWO_FOLDS, {}, {}),
        (CARD, CHAIN, SETTINGS, {}, {}),
        (CARD, CHAIN, TWO_FOLDS, {"train_sha256": "xyz"}, {}),
        (CARD, CHAIN, TWO_FOLDS, {"distortion": ["fog"]}, {}),
        (CARD, CHAIN, TWO_FOLDS, {"seed": 2}, {}),
        (CARD, CHAIN, TWO_FOLDS, {}, {"seed": 2}),
        (CARD, CHAIN, TWO_FOLDS, {}, {"digits": IDENTITY["digits"] | {"distortion": ["fog"]}}),
    ],
)
def test_scores_that_do_not_belong_together_are_not_put_side_by_side(
    robustness, card, chain, settings, scores, other
):
    folds = nodes.score_folds(IDENTITY, FOLDS) | other
    with pytest.raises(UserError, match=r"mlp or its folds were .*--pipeline=noise_comparison"):
        nodes.collect_noise_metrics(robustness, card, chain, settings, SCORES | scores, folds)
