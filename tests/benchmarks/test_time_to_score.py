from benchmarks.time_to_score import Training
from click.testing import CliRunner

from benchmarks import time_to_score


def test_both_trainings_are_shown_with_how_many_times_longer_the_script_takes(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(time_to_score, "by_hand", lambda _: Training(0.9951, 18, 2000.0, 2010.0))
    monkeypatch.setattr(time_to_score, "by_pipeline", lambda _: Training(0.9955, 6, 400.0, 430.0))
    done = CliRunner().invoke(time_to_score.main, [f"--mnist-dir={tmp_path}"])
    assert done.exit_code == 0, done.output
    assert "0.9951" in done.output
    assert "2,010.0" in done.output
    assert "trains 5.0 times as long" in done.output
