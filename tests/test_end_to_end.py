"""From raw digits to versioned models, metrics and pictures, as a user runs it."""

import json
import os
import re
import shutil
import signal
import time

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from mnist_pipeline.datasets import DigitsDataset, KerasModelDataset
from mnist_pipeline.families import FAMILIES
from mnist_pipeline.fitting import predict
from mnist_pipeline.preprocessing import normalize
from tests.conftest import PROJECT, copy_project, run_kedro
from tests.forked import Running, run_module
from tests.projects import copy_with_runs

EVERY_FAMILY = {
    *("family", "dataset", "seed", "train_images", "validation_images", "test_images"),
    *("parameters", "epochs_run", "fit_seconds", "images_per_second"),
}
BY_JUDGE = {
    "classification": {
        *("accuracy", "loss", "macro_f1", "expected_calibration_error"),
        *("per_class_accuracy", "top_confusions"),
    },
    "reconstruction": {"mse", "psnr_db", "ssim", "pca_mse"},
    "restoration": {"bce", "bce_floor", "psnr_db", "ssim", "input_psnr_db", "bicubic_psnr_db"},
}
PICTURES = {
    "classification": {
        *("learning_curves", "confusion_matrix", "per_class_accuracy", "confidence"),
        *("correct_examples", "incorrect_examples", "probability_bars"),
    },
    "reconstruction": {
        *("learning_curves", "reconstructions", "best_reconstructions", "worst_reconstructions"),
    },
    "restoration": {
        *("learning_curves", "restorations", "best_restorations", "worst_restorations"),
        "uci_restorations",
    },
}
NOISE_PICTURES = {"comparison", "strengths", "corruptions", "corrupted_samples", "report"}
NOISY = [family for family in FAMILIES if family.sees == "distorted_images"]
FAMILY_PARAMETERS = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def artifact(folder, path):
    """The only version of a versioned file."""
    (version,) = (folder / "data" / path).iterdir()
    return version / path.split("/")[-1]


@FAMILY_PARAMETERS
def test_metrics_have_the_keys_that_are_promised(finished_run, family):
    folder, _ = finished_run
    metrics = json.loads(artifact(folder, f"08_reporting/{family.name}/metrics.json").read_text())
    assert EVERY_FAMILY.union(*(BY_JUDGE[judge] for judge in family.judges)) <= set(metrics)
    assert metrics["family"] == family.name
    assert metrics["dataset"] == "UCI digits at 28x28"
    assert metrics["source"] == "bundled_digits"
    assert metrics["train_images"] + metrics["validation_images"] == 200
    assert metrics["test_images"] == 50
    assert metrics["epochs_run"] == 2


@FAMILY_PARAMETERS
def test_every_picture_is_there_and_is_a_picture(finished_run, family):
    folder, _ = finished_run
    names = {path.stem for path in (folder / "data/08_reporting" / family.name).glob("*.png")}
    expected = set().union(*(PICTURES[judge] for judge in family.judges))
    expected |= {"report"} | ({"folds"} if family in NOISY else set())
    assert names == expected
    for name in names:
        with Image.open(artifact(folder, f"08_reporting/{family.name}/{name}.png")) as picture:
            assert min(picture.size) > 100  # at 50 pixels an inch


@FAMILY_PARAMETERS
def test_history_has_a_row_per_epoch_and_predictions_one_per_test_digit(finished_run, family):
    folder, _ = finished_run
    history = pd.read_csv(artifact(folder, f"08_reporting/{family.name}/history.csv"))
    assert history["epoch"].tolist() == [1, 2]
    table = pd.read_parquet(artifact(folder, f"08_reporting/{family.name}/predictions.parquet"))
    assert len(table) == 50


