import json

import pandas as pd
from benchmarks.time_to_score import main
from click.testing import CliRunner

from benchmarks import time_to_score


def test_both_trainings_are_shown_with_how_many_times_longer_the_script_takes(
    monkeypatch, tmp_path
):
    asked = {}

    def run_python(arguments, folder):
        asked["script"] = arguments
        measured = {
            "parameters": 471_018, "test_accuracy": 0.9951, "fit_seconds": 2000.0,
            "val_loss": 18 * [0.1],
        }  # fmt: skip
        return f"Epoch 18/30\n{json.dumps(measured)}", 2010.0, 1.0

    def run_kedro(family, mnist_dir, params, *, env):
        asked["pipeline"] = (family, mnist_dir, params, env)
        metrics = {"parameters": 461_642, "accuracy": 0.9955, "fit_seconds": 400.0}
        return metrics, pd.DataFrame({"epoch": range(1, 7)}), 430.0, 1.0

    monkeypatch.setattr(time_to_score, "run_python", run_python)
    monkeypatch.setattr(time_to_score, "run_kedro", run_kedro)
    done = CliRunner().invoke(main, [f"--mnist-dir={tmp_path}"])
    assert done.exit_code == 0, done.output
    assert asked["script"][1:] == [
        *("benchmarks.plain", "cnn", f"--mnist-dir={tmp_path}", "--epochs=30", "--to-the-end")
    ]
    assert asked["pipeline"] == ("cnn", tmp_path, {}, "quick")
    rows = {line.split()[0]: line.split()[1:] for line in done.output.splitlines() if line}
    assert rows["script"] == ["471018", "0.9951", "18", "2000.0", "2010.0"]
    assert rows["pipeline"] == ["461642", "0.9955", "6", "400.0", "430.0"]
    assert "script's fit takes 5.0 times as long" in done.output
    assert "The pipeline reaches the original's 99.53%" in done.output
    assert "The script does not reach the original's" in done.output
