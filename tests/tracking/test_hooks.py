"""What a run leaves in MLflow."""

import json
import logging
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog

from mnist_pipeline.families import FAMILIES
from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.settings import CONFIG_LOADER_ARGS
from mnist_pipeline.tracking.hooks import MLflowTracking, as_numbers, what_scores_mean
from mnist_pipeline.tracking.store import mark_killed
from tests.conftest import PROJECT, copy_project, load_parameters, run_kedro
from tests.forked import Running
from tests.projects import empty_store


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
    assert {"2_cost/fit_seconds", "2_cost/parameters", "fit/loss", "fit/val_loss"} <= everybody
    assert "validation/loss" in everybody
    assert "1_test/accuracy" in children["cnn"].data.metrics
    assert "1_test/mse" in children["autoencoder"].data.metrics
    assert "1_test/psnr_db" in children["enhancement"].data.metrics
    assert "per_class_accuracy/7" in children["cnn"].data.metrics
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
    pictures = {
        item.path
        for part in ("noise_comparison", "preprocessing", "ingestion", "reading")
        for item in client.list_artifacts(parent.info.run_id, f"pictures/{part}")
    }
    assert "pictures/noise_comparison/corruptions.png" in pictures
    assert "pictures/preprocessing/distorted_samples.png" in pictures
    assert {"pictures/ingestion/report.png", "pictures/reading/report.png"} <= pictures
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


def test_families_share_every_parameter_of_data_and_training(recorded):
    _, _, children = recorded
    shared = [
        {name.split(".")[1] for name in child.data.params if name.startswith("training.")}
        for child in children.values()
    ]
    assert all(names == shared[0] for names in shared)
    for child in children.values():
        params = child.data.params
        assert {"seed", "data.sources", "digits.train", "digits.test"} <= set(params)
        assert int(params["digits.train"]) + int(params["digits.validation"]) == 200


def test_a_class_without_test_digits_is_left_out_of_the_charts():
    metrics = {"seed": 1, "accuracy": 0.75, "per_class_accuracy": {"0": 0.5, "1": None}}
    metrics |= {"family": "cnn", "fit_seconds": 2.0, "reader_accuracy": None, "top_confusions": []}
    metrics |= {"macro_f1": 0.7, "train_images": 10}
    assert as_numbers(metrics) == {
        "1_test/accuracy": 0.75, "1_test/error_percent": 25.0, "2_cost/fit_seconds": 2.0,
        "more/macro_f1": 0.7, "per_class_accuracy/0": 0.5,
    }  # fmt: skip


def test_the_error_is_in_percent_beside_the_accuracy(recorded):
    _, _, children = recorded
    metrics = children["cnn"].data.metrics
    expected = 100 - 100 * metrics["1_test/accuracy"]
    assert metrics["1_test/error_percent"] == pytest.approx(expected)


def test_pictures_that_people_want_first_are_images_of_the_run(recorded):
    client, _, children = recorded
    images = client.list_artifacts(children["cnn"].info.run_id, "images")
    keys = {Path(image.path).name.split("+")[0] for image in images}
    assert keys == {"confusion_matrix", "incorrect_examples"}


def test_the_model_has_a_signature_an_example_and_what_it_needs(recorded, monkeypatch):
    client, _, children = recorded
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)
    (output,) = children["cnn"].outputs.model_outputs
    uri = f"models:/{output.model_id}"
    info = mlflow.models.get_model_info(uri)
    assert info.signature.inputs.inputs[0].shape == (-1, 28, 28, 1)
    assert info.signature.outputs.inputs[0].shape == (-1, 10)
    folder = Path(mlflow.artifacts.download_artifacts(uri))
    example = mlflow.models.Model.load(folder).load_input_example(folder)
    assert example.shape == (1, 28, 28, 1)
    assert example.max() > 0.5  # a digit, not a blank
    assert "tensorflow==" in (folder / "requirements.txt").read_text()


def test_every_family_has_a_version_in_the_registry_and_the_best_one_its_alias(recorded):
    client, _, children = recorded
    for family in FAMILIES:
        name = f"mnist-{family.name}"
        (version,) = client.search_model_versions(f"name = '{name}'")
        assert version.run_id == children[family.name].info.run_id
        assert version.tags["dataset"] == "UCI digits at 28x28"
        best = client.get_model_version_by_alias(name, "best-uci-digits-at-28x28")
        assert best.version == version.version


