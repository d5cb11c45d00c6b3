import base64

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist_pipeline.datasets import FigureDataset
from mnist_pipeline.errors import BadFileError


@pytest.fixture
def dataset(tmp_path):
    return FigureDataset(filepath=str(tmp_path / "picture.png"), dpi=50)


def test_a_figure_becomes_a_picture_of_its_size(dataset):
    figure = Figure(figsize=(4, 2), facecolor="#ff0000")
    dataset.save(figure)
    pixels = dataset.load()
    assert pixels.shape == (100, 200, 3)
    np.testing.assert_array_equal(pixels[5, 5], [255, 0, 0])


def test_a_figure_that_cannot_be_drawn_leaves_no_file(dataset, tmp_path):
    figure = Figure()
    figure.text(0, 0, r"$\nonsense{$")
    with pytest.raises(Exception, match="nonsense"):
        dataset.save(figure)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_picture_is_refused_by_name(dataset, tmp_path):
    (tmp_path / "picture.png").write_text("no picture")
    with pytest.raises(BadFileError, match=r"picture\.png: expected a PNG file"):
        dataset.load()


def test_the_preview_is_the_picture(dataset, tmp_path):
    dataset.save(Figure())
    assert base64.b64decode(dataset.preview()) == (tmp_path / "picture.png").read_bytes()


@pytest.mark.parametrize("dpi", ["fine", None, 0, -5, 5000, 99.5])
def test_pixels_per_inch_that_cannot_be_are_refused_before_anything_is_drawn(tmp_path, dpi):
    with pytest.raises(ValueError, match=r"dpi = .*from 10 to 1200.*picture_dpi"):
        FigureDataset(filepath=str(tmp_path / "picture.png"), dpi=dpi)
