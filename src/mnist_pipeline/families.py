"""START HERE: one row per model family.

A row says which network, what it sees, what it must return, and how it is judged; its numbers
stand in `conf/base/parameters/<name>.yml`. A new family costs a builder in `models/`, a row here,
and that YAML file: pipelines, catalog entries, MLflow runs and the command line follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from mnist_pipeline.models.autoencoder import build_autoencoder
from mnist_pipeline.models.cnn import build_cnn
from mnist_pipeline.models.densenet import build_densenet
from mnist_pipeline.models.lenet5 import build_lenet5
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.models.multitask_unet import build_multitask_unet
from mnist_pipeline.models.resnet import build_resnet
from mnist_pipeline.models.unet import build_unet

Thing = Literal["clean_images", "degraded_images", "distorted_images", "one_hot_labels"]
Judge = Literal["classification", "reconstruction", "restoration"]

LOOKS_AT: dict[Judge, Thing] = {
    "classification": "one_hot_labels",
    "reconstruction": "clean_images",
    "restoration": "clean_images",
}
"""Which of a network's answers a judge looks at."""


@dataclass(frozen=True)
class Family:
    """A kind of network.

    name: of the pipeline, the parameters and the folders.
    build: `build(input_shape, *output_shapes, **settings)` -> untrained Keras model.
    sees, returns: the catalog has `train_<thing>` and `test_<thing>` for each of them. A network
        that returns several things has an output for each, in this order.
    judges: `classification` looks at accuracy, `reconstruction` at how much of a picture survives
        an autoencoder, `restoration` at how much better a degraded picture has become.
    parts: named layers of the trained model that are saved as models of their own.
    tracks_test_loss: whether the loss on test digits is drawn beside the others after every epoch,
        as the original did. Nothing is chosen by it.
    """

    name: str
    build: Callable[..., Any]
    sees: Thing
    returns: tuple[Thing, ...]
    judges: tuple[Judge, ...]
    parts: tuple[str, ...] = ()
    tracks_test_loss: bool = False

    def __post_init__(self) -> None:
        for judge in self.judges:
            if judge not in LOOKS_AT:
                raise ValueError(f"{self.name}: no judge {judge!r}; there are {list(LOOKS_AT)}.")
            if LOOKS_AT[judge] not in self.returns:
                raise ValueError(
                    f"{self.name}: {judge} looks at {LOOKS_AT[judge]}, which it does not return."
                )
        if "restoration" in self.judges and self.sees != "degraded_images":
            raise ValueError(
                f"{self.name}: restoration is measured against degraded_images and their bicubic "
                f"enlargement, but the network sees {self.sees}."
            )


LABELS: tuple[Thing, ...] = ("one_hot_labels",)
READS: tuple[Judge, ...] = ("classification",)

FAMILIES = (
    Family("mlp", build_mlp, "clean_images", LABELS, READS),
    Family("cnn", build_cnn, "clean_images", LABELS, READS),
    Family(
        "autoencoder", build_autoencoder, "clean_images", ("clean_images",), ("reconstruction",),
        parts=("encoder", "decoder"),
    ),
    Family(
        "enhancement", build_unet, "degraded_images", ("clean_images",), ("restoration",),
        tracks_test_loss=True,
    ),
    Family(
        "enhancement_classification", build_multitask_unet, "degraded_images",
        ("clean_images", "one_hot_labels"), ("restoration", "classification"),
        tracks_test_loss=True,
    ),
    Family("noisy_mlp", build_mlp, "distorted_images", LABELS, READS),
    Family("noisy_cnn", build_cnn, "distorted_images", LABELS, READS),
)  # fmt: skip
"""Those of the originals; `kedro run` trains them all."""

VARIANTS = (
    Family("augmented_mlp", build_mlp, "clean_images", LABELS, READS),
    Family("augmented_cnn", build_cnn, "clean_images", LABELS, READS),
    Family("degraded_cnn", build_cnn, "degraded_images", LABELS, READS),
    Family("noisy_mlp_small", build_mlp, "distorted_images", LABELS, READS),
    Family("noisy_mlp_rmsprop", build_mlp, "distorted_images", LABELS, READS),
    Family("noisy_cnn_small", build_cnn, "distorted_images", LABELS, READS),
    Family("noisy_lenet5", build_lenet5, "distorted_images", LABELS, READS),
    Family("noisy_resnet", build_resnet, "distorted_images", LABELS, READS),
    Family("noisy_densenet", build_densenet, "distorted_images", LABELS, READS),
)
"""Other networks, and other ways of training, for comparison: each runs when it is asked for."""

EVERY_FAMILY = FAMILIES + VARIANTS
