import base64

import numpy as np
import pytest
from kedro.io import DatasetError, Version
from PIL import Image

from mnist_pipeline.datasets import ImageFolderDataset
from mnist_pipeline.digits import Digits
from mnist_pipeline.errors import BadFileError


def save_png(path, value=0, size=(28, 28), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


def test_flat_layout_keeps_digits_and_their_order(tmp_path, tiny_digits):
    dataset = ImageFolderDataset(filepath=str(tmp_path / "flat"))
    dataset.save(tiny_digits)
    loaded = dataset.load()
    np.testing.assert_array_equal(loaded.images, tiny_digits.images)
    np.testing.assert_array_equal(loaded.labels, tiny_digits.labels)


def test_layout_by_class_gives_the_digits_class_by_class(tmp_path, tiny_digits):
    dataset = ImageFolderDataset(filepath=str(tmp_path / "by_class"), layout="by_class")
    dataset.save(tiny_digits)
    loaded = dataset.load()
    order = np.argsort(tiny_digits.labels, kind="stable")
    np.testing.assert_array_equal(loaded.images, tiny_digits.images[order])
    np.testing.assert_array_equal(loaded.labels, np.repeat(np.arange(10), 3))


def test_indices_are_ordered_as_numbers(tmp_path):
    for name, value in (("5_10.png", 30), ("7_9.png", 20), ("3_2.png", 10)):
        save_png(tmp_path / name, value)
    loaded = ImageFolderDataset(filepath=str(tmp_path)).load()
    assert loaded.labels.tolist() == [3, 7, 5]
    assert loaded.images[:, 0, 0].tolist() == [10, 20, 30]


def test_colour_pictures_become_grey(tmp_path):
    save_png(tmp_path / "1_0.png", (200, 200, 200), mode="RGB")
    assert ImageFolderDataset(filepath=str(tmp_path)).load().images[0, 5, 5] == 200


def test_hidden_files_are_no_digits(tmp_path):
    save_png(tmp_path / "1_0.png")
    (tmp_path / "._1_0.png").write_bytes(b"what macOS leaves")
    assert len(ImageFolderDataset(filepath=str(tmp_path)).load()) == 1


def test_versions_are_folders(tmp_path, tiny_digits):
    version = Version(None, "2026-01-01T00.00.00.000Z")
    ImageFolderDataset(filepath=str(tmp_path / "png"), version=version).save(tiny_digits)
    newest = ImageFolderDataset(filepath=str(tmp_path / "png"), version=Version(None, None))
    assert newest.exists()
    assert len(newest.load()) == 30


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: None, r"there is no such folder"),
        (
            lambda folder: folder.mkdir(),
            r"one folder per digit with PNG files in it; found neither",
        ),
        (lambda folder: (folder / "4").mkdir(parents=True), r"4: there is no PNG file in this fol"),
        (
            lambda folder: [save_png(folder / "4/a.png"), save_png(folder / "5_0.png")],
            r"holds both folders per class and PNG files \(5_0\.png\)",
        ),
        (lambda folder: save_png(folder / "1_0.png", mode="RGBA"), r"1_0\.png.*found .* mode RGBA"),
        (lambda folder: save_png(folder / "1_0.png", mode="I;16"), r"1_0\.png.*found .* mode I;16"),
        (lambda folder: save_png(folder / "cat.png"), r"cat\.png: expected a name such as 7_00012"),
        (lambda folder: save_png(folder / "1_0.png", size=(32, 28)), r"1_0\.png.*found 32x28"),
        (lambda folder: save_png(folder / "300/a.png"), r"label 300 is above 255"),
    ],
)
def test_a_bad_folder_is_refused_with_the_path_and_the_reason(tmp_path, prepare, message):
    folder = tmp_path / "png"
    prepare(folder)
    with pytest.raises(BadFileError, match=message) as error:
        ImageFolderDataset(filepath=str(folder)).load()
    assert str(folder) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_a_file_that_is_no_picture_is_refused_by_name(tmp_path, content):
    (tmp_path / "1_0.png").write_bytes(content)
    with pytest.raises(BadFileError, match=r"1_0\.png: expected a picture"):
        ImageFolderDataset(filepath=str(tmp_path)).load()


def test_a_picture_cut_short_is_refused_by_name(tmp_path):
    save_png(tmp_path / "1_0.png")
    content = (tmp_path / "1_0.png").read_bytes()
    (tmp_path / "1_0.png").write_bytes(content[:50])
    with pytest.raises(BadFileError, match=r"1_0\.png: expected a picture"):
        ImageFolderDataset(filepath=str(tmp_path)).load()


def test_an_unknown_layout_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"'flat' or 'by_class', not 'tree'"):
        ImageFolderDataset(filepath=str(tmp_path), layout="tree")


def test_the_preview_is_a_png(tmp_path, tiny_digits):
    dataset = ImageFolderDataset(filepath=str(tmp_path / "png"))
    dataset.save(Digits(tiny_digits.images[:3], tiny_digits.labels[:3]))
    assert base64.b64decode(dataset.preview()).startswith(b"\x89PNG")
