"""Convolutional network: blocks of convolutions, then dense layers."""

from typing import Any, Literal

from mnist_pipeline.bounds import Count, DropoutRate, DropoutRates, Fraction
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.layers import check_halvings, per_layer


def build_cnn(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    filters: list[list[Count]],
    kernel_size_px: Count,
    initializer: Literal["glorot_uniform", "he_uniform"],
    batch_norm_momentum: Fraction | None,
    conv_dropout: DropoutRate,
    hidden_units: list[Count],
    dense_dropout: DropoutRates,
) -> "keras.Model":
    """Convolution blocks that halve the picture, dense layers, then softmax.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    filters: a list per block, a number of filters per convolution in it.
    initializer: of the weights of convolutions and dense layers.
    batch_norm_momentum: how slowly the averages of batch normalisation follow; None: no batch
        normalisation.
    conv_dropout: after each block.
    hidden_units: the width of each dense layer.
    dense_dropout: the same after every dense layer, or a list with one for each.
    Raises UserError when there are more blocks than the picture can be halved, or when a list has
    another length than the layers that it is for.
    """
    check_halvings(input_shape, len(filters), exact=False)
    rates = per_layer(dense_dropout, len(hidden_units), "dense_dropout")

    def relu(layer: Any, x: Any) -> Any:
        x = layer(x)
        if batch_norm_momentum is None:
            return x
        return keras.layers.BatchNormalization(momentum=batch_norm_momentum)(x)

    made = {"activation": "relu", "kernel_initializer": initializer}
    inputs = x = keras.Input(input_shape, name="image")
    for block in filters:
        for n_filters in block:
            x = relu(keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", **made), x)
        x = keras.layers.MaxPooling2D()(x)
        x = keras.layers.Dropout(conv_dropout)(x)
    x = keras.layers.Flatten()(x)
    for units, rate in zip(hidden_units, rates, strict=True):
        x = relu(keras.layers.Dense(units, **made), x)
        x = keras.layers.Dropout(rate)(x)
    outputs = keras.layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="cnn")
