import base64
import gzip
import io

import numpy as np
import pytest
from kedro.io import Version
from PIL import Image

from mnist_pipeline.datasets import IDXDataset
from mnist_pipeline.errors import BadFileError


@pytest.mark.parametrize("name", ["images.idx", "images.idx.gz"])
def test_an_array_survives_saving_and_loading(tmp_path, name):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    dataset = IDXDataset(filepath=str(tmp_path / name))
    assert not dataset.exists()
    dataset.save(array)
    assert dataset.exists()
    loaded = dataset.load()
    assert loaded.dtype == array.dtype
    np.testing.assert_array_equal(loaded, array)


def test_a_name_that_ends_in_gz_is_gzipped_and_always_the_same_bytes(tmp_path):
    for name in ("first.gz", "second.gz"):
        IDXDataset(filepath=str(tmp_path / name)).save(np.zeros(5, np.uint8))
    content = (tmp_path / "first.gz").read_bytes()
    assert gzip.decompress(content) == bytes([0, 0, 8, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0])
    assert content == (tmp_path / "second.gz").read_bytes()


def test_each_version_is_kept_and_the_newest_is_loaded(tmp_path):
    path = str(tmp_path / "labels.idx")
    for day in (1, 2):
        version = Version(None, f"2026-01-0{day}T00.00.00.000Z")
        IDXDataset(filepath=path, version=version).save(np.full(3, day, np.uint8))
    assert IDXDataset(filepath=path, version=Version(None, None)).load().tolist() == [2, 2, 2]
    first = Version("2026-01-01T00.00.00.000Z", None)
    assert IDXDataset(filepath=path, version=first).load().tolist() == [1, 1, 1]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadFileError, match=r"nothing\.idx: there is no such file"):
        IDXDataset(filepath=str(tmp_path / "nothing.idx")).load()


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "broken.idx").write_bytes(b"\0\0\x08\x01\0\0\0\x09abc")
    with pytest.raises(BadFileError, match=r"broken\.idx: expected 9 bytes"):
        IDXDataset(filepath=str(tmp_path / "broken.idx")).load()


def test_an_interrupted_save_leaves_no_file_under_the_name(tmp_path, monkeypatch):
    dataset = IDXDataset(filepath=str(tmp_path / "images.idx"))
    monkeypatch.setattr(dataset._fs, "mv", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        dataset.save(np.zeros(3, np.uint8))
    assert not dataset.exists()


@pytest.mark.parametrize(
    ("array", "size"),
    [
        (np.zeros((50, 28, 28), np.uint8), (560, 224)),  # the first 40, ten a row, doubled
        (np.zeros((3, 28, 28), np.uint8), (168, 56)),
        (np.arange(4, dtype=np.uint8), (320, 72)),  # a bar for each of four labels
    ],
)
def test_the_preview_is_a_picture_of_the_first_images_or_of_the_labels(tmp_path, array, size):
    dataset = IDXDataset(filepath=str(tmp_path / "a.idx"))
    dataset.save(array)
    picture = Image.open(io.BytesIO(base64.b64decode(dataset.preview())))
    assert picture.size == size
