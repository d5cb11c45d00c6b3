import numpy as np
import pytest

from mnist_pipeline.losses import loss_function, ssim_mae
from mnist_pipeline.metrics import ssim
from mnist_pipeline.preprocessing import normalize


def test_equal_pictures_cost_nothing(bundled):
    images = normalize(bundled.images[:5])
    np.testing.assert_allclose(ssim_mae(images, images), 0, atol=1e-6)


def test_the_loss_mixes_dissimilarity_and_error_as_published(bundled):
    images = normalize(bundled.images[:20])
    noisy = np.clip(images + np.random.default_rng(0).normal(0, 0.1, images.shape), 0, 1)
    noisy = noisy.astype(np.float32)
    error = np.abs(images - noisy).mean(axis=(1, 2, 3))
    expected = 0.84 * (1 - ssim(images, noisy)) / 2 + 0.16 * error
    np.testing.assert_allclose(ssim_mae(images, noisy), expected, atol=2e-3)


@pytest.mark.parametrize("name", ["mse", "mae", "binary_crossentropy"])
def test_other_losses_are_those_of_keras(name):
    assert loss_function(name) == name
    assert loss_function("ssim_mae") is ssim_mae
