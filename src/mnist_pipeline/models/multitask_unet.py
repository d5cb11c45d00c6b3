"""Unlike `unet.py`, this network also says which digit it sees: a branch from the bottleneck."""

from mnist_pipeline.bounds import Count, DropoutRate
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.unet import unet_layers


def build_multitask_unet(
    input_shape: tuple[int, ...],
    image_shape: tuple[int, ...],
    label_shape: tuple[int, ...],
    *,
    filters: list[Count],
    kernel_size_px: Count,
    batch_normalization: bool,
    residual: bool,
    hidden_units: list[Count],
    dropout: DropoutRate,
) -> "keras.Model":
    """A U-Net with two outputs: `restored`, a picture, and `probabilities`, one per class.

    input_shape, image_shape: of one picture, such as (28, 28, 1), the same.
    label_shape: (classes,).
    filters, kernel_size_px, batch_normalization, residual: as `build_unet` describes them.
    hidden_units: the width of each dense layer of the branch. dropout: before each of its layers.
    Raises UserError when the picture cannot be halved so often.
    """
    inputs = keras.Input(input_shape, name="image")
    restored, x = unet_layers(
        inputs, image_shape[-1], filters, kernel_size_px, batch_normalization, residual
    )
    x = keras.layers.Flatten()(x)
    for units in hidden_units:
        x = keras.layers.Dropout(dropout)(x)
        x = keras.layers.Dense(units, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(x)
    probabilities = keras.layers.Dense(*label_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, [restored, probabilities], name="multitask_unet")