@FAMILY_PARAMETERS
def test_the_saved_model_gives_the_saved_predictions(finished_run, family):
    folder, _ = finished_run
    path = artifact(folder, f"06_models/{family.name}/model.keras")
    model = KerasModelDataset(filepath=str(path)).load()
    test = DigitsDataset(filepath=str(artifact(folder, "02_intermediate/test_digits.npz"))).load()
    if family.sees == "clean_images":
        sees = test.images
    else:
        seen = f"05_model_input/test_{family.sees.replace('images', 'digits')}.npz"
        sees = DigitsDataset(filepath=str(artifact(folder, seen))).load().images
    outputs = dict(zip(family.returns, predict(model, normalize(sees)), strict=True))
    table = pd.read_parquet(artifact(folder, f"08_reporting/{family.name}/predictions.parquet"))
    assert table["label"].tolist() == test.labels.tolist()
    if "one_hot_labels" in outputs:
        probabilities = table[[f"p{k}" for k in range(10)]].to_numpy()
        np.testing.assert_allclose(probabilities, outputs["one_hot_labels"], atol=1e-6)
    if "clean_images" in outputs:
        mse = np.square(outputs["clean_images"] - normalize(test.images)).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(table["mse"], mse, rtol=1e-4)


def test_the_noise_comparison_has_the_keys_that_are_promised(finished_run):
    folder, _ = finished_run
    path = artifact(folder, "08_reporting/noise_comparison/metrics.json")
    metrics = json.loads(path.read_text())
    assert list(metrics) == ["noisy_mlp", "noisy_cnn"]
    for family, scores in metrics.items():
        assert EVERY_FAMILY | BY_JUDGE["classification"] <= set(scores)
        assert {"cv_accuracy_mean", "cv_accuracy_std", "folds", "clean_accuracy"} <= set(scores)
        assert scores["folds"] == 2
        own = json.loads(artifact(folder, f"08_reporting/{family}/metrics.json").read_text())
        assert own.items() <= scores.items()
        table = pd.read_csv(artifact(folder, f"08_reporting/{family}/cross_validation.csv"))
        assert table["fold"].tolist() == [1, 2]
        assert table["held_out_images"].tolist() == [100, 100]
        assert scores["cv_accuracy_mean"] == pytest.approx(table["accuracy"].mean())
        assert scores["cv_accuracy_std"] == pytest.approx(table["accuracy"].std())


def test_the_noise_comparison_has_its_tables_and_pictures(finished_run):
    folder, printed = finished_run
    reports = folder / "data/08_reporting/noise_comparison"
    assert {path.stem for path in reports.glob("*.png")} == NOISE_PICTURES
    table = pd.read_csv(artifact(folder, "08_reporting/noise_comparison/corruptions.csv"))
    assert list(table.columns[2:]) == ["mlp", "cnn", "noisy_mlp", "noisy_cnn"]
    assert len(table) == 1 + 15 + 3 + 1
    fifteen = table[(table["group"] == "mnist_c")]["mlp"].to_numpy()
    assert len(fifteen) == 15
    mean = table.loc[table["group"] == "mnist_c_mean", "mlp"].item()
    assert mean == pytest.approx(fifteen.mean())
    assert "Which network still reads a distorted digit?" in printed
    assert "mean of the fifteen" in printed


def test_training_and_test_digits_are_distorted_and_keep_their_labels(finished_run):
    folder, _ = finished_run
    for part in ("train", "test"):
        clean, distorted = (
            DigitsDataset(filepath=str(artifact(folder, path))).load()
            for path in (
                f"02_intermediate/{part}_digits.npz",
                f"05_model_input/{part}_distorted_digits.npz",
            )
        )
        assert distorted.labels.tolist() == clean.labels.tolist()
        assert (distorted.images != clean.images).any(axis=(1, 2)).all()


def test_the_comparison_can_be_read_anew(finished_run, tmp_path):
    folder = copy_with_runs(finished_run[0], tmp_path / "again")
    options = [
        "--pipeline=noise_comparison",
        "--from-nodes=noise_comparison.measure_robustness",
        "--to-nodes=noise_comparison.collect_noise_metrics,noise_comparison.tabulate_robustness",
    ]
    done = run_kedro(folder, "run", "--env=test", *options)
    assert done.returncode == 0, done.stdout
    path = "data/08_reporting/noise_comparison/metrics.json"
    first, second = sorted((folder / path).iterdir())
    assert (first / "metrics.json").read_text() == (second / "metrics.json").read_text()


