"""What a run leaves in MLflow."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest

from mnist_pipeline.families import FAMILIES
from mnist_pipeline.tracking import _git_state
from tests.conftest import copy_project, run_kedro


def runs_of(folder):
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    (experiment,) = [e for e in client.search_experiments() if e.name == "mnist_pipeline"]
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if run.data.tags["role"] == "parent"]
    children = {run.data.tags["family"]: run for run in runs if run.data.tags["role"] == "family"}
    return client, parents, children


@pytest.fixture(scope="module")
def recorded(finished_run):
    return runs_of(finished_run[0])


def test_a_run_is_one_parent_with_a_child_per_family(recorded):
    _, (parent,), children = recorded
    assert set(children) == {family.name for family in FAMILIES}
    for child in children.values():
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert {run.info.status for run in [parent, *children.values()]} == {"FINISHED"}


def test_families_of_a_task_have_the_same_metrics(recorded):
    _, _, children = recorded
    assert set(children["mlp"].data.metrics) == set(children["cnn"].data.metrics)
    everybody = set.intersection(*(set(child.data.metrics) for child in children.values()))
    assert {"cost/fit_seconds", "cost/parameters", "fit/loss", "fit/val_loss"} <= everybody
    assert "test/accuracy" in children["cnn"].data.metrics
    assert "test/mse" in children["autoencoder"].data.metrics
    assert "test/psnr_db" in children["enhancement"].data.metrics
    assert "fit/test_loss" in children["enhancement"].data.metrics


def test_curves_have_a_point_per_epoch(recorded):
    client, _, children = recorded
    history = client.get_metric_history(children["cnn"].info.run_id, "fit/val_loss")
    assert [point.step for point in history] == [1, 2]


def test_folds_are_a_curve_with_their_mean_and_spread(recorded):
    client, _, children = recorded
    metrics = children["noisy_cnn"].data.metrics
    points = client.get_metric_history(children["noisy_cnn"].info.run_id, "cv/accuracy")
    scores = [point.value for point in sorted(points, key=lambda point: point.step)]
    assert [point.step for point in sorted(points, key=lambda p: p.step)] == [1, 2]
    assert metrics["cv/accuracy_mean"] == pytest.approx(sum(scores) / 2)
    assert metrics["cv/accuracy_std"] == pytest.approx(abs(scores[0] - scores[1]) / 2**0.5)
    assert "cv/accuracy_mean" not in children["cnn"].data.metrics


def test_what_belongs_to_no_family_is_with_the_parent(recorded):
    client, (parent,), children = recorded
    pictures = {item.path for item in client.list_artifacts(parent.info.run_id, "pictures")}
    assert {"pictures/comparison.png", "pictures/corruptions.png"} <= pictures
    assert "pictures/distorted_samples.png" in pictures
    names = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert "noise_comparison.json" in names
    own = {i.path for i in client.list_artifacts(children["noisy_cnn"].info.run_id, "pictures")}
    assert "pictures/folds.png" in own


def test_parameters_are_flat_and_named_alike(recorded):
    _, (parent,), children = recorded
    assert children["cnn"].data.params["training.epochs"] == "2"
    assert children["mlp"].data.params["model.hidden_units"] == "[16]"
    assert children["mlp"].data.params["data.train_limit"] == "200"
    assert parent.data.params["cnn.training.epochs"] == "2"
    assert "rotation_degrees" in children["noisy_cnn"].data.params["distortion"]
    assert children["enhancement"].data.params["degradation.size_px"] == "14"
    assert "distortion" not in children["cnn"].data.params


def test_a_run_can_be_repeated_from_what_it_says(recorded, finished_run):
    client, (parent,), _ = recorded
    assert parent.data.tags["command"].endswith("run --env=test")
    assert parent.data.tags["kedro_env"] == "test"
    environment = client.download_artifacts(parent.info.run_id, "environment.txt")
    assert "kedro==1.7" in Path(environment).read_text()
    (version,) = (finished_run[0] / "data/08_reporting/cnn/metrics.json").iterdir()
    assert parent.data.tags["kedro_version"] == version.name


def test_data_sets_are_inputs_with_digests(recorded, finished_run):
    _, _, children = recorded
    card_folder = finished_run[0] / "data/02_intermediate/dataset_card.json"
    card = json.loads(next(card_folder.rglob("*/dataset_card.json")).read_text())
    inputs = {item.dataset.name: item.dataset for item in children["cnn"].inputs.dataset_inputs}
    assert set(inputs) == {"UCI digits at 28x28 (train)", "UCI digits at 28x28 (test)"}
    assert card["sha256"]["train_images"].startswith(inputs["UCI digits at 28x28 (train)"].digest)


def test_pictures_and_summaries_are_artifacts(recorded):
    client, _, children = recorded
    pictures = client.list_artifacts(children["cnn"].info.run_id, "pictures")
    assert "pictures/confusion_matrix.png" in {item.path for item in pictures}
    summaries = client.list_artifacts(children["autoencoder"].info.run_id, "summaries")
    assert {item.path for item in summaries} == {
        f"summaries/{network}_summary.txt" for network in ("model", "encoder", "decoder")
    }


def test_the_model_is_there_with_its_signature(recorded, monkeypatch):
    client, _, children = recorded
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)
    (output,) = children["cnn"].outputs.model_outputs
    info = mlflow.models.get_model_info(f"models:/{output.model_id}")
    assert info.signature.inputs.inputs[0].shape == (-1, 28, 28, 1)
    assert info.signature.outputs.inputs[0].shape == (-1, 10)


def test_the_commit_and_what_differs_from_it_are_known(tmp_path):
    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert _git_state(tmp_path) == ("", "")  # no repository yet
    git("init", "-q")
    (tmp_path / "old.py").write_text("one = 1\n")
    git("add", ".")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD").strip()
    assert _git_state(tmp_path) == (commit, "")
    (tmp_path / "old.py").write_text("one = 2\n")
    (tmp_path / "new.py").touch()
    found, changes = _git_state(tmp_path)
    assert found == commit
    assert "+one = 2" in changes
    assert "new file, not in git: new.py" in changes


def test_a_failed_run_is_marked_with_its_error(tmp_path):
    folder = copy_project(tmp_path)
    done = run_kedro(folder, "run", "--env=test", "--params=data.sources=[mnist_files]")
    assert done.returncode == 1
    _, (parent,), _ = runs_of(folder)
    assert parent.info.status == "FAILED"
    assert "No source of digits is available" in parent.data.tags["error"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_marked_and_keeps_its_checkpoint(tmp_path, how):
    folder = copy_project(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", "--env=test", "--pipeline=mlp",
         "--params=mlp.training.epochs=100000,mlp.training.early_stopping_patience=null"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    checkpoint = folder / "data/06_models/mlp/checkpoint.keras"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(how)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert (
        printed.strip().splitlines()[-1] == "Error: Interrupted. What was saved before stays saved."
    )
    assert "the best so far, is in data/06_models/mlp/checkpoint.keras" in printed
    assert checkpoint.exists()
    _, (parent,), _ = runs_of(folder)
    assert parent.info.status == "KILLED"
