import json

import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.pipelines.comparison import nodes
from mnist_pipeline.trained_networks import TrainedNetworks


def scores(family, digits="abc", **more):
    return {
        "family": family, "dataset": "MNIST", "seed": 1, "parameters": 10,
        "train_sha256": digits, "test_sha256": "t",
        "epochs_run": 2, "fit_seconds": 3.0, "train_images": 54_000, "test_images": 10_000, **more,
    }  # fmt: skip


@pytest.fixture
def leave(tmp_path):
    """Write the metrics that a run leaves."""

    def write(version, metrics):
        folder = tmp_path / "08_reporting" / metrics["family"] / "metrics.json" / version
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(json.dumps(metrics))

    return write


@pytest.fixture
def trained(tmp_path):
    return TrainedNetworks(tmp_path)


def test_the_newest_scores_on_the_digits_of_the_newest_run_are_compared(leave, trained):
    leave("2026-01-01T00.00.00.000Z", scores("cnn", accuracy=0.99))
    leave("2026-01-03T00.00.00.000Z", scores("cnn", digits="demo", accuracy=0.5))
    leave("2026-01-02T00.00.00.000Z", scores("mlp", accuracy=0.97))
    leave("2026-01-04T00.00.00.000Z", scores("mlp", accuracy=0.98))
    table = nodes.collect_scores(trained).set_index("family")
    assert table.loc["mlp", ["accuracy", "date"]].tolist() == [0.98, "2026-01-04"]
    assert table.loc["cnn", ["accuracy", "date"]].tolist() == [0.99, "2026-01-01"]
    assert table["accuracy"].notna().sum() == 2
    assert "augmented_cnn" not in table.index  # no family of the originals: no gap in the table


def test_scores_of_this_run_count_before_those_of_another_that_was_faster(leave, trained):
    mine = scores("cnn", accuracy=0.99)
    leave("2026-01-01T00.00.00.000Z", mine)
    leave("2026-01-02T00.00.00.000Z", scores("cnn", accuracy=0.1))
    leave("2026-01-02T00.00.00.001Z", scores("mlp", digits="other", accuracy=0.1))
    table = nodes.collect_scores(trained, mine).set_index("family")
    assert table.loc["cnn", ["accuracy", "date"]].tolist() == [0.99, "2026-01-01"]
    assert table.loc["mlp"].drop(["sees", "judges"]).isna().all()


def test_scores_on_other_test_digits_are_not_compared(leave, trained):
    leave("2026-01-01T00.00.00.000Z", scores("cnn", accuracy=0.99))
    leave("2026-01-02T00.00.00.000Z", scores("mlp", accuracy=1.0) | {"test_sha256": "few"})
    leave("2026-01-03T00.00.00.000Z", scores("noisy_cnn", accuracy=0.9))
    table = nodes.collect_scores(trained).set_index("family")
    assert table["accuracy"].dropna().to_dict() == {"cnn": 0.99, "noisy_cnn": 0.9}


def test_a_damaged_file_of_an_earlier_run_is_left_out_and_named(leave, trained, tmp_path, caplog):
    leave("2026-01-01T00.00.00.000Z", scores("cnn", accuracy=0.99))
    for name, text in (("mlp", '{"acc'), ("autoencoder", "null"), ("noisy_mlp", "{}")):
        folder = tmp_path / f"08_reporting/{name}/metrics.json/2026-01-02T00.00.00.000Z"
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(text)
    leave("2026-01-03T00.00.00.000Z", scores("noisy_cnn", accuracy=0.9))
    table = nodes.collect_scores(trained).set_index("family")
    assert table["accuracy"].dropna().to_dict() == {"cnn": 0.99, "noisy_cnn": 0.9}
    assert "Left out: " in caplog.text
    assert "mlp/metrics.json" in caplog.text


def test_a_family_without_a_mistake_is_in_every_picture(leave, trained):
    leave("2026-01-01T00.00.00.000Z", scores("cnn", accuracy=1.0))
    _, *costs = nodes.plot_leaderboard(nodes.collect_scores(trained)).axes[:3]
    for axes in costs:
        assert axes.lines[0].get_ydata().tolist() == [100 * 0.5 / 10_000]


def test_nothing_to_compare_is_said_with_the_way_out(trained):
    with pytest.raises(UserError, match=r"nothing to compare .* yet.*kedro run --env=demo"):
        nodes.collect_scores(trained)


def test_the_table_says_of_which_digits_and_days_it_is(leave, trained):
    leave("2026-01-01T00.00.00.000Z", scores("cnn", accuracy=0.99))
    leave("2026-01-04T00.00.00.000Z", scores("mlp", accuracy=0.98))
    text = nodes.write_leaderboard(nodes.collect_scores(trained))
    assert text.endswith("\n\nData: MNIST, 10,000 test digits; 2026-01-01 to 2026-01-04\n")


@pytest.mark.parametrize(("dataset", "marks"), [("MNIST", True), ("UCI digits at 28x28", False)])
def test_scores_of_the_originals_are_marked_where_they_can_be_compared(
    leave, trained, dataset, marks
):
    leave("2026-01-01T00.00.00.000Z", scores("cnn", accuracy=0.99) | {"dataset": dataset})
    figure = nodes.plot_leaderboard(nodes.collect_scores(trained))
    bars = figure.axes[0]
    assert {text.get_text() for text in bars.texts} == {"1.00 %", "not trained on these digits"}
    assert (bars.get_legend() is not None) == marks
    assert bars.get_yticklabels()[0].get_text() == "cnn\n(clean digits)"