def test_the_parent_says_what_was_asked_on_what_and_who_won(recorded):
    _, (parent,), children = recorded
    assert parent.info.run_name == "kedro run: all families"
    note = parent.data.tags["mlflow.note.content"]
    assert "`kedro run --env=test`" in note
    assert "Data: UCI digits at 28x28, 200 training and 50 test digits" in note
    assert "| family | sees | accuracy |" in note
    error = {name: children[name].data.metrics["1_test/error_percent"] for name in ("mlp", "cnn")}
    best = min(error, key=error.__getitem__)
    assert f"Best reader of clean digits: **{best}**" in note
    assert best in parent.data.tags["best_family"]


def test_the_report_is_with_the_parent(recorded):
    client, (parent,), _ = recorded
    assert "report.html" in {item.path for item in client.list_artifacts(parent.info.run_id)}


def test_the_run_ends_with_a_link_to_the_comparison(recorded, finished_run):
    _, (parent,), _ = recorded
    (link,) = re.findall(r"http://127\.0\.0\.1:5050/\S+", finished_run[1])
    assert f"#/experiments/{parent.info.experiment_id}/runs?" in link


def test_a_failed_run_is_marked_with_its_error(tmp_path):
    folder = copy_project(tmp_path)
    done = run_kedro(folder, "run", "--env=test", "--params=data.sources=[mnist_files]")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "add bundled_digits to data.sources." in done.stdout.strip().splitlines()[-1]
    _, (parent,), _ = runs_of(folder)
    assert parent.info.status == "FAILED"
    assert "No source of digits is available" in parent.data.tags["error"]


CHECKPOINT = "data/06_models/mlp/checkpoint.keras"


def endless_training(folder):
    """A project whose `mlp` has been trained for an epoch and goes on, and its process."""
    changes = "mlp.training.epochs=100000,mlp.training.early_stopping_patience=null"
    command = ("run", "--env=test", "--pipeline=mlp", f"--params={changes}")
    run = Running("kedro", command, copy_project(folder), dict(os.environ))
    deadline = time.monotonic() + 120
    while not (folder / CHECKPOINT).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return folder, run


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_marked_and_keeps_its_checkpoint(tmp_path, how):
    folder, run = endless_training(tmp_path)
    run.send_signal(how)
    done = run.wait(60)
    printed = done.stdout
    assert done.returncode == 1
    assert (
        printed.strip().splitlines()[-1] == "Error: Interrupted. What was saved before stays saved."
    )
    assert "the best so far, is in data/06_models/mlp/checkpoint.keras" in printed
    assert (folder / CHECKPOINT).exists()
    client, (parent,), children = runs_of(folder)
    assert parent.info.status == children["mlp"].info.status == "KILLED"
    curve = client.get_metric_history(children["mlp"].info.run_id, "fit/val_loss")
    assert [point.step for point in curve] == list(range(1, len(curve) + 1))
    assert curve


def test_a_run_that_could_not_say_that_it_was_killed_is_marked_by_the_next(tmp_path):
    folder, run = endless_training(tmp_path)
    client, (parent,), _ = runs_of(folder)
    mark_killed(client, parent.info.experiment_id)
    assert runs_of(folder)[1][0].info.status == "RUNNING"  # it is alive
    run.send_signal(signal.SIGKILL)
    run.wait(30)
    mark_killed(client, parent.info.experiment_id)
    _, (parent,), children = runs_of(folder)
    assert parent.info.status == children["mlp"].info.status == "KILLED"


