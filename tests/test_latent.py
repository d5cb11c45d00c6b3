import numpy as np
import pytest

from mnist_pipeline.latent import crossfade, interpolate, map_to_2d
from mnist_pipeline.lazy import keras
from mnist_pipeline.preprocessing import normalize


@pytest.fixture(scope="module")
def quarters():
    """An encoder that keeps the mean of each quarter of a picture, a decoder that paints them."""
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.AveragePooling2D(14), keras.layers.Flatten()]
    )
    decoder = keras.Sequential(
        [keras.Input((4,)), keras.layers.Reshape((2, 2, 1)), keras.layers.UpSampling2D(14)]
    )
    return encoder, decoder


@pytest.fixture(scope="module")
def two_digits(bundled):
    return normalize(bundled.images[[0, 5]])


def test_the_walk_is_straight_from_one_reconstruction_to_the_other(quarters, two_digits):
    walk = interpolate(*quarters, *two_digits, steps=5)
    assert (walk.shape, walk.dtype) == ((5, 28, 28, 1), np.float32)
    encoder, decoder = quarters
    ends = decoder(encoder(two_digits)).numpy()
    np.testing.assert_allclose(walk[[0, -1]], ends, atol=1e-6)
    np.testing.assert_allclose(walk[1], 0.75 * ends[0] + 0.25 * ends[1], atol=1e-6)


def test_a_crossfade_mixes_pixels(two_digits):
    faded = crossfade(*two_digits, steps=3)
    assert (faded.shape, faded.dtype) == ((3, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(faded[[0, -1]], two_digits)
    np.testing.assert_allclose(faded[1], two_digits.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_two_clouds_far_apart_stay_apart_on_the_map(method):
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(60, 16)) + 20 * (np.arange(60) % 2)[:, np.newaxis]
    positions = map_to_2d(codes.astype(np.float32), method, seed=0)
    assert (positions.shape, positions.dtype) == ((60, 2), np.float32)
    squared = np.square(positions[:, np.newaxis] - positions).sum(axis=2)
    nearest = (squared + np.diag(np.full(60, np.inf))).argmin(axis=1)
    assert (nearest % 2 == np.arange(60) % 2).all()


def test_pca_keeps_the_distances_of_points_on_a_plane():
    corners = np.array([[0, 0], [3, 0], [3, 4], [0, 4]]) @ np.eye(2, 10)
    positions = map_to_2d(corners, "pca", seed=0)
    assert np.linalg.norm(positions[0] - positions[2]) == pytest.approx(5)
    assert np.linalg.norm(positions[0] - positions[1]) == pytest.approx(3)


def test_the_map_follows_from_the_seed(bundled):
    codes = bundled.images[:40].reshape(40, -1) / 255
    first, second = (map_to_2d(codes, "tsne", seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_three_points_are_enough_for_a_map():
    for method in ("pca", "tsne"):
        assert np.isfinite(map_to_2d(np.eye(3, 64), method, seed=0)).all()
