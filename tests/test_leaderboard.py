from mnist_pipeline.leaderboard import leaderboard

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
