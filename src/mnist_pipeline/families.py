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
from mnist_pipeline.models.mlp import build_mlp

Task = Literal["classification", "reconstruction"]


@dataclass(frozen=True)
class Family:
    """A kind of network.

    name: of the pipeline, the parameters and the folders.
    build: `build(input_shape, output_shape, **settings)` -> untrained Keras model.
    sees, returns: the catalog has `train_<sees>` and `test_<sees>`, and the same for `returns`.
    task: `classification` is judged by accuracy, `reconstruction` by the difference of pictures.
    parts: named layers of the trained model that are saved as models of their own.
    """

    name: str
    build: Callable[..., Any]
    sees: str
    returns: str
    task: Task
    parts: tuple[str, ...] = ()


FAMILIES = (
    Family("mlp", build_mlp, "clean_images", "one_hot_labels", "classification"),
    Family("cnn", build_cnn, "clean_images", "one_hot_labels", "classification"),
    Family(
        "autoencoder", build_autoencoder, "clean_images", "clean_images", "reconstruction",
        parts=("encoder", "decoder"),
    ),
)  # fmt: skip
