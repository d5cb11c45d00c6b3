import base64

import numpy as np
import pytest

from mnist_pipeline.datasets import DigitsDataset
from mnist_pipeline.errors import BadFileError


def test_digits_survive_saving_and_loading(tmp_path, tiny_digits):
    dataset = DigitsDataset(filepath=str(tmp_path / "digits.npz"))
    dataset.save(tiny_digits)
    loaded = dataset.load()
    np.testing.assert_array_equal(loaded.images, tiny_digits.images)
    np.testing.assert_array_equal(loaded.labels, tiny_digits.labels)
    assert loaded.images.dtype == loaded.labels.dtype == np.uint8


def test_the_file_is_readable_without_this_package(tmp_path, tiny_digits):
    DigitsDataset(filepath=str(tmp_path / "digits.npz")).save(tiny_digits)
    assert np.load(tmp_path / "digits.npz")["labels"].tolist() == tiny_digits.labels.tolist()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\3\4 cut short"])
def test_a_file_that_holds_something_else_is_refused_by_name(tmp_path, content):
    (tmp_path / "digits.npz").write_bytes(content)
    with pytest.raises(BadFileError, match=r"digits\.npz: expected an \.npz file"):
        DigitsDataset(filepath=str(tmp_path / "digits.npz")).load()


def test_the_preview_is_a_png(tmp_path, tiny_digits):
    dataset = DigitsDataset(filepath=str(tmp_path / "digits.npz"))
    dataset.save(tiny_digits)
    assert base64.b64decode(dataset.preview()).startswith(b"\x89PNG")