def test_an_interrupted_cross_validation_goes_on_with_the_folds_that_are_missing(
    finished_run, tmp_path
):
    folder = copy_with_runs(finished_run[0], tmp_path / "again")
    identity = artifact(folder, "05_model_input/noisy_mlp/cross_validation_identity.json")
    key = json.loads(identity.read_text())["key"]
    first, second = sorted((folder / "data/06_models/folds" / key).glob("fold-*.json"))
    kept = first.read_text()
    complete = json.loads(second.read_text())
    second.write_text(second.read_text()[:100])  # killed while it was written
    steps = (
        "preprocessing.gather_train_set,preprocessing.gather_test_set,"
        "noisy_mlp.show_train_digits_to_noisy_mlp,noisy_mlp.show_test_digits_to_noisy_mlp,"
        "noisy_mlp.identify_noisy_mlp_cross_validation,noisy_mlp.train_noisy_mlp_folds,"
        "noisy_mlp.collect_noisy_mlp_folds"
    )
    done = run_kedro(folder, "run", "--env=test", "--pipeline=noise_comparison", f"--nodes={steps}")
    assert done.returncode == 0, done.stdout
    assert "noisy_mlp fold 1/2: finished by an earlier run" in done.stdout
    assert "noisy_mlp fold 2/2: accuracy" in done.stdout
    assert first.read_text() == kept
    again = json.loads(second.read_text())
    assert (again["accuracy"], again["loss"]) == (complete["accuracy"], complete["loss"])

    options = [f"--nodes={steps}", "--params=noise_comparison.resume=false"]
    done = run_kedro(folder, "run", "--env=test", "--pipeline=noise_comparison", *options)
    assert "finished by an earlier run" not in done.stdout
    assert "MLflow failed" not in done.stdout  # though this run has no report to record
    assert "noisy_mlp fold 1/2: accuracy" in done.stdout


