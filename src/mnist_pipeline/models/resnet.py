"""A small residual network (He, Zhang, Ren and Sun 2016): blocks learn what to add."""

from typing import Any

from mnist_pipeline.bounds import Count, Counts, Fraction
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.layers import check_halvings


def build_resnet(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    filters: Counts,
    blocks: Count,
    batch_norm_momentum: Fraction,
) -> "keras.Model":
    """Stages of residual blocks, global average pooling, then softmax.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    filters: of each stage; the picture is halved in between. blocks: in each stage.
    batch_norm_momentum: how slowly the averages of batch normalisation follow.
    Raises UserError when there are more stages than the picture can be halved.
    """
    check_halvings(input_shape, len(filters) - 1, exact=False)

    def convolve(x: Any, n_filters: int, stride: int = 1) -> Any:
        x = keras.layers.Conv2D(n_filters, 3, stride, padding="same", use_bias=False)(x)
        return keras.layers.BatchNormalization(momentum=batch_norm_momentum)(x)

    def residual_block(x: Any, n_filters: int, stride: int) -> Any:
        correction = keras.layers.ReLU()(convolve(x, n_filters, stride))
        correction = convolve(correction, n_filters)
        if stride > 1 or x.shape[-1] != n_filters:  # bring the short cut to the same shape
            x = keras.layers.Conv2D(n_filters, 1, stride, use_bias=False)(x)
            x = keras.layers.BatchNormalization(momentum=batch_norm_momentum)(x)
        return keras.layers.ReLU()(keras.layers.Add()([x, correction]))

    inputs = keras.Input(input_shape, name="image")
    x = keras.layers.ReLU()(convolve(inputs, filters[0]))
    for stage, n_filters in enumerate(filters):
        for block in range(blocks):
            x = residual_block(x, n_filters, stride=2 if stage and not block else 1)
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="resnet")
