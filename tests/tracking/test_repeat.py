"""An earlier run, done again."""

import json
import subprocess
import sys

import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.tracking.repeat import Recipe, find_recipe
from tests.conftest import copy_project, run_kedro
from tests.tracking.test_hooks import runs_of

CHANGES = "mlp.model.hidden_units=[8,4],mlp.training.epochs=1,data.test_limit=20,seed=7"


@pytest.fixture(scope="module")
def repeatable(tmp_path_factory):
    """The project after one pipeline with changed parameters, run from another folder."""
    folder = copy_project(tmp_path_factory.mktemp("changed"))
    (folder / "data").mkdir()
    options = ("--env=test", "--pipeline=mlp", "--to-nodes=mlp.score_mlp", f"--params={CHANGES}")
    done = run_kedro(folder / "data", "run", *options)
    assert done.returncode == 0, done.stdout
    return folder


def metrics_of(folder):
    found = sorted((folder / "data/08_reporting/mlp/metrics.json").glob("*/metrics.json"))
    measured = ("fit_seconds", "images_per_second")
    metrics = [json.loads(path.read_text()) for path in found]
    return [{k: v for k, v in m.items() if k not in measured} for m in metrics]


def test_one_pipeline_runs_with_changed_parameters_and_leaves_nothing_of_others(repeatable):
    (metrics,) = metrics_of(repeatable)
    assert metrics["parameters"] == 784 * 8 + 8 + 8 * 4 + 4 + 4 * 10 + 10
    assert (metrics["epochs_run"], metrics["test_images"], metrics["seed"]) == (1, 20, 7)
    assert not (repeatable / "data/08_reporting/cnn").exists()


def test_the_command_of_a_run_is_found_by_its_id_that_of_a_family_and_its_version(repeatable):
    _, (parent,), children = runs_of(repeatable)
    names = (parent.info.run_id, children["mlp"].info.run_id, parent.data.tags["kedro_version"])
    recipes = {find_recipe(repeatable, name) for name in names}
    (recipe,) = recipes
    assert recipe.command == (
        "kedro run --env=test --pipelines=mlp --to-nodes=mlp.score_mlp '--params="
        "data.test_limit=20,mlp.model.hidden_units=[8, 4],mlp.training.epochs=1,seed=7'"
    )


def test_the_repeated_run_has_the_same_metrics(repeatable):
    _, parents, _ = runs_of(repeatable)
    again = run_kedro(repeatable, "repeat", parents[-1].info.run_id, "--run")
    assert again.returncode == 0, again.stdout
    first, second = metrics_of(repeatable)
    assert first == second


def test_a_run_that_is_not_there_ends_in_one_message(repeatable):
    done = run_kedro(repeatable, "repeat", "nonsense")
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
