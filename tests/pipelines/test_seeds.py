"""Several seeds as a pipeline: what differs, what is kept, what it leaves, and who can use it."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from kedro.io import MemoryDataset
from kedro_datasets.json import JSONDataset
from kedro_datasets.partitions import PartitionedDataset

from mnist_pipeline.commands import digits
from mnist_pipeline.datasets import KerasModelDataset
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import FAMILIES
from mnist_pipeline.lazy import keras
from mnist_pipeline.parameters import SeedsSettings
from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.pipelines.seeds import nodes
from mnist_pipeline.trained_networks import TrainedNetworks
from mnist_pipeline.web.app import create_app
from tests.conftest import PROJECT, copy_project, load_parameters, run_kedro
from tests.pipelines.in_memory import run
from tests.tracking.test_hooks import runs_of

PIPELINES = register_pipelines()


def only(folder, pattern):
    (path,) = folder.glob(pattern)
    return path


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A project after a run with two seeds and another one with three, and what they printed."""
    folder = copy_project(tmp_path_factory.mktemp("seeds"))
    printed = []
    for count in (2, 3):
        params = f"--params=seeds.family=mlp,seeds.count={count},mlp.training.epochs=1,seed=7"
        done = run_kedro(folder, "run", "--env=test", "--pipeline=seeds", params)
        assert done.returncode == 0, done.stdout
        printed.append(done.stdout)
    return folder, printed


def newest(folder, name):
    return max((folder / "data/08_reporting").glob(f"{name}/*/*"))


def test_a_network_that_is_finished_is_taken_over(swept):
    folder, (first, second) = swept
    assert re.findall(r"mlp seed (\d) \(", first) == ["7", "8"]
    assert re.findall(r"mlp seed (\d) \(", second) == ["9"]
    assert re.findall(r"mlp seed (\d): finished by an earlier run", second) == ["7", "8"]
    assert len(list((folder / "data/06_models/seeds").glob("*/*.keras"))) == 3
    assert not list((folder / "data/06_models/mlp").iterdir())  # no checkpoint is left


def test_the_networks_differ_and_the_table_has_their_scores(swept):
    folder, _ = swept
    table = pd.read_csv(newest(folder, "seeds/scores.csv"))
    assert table["seed"].tolist() == [7, 8, 9]
    assert table["loss"].nunique() == 3
    metrics = json.loads(newest(folder, "ensemble/metrics.json").read_text())
    assert metrics["seeds"] == [7, 8, 9]
    spread = metrics["of_networks"]
    assert spread["loss_mean"] == pytest.approx(table["loss"].mean())
    assert spread["loss_std"] == pytest.approx(np.std(table["loss"], ddof=1))
    assert metrics["parameters"] == table["parameters"].sum()


def test_the_ensemble_is_a_file_of_keras_that_returns_the_mean_of_the_networks(swept, bundled):
    folder, _ = swept
    path = max((folder / "data/06_models/ensemble/model.keras").glob("*/*"))
    images = bundled.images[:20, ..., np.newaxis].astype("float32") / 255
    members = (folder / "data/06_models/seeds").glob("*/*.keras")
    answers = [keras.models.load_model(member).predict(images, verbose=0) for member in members]
    ensemble = keras.models.load_model(path)
    assert {type(layer).__module__.partition(".")[0] for layer in ensemble.layers} == {"keras"}
    np.testing.assert_allclose(
        ensemble.predict(images, verbose=0), np.mean(answers, axis=0), atol=1e-6
    )


def test_what_is_printed_has_the_spread_and_the_ensemble(swept):
    folder, (_, printed) = swept
    metrics = json.loads(newest(folder, "ensemble/metrics.json").read_text())
    accuracy = metrics["of_networks"]["accuracy_mean"]
    row = next(line for line in printed.splitlines() if line.split()[:1] == ["accuracy"])
    assert f"{accuracy:.3%} ±" in row
    assert row.endswith(f"{metrics['accuracy']:.3%}")


def test_every_network_is_a_run_in_mlflow_and_the_ensemble_is_with_the_parent(swept):
    folder, _ = swept
    client, parents, _ = runs_of(folder)
    seeds = client.search_runs([parents[0].info.experiment_id], "tags.role = 'seed'")
    assert sorted(run.info.run_name for run in seeds) == ["mlp seed 7", "mlp seed 8", "mlp seed 9"]
    by_id = {parent.info.run_id: parent for parent in parents}
    children = [by_id[run.data.tags["mlflow.parentRunId"]].data.metrics for run in seeds]
    assert all("1_test/error_percent" in metrics for metrics in children)


def test_the_ensemble_reads_pictures(swept):
    folder, _ = swept
    params = "classification.family=ensemble,classification.images=pictures"
    (folder / "pictures").mkdir()
    for picture in (PROJECT / "tests/own_digits/images/coloured_pen").glob("*_00*"):
        shutil.copy(picture, folder / "pictures")
    done = run_kedro(folder, "run", "--env=test", "--pipeline=classification", f"--params={params}")
    assert done.returncode == 0, done.stdout
    answers = pd.read_csv(
        only(folder, "data/07_model_output/classification/predictions.csv/*/predictions.csv")
    )
    assert len(answers) == len(list((folder / "pictures").iterdir())) > 0


