import numpy as np
import pytest

from mnist_pipeline.degradation import FILTERS, degrade


def test_area_and_nearest_on_a_picture_worked_out_by_hand():
    """4x4 to 2x2: each small pixel is the mean of four, and comes back as four."""
    image = np.array(
        [[[0, 100, 8, 8], [100, 200, 8, 8], [4, 4, 255, 255], [4, 4, 255, 1]]], np.uint8
    )
    expected = [[100, 100, 8, 8], [100, 100, 8, 8], [4, 4, 192, 192], [4, 4, 192, 192]]
    degraded = degrade(image, 2, "area", "nearest")[0]
    np.testing.assert_allclose(degraded, expected, atol=1)  # 191.5 is rounded either way


def test_bilinear_enlargement_worked_out_by_hand():
    """2 pixels to 4: a quarter and three quarters of the way between their centres."""
    image = np.array([[[0, 0, 100, 100]] * 4], np.uint8)
    assert degrade(image, 2, "area", "bilinear")[0, 0].tolist() == [0, 25, 75, 100]


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("size_px", [7, 10, 14, 28])
def test_every_filter_and_size_gives_digits_of_the_old_size_and_type(bundled, name, size_px):
    images = bundled.images[:5]
    before = images.copy()
    degraded = degrade(images, size_px, name, name)
    assert (degraded.shape, degraded.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(images, before)  # the argument is left alone
    np.testing.assert_array_equal(degraded, degrade(images, size_px, name, name))


@pytest.mark.parametrize("name", FILTERS)
def test_full_size_changes_nothing(bundled, name):
    images = bundled.images[:5]
    np.testing.assert_array_equal(degrade(images, 28, name, name), images)


def test_the_smaller_the_size_the_more_is_lost(bundled):
    images = bundled.images[:50].astype(float)
    errors = [
        np.square(degrade(bundled.images[:50], size_px, "area", "bicubic") - images).mean()
        for size_px in (14, 10, 7, 4)
    ]
    assert errors == sorted(errors)
    assert errors[0] > 0


@pytest.mark.mnist
def test_the_baselines_on_mnist_are_the_published_ones(mnist_dir):
    """Area down, bicubic up: 19.92 dB at 14x14 and 14.46 dB at 7x7, of the mean error."""
    from mnist_pipeline.datasets import IDXDataset

    images = IDXDataset(filepath=str(mnist_dir / "t10k-images-idx3-ubyte.gz")).load()
    for size_px, expected_db in ((14, 19.92), (7, 14.46)):
        difference = degrade(images, size_px, "area", "bicubic") / 255 - images / 255
        assert -10 * np.log10(np.square(difference).mean()) == pytest.approx(expected_db, abs=0.05)
