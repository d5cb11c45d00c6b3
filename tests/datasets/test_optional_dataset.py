import pytest
from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset

from mnist_pipeline.datasets import OptionalDataset


@pytest.fixture
def optional(tmp_path):
    path = str(tmp_path / "scores.json")
    return OptionalDataset(dataset={"type": "json.JSONDataset", "filepath": path}), path


def test_what_was_never_saved_is_none(optional):
    dataset, _ = optional
    assert not dataset.exists()
    assert dataset.load() is None


def test_what_was_saved_is_loaded(optional):
    dataset, path = optional
    JSONDataset(filepath=path).save({"accuracy": 0.5})
    assert dataset.exists()
    assert dataset.load() == {"accuracy": 0.5}


def test_of_several_versions_the_newest_is_loaded(tmp_path):
    for day in (1, 2):
        folder = tmp_path / f"scores.json/2026-01-0{day}T00.00.00.000Z"
        folder.mkdir(parents=True)
        (folder / "scores.json").write_text(str(day))
    config = {
        "type": "json.JSONDataset",
        "filepath": str(tmp_path / "scores.json"),
        "versioned": True,
    }
    assert OptionalDataset(dataset=config).load() == 2


def test_it_saves_nothing(optional):
    with pytest.raises(DatasetError, match="cannot be saved"):
        optional[0].save({})


def test_its_preview_is_that_of_the_other_dataset_if_that_has_one(optional):
    dataset, path = optional
    JSONDataset(filepath=path).save({"accuracy": 0.5})
    assert dataset.preview() == '{"accuracy": 0.5}'
    assert not hasattr(OptionalDataset(dataset={"type": "MemoryDataset"}), "preview")
