"""What a classifier looks at: maps of the pixels that its answer hangs on.

Two questions that look alike and are not: what happens when a part of the picture is missing
(`occlusion_map`), and which pixel would change the answer most if it changed a little
(`gradient_map`).
"""

import numpy as np

from mnist_pipeline.fitting import predict
from mnist_pipeline.lazy import keras, tf


def occlusion_map(
    model: "keras.Model", images: np.ndarray, classes: np.ndarray, *, patch_px: int = 7
) -> np.ndarray:
    """The probability that a class loses when a square of the picture is covered with background.

    Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901, section 4.2. They cover with grey, which
    in pictures of digits would be ink; here it is 0.

    model: returns probabilities, float32 (n, classes).
    images: float32 (n, height, width, 1), 0 to 1. classes: integers (n,), a class for each picture.
    patch_px: side of the square, odd, so that it has a pixel in its middle. At the border it is cut
        off.
    Returns float32 (n, height, width), -1 to 1, at the middle of the square: above 0 where what is
    covered spoke for the class, below 0 where it spoke against it.
    Raises ValueError for a patch without a middle.
    """
    if patch_px < 1 or patch_px % 2 == 0:
        raise ValueError(f"patch_px: expected an odd number of pixels, found {patch_px}.")
    height, width, _ = images.shape[1:]
    uncovered = ~_patches(height, width, patch_px)[..., np.newaxis]
    maps = []
    for image, k in zip(images, classes, strict=True):
        whole, *covered = predict(model, np.stack([image, *(image * uncovered)]))[0][:, k]
        maps.append(whole - np.array(covered))
    return np.reshape(maps, (-1, height, width)).astype(np.float32)


def gradient_map(model: "keras.Model", images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How fast the probability of a class changes with each pixel: |d p / d pixel|.

    The saliency map of Simonyan et al. 2014, https://arxiv.org/abs/1312.6034, section 3; of the
    probability instead of the score before softmax.

    model: returns probabilities, float32 (n, classes), at least two.
    images: float32 (n, height, width, 1), 0 to 1. classes: integers (n,), a class for each picture.
    Returns float32 (n, height, width), 0 or more: probability for a whole pixel's change from
    black to white. It is tiny where the network is sure, because softmax is flat there.
    """
    x = tf.constant(images)
    is_class = tf.one_hot(classes, model.output_shape[-1], on_value=True, off_value=False)
    with tf.GradientTape() as tape:
        tape.watch(x)
        probabilities = model(x, training=False)
        p = tf.reduce_sum(tf.where(is_class, probabilities, 0), axis=1)
        rest = tf.reduce_sum(tf.where(is_class, 0, probabilities), axis=1)
        # By way of the log-odds, d p = p (1 - p) d log(p / (1 - p)): of a network that is sure,
        # 1 - p is 0 in float32, while the sum of the other probabilities is not.
        log_odds = tf.math.log(p + TINY) - tf.math.log(rest + TINY)
    slope = (p * rest)[:, tf.newaxis, tf.newaxis] * tape.gradient(log_odds, x)[..., 0]
    return np.abs(slope.numpy())


TINY = np.float32(1e-37)
"""Far below every probability that matters, and still a number in float32."""


def _patches(height: int, width: int, patch_px: int) -> np.ndarray:
    """Which pixels each square covers: bool (height * width, height, width), a square a pixel."""

    def near(n: int) -> np.ndarray:
        at = np.arange(n)
        return np.abs(at[:, np.newaxis] - at) <= patch_px // 2

    covered = near(height)[:, np.newaxis, :, np.newaxis] & near(width)[:, np.newaxis, :]
    return covered.reshape(height * width, height, width)
