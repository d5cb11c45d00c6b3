from pathlib import Path

import numpy as np
import pytest

from mnist_pipeline.errors import BadFileError, UserError
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.trained_networks import ENSEMBLE, READING, TrainedNetworks, find_data
from tests.conftest import PROJECT
from tests.reading.conftest import IMAGE, NEW, OLD, save_json, save_network


def test_the_newest_network_is_loaded(tmp_path):
    image = np.ones((1, 28, 28, 1), np.float32)
    answers = {}
    keras.utils.set_random_seed(0)
    for version in (OLD, NEW):
        model = build_mlp(IMAGE, (10,), hidden_units=[8], dropout=0.0)
        save_network(tmp_path, "mlp", model, version)
        answers[version] = model(image)
    networks = TrainedNetworks(tmp_path)
    assert networks.version_of("mlp") == NEW
    np.testing.assert_array_equal(networks.load("mlp")(image), answers[NEW])
    assert not np.array_equal(answers[OLD], answers[NEW])


def test_the_newest_numbers_are_read(tmp_path):
    for temperature, version in ((3.0, NEW), (2.0, OLD)):
        calibration, scores = {"temperature": temperature}, {"accuracy": temperature / 10}
        save_json(tmp_path, "06_models", "cnn", "calibration.json", calibration, version)
        save_json(tmp_path, "08_reporting", "cnn", "metrics.json", scores, version)
    networks = TrainedNetworks(tmp_path)
    assert networks.temperature_of("cnn") == 3.0
    assert networks.scores_of("cnn") == {"accuracy": 0.3}


def test_without_calibration_the_temperature_is_1_and_without_metrics_there_are_no_scores(tmp_path):
    networks = TrainedNetworks(tmp_path)
    assert networks.temperature_of("cnn") == 1.0
    assert networks.scores_of("cnn") == {}


def test_an_unfinished_file_and_an_empty_version_do_not_count(tmp_path):
    for version, file in ((OLD, "model.keras"), (NEW, "model.keras.part")):
        path = tmp_path / "06_models/cnn/model.keras" / version / file
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "06_models/cnn/model.keras/2027-01-01T00.00.00.000Z").mkdir()
    assert TrainedNetworks(tmp_path).version_of("cnn") == OLD


def test_the_trained_families_are_named_in_the_order_of_their_table(tmp_path):
    for name in ("reading", "mlp", "noisy_cnn", "cnn"):
        path = tmp_path / f"06_models/{name}/model.keras/{NEW}/model.keras"
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / f"06_models/autoencoder/model.keras/{NEW}").mkdir(parents=True)
    assert TrainedNetworks(tmp_path).names() == ["mlp", "cnn", "noisy_cnn"]


@pytest.mark.parametrize("name", [*(family.name for family in EVERY_FAMILY), READING, ENSEMBLE])
def test_when_nothing_is_trained_the_command_that_trains_it_is_named(tmp_path, name):
    with pytest.raises(UserError, match=f"No {name} has been trained in ") as error:
        TrainedNetworks(tmp_path).load(name)
    command = error.value.message.partition("kedro run --pipeline=")[2].split()[0]
    pipeline = register_pipelines()[command]
    assert f"{name}.model" in pipeline.all_outputs()


def save_ensemble(folder, version, of, units):
    """What a run with several seeds leaves; of None: it was interrupted before the metrics."""
    model = build_mlp(IMAGE, (10,), hidden_units=[units], dropout=0.0)
    save_network(folder, ENSEMBLE, model, version)
    save_json(folder, "06_models", ENSEMBLE, "calibration.json", {"temperature": units}, version)
    if of:
        scores = {"family": of, "accuracy": units / 10}
        save_json(folder, "08_reporting", ENSEMBLE, "metrics.json", scores, version)


def test_an_ensemble_is_of_the_family_in_its_metrics(tmp_path):
    save_ensemble(tmp_path, OLD, of="cnn", units=2)
    save_ensemble(tmp_path, NEW, of="noisy_cnn", units=3)
    networks = TrainedNetworks(tmp_path)
    assert networks.names() == [ENSEMBLE]
    assert (networks.family_of(ENSEMBLE), networks.family_of("mlp")) == ("noisy_cnn", "mlp")
    assert networks.temperature_of(ENSEMBLE) == 3


def test_an_ensemble_whose_run_has_not_come_to_the_metrics_does_not_count(tmp_path):
    """Model and metrics of two runs must not be taken for one ensemble."""
    save_ensemble(tmp_path, NEW, of=None, units=3)
    networks = TrainedNetworks(tmp_path)
    assert networks.names() == []
    with pytest.raises(UserError, match=r"--pipeline=seeds --params=seeds\.family=cnn"):
        networks.family_of(ENSEMBLE)
    save_ensemble(tmp_path, OLD, of="cnn", units=2)
    assert networks.version_of(ENSEMBLE) == OLD
    assert networks.temperature_of(ENSEMBLE) == 2
    assert networks.load(ENSEMBLE).count_params() == 784 * 2 + 2 + 2 * 10 + 10


@pytest.mark.parametrize("content", [b"", b"something else", b"PK\x03\x04 and no more"])
def test_a_damaged_network_is_refused_by_name(tmp_path, content):
    path = tmp_path / f"06_models/cnn/model.keras/{NEW}/model.keras"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=r"model\.keras: expected a Keras model"):
        TrainedNetworks(tmp_path).load("cnn")


def test_half_a_network_is_refused_by_name(tmp_path):
    save_network(tmp_path, "mlp", build_mlp(IMAGE, (10,), hidden_units=[2], dropout=0.0))
    path = tmp_path / f"06_models/mlp/model.keras/{NEW}/model.keras"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BadFileError, match=r"model\.keras: expected a Keras model"):
        TrainedNetworks(tmp_path).load("mlp")


def test_a_damaged_calibration_is_refused_by_name(tmp_path):
    path = tmp_path / f"06_models/cnn/calibration.json/{NEW}/calibration.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"temperature": ')
    with pytest.raises(BadFileError, match=r"calibration\.json"):
        TrainedNetworks(tmp_path).temperature_of("cnn")


# Where the folder is


def test_the_data_folder_is_that_of_the_project_around(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "mnist_pipeline"\n')
    inside = tmp_path / "notebooks/deep"
    inside.mkdir(parents=True)
    assert find_data(inside) == find_data(tmp_path) == tmp_path / "data"
    monkeypatch.chdir(inside)
    assert find_data() == tmp_path / "data"


def test_from_elsewhere_it_is_that_of_the_project_this_package_is_installed_from(tmp_path):
    assert find_data(tmp_path) == PROJECT / "data"


def test_another_project_around_does_not_count(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "other"\n')
    assert find_data(tmp_path) == PROJECT / "data"


def test_where_there_is_no_project_at_all_it_is_beside_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_pipeline.trained_networks.__file__", str(tmp_path / "a/b/c/d.py"))
    assert find_data(tmp_path / "a") == tmp_path / "a/data"
    assert isinstance(find_data(tmp_path), Path)
