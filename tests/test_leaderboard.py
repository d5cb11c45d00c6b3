import pandas as pd

from mnist_pipeline.leaderboard import (
    as_markdown,
    as_text,
    headline,
    show_corruptions,
    show_noisy,
    tabulate,
    with_missing,
)


def leaderboard(metrics):
    return as_text(tabulate({m["family"]: m for m in metrics}))


COST = {"parameters": 1234, "epochs_run": 3, "fit_seconds": 60.4, "test_images": 10_000}


def test_classifiers_come_first_and_the_best_of_them_on_top():
    table = leaderboard(
        [
            {"family": "autoencoder", "mse": 0.00223, "psnr_db": 27.1, **COST},
            {"family": "mlp", "accuracy": 0.98, **COST},
            {"family": "cnn", "accuracy": 0.9953, **COST},
        ]
    )
    header, *rows = table.splitlines()
    assert [row.split()[0] for row in rows] == ["cnn", "mlp", "autoencoder"]
    assert "99.53%" in rows[0]
    assert "0.00223" in rows[2]
    assert "27.10 dB" in rows[2]
    assert "test digits" in header


def test_what_a_network_sees_and_what_it_starts_from_stand_beside_its_score():
    restored = {"family": "enhancement", "psnr_db": 26.0, "input_psnr_db": 20.1, **COST}
    (row,) = leaderboard([restored]).splitlines()[1:]
    assert row.split()[:3] == ["enhancement", "degraded", "digits"]
    assert "20.10 dB" in row


def test_measures_that_no_family_has_are_left_out():
    header = leaderboard([{"family": "mlp", "accuracy": 0.98, **COST}]).splitlines()[0]
    assert "accuracy" in header
    assert "PSNR" not in header
    assert "MSE" not in header


def test_noisy_families_show_all_that_answers_the_question():
    scores = {
        "accuracy": 0.965, "cv_accuracy_mean": 0.9662, "cv_accuracy_std": 0.0025, "folds": 5,
        "clean_accuracy": 0.98, "mnist_c_accuracy": 0.876,
    }  # fmt: skip
    header, row = show_noisy({"noisy_cnn": {**scores, **COST}}).splitlines()
    assert "cross-validation" in header
    for shown in (
        "noisy_cnn",
        "96.50%",
        "96.62% ± 0.25%",
        "5",
        "98.00%",
        "87.60%",
        "1,234",
        "60 s",
    ):
        assert shown in row


def test_corruptions_are_rows_and_classifiers_columns_in_percent():
    table = pd.DataFrame({"group": ["mnist_c"], "distortion": ["fog"], "mlp": [0.5], "cnn": [0.25]})
    header, row = show_corruptions(table).splitlines()
    assert header.split()[-2:] == ["mlp", "cnn"]
    assert row.split() == ["fog", "50.0", "25.0"]


def test_a_family_that_is_missing_is_shown_as_missing_below_all_others():
    table = tabulate(with_missing({"mlp": {"family": "mlp", "accuracy": 0.98, **COST}}))
    assert table["family"].iloc[0] == "mlp"
    assert set(table["family"]) >= {"cnn", "autoencoder", "noisy_cnn"}
    assert table.loc[table["family"] == "cnn", ["accuracy", "parameters"]].isna().all(axis=None)
    header, rule, first, second, *_ = as_markdown(table).splitlines()
    assert header.startswith("| family | sees | accuracy |")
    assert rule.startswith("| --- |")
    assert first.startswith("| mlp | clean digits | 98.00% | 1,234 |")
    assert "| not trained on these digits | - |" in second


def test_the_headline_has_what_a_family_is_judged_by():
    assert headline({"accuracy": 0.5}) == "50.00% of the test digits read correctly"
    assert headline({"mse": 0.001, "psnr_db": 20}) == "MSE 0.00100, PSNR 20.00 dB"
