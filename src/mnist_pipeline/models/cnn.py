"""Convolutional network with batch normalisation: blocks of convolutions, then dense layers."""

from typing import Any

from mnist_pipeline.bounds import Count, DropoutRate, Fraction
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.shapes import check_halvings


def _conv_block(
    x: Any, filters: list[int], kernel_size_px: int, momentum: float, dropout: float
) -> Any:
    for n_filters in filters:
        x = keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", activation="relu")(x)
        x = keras.layers.BatchNormalization(momentum=momentum)(x)
    x = keras.layers.MaxPooling2D()(x)
    return keras.layers.Dropout(dropout)(x)


def build_cnn(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    filters: list[list[Count]],
    kernel_size_px: Count,
    batch_norm_momentum: Fraction,
    conv_dropout: DropoutRate,
    hidden_units: list[Count],
    dense_dropout: DropoutRate,
) -> "keras.Model":
    """Convolution blocks that halve the picture, dense layers, then softmax.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    filters: a list per block, a number of filters per convolution in it.
    batch_norm_momentum: how slowly the averages of batch normalisation follow.
    hidden_units: the width of each dense layer.
    Raises UserError when there are more blocks than the picture can be halved.
    """
    check_halvings(input_shape, len(filters), exact=False)
    inputs = x = keras.Input(input_shape, name="image")
    for block_filters in filters:
        x = _conv_block(x, block_filters, kernel_size_px, batch_norm_momentum, conv_dropout)
    x = keras.layers.Flatten()(x)
    for units in hidden_units:
        x = keras.layers.Dense(units, activation="relu")(x)
        x = keras.layers.BatchNormalization(momentum=batch_norm_momentum)(x)
        x = keras.layers.Dropout(dense_dropout)(x)
    outputs = keras.layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="cnn")
