"""What training minimises, by name."""

from collections.abc import Callable
from typing import Any

from mnist_pipeline.lazy import tf

SSIM_SHARE = 0.84
"""From Zhao et al. 2017, "Loss Functions for Image Restoration with Neural Networks"."""


def ssim_mae(targets: Any, outputs: Any) -> Any:
    """Structural dissimilarity mixed with the mean absolute error, after Zhao et al. 2017.

    Unlike theirs it takes SSIM at one scale (pictures of 28x28 are too small for several), halves
    the dissimilarity to bring it to 0 to 1, and weighs the error of every pixel alike.
    targets, outputs: float32 (n, height, width, 1), 0 to 1. Returns float32 (n,), 0 to 1.
    """
    similarity = tf.image.ssim(targets, outputs, max_val=1.0, filter_size=11, filter_sigma=1.5)
    error = tf.reduce_mean(tf.abs(targets - outputs), axis=(1, 2, 3))
    return SSIM_SHARE * (1 - similarity) / 2 + (1 - SSIM_SHARE) * error


def loss_function(name: str) -> str | Callable[[Any, Any], Any]:
    """The loss of that name, as `compile` takes it: ours, or else one of Keras's."""
    return {"ssim_mae": ssim_mae}.get(name, name)
