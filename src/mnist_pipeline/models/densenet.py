"""A small densely connected network (Huang, Liu, van der Maaten and Weinberger 2017).

Unlike `resnet.py`, a layer is given what all layers before it have found, side by side.
"""

from typing import Any

from mnist_pipeline.bounds import Count, Counts, Fraction
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.layers import check_halvings


def build_densenet(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    blocks: Counts,
    growth: Count,
    compression: Fraction,
    batch_norm_momentum: Fraction,
) -> "keras.Model":
    """Dense blocks with transitions between them, global average pooling, then softmax.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    blocks: the number of layers in each block; the picture is halved in between.
    growth: the filters that each layer adds. compression: which part a transition keeps.
    batch_norm_momentum: how slowly the averages of batch normalisation follow.
    Raises UserError when there are more blocks than the picture can be halved.
    """
    check_halvings(input_shape, len(blocks) - 1, exact=False, setting="blocks")

    def convolve(x: Any, n_filters: int, kernel_size_px: int) -> Any:
        x = keras.layers.BatchNormalization(momentum=batch_norm_momentum)(x)
        x = keras.layers.ReLU()(x)
        return keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", use_bias=False)(x)

    inputs = keras.Input(input_shape, name="image")
    x = keras.layers.Conv2D(2 * growth, 3, padding="same", use_bias=False)(inputs)
    for block, n_layers in enumerate(blocks):
        if block:
            x = convolve(x, max(int(compression * x.shape[-1]), 1), 1)
            x = keras.layers.AveragePooling2D(2)(x)
        for _ in range(n_layers):
            x = keras.layers.Concatenate()([x, convolve(x, growth, 3)])
    x = keras.layers.BatchNormalization(momentum=batch_norm_momentum)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="densenet")
