"""Convolutional autoencoder: a picture, squeezed through a few numbers, and back."""

import math
from typing import Any

from mnist_pipeline.bounds import Count, DropoutRate, Fraction
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.layers import check_halvings


def build_autoencoder(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    filters: list[Count],
    kernel_size_px: Count,
    latent_dim: Count,
    batch_normalization: bool,
    dropout: DropoutRate,
    initial_grey: Fraction,
) -> "keras.Model":
    """An encoder and its mirror image, as the layers `encoder` and `decoder` of one model.

    input_shape and output_shape: of one picture, such as (28, 28, 1).
    filters: a convolution per entry, each followed by pooling that halves the picture.
    latent_dim: how many numbers describe a picture.
    batch_normalization: after each convolution but the last.
    dropout: before the latent layer.
    initial_grey: what the untrained network returns for every pixel, about. It should be the mean
        pixel: from Keras's 0.5 the first steps push towards black so hard that most trainings end
        there and stay (docs/decisions/0005-autoencoder-start.md).
    Raises UserError when the picture cannot be halved once per entry of `filters`.
    """
    check_halvings(input_shape, len(filters), exact=True)

    def convolution(x: Any, n_filters: int) -> Any:
        x = keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", activation="relu")(x)
        return keras.layers.BatchNormalization()(x) if batch_normalization else x

    picture = x = keras.Input(input_shape, name="image")
    for n_filters in filters:
        x = keras.layers.MaxPooling2D()(convolution(x, n_filters))
    small_shape = x.shape[1:]
    x = keras.layers.Flatten()(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    encoder = keras.Model(picture, keras.layers.Dense(latent_dim, name="latent")(x), name="encoder")

    latent = keras.Input((latent_dim,), name="latent")
    x = keras.layers.Dense(math.prod(small_shape), activation="relu")(latent)
    x = keras.layers.Reshape(small_shape)(x)
    for n_filters in reversed(filters):
        x = keras.layers.UpSampling2D()(convolution(x, n_filters))
    x = keras.layers.Conv2D(
        output_shape[-1], kernel_size_px, padding="same", activation="sigmoid",
        name="reconstruction",
        bias_initializer=keras.initializers.Constant(math.log(initial_grey / (1 - initial_grey))),
    )(x)  # fmt: skip
    decoder = keras.Model(latent, x, name="decoder")

    inputs = keras.Input(input_shape, name="image")
    return keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")
