"""Convolutional autoencoder: a picture, squeezed through a few numbers, and back."""

import math

from mnist_pipeline.bounds import Count, Fraction
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.shapes import check_halvings


def build_autoencoder(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    filters: list[Count],
    kernel_size_px: Count,
    latent_dim: Count,
    initial_grey: Fraction,
) -> "keras.Model":
    """An encoder and its mirror image, as the layers `encoder` and `decoder` of one model.

    input_shape and output_shape: of one picture, such as (28, 28, 1).
    filters: a convolution per entry, each followed by pooling that halves the picture.
    latent_dim: how many numbers describe a picture.
    initial_grey: what the untrained network returns for every pixel, about. It should be the mean
        pixel: from Keras's 0.5 the first steps push towards black so hard that most trainings end
        there and stay (docs/decisions/0005-autoencoder-start.md).
    Raises UserError when the picture cannot be halved once per entry of `filters`.
    """
    check_halvings(input_shape, len(filters), exact=True)
    height, width, _ = input_shape
    shrink = 2 ** len(filters)
    encoder = _build_encoder(input_shape, filters, kernel_size_px, latent_dim)
    small_shape = (height // shrink, width // shrink, (filters or input_shape)[-1])
    decoder = _build_decoder(
        latent_dim, small_shape, filters, kernel_size_px, output_shape[-1], initial_grey
    )
    inputs = keras.Input(input_shape, name="image")
    return keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")


def _build_encoder(
    input_shape: tuple[int, ...], filters: list[int], kernel_size_px: int, latent_dim: int
) -> "keras.Model":
    inputs = x = keras.Input(input_shape, name="image")
    for n_filters in filters:
        x = keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Dense(latent_dim, name="latent")(x)
    return keras.Model(inputs, outputs, name="encoder")


def _build_decoder(
    latent_dim: int,
    small_shape: tuple[int, int, int],
    filters: list[int],
    kernel_size_px: int,
    channels: int,
    initial_grey: float,
) -> "keras.Model":
    height, width, depth = small_shape
    inputs = keras.Input((latent_dim,), name="latent")
    x = keras.layers.Dense(height * width * depth, activation="relu")(inputs)
    x = keras.layers.Reshape(small_shape)(x)
    for n_filters in reversed(filters):
        x = keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", activation="relu")(x)
        x = keras.layers.UpSampling2D()(x)
    logit = math.log(initial_grey / (1 - initial_grey))
    outputs = keras.layers.Conv2D(
        channels, kernel_size_px, padding="same", activation="sigmoid", name="reconstruction",
        bias_initializer=keras.initializers.Constant(logit),
    )(x)  # fmt: skip
    return keras.Model(inputs, outputs, name="decoder")
