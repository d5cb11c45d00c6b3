"""An earlier run, done again."""

import json
import subprocess
import sys

import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.tracking.repeat import Recipe
from tests.conftest import copy_project, run_kedro
from tests.tracking.test_hooks import runs_of


def metrics_of(folder):
    found = sorted((folder / "data/08_reporting/mlp/metrics.json").glob("*/metrics.json"))
    measured = ("fit_seconds", "images_per_second")
    metrics = [json.loads(path.read_text()) for path in found]
    return [{k: v for k, v in m.items() if k not in measured} for m in metrics]


def test_the_repeated_run_has_the_same_metrics(tmp_path):
    folder = copy_project(tmp_path)
    changes = "mlp.model.hidden_units=[12,6],mlp.training.epochs=1,seed=3"
    done = run_kedro(folder, "run", "--env=test", "--pipeline=mlp", f"--params={changes}")
    assert done.returncode == 0, done.stdout
    _, (parent,), children = runs_of(folder)
    printed = run_kedro(folder, "repeat", parent.info.run_id)
    assert printed.returncode == 0, printed.stdout
    command = printed.stdout.strip().splitlines()[-1]
    assert "mlp.model.hidden_units=[12, 6]" in command
    assert "seed=3" in command
    again = run_kedro(folder, "repeat", children["mlp"].info.run_id, "--run")
    assert again.returncode == 0, again.stdout
    first, second = metrics_of(folder)
    assert first == second
    assert first["parameters"] == 784 * 12 + 12 + 12 * 6 + 6 + 6 * 10 + 10


def test_a_run_that_is_not_there_ends_in_one_message(finished_run):
    done = run_kedro(finished_run[0], "repeat", "nonsense")
    assert done.returncode == 1
    assert done.stdout.strip().splitlines()[-1].startswith("Error: There is no run 'nonsense'.")


RECIPE = Recipe("kedro run: mlp, 1, finished", "kedro run --env=demo", "abc123", False, "MNIST")


def test_the_commit_comes_before_the_command():
    assert RECIPE.as_shell().splitlines() == [
        "# kedro run: mlp, 1, finished, on MNIST", "git checkout abc123", "kedro run --env=demo"
    ]  # fmt: skip


def test_other_code_is_not_run_as_if_it_were_the_same(tmp_path):
    with pytest.raises(UserError, match="it was at abc123, and is at no commit"):
        RECIPE.check_code(tmp_path)


def test_outside_a_project_the_command_says_where_to_go(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from mnist_pipeline.cli import cli; cli(['repeat', 'x'])"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "change into the project's folder first" in done.stderr
