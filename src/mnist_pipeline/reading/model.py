"""One network that reads a prepared picture: which digit, whether it is one, and what it is like.

It is put together from a trained classifier, a trained autoencoder and a judge. The judge is a
small network over what the other two make of a picture: features, logits, latent code, and where
the reconstruction is wrong. It learns from digits and from made-up outliers which pictures are
digits at all. Everything is made of standard Keras layers, so the file loads anywhere.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

from mnist_pipeline.lazy import keras
from mnist_pipeline.preprocessing import normalize

BATCH_SIZE = 250
"""As many as keep what the widest layers return within a hundred megabytes."""

TILE_PX = 4
"""Errors of the reconstruction are averaged over tiles of this size."""

DIGIT_FROM = 0.5
"""The model's `is_digit` is shifted so that it is refused below this."""


def build_witness(classifier: "keras.Model", autoencoder: "keras.Model") -> "keras.Model":
    """What two networks make of a picture.

    classifier: ends in a dense softmax layer, and has dense layers behind what it extracts.
    autoencoder: has the parts `encoder` and `decoder`.
    Returns a model: image (n, 28, 28, 1) -> `logits` (n, classes), `reconstruction`
    (n, 28, 28, 1), `features` (n, length).
    """
    layers = keras.layers
    dense = [layer for layer in classifier.layers if isinstance(layer, layers.Dense)]
    inner = keras.Model(classifier.input, [dense[0].input, dense[-1].input], name="classifier")
    image = keras.Input(classifier.input_shape[1:], name="image")
    extracted, last = inner(image)
    output = layers.Dense(dense[-1].units, name="logits")
    logits = output(last)
    output.set_weights(dense[-1].get_weights())
    latent = autoencoder.get_layer("encoder")(image)
    reconstruction = autoencoder.get_layer("decoder")(latent)
    error = layers.Subtract()([image, layers.Reshape(image.shape[1:])(reconstruction)])
    tiles = layers.AveragePooling2D(TILE_PX)(layers.Multiply()([error, error]))
    features = [layers.Flatten()(part) for part in (extracted, logits, latent, tiles)]
    outputs = {
        "logits": logits,
        "reconstruction": reconstruction,
        "features": layers.Concatenate(name="features")(features),
    }
    return keras.Model(image, outputs, name="witness")


def look(witness: "keras.Model", images: np.ndarray) -> np.ndarray:
    """The features of pictures, to train a judge on.

    images: uint8 (n, 28, 28). Returns float16 (n, length): with the `cnn` and the `autoencoder` of
    `conf/base` 1,275 numbers a picture, which of 100,000 pictures are 255 MB.
    """
    features = np.empty((len(images), witness.output["features"].shape[-1]), np.float16)
    for at, some in _by_the_batch(witness, images):
        features[at : at + BATCH_SIZE] = some
    return features


def _by_the_batch(witness: "keras.Model", images: np.ndarray) -> Iterator[tuple[int, Any]]:
    """Where a batch begins, and its features in float32."""
    for at in range(0, len(images), BATCH_SIZE):
        some = normalize(images[at : at + BATCH_SIZE])
        # A layer at a time, as by calling the model, holds 200 MB more.
        yield at, witness.predict_on_batch(some)["features"]


def fit_judge(
    digits: np.ndarray,
    outliers: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    hidden_units: list[int],
    dropout: float,
    seed: int,
) -> "keras.Model":
    """Learn to tell digits from outliers, with a step size that falls as a cosine.

    digits, outliers: float16 (n, length), features of both; no copy of them all is made.
    Returns a model: features -> logit of being a digit.
    """
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    n = len(digits) + len(outliers)
    x = inputs = keras.Input(digits.shape[1:])
    x = layers.Normalization(**_moments(digits, outliers))(x)
    for units in hidden_units:
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(dropout)(x)
    judge = keras.Model(inputs, layers.Dense(1)(x), name="judge")
    steps = epochs * -(-n // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.02)
    judge.compile(keras.optimizers.Adam(schedule), loss)
    batches = _shuffled(digits, outliers, epochs, batch_size, seed)
    for features, is_digit in tqdm(batches, "reading model", steps, leave=False, disable=None):
        judge.train_on_batch(features, is_digit)
    return judge


def _shuffled(
    digits: np.ndarray, outliers: np.ndarray, epochs: int, batch_size: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of both kinds, the digits first, whose rows are drawn in a new order every epoch.

    Yields float32 features (n, length), and float32 (n, 1): 1 for a digit, 0 for an outlier.
    """
    rng = np.random.default_rng(seed)
    n = len(digits) + len(outliers)
    for _ in range(epochs):
        order = rng.permutation(n)
        for at in range(0, n, batch_size):
            rows = order[at : at + batch_size]
            is_digit = rows < len(digits)
            some = [digits[rows[is_digit]], outliers[rows[~is_digit] - len(digits)]]
            labels = np.repeat([1.0, 0.0], [len(one) for one in some])
            yield np.concatenate(some).astype(np.float32), labels[:, np.newaxis].astype(np.float32)


def _moments(*parts: np.ndarray) -> dict[str, np.ndarray]:
    """`mean` and `variance` of each feature, over the rows of all parts; for `Normalization`."""
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    for part in parts:
        for at in range(0, len(part), BATCH_SIZE):
            scaler.partial_fit(part[at : at + BATCH_SIZE].astype(np.float64))
    return {"mean": scaler.mean_, "variance": scaler.var_ + 1e-6}


def choose_threshold(
    witness: "keras.Model", judge: "keras.Model", images: np.ndarray, refused_share: float
) -> float:
    """The logit below which `refused_share` of these digits are, such as 0.01.

    images: uint8 (n, 28, 28).
    """
    logits = [judge(some, training=False) for _, some in _by_the_batch(witness, images)]
    return float(np.quantile(np.concatenate(logits), refused_share))


def assemble(
    witness: "keras.Model", judge: "keras.Model", temperature: float, threshold: float
) -> "keras.Model":
    """Put the parts together.

    Returns a model: image (n, 28, 28, 1) -> `probabilities` (n, classes), calibrated;
    `is_digit` (n, 1), a digit from 0.5; `reconstruction` (n, 28, 28, 1).
    """
    layers = keras.layers
    image = keras.Input(witness.input_shape[1:], name="image")
    made = witness(image)
    cooled = layers.Rescaling(1 / temperature)(made["logits"])
    outputs = {
        "probabilities": layers.Softmax(name="probabilities")(cooled),
        "is_digit": layers.Activation("sigmoid", name="is_digit")(
            layers.Rescaling(1.0, offset=-threshold)(judge(made["features"]))
        ),
        "reconstruction": made["reconstruction"],
    }
    return keras.Model(image, outputs, name="reading")


def read(model: "keras.Model", images: np.ndarray) -> dict[str, np.ndarray]:
    """What a reading model says of prepared pictures, batch by batch.

    images: uint8 (n, 28, 28). Returns float32 arrays, as `assemble` names them.
    """
    batches = [
        model.predict_on_batch(normalize(images[at : at + BATCH_SIZE]))
        for at in range(0, len(images), BATCH_SIZE)
    ]
    return {
        name: np.concatenate([batch[name] for batch in batches])
        for name in ("probabilities", "is_digit", "reconstruction")
    }
