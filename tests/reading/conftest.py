"""Drawn digits, and networks small enough to be trained and saved in seconds."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from kedro.io import Version
from PIL import Image

from mnist_pipeline.datasets import KerasModelDataset
from mnist_pipeline.digits import Digits
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.autoencoder import build_autoencoder
from mnist_pipeline.models.cnn import build_cnn
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.models.unet import build_unet
from mnist_pipeline.preprocessing import normalize
from mnist_pipeline.reading import model as reading
from mnist_pipeline.reading.outliers import make_outliers, vary_digits
from mnist_pipeline.sources import read_bundled_digits
from tests.own_digits.draw import ink, placed
from tests.own_digits.strokes import DIGITS, write

IMAGE = (28, 28, 1)
OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"


def drawn(label, seed=0, *, side_px=100, length_px=60, width_px=7.0, scale=4):
    """A digit in dark ink on white, anywhere in a square; float32, 0 black to 1 white.

    length_px: of its longer side, between the middles of strokes. width_px: of the pen.
    """
    rng = np.random.default_rng([seed, label])
    room = (side_px, side_px)
    strokes = placed(write(DIGITS[label], rng), length_px, room, width_px / 2 + 2, rng)
    return (1 - ink(strokes, width_px, room, scale=scale)).astype(np.float32)


def as_uint8(grey):
    return np.rint(255 * grey).astype(np.uint8)


def save_digit(path, label=3, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(as_uint8(drawn(label, seed))).save(path)


class Networks:
    """A classifier that reads the bundled digits, an autoencoder, and the model made of both."""

    def __init__(self, digits: Digits) -> None:
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        self.digits = digits
        self.classifier = build_cnn(
            IMAGE, (10,), filters=[[4], [8]], kernel_size_px=3, initializer="glorot_uniform",
            batch_norm_momentum=None, conv_dropout=0.0, hidden_units=[16], dense_dropout=0.0,
        )  # fmt: skip
        self.classifier.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        self.classifier.fit(
            normalize(digits.images), digits.labels, epochs=4, batch_size=64, verbose=0
        )
        self.autoencoder = build_autoencoder(
            IMAGE, IMAGE, filters=[2], kernel_size_px=3, latent_dim=4,
            batch_normalization=False, dropout=0.0, initial_grey=0.13,
        )  # fmt: skip
        self.witness = reading.build_witness(self.classifier, self.autoencoder)
        self.outliers = make_outliers(digits, 400, rng)
        self.judge = reading.fit_judge(
            reading.look(self.witness, vary_digits(digits.take(np.arange(400)), rng)),
            reading.look(self.witness, self.outliers),
            epochs=6, batch_size=64, learning_rate=0.003, hidden_units=[32], dropout=0.1, seed=0,
        )  # fmt: skip
        self.held_out = digits.images[1000:1400]
        self.temperature, self.refused_share = 2.0, 0.05
        threshold = reading.choose_threshold(
            self.witness, self.judge, self.held_out, self.refused_share
        )
        self.reading = reading.assemble(self.witness, self.judge, self.temperature, threshold)


@cache
def trained() -> Networks:
    """Once, though tests of other folders ask for them too."""
    return Networks(read_bundled_digits(None).train)


@pytest.fixture(scope="session")
def networks() -> Networks:
    return trained()


def save_network(data, name, model, version=NEW):
    """As the catalog does."""
    filepath = str(data / f"06_models/{name}/model.keras")
    KerasModelDataset(filepath=filepath, version=Version(None, version)).save(model)


def save_json(data, layer, name, file, content, version=NEW):
    folder = data / layer / name / file / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(json.dumps(content))


@pytest.fixture(scope="session")
def data(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `data` folder with everything in it. Shared: do not change it."""
    folder = tmp_path_factory.mktemp("trained") / "data"
    save_network(folder, "cnn", networks.classifier)
    save_json(folder, "06_models", "cnn", "calibration.json", {"temperature": 2.0})
    save_json(folder, "08_reporting", "cnn", "metrics.json", {"dataset": "Testset"})
    save_network(folder, "mlp", build_mlp(IMAGE, (10,), hidden_units=[8], dropout=0.0))
    save_json(folder, "06_models", "mlp", "calibration.json", {"temperature": 4.0})
    save_network(folder, "reading", networks.reading)
    save_network(
        folder, "enhancement",
        build_unet(IMAGE, IMAGE, filters=[2], kernel_size_px=3, batch_normalization=False,
                   residual=True),
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def data_without_reading(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `data` folder in which there is a `cnn` alone. Shared: do not change it."""
    folder = tmp_path_factory.mktemp("trained") / "data"
    save_network(folder, "cnn", networks.classifier)
    return folder
