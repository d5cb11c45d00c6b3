"""The dataset card: what the digits of a run are, for people and for MLflow."""

from typing import Any

import numpy as np

from mnist_pipeline.digits import Digits
from mnist_pipeline.idx import digest


def dataset_card(
    name: str, source: str, origin: str, class_names: list[str], train: Digits, test: Digits
) -> dict[str, Any]:
    """Describe the digits of a run.

    name: of the data set. source: of `data.sources`. origin: where exactly they were read.
    Returns `name, source, origin, class_names, train_images, test_images, image_shape, dtype`,
    `sha256` (of images and labels as IDX files: for all of MNIST, the official digests),
    `class_counts`, and `pixel_mean` and `pixel_std` of the training images (fractions of 255).
    """
    parts = {"train": train, "test": test}
    return {
        "name": name,
        "source": source,
        "origin": origin,
        "class_names": class_names,
        "train_images": len(train),
        "test_images": len(test),
        "image_shape": list(train.images.shape[1:]),
        "dtype": str(train.images.dtype),
        "sha256": {
            f"{part}_{kind}": digest(getattr(digits, kind))
            for part, digits in parts.items()
            for kind in ("images", "labels")
        },
        "class_counts": {
            part: dict(
                zip(class_names, np.bincount(digits.labels, minlength=len(class_names)).tolist(),
                    strict=True)
            )
            for part, digits in parts.items()
        },
        **_pixel_statistics(train.images),
    }  # fmt: skip


def dataset_caption(card: dict[str, Any]) -> str:
    """One line for under a picture."""
    return (
        f"{card['name']}, {card['train_images']:,} training and {card['test_images']:,} test "
        f"digits (source: {card['source']})"
    )


def trained_on(metrics: dict[str, Any], card: dict[str, Any]) -> bool:
    """Whether the network with these metrics was trained on the digits of this card."""
    return bool(metrics.get("train_sha256") == card["sha256"]["train_images"])


def _pixel_statistics(images: np.ndarray) -> dict[str, float]:
    """Mean and standard deviation from counts of the 256 values: no float copy of the images."""
    counts = np.bincount(images.ravel(), minlength=256)
    values = np.arange(256) / 255
    mean = np.average(values, weights=counts)
    std = np.sqrt(np.average((values - mean) ** 2, weights=counts))
    return {"pixel_mean": float(mean), "pixel_std": float(std)}