@pytest.fixture
def tracking(tmp_path, monkeypatch):
    """The hooks at work on a run of the mlp, its store, and a function that says how runs ended."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store(), tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "test"}
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env="test", **arguments)
    switches = SimpleNamespace(CONFIG_LOADER_ARGS=arguments, CONF_SOURCE="conf")
    monkeypatch.setattr("mnist_pipeline.tracking.hooks.settings", switches)
    hooks = MLflowTracking()
    context = SimpleNamespace(config_loader=loader, project_path=tmp_path, env="test")
    hooks.after_context_created(context)
    run_params = {"run_id": "1", "env": "test", "pipeline_names": ["mlp"], "runtime_params": {}}
    hooks.before_pipeline_run(run_params, register_pipelines()["mlp"], DataCatalog())

    def ended():
        runs = hooks._client.search_runs([hooks._experiment_id])
        return {run.info.run_name: run.info.status for run in runs}

    yield hooks, ended
    mlflow.set_tracking_uri(None)


@pytest.mark.parametrize("env", [None, "local"])
def test_what_conf_local_has_is_not_taken_for_committed(tmp_path, monkeypatch, env):
    own = shutil.ignore_patterns("local")
    shutil.copytree(PROJECT / "conf", tmp_path / "conf", ignore=own)
    (tmp_path / "conf/local").mkdir()
    (tmp_path / "conf/local/parameters.yml").write_text("seed: 7\n")
    switches = SimpleNamespace(CONFIG_LOADER_ARGS=CONFIG_LOADER_ARGS, CONF_SOURCE="conf")
    monkeypatch.setattr("mnist_pipeline.tracking.hooks.settings", switches)
    loader = OmegaConfigLoader(str(tmp_path / "conf"), env=env, **CONFIG_LOADER_ARGS)
    hooks = MLflowTracking()
    context = SimpleNamespace(config_loader=loader, project_path=tmp_path, env=env)
    hooks.after_context_created(context)
    assert hooks._parameters["seed"] == 7
    committed = hooks._committed({"env": env, "runtime_params": {}})
    assert committed["seed"] == load_parameters()["seed"] != 7


def test_a_store_that_fails_ends_the_recording_and_leaves_no_run_open(tracking, caplog):
    hooks, ended = tracking
    hooks.after_dataset_saved("mlp.split", None)
    assert ended() == {"kedro run: mlp": "RUNNING", "mlp": "RUNNING"}

    def fail(*_, **__):
        raise RuntimeError("database is locked")

    hooks._client.log_batch = fail
    hooks.after_dataset_saved("mlp.cross_validation", None)
    hooks.after_dataset_saved("mlp.cross_validation", None)
    assert caplog.text.count("MLflow failed; the rest of this run is not recorded.") == 1
    hooks.after_pipeline_run()
    assert ended() == {"kedro run: mlp": "FINISHED", "mlp": "FINISHED"}


def test_another_thread_can_log_an_epoch_while_the_store_fails(tracking):
    """The warning passes the listener, which takes the lock that the other thread may hold."""
    hooks, _ = tracking
    hooks._client.log_batch = lambda *_, **__: time.sleep(0.2) or 1 / 0
    logger = logging.getLogger("mnist_pipeline.fitting")
    epoch = {"network": "mlp", "epoch": {"epoch": 1, "loss": 1.0}}
    threads = [
        threading.Thread(target=hooks.after_dataset_saved, args=("mlp.split", None), daemon=True),
        threading.Thread(
            target=logger.warning, args=("epoch",), kwargs={"extra": epoch}, daemon=True
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    hooks.after_pipeline_run()


def test_splitting_digits_is_no_training_of_a_family(tracking):
    hooks, ended = tracking
    hooks.before_pipeline_run(
        {"run_id": "2", "env": "test", "pipeline_names": ["preprocessing"], "runtime_params": {}},
        register_pipelines()["preprocessing"], DataCatalog(),
    )  # fmt: skip
    hooks.after_dataset_saved("cnn.split", None)
    hooks.after_pipeline_run()
    assert "cnn" not in ended()


@pytest.mark.parametrize(
    ("family", "key", "value"),
    [
        ("cnn", "cnn.training.validation_fraction", 0.2),
        ("enhancement", "degradation.size_px", 7),
        ("enhancement_classification", "enhancement_classification.training.loss_weights",
         {"clean_images": 1.0, "one_hot_labels": 0.03}),
    ],
)  # fmt: skip
def test_scores_of_networks_that_are_judged_otherwise_are_not_compared(family, key, value):
    parameters = load_parameters("base")
    before = what_scores_mean(family, parameters, "MNIST")
    parameters[family]["training"]["epochs"] += 1
    assert what_scores_mean(family, parameters, "MNIST") == before
    *groups, last = key.split(".")
    inner = parameters
    for name in groups:
        inner = inner[name]
    inner[last] = value
    assert what_scores_mean(family, parameters, "MNIST") != before
