"""The search as a pipeline: what it shows networks, what it refuses, and what it leaves."""

import numpy as np
import pandas as pd
import pytest
import yaml

from mnist_pipeline import plots
from mnist_pipeline.errors import UserError
from mnist_pipeline.parameters import DegradationSettings, TuningSettings
from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.pipelines.preprocessing.nodes import training_digits
from mnist_pipeline.pipelines.tuning import nodes
from tests.conftest import copy_project, load_parameters, run_kedro
from tests.pipelines.in_memory import run
from tests.tracking.test_hooks import runs_of

PIPELINES = register_pipelines()
KINDS = ("cnn", "enhancement_classification", "noisy_mlp")
"""One family of every kind: it reads, reconstructs, restores and reads, reads distorted digits."""


@pytest.fixture
def parameters(tmp_path):
    """Those of the smallest environment, with files of this test."""
    parameters = load_parameters("test")
    parameters["tuning"] |= {"storage": str(tmp_path / "trials.db"), "trials": 1}
    for name in KINDS:
        parameters[name]["training"] |= {
            "epochs": 1, "checkpoint": str(tmp_path / f"{name}/checkpoint.keras")
        }  # fmt: skip
    return parameters


@pytest.mark.parametrize("family", KINDS)
def test_the_first_trial_is_the_training_of_the_family_s_own_pipeline(
    family, parameters, monkeypatch
):
    """The same pictures, split, seed and settings: the scores agree to the last digit."""
    own = PIPELINES[family].to_outputs(f"{family}.history")
    history = run(own, parameters)[f"{family}.history"]
    monkeypatch.setattr(plots, "tuning_search", lambda *_: None)
    parameters["tuning"]["family"] = family
    searched = run(PIPELINES["tuning"].to_outputs("tuning.trials"), parameters)
    (trial,) = searched["tuning.trials"].to_dict("records")
    best_by = parameters[family]["training"]["best_by"]
    assert trial["state"] == "complete"
    assert trial["score"] == history[best_by].iloc[0]


def test_a_search_of_restorations_sees_the_degradation_that_is_asked_for(parameters, bundled):
    """And begins anew with another one, as trials on other pictures cannot be compared."""
    parameters["tuning"]["family"] = "enhancement_classification"
    search = nodes.check_search(TuningSettings(**parameters["tuning"]), parameters)
    card = {"class_names": list("0123456789"), "sha256": {"train_images": "x", "test_images": "y"}}
    names, pictures = set(), []
    for size_px in (7, 14):
        degradation = DegradationSettings(**parameters["degradation"] | {"size_px": size_px})
        some = bundled.take(np.arange(40))
        digits = training_digits(
            search.family, search.training, search.seed, some, card, degradation, []
        )
        pictures.append(digits.inputs)
        names.add(nodes._study_name(search, card, {"degradation": degradation.model_dump()}))
    assert not np.array_equal(*pictures)
    assert len(names) == 2


def test_other_test_digits_are_the_same_search(parameters):
    parameters["tuning"]["family"] = "cnn"
    search = nodes.check_search(TuningSettings(**parameters["tuning"]), parameters)
    cards = [
        {"class_names": ["0"], "sha256": {"train_images": train, "test_images": test}}
        for train, test in (("a", "b"), ("a", "c"), ("d", "b"))
    ]
    one, same, other = (nodes._study_name(search, card, {}) for card in cards)
    assert one == same != other


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A project after a search, what that printed, and its artifacts by name."""
    folder = copy_project(tmp_path_factory.mktemp("tuning"))
    params = "--params=tuning.family=mlp,mlp.training.epochs=1,seed=7"
    done = run_kedro(folder, "run", "--env=test", "--pipeline=tuning", params)
    assert done.returncode == 0, done.stdout
    files = {path.name: path for path in (folder / "data/08_reporting/tuning").glob("*/*/*")}
    return folder, done.stdout, files


def test_a_search_leaves_a_table_a_picture_and_the_best_settings(searched):
    folder, printed, files = searched
    assert set(files) == {"trials.csv", "search.png", "best_settings.yml"}
    trials = pd.read_csv(files["trials.csv"])
    assert trials["trial"].tolist() == [1, 2, 3]
    assert {"model.hidden_units", "training.learning_rate"} < set(trials)
    for number in (1, 2, 3):
        assert f"mlp trial {number}/3: val_loss" in printed
    assert (folder / "data/06_models/tuning/trials.db").exists()
    assert not list((folder / "data/06_models/mlp").iterdir())


def test_every_trial_is_a_run_in_mlflow(searched):
    folder, printed, files = searched
    client, (parent,), _ = runs_of(folder)
    runs = client.search_runs([parent.info.experiment_id], "tags.role = 'trial'")
    trials = pd.read_csv(files["trials.csv"]).set_index("trial")
    assert {one.info.run_name for one in runs} == {f"mlp trial {n}" for n in (1, 2, 3)}
    for one in runs:
        row = trials.loc[int(one.info.run_name.split()[-1])]
        assert one.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert one.data.metrics["validation/loss"] == row["score"]
        assert one.data.params["training.learning_rate"] == str(row["training.learning_rate"])
    assert "Compare the trainings (first: make ui): http://127.0.0.1:5050/#/experiments/" in printed


def test_the_command_that_is_printed_trains_the_best_trial_again_in_any_environment(searched):
    folder, printed, files = searched
    command = printed.partition("Run the best settings: kedro ")[2].splitlines()[0].split()
    again = run_kedro(folder, *command, "--to-nodes=mlp.train_mlp")
    assert again.returncode == 0, again.stdout
    trials = pd.read_csv(files["trials.csv"])
    (path,) = (folder / "data/08_reporting/mlp/history.csv").glob("*/history.csv")
    assert pd.read_csv(path)["val_loss"].tolist() == [trials["score"].min()]
    best = yaml.safe_load(files["best_settings.yml"].read_text())["run"]["params"]["mlp"]
    row = trials.loc[trials["score"].idxmin()]
    assert best["training"]["learning_rate"] == row["training.learning_rate"]


def test_what_cannot_be_searched_is_refused_before_digits_are_read(parameters):
    first = PIPELINES["tuning"].nodes[0]
    assert first.func is nodes.check_search
    with pytest.raises(UserError, match=r"--params=tuning\.family=cnn"):
        first.func(TuningSettings(**parameters["tuning"]), parameters)