@pytest.mark.parametrize("how", ["Ctrl-C", "kill"])
def test_interrupted_folds_side_by_side_end_at_once_with_all_their_processes(tmp_path, how):
    folder = copy_project(tmp_path)
    changes = (
        "noise_comparison.workers=2,noisy_mlp.training.epochs=100000,"
        "noisy_mlp.training.early_stopping_patience=null"
    )
    command = (
        *("run", "--env=test", "--pipeline=noise_comparison", f"--params={changes}"),
        "--to-nodes=noisy_mlp.train_noisy_mlp_folds",
    )
    run = Running("kedro", command, folder, dict(os.environ), own_group=True)
    models = folder / "data/06_models/noisy_mlp"
    deadline = time.monotonic() + 120
    while len(list(models.glob("fold-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    if how == "Ctrl-C":
        os.killpg(run.pid, signal.SIGINT)  # the terminal tells every process
    else:
        run.send_signal(signal.SIGTERM)
    done = run.wait(60)
    assert done.returncode == 1
    assert done.stdout.strip().splitlines()[-1].startswith("Error: Interrupted."), done.stdout
    while time.monotonic() < deadline:
        try:
            os.killpg(run.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    raise AssertionError("Some process of the run is still there.")


def test_folds_of_other_settings_are_not_taken_over(finished_run, tmp_path):
    folder = copy_with_runs(finished_run[0], tmp_path / "again")
    steps = (
        "preprocessing.gather_train_set,preprocessing.gather_test_set,"
        "noisy_mlp.show_train_digits_to_noisy_mlp,noisy_mlp.show_test_digits_to_noisy_mlp,"
        "noisy_mlp.identify_noisy_mlp_cross_validation,noisy_mlp.train_noisy_mlp_folds"
    )
    options = [f"--nodes={steps}", "--params=noisy_mlp.training.epochs=1"]
    done = run_kedro(folder, "run", "--env=test", "--pipeline=noise_comparison", *options)
    assert done.returncode == 0, done.stdout
    assert "finished by an earlier run" not in done.stdout
    assert "MLflow failed" not in done.stdout  # though this run has no report to record


def test_the_parts_of_the_autoencoder_make_the_whole(finished_run):
    folder, _ = finished_run
    networks = {
        name: KerasModelDataset(
            filepath=str(artifact(folder, f"06_models/autoencoder/{name}.keras"))
        ).load()
        for name in ("model", "encoder", "decoder")
    }
    image = np.random.default_rng(0).random((1, 28, 28, 1), np.float32)
    whole = networks["model"](image)
    np.testing.assert_allclose(networks["decoder"](networks["encoder"](image)), whole, rtol=1e-5)


@pytest.mark.parametrize("network", ["model", "encoder", "decoder"])
def test_summaries_are_text_that_lists_layers_and_parameters(finished_run, network):
    folder, _ = finished_run
    text = artifact(folder, f"08_reporting/autoencoder/{network}_summary.txt").read_text()
    assert "Output Shape" in text
    assert "Param #" in text
    assert "Total params" in text


def test_the_run_ends_with_the_leaderboard_the_data_and_where_the_pictures_are(finished_run):
    _, printed = finished_run
    assert "Data: UCI digits at 28x28, 200 training and 50 test digits (source: bundled_" in printed
    for family in FAMILIES:
        assert re.search(rf"^ *{family.name} ", printed, re.MULTILINE), family.name


def test_the_pictures_are_where_the_run_says(finished_run):
    folder, printed = finished_run
    (pattern,) = re.findall(r"Pictures: (\S+)", printed)
    found = {path.name for path in folder.glob(pattern)}
    assert found >= {"class_distribution.png", "confusion_matrix.png", "restorations.png"}


def test_nothing_on_the_terminal_is_a_warning(finished_run):
    _, printed = finished_run
    noise = [
        line for line in printed.splitlines() if re.search(r"\b(warn|deprecat|error)", line, re.I)
    ]
    assert noise == []


def test_the_same_seed_gives_the_same_metrics(finished_run, tmp_path):
    first, _ = finished_run
    second = copy_project(tmp_path)
    options = ["--pipeline=cnn", "--to-nodes=cnn.score_cnn"]
    assert run_kedro(second, "run", "--env=test", *options).returncode == 0
    path = "08_reporting/cnn/metrics.json"
    one, two = (json.loads(artifact(f, path).read_text()) for f in (first, second))
    measured = {"fit_seconds", "images_per_second"}
    assert {k: v for k, v in one.items() if k not in measured} == {
        k: v for k, v in two.items() if k not in measured
    }


def commands_of_the_readme():
    blocks = re.findall(r"```bash\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_run_command_of_the_readme_is_understood(project):
    """Its options are parsed and its parameters accepted; what it would train, it does not."""
    commands = [c for c in commands_of_the_readme() if "kedro run" in c]
    assert len(commands) > 20
    plain = tuple(re.sub(r"^(\w+=\S+ )*", "", command) for command in commands)
    done = run_module("tests.dry_run", plain, project, dict(os.environ), timeout_s=300)
    assert done.returncode == 0, done.stdout
    assert re.findall(r"^(?:kedro run.*|would run \w+)$", done.stdout, re.MULTILINE)[::2] == [
        *plain
    ]
    assert done.stdout.count("would run") == len(plain)


def test_every_make_target_of_the_readme_exists():
    makefile = (PROJECT / "Makefile").read_text()
    targets = [c.split()[1] for c in commands_of_the_readme() if c.startswith("make ")]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_a_sixth_family_costs_a_builder_a_row_and_a_yaml_file(tmp_path):
    """A family added to a copy of the project runs from the raw files to its metrics."""
    folder = copy_project(tmp_path)
    settings = yaml.safe_load((folder / "conf/base/parameters/mlp.yml").read_text())["mlp"]
    settings["model"] = {"units": 8}
    settings["training"]["checkpoint"] = "data/06_models/perceptron/checkpoint.keras"
    (folder / "conf/base/parameters/perceptron.yml").write_text(yaml.dump({"perceptron": settings}))
    package = folder / "src/mnist_pipeline"
    (package / "models/perceptron.py").write_text("""
from mnist_pipeline.bounds import Count
from mnist_pipeline.lazy import keras

def build_perceptron(input_shape, output_shape, *, units: Count):
    layers = keras.layers
    return keras.Sequential([
        keras.Input(input_shape), layers.Flatten(), layers.Dense(units, "relu"),
        layers.Dense(*output_shape, activation="softmax"),
    ])
""")
    table = (package / "families.py").read_text()
    row = '    Family("perceptron", build_perceptron, "clean_images", LABELS, READS),\n'
    table = table.replace("FAMILIES = (\n", f"FAMILIES = (\n{row}", 1)
    new = "from mnist_pipeline.models.perceptron import build_perceptron\n"
    (package / "families.py").write_text(table.replace("\nThing =", f"{new}\nThing =", 1))
    options = ["--pipeline=perceptron", "--to-nodes=perceptron.score_perceptron"]
    done = run_kedro(folder, "run", "--env=test", *options)
    assert done.returncode == 0, done.stdout
    metrics = json.loads(artifact(folder, "08_reporting/perceptron/metrics.json").read_text())
    assert metrics["parameters"] == 784 * 8 + 8 + 8 * 10 + 10


@pytest.mark.mnist
def test_a_short_training_on_mnist_reads_most_digits(tmp_path, mnist_dir):
    folder = copy_project(tmp_path)
    changes = "mlp.training.epochs=2,data.sources=[mnist_files]"
    options = ["--pipeline=mlp", "--to-nodes=mlp.score_mlp", f"--params={changes}"]
    done = run_kedro(folder, "run", *options, MNIST_DIR=str(mnist_dir))
    assert done.returncode == 0, done.stdout
    metrics = json.loads(artifact(folder, "08_reporting/mlp/metrics.json").read_text())
    assert metrics["dataset"] == "MNIST"
    assert (metrics["train_images"], metrics["test_images"]) == (54_000, 10_000)
    assert metrics["accuracy"] > 0.95


def test_a_saved_model_can_be_judged_again_without_training(finished_run, tmp_path):
    folder = copy_with_runs(finished_run[0], tmp_path / "again")
    options = ["--from-nodes=preprocessing.gather_test_set", "--to-nodes=cnn.score_cnn"]
    done = run_kedro(folder, "run", "--env=test", "--pipeline=cnn", *options)
    assert done.returncode == 0, done.stdout
    assert "train_cnn" not in done.stdout
    first, second = sorted((folder / "data/08_reporting/cnn/metrics.json").iterdir())
    one, two = (json.loads((version / "metrics.json").read_text()) for version in (first, second))
    assert one == two


def test_a_folder_of_pictures_becomes_a_table_a_gallery_and_a_list_of_what_cannot_be_read(
    reading_data, tmp_path
):
    pictures = tmp_path / "pictures"
    (pictures / "deeper").mkdir(parents=True)
    own = PROJECT / "tests/own_digits/images"
    shutil.copy(own / "chalk/7_01.jpg", pictures / "seven.JPG")
    shutil.copy(own / "hairline/2_00.png", pictures / "deeper/two.png")
    (pictures / "notes.png").write_text("no picture")
    project = reading_data.parent
    done = run_kedro(
        project, "run", "--pipeline=classification", f"--params=classification.images={pictures}"
    )
    assert done.returncode == 0, done.stdout
    assert "Answers: data/07_model_output/classification/*/" in done.stdout
    table = pd.read_csv(artifact(project, "07_model_output/classification/predictions.csv"))
    columns = ["file", "digit", "confidence", *(f"p{k}" for k in range(10))]
    assert list(table.columns[:13]) == columns
    assert dict(zip(table["file"], table["digit"], strict=True)) == {
        str(pictures / "deeper/two.png"): 2,
        str(pictures / "seven.JPG"): 7,
    }
    refused = pd.read_csv(artifact(project, "07_model_output/classification/refused.csv"))
    assert list(refused["file"]) == [str(pictures / "notes.png")]
    with Image.open(artifact(project, "07_model_output/classification/gallery.png")) as gallery:
        assert gallery.width > 300
