"""What a good user would write by hand: `python -m benchmarks.plain cnn`

The networks of this project as plain Keras, numpy arrays, `compile`, `fit`; nothing of the project
takes part in the training. It is the other side of `benchmarks.training` and `.time_to_score`.
"""

import gzip
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import keras
import numpy as np
from keras import layers

from mnist_pipeline.degradation import degrade
from mnist_pipeline.distortion import distort

SHAPE = (28, 28, 1)
DISTORTION: list[Any] = [
    {
        "geometric": {
            "rotation_degrees": 56.0,
            "shift_fraction": 0.2,
            "zoom_fraction": 0.2,
            "brightness_fraction": 0.0,
            "border": "wrap",
        }
    }
]


def mlp(units: list[int], dropout: list[float]) -> keras.Model:
    x = inputs = keras.Input(SHAPE)
    x = layers.Flatten()(x)
    for n, rate in zip(units, dropout, strict=True):
        x = layers.Dense(n, activation="relu")(x)
        x = layers.Dropout(rate)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def cnn() -> keras.Model:
    x = inputs = keras.Input(SHAPE)
    for block in ((32, 32), (64, 64), (128,)):
        for n in block:
            x = layers.Conv2D(n, 3, padding="same", activation="relu")(x)
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    for n in (256, 128):
        x = layers.Dense(n, activation="relu")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def noisy_cnn() -> keras.Model:
    x = inputs = keras.Input(SHAPE)
    he = {"activation": "relu", "kernel_initializer": "he_uniform"}
    for n in (32, 64, 128, 256):
        x = layers.Conv2D(n, 3, padding="same", **he)(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512, **he)(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(256, **he)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def autoencoder() -> keras.Model:
    x = inputs = keras.Input(SHAPE)
    for n in (32, 64):
        x = layers.Conv2D(n, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(64)(layers.Flatten()(x))
    x = layers.Reshape((7, 7, 64))(layers.Dense(3136, activation="relu")(x))
    for n in (64, 32):
        x = layers.Conv2D(n, 3, padding="same", activation="relu")(x)
        x = layers.UpSampling2D()(x)
    grey = keras.initializers.Constant(np.log(0.13 / 0.87))  # from 0.5 most trainings get stuck
    outputs = layers.Conv2D(1, 3, padding="same", activation="sigmoid", bias_initializer=grey)(x)
    return keras.Model(inputs, outputs)


def unet(*, reads: bool = False) -> keras.Model:
    def two(x: Any, n: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(n, 3, padding="same", activation="relu")(x)
        return x

    x = inputs = keras.Input(SHAPE)
    short_cuts = []
    for n in (32, 64):
        x = two(x, n)
        short_cuts.append(x)
        x = layers.MaxPooling2D()(x)
    x = bottleneck = two(x, 128)
    for n, short_cut in zip((64, 32), reversed(short_cuts), strict=True):
        x = layers.Conv2DTranspose(n, 2, strides=2)(x)
        x = two(layers.Concatenate()([x, short_cut]), n)
    restored = layers.Conv2D(1, 1, activation="sigmoid")(x)
    if not reads:
        return keras.Model(inputs, restored)
    x = layers.Dropout(0.5)(layers.Flatten()(bottleneck))
    x = layers.Dropout(0.5)(layers.Dense(128, activation="relu")(x))
    return keras.Model(inputs, [restored, layers.Dense(10, activation="softmax")(x)])


NETWORKS = {
    "mlp": lambda: mlp([128, 64], [0.2, 0.2]),
    "cnn": cnn,
    "autoencoder": autoencoder,
    "enhancement": unet,
    "enhancement_classification": lambda: unet(reads=True),
    "noisy_mlp": lambda: mlp([784, 512, 256, 128], [0.0, 0.3, 0.0, 0.0]),
    "noisy_cnn": noisy_cnn,
}


class Clock(keras.callbacks.Callback):
    """Notes how long the batches of every epoch take."""

    def __init__(self) -> None:
        super().__init__()
        self.train_seconds: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 0:  # after `fit` has waited for the end of the last epoch's input
            self.started = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        self.train_seconds.append(time.perf_counter() - self.started)


def read(path: Path, header_bytes: int, shape: tuple[int, ...]) -> np.ndarray:
    if not path.exists():
        raise click.ClickException(f"There is no {path.name} in {path.parent}.")
    content = gzip.decompress(path.read_bytes())
    return np.frombuffer(content, np.uint8, offset=header_bytes).reshape(shape)


@click.command()
@click.argument("family", type=click.Choice(list(NETWORKS)))
@click.option("--mnist-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--digits", default=60_000, show_default=True)
@click.option("--epochs", default=2, show_default=True, help="At most, with --to-the-end.")
@click.option(
    "--to-the-end", is_flag=True,
    help="Of the cnn: stop by the original's rules, and score the test digits.",
)  # fmt: skip
def main(family: str, mnist_dir: Path, digits: int, epochs: int, to_the_end: bool) -> None:
    """Train FAMILY's network and print what it took, as JSON."""
    if to_the_end and family != "cnn":
        raise click.UsageError(f"--to-the-end follows the rules of the cnn, not those of {family}.")
    if to_the_end:
        test_images = read(mnist_dir / "t10k-images-idx3-ubyte.gz", 16, (-1, *SHAPE))
        test_labels = read(mnist_dir / "t10k-labels-idx1-ubyte.gz", 8, (-1,))
    raw = read(mnist_dir / "train-images-idx3-ubyte.gz", 16, (-1, 28, 28))[:digits]
    labels = read(mnist_dir / "train-labels-idx1-ubyte.gz", 8, (-1,))[:digits]
    clean = raw[..., np.newaxis].astype(np.float32) / 255
    one_hot = np.eye(10, dtype=np.float32)[labels]
    x, y, loss, batch_size, fraction = clean, one_hot, "categorical_crossentropy", 128, 0.1
    options: dict[str, Any] = {"metrics": ["accuracy"]}
    if family == "autoencoder":
        y, loss, options = clean, "mse", {}
    elif family.startswith("enhancement"):
        x = degrade(raw, 14, "area", "bicubic")[..., np.newaxis].astype(np.float32) / 255
        y, loss, options, batch_size, fraction = clean, "binary_crossentropy", {}, 64, 1 / 12
        if family == "enhancement_classification":
            y, loss = [clean, one_hot], [loss, "categorical_crossentropy"]
            options = {"loss_weights": [1.0, 0.1], "metrics": [[], ["accuracy"]]}
    elif family.startswith("noisy"):
        x = distort(clean, DISTORTION, seed=42)
        batch_size = 100

    keras.utils.set_random_seed(42)
    model = NETWORKS[family]()
    model.compile("adam", loss, **options)
    clock = Clock()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder, "best.weights.h5")
        history = model.fit(
            x, y, batch_size=batch_size, epochs=epochs, validation_split=fraction,
            validation_batch_size=500, verbose=2 if to_the_end else 0,
            callbacks=[clock, *(rules(best) if to_the_end else [])],
        ).history  # fmt: skip
        fit_seconds = time.perf_counter() - started
        if to_the_end:
            model.load_weights(best)
    train_images = digits - int(fraction * digits)
    measured = {
        "parameters": model.count_params(),
        "train_images": train_images,
        "images_per_second": [train_images / s for s in clock.train_seconds],
        "fit_seconds": fit_seconds,
        "val_loss": history["val_loss"],
    }
    if to_the_end:
        answers = model.predict(test_images / np.float32(255), batch_size=500, verbose=0)
        measured["test_images"] = len(answers)
        measured["test_accuracy"] = float(np.mean(answers.argmax(axis=1) == test_labels))
    print(json.dumps(measured))


def rules(best: Path) -> list[keras.callbacks.Callback]:
    """When the original's cnn stops, and which of its epochs is kept: in this file."""
    return [
        keras.callbacks.EarlyStopping(patience=5),
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=3),
        keras.callbacks.ModelCheckpoint(
            best, monitor="val_accuracy", save_best_only=True, save_weights_only=True
        ),
    ]


if __name__ == "__main__":
    main()
