"""Arrays in, numbers out. Every figure is a plain Python number, ready for JSON.

SciPy and scikit-learn are imported where they are used: they cost every command 0.8 s otherwise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mnist_pipeline.preprocessing import Rows

CALIBRATION_BINS = 15
"""As in Guo et al. 2017, whose expected calibration error this is."""

SSIM_SIGMA_PX = 1.5
SSIM_BORDER_PX = 5
"""Wang et al. 2004: an 11x11 Gaussian window; where it would stick out, nothing is scored."""


def classification_metrics(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """How well a classifier did.

    probabilities: float (n, classes), rows sum to 1. labels: integers (n,).
    Returns `accuracy` (fraction), `loss` (mean cross-entropy in nats), `macro_f1`,
    `expected_calibration_error` (fraction), `per_class_accuracy` {class: fraction, or None for a
    class without digits}, `top_confusions` [[true, predicted, count], ...], the ten most frequent.
    """
    from sklearn.metrics import confusion_matrix, f1_score

    n_classes = probabilities.shape[1]
    classes = np.arange(n_classes)
    predicted = probabilities.argmax(axis=1)
    confusion = confusion_matrix(labels, predicted, labels=classes)
    totals = confusion.sum(axis=1)
    present = classes[(totals > 0) | (confusion.sum(axis=0) > 0)]
    return {
        "accuracy": float(np.mean(predicted == labels)),
        "loss": _cross_entropy(probabilities, labels),
        "macro_f1": float(f1_score(labels, predicted, labels=present, average="macro")),
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
        "per_class_accuracy": {
            str(k): float(confusion[k, k] / totals[k]) if totals[k] else None for k in classes
        },
        "top_confusions": _top_confusions(confusion, 10),
    }


def _cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The loss that training minimises, with Keras's bound of 1e-7 against the logarithm of 0."""
    of_true_class = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_true_class, 1e-7, 1)).mean())


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """How far confidence and accuracy are apart, as a fraction of 1 (Guo et al. 2017, eq. 3).

    Predictions are sorted by confidence into 15 bins of equal width; each bin's gap between mean
    confidence and accuracy counts by its share of the predictions.

    probabilities: float (n, classes). labels: integers (n,).
    """
    bins = calibration_bins(probabilities, labels)
    return float(np.abs(bins["correct"] - bins["confidence"]).sum() / len(labels))


