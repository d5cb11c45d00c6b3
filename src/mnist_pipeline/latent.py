"""The latent space of an autoencoder: the few numbers to which it brings a picture."""

from typing import Literal

import numpy as np

from mnist_pipeline.fitting import predict
from mnist_pipeline.lazy import keras


def interpolate(
    encoder: "keras.Model",
    decoder: "keras.Model",
    first: np.ndarray,
    second: np.ndarray,
    *,
    steps: int,
) -> np.ndarray:
    """Walk in a straight line through the latent space, and decode what lies on the way.

    encoder: pictures to float32 (n, latent_dim); decoder: back again.
    first, second: float32 (28, 28, 1), 0 to 1. steps: how many pictures, both ends included.
    Returns float32 (steps, 28, 28, 1), 0 to 1, from the reconstruction of `first` to that of
    `second`.
    """
    start, end = predict(encoder, np.stack([first, second]))[0]
    return predict(decoder, np.linspace(start, end, steps, dtype=np.float32))[0]


def crossfade(first: np.ndarray, second: np.ndarray, *, steps: int) -> np.ndarray:
    """The same walk in the space of pixels: one picture fades out while the other fades in.

    first, second: float32 (28, 28, 1), 0 to 1. steps: how many pictures, both ends included.
    Returns float32 (steps, 28, 28, 1), 0 to 1.
    """
    return np.linspace(first, second, steps, dtype=np.float32)


def map_to_2d(
    codes: np.ndarray, method: Literal["pca", "tsne"] = "tsne", *, seed: int
) -> np.ndarray:
    """Bring points of many dimensions to a plane, neighbours side by side.

    codes: float (n, dimensions), at least three points.
    method: `pca` projects on the two directions of greatest variance: distances mean something, but
        most of the variance may be lost. `tsne` keeps neighbours together (van der Maaten & Hinton
        2008, https://www.jmlr.org/papers/v9/vandermaaten08a.html): groups mean something, their
        sizes and distances do not.
    seed: of t-SNE; PCA has no use for it.
    Returns float32 (n, 2).
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if method == "pca":
        positions = PCA(2, svd_solver="full").fit_transform(codes)
    else:
        perplexity = min(30.0, (len(codes) - 1) / 3)  # how many neighbours count; 30: the default
        tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
        # One thread: t-SNE's wait for each other so often that, where something else is running,
        # two of them took seven times as long.
        with threadpool_limits(1):
            positions = tsne.fit_transform(codes)
    return np.asarray(positions, np.float32)
