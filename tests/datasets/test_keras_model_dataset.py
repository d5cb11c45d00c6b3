import numpy as np
import pytest
from kedro.io.core import Version

from mnist_pipeline.datasets import KerasModelDataset
from mnist_pipeline.errors import BadFileError
from mnist_pipeline.models.mlp import build_mlp


def test_a_model_predicts_the_same_after_saving_and_loading(tmp_path):
    model = build_mlp((28, 28, 1), (10,), hidden_units=[4], dropout=0.2)
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(model)
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(dataset.load()(images), model(images))


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"something else")
    with pytest.raises(BadFileError, match=r"model\.keras: expected a Keras model"):
        KerasModelDataset(filepath=str(tmp_path / "model.keras")).load()


def test_nodes_of_a_run_get_one_and_the_same_model_until_it_is_saved_anew_or_released(tmp_path):
    version = Version(None, "2026-11-20T09.29.35.418Z")
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"), version=version)
    dataset.save(build_mlp((28, 28, 1), (10,), hidden_units=[4], dropout=0.2))
    first = dataset.load()
    assert dataset.load() is first
    dataset.release()
    assert dataset.load() is not first


def test_a_file_without_versions_is_loaded_anew_each_time(tmp_path):
    """Nobody releases the partitions of a dataset, so their models would stay in memory."""
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(build_mlp((28, 28, 1), (10,), hidden_units=[4], dropout=0.2))
    assert dataset.load() is not dataset.load()