def calibration_bins(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Predictions sorted by confidence into 15 bins of equal width from 0 to 1.

    probabilities: float (n, classes). labels: integers (n,).
    Returns, per bin, float64 (15,): `count`, how many predictions; `confidence`, the sum of theirs;
    `correct`, how many of them are right.

    >>> bins = calibration_bins(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
    >>> bins["count"][12:], bins["correct"][12:]
    (array([1., 1., 0.]), array([0., 1., 0.]))
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    at = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    sums = {"count": np.ones(len(labels)), "confidence": confidence, "correct": correct}
    return {
        name: np.bincount(at, weights=values.astype(np.float64), minlength=CALIBRATION_BINS)
        for name, values in sums.items()
    }


def right_and_wrong(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which digits are read right and which are misread, each with the most confident first.

    probabilities: float (n, classes). labels: integers (n,).
    Returns positions, int64: together all of 0 to n - 1.
    """
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    correct = (probabilities.argmax(axis=1) == labels)[order]
    return order[correct], order[~correct]


def first_of_each_class(positions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of some positions, the first one of each class that occurs there, class by class.

    positions: integers (k,). labels: integers (n,), of all digits. Returns at most one a class.

    >>> first_of_each_class(np.array([4, 0, 2]), np.array([7, 1, 3, 1, 3]))
    array([4, 0])
    """
    _, first = np.unique(labels[positions], return_index=True)
    return positions[first]


def _top_confusions(confusion: np.ndarray, n: int) -> list[list[int]]:
    mistakes = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:n]
    pairs = (np.unravel_index(at, mistakes.shape) for at in order if mistakes.flat[at])
    return [
        [int(true), int(predicted), int(mistakes[true, predicted])] for true, predicted in pairs
    ]


def image_errors(restored: Rows, originals: Rows) -> dict[str, np.ndarray]:
    """How far each picture is from its original.

    restored, originals: float (n, height, width, 1), 0 to 1.
    Returns, per picture, float64 (n,): `mse`, `psnr_db` (peak 1; 100 for equal pictures, whose
    ratio would be infinite), `ssim` (-1 to 1), and `bce`, the binary cross-entropy in nats a pixel.
    """
    mse = _in_chunks(_mean_squared_error, restored, originals)
    return {
        "mse": mse,
        "psnr_db": _decibels(mse),
        "ssim": ssim(restored, originals),
        "bce": _in_chunks(_binary_cross_entropy, restored, originals),
    }


def psnr_db(restored: Rows, originals: Rows) -> np.ndarray:
    """The `psnr_db` of `image_errors` alone."""
    return _decibels(_in_chunks(_mean_squared_error, restored, originals))


def _decibels(mse: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = -10 * np.log10(np.maximum(mse, 1e-10))
    return ratio


def binary_entropy(images: Rows) -> np.ndarray:
    """The lowest binary cross-entropy that a restoration of these pictures can have.

    It is not 0, because grey pixels have entropy. images: float (n, height, width, 1), 0 to 1.
    Returns float64 (n,), nats a pixel.
    """
    return _in_chunks(_binary_cross_entropy, images, images)


def _mean_squared_error(restored: np.ndarray, originals: np.ndarray) -> np.ndarray:
    error: np.ndarray = np.square(restored.astype(np.float64) - originals).mean(axis=(1, 2, 3))
    return error


def _binary_cross_entropy(restored: np.ndarray, originals: np.ndarray) -> np.ndarray:
    # Keras's bound of 1e-7 against the logarithm of 0.
    p = np.clip(restored.astype(np.float64), 1e-7, 1 - 1e-7)
    entropy: np.ndarray = -(originals * np.log(p) + (1 - originals) * np.log1p(-p))
    return entropy.mean(axis=(1, 2, 3))


def ssim(first: Rows, second: Rows) -> np.ndarray:
    """Structural similarity of each pair of pictures (Wang et al. 2004, eq. 13).

    The Gaussian-window form with K1 = 0.01, K2 = 0.03 and range 1; it equals scikit-image's
    `structural_similarity(gaussian_weights=True, use_sample_covariance=False)`, and does a
    thousand pictures at once.

    first, second: float (n, height, width, 1), 0 to 1. Returns float64 (n,), -1 to 1.
    """
    return _in_chunks(_ssim, first, second)


def _ssim(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    def blur(images: np.ndarray) -> np.ndarray:
        return gaussian_filter(images, (0, SSIM_SIGMA_PX, SSIM_SIGMA_PX), truncate=3.5)

    x, y = first[..., 0].astype(np.float64), second[..., 0].astype(np.float64)
    mean_x, mean_y = blur(x), blur(y)
    variance_x, variance_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    )
    inner = slice(SSIM_BORDER_PX, -SSIM_BORDER_PX)
    return similarity[:, inner, inner].mean(axis=(1, 2))


def pca_mse(train: np.ndarray, test: np.ndarray, n_components: int) -> float:
    """What the best linear autoencoder of the same size achieves: the mean squared error of PCA.

    train, test: float (n, height, width, 1), 0 to 1.
    n_components: how many numbers describe a picture; at most as many as pictures or pixels.
    """
    from sklearn.decomposition import PCA

    train, test = (images.reshape(len(images), -1) for images in (train, test))
    pca = PCA(min(n_components, *train.shape), svd_solver="covariance_eigh").fit(train)
    return float(np.square(pca.inverse_transform(pca.transform(test)) - test).mean())


def _in_chunks(
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray], first: Rows, second: Rows
) -> np.ndarray:
    """Measure pairs a thousand at a time: 10,000 pictures of float64 are 63 MB, several times."""
    chunks = range(0, len(first), 1000)
    return np.concatenate([measure(first[i : i + 1000], second[i : i + 1000]) for i in chunks])
