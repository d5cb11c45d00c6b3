import numpy as np
import pytest
from kedro.io import AbstractDataset, DatasetError, Version

from mnist_pipeline.datasets import KerasModelDataset, TrainedNetworksDataset
from mnist_pipeline.models.mlp import build_mlp

VERSION = "2026-01-01T00.00.00.000Z"


def test_it_gives_the_networks_that_the_catalog_saved(tmp_path):
    dataset = TrainedNetworksDataset(filepath=str(tmp_path))
    assert not dataset.exists()
    model = build_mlp((28, 28, 1), (10,), hidden_units=[2], dropout=0.0)
    filepath = str(tmp_path / "06_models/mlp/model.keras")
    KerasModelDataset(filepath=filepath, version=Version(None, VERSION)).save(model)
    assert dataset.exists()
    networks = dataset.load()
    assert networks.names() == ["mlp"]
    image = np.ones((1, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(networks.load("mlp")(image), model(image))


def test_it_can_be_written_in_a_catalog(tmp_path):
    config = {
        "type": "mnist_pipeline.datasets.TrainedNetworksDataset", "filepath": str(tmp_path),
        "metadata": {"kedro-viz": {"layer": "models"}},
    }  # fmt: skip
    dataset = AbstractDataset.from_config("trained_networks", config)
    assert dataset.load().folder == tmp_path
    assert str(tmp_path) in str(dataset)


def test_it_saves_nothing(tmp_path):
    with pytest.raises(DatasetError, match="cannot be saved"):
        TrainedNetworksDataset(filepath=str(tmp_path)).save({})