def test_the_ensemble_can_be_exported(swept, tmp_path):
    data = swept[0] / "data"
    arguments = ["--family=ensemble", "--format=onnx", f"--output={tmp_path / 'ensemble.onnx'}"]
    done = CliRunner().invoke(digits, ["export", *arguments, f"--data={data}"])
    assert done.exit_code == 0, done.output
    assert "on 50 test digits its answers differ by at most" in done.output


def test_the_ensemble_answers_over_rest(swept):
    networks = TrainedNetworks(swept[0] / "data")
    client = TestClient(create_app(networks, "ensemble"))
    picture = PROJECT / "tests/own_digits/images/chalk/7_01.jpg"
    answer = client.post("/v1/predict", files={"files": picture.read_bytes()}).json()
    assert answer["family"] == "ensemble"
    (digit,) = answer["results"][0]["digits"]
    assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
    listed = {model["family"]: model for model in client.get("/v1/models").json()["models"]}
    assert listed["ensemble"]["task"] == "classification"


@pytest.mark.parametrize("family", ["enhancement_classification", "noisy_mlp"])
def test_the_first_network_is_that_of_the_family_s_own_pipeline(family, tmp_path):
    """The same pictures, split, seed and settings: the scores agree to the last digit."""
    parameters = load_parameters("test")
    parameters["seeds"] = {"family": family, "count": 2, "resume": True}
    parameters[family]["training"]["checkpoint"] = str(tmp_path / "checkpoint.keras")
    judges = {f"{family}.classification_scores", f"{family}.restoration_scores"}
    own_pipeline = PIPELINES[family]
    own = run(own_pipeline.to_outputs(*judges & own_pipeline.all_outputs()), parameters)
    kinds = {"networks": (KerasModelDataset, ".keras"), "reports": (JSONDataset, ".json")}
    partitions = {
        name: PartitionedDataset(path=str(tmp_path), dataset=kind, filename_suffix=suffix)
        for name, (kind, suffix) in kinds.items()
    }
    datasets = {f"seeds__{name}": dataset for name, dataset in partitions.items()}
    datasets |= {f"finished_{name}": MemoryDataset({}) for name in partitions}
    assert judges & set(own)
    swept = run(PIPELINES["seeds"].to_outputs("seeds.scores"), parameters, **datasets)
    first = swept["seeds.scores"].iloc[0]
    assert first["seed"] == parameters["seed"]
    for judge in judges & set(own):
        scores = own[judge]
        shared = {"accuracy", "loss", "psnr_db", "ssim", "bce"} & set(scores)
        assert shared
        for name in shared:
            assert first[name] == scores[name]


@pytest.mark.parametrize(
    ("family", "measures"),
    [
        ("cnn", {"accuracy", "loss"}),
        ("autoencoder", {"mse", "psnr_db", "ssim"}),
        ("enhancement_classification", {"psnr_gain_db", "accuracy"}),
        ("noisy_mlp", {"accuracy"}),
    ],
)
def test_every_kind_of_family_is_judged_as_it_is_by_its_own_pipeline(family, measures):
    parameters = load_parameters("test")
    settings = SeedsSettings(family=family, count=2, resume=False)
    sweep = nodes.check_seeds(settings, parameters)
    assert sweep.seeds == (42, 43)
    images = np.random.default_rng(0).random((30, 28, 28, 1), dtype=np.float32)
    labels = np.arange(30) % 10
    one_hot = np.eye(10, dtype=np.float32)[labels]
    shown = {sweep.family.sees: images, "clean_images": images, "one_hot_labels": one_hot}
    answers = [shown[thing] for thing in sweep.family.returns]
    scores = nodes.seeds.scalars(nodes.seeds.score(sweep.family, answers, shown, labels))
    assert measures <= set(scores)
    assert scores.get("accuracy", 1) == 1
    assert scores.get("mse", 0) == 0


def test_the_gain_is_what_restoration_adds_to_what_the_network_saw():
    (family,) = (family for family in FAMILIES if family.name == "enhancement")
    originals = np.full((30, 28, 28, 1), 0.5, np.float32)
    shown = {family.sees: originals + 0.1, "clean_images": originals}  # a PSNR of 20 dB
    scores = nodes.seeds.score(family, [originals + 0.01], shown, np.arange(30) % 10)
    assert scores["psnr_db"] == pytest.approx(40, abs=0.01)
    assert scores["psnr_gain_db"] == pytest.approx(20, abs=0.01)


def test_without_a_family_nothing_is_read():
    first = PIPELINES["seeds"].nodes[0]
    assert first.func is nodes.check_seeds
    settings = SeedsSettings(family=None, count=2, resume=True)
    with pytest.raises(UserError, match=r"--params=seeds\.family=cnn"):
        first.func(settings, load_parameters("test"))


def test_seeds_end_where_those_of_the_parameters_end():
    parameters = load_parameters("test") | {"seed": 2**32 - 2}
    with pytest.raises(UserError, match="seeds end at"):
        nodes.check_seeds(SeedsSettings(family="mlp", count=3, resume=True), parameters)
    nodes.check_seeds(SeedsSettings(family="mlp", count=2, resume=True), parameters)
