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
