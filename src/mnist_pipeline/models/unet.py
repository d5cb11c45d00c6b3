"""U-Net: a picture, halved and doubled again, with short cuts between the halves.

Source: Ronneberger, Fischer, Brox 2015, arXiv:1505.04597; here with padding, so that the picture
keeps its size.
"""

from typing import Any

from mnist_pipeline.bounds import Count
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.layers import check_halvings

DARKEST = 0.01
"""A residual network adds to the logit of its input, which black (0) and white (1) do not have."""


def build_unet(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    filters: list[Count],
    kernel_size_px: Count,
    batch_normalization: bool,
    residual: bool,
) -> "keras.Model":
    """A network that returns a picture of the size that it sees.

    input_shape, output_shape: of one picture, such as (28, 28, 1), the same.
    filters: of the two convolutions at each size; the picture is halved between two entries.
    batch_normalization: after each convolution.
    residual: whether the network returns a correction to what it sees rather than a new picture.
    Raises UserError when the picture cannot be halved so often.
    """
    inputs = keras.Input(input_shape, name="image")
    restored, _ = unet_layers(
        inputs, output_shape[-1], filters, kernel_size_px, batch_normalization, residual
    )
    return keras.Model(inputs, restored, name="unet")


def unet_layers(
    inputs: Any,
    channels: int,
    filters: list[int],
    kernel_size_px: int,
    batch_normalization: bool,
    residual: bool,
) -> tuple[Any, Any]:
    """The layers of a U-Net on `inputs`: the restored picture, and the bottleneck."""
    check_halvings(inputs.shape[1:], len(filters) - 1, exact=True)
    *outer, innermost = filters
    x, short_cuts = inputs, []
    for n_filters in outer:
        short_cut, x = _down_block(x, n_filters, kernel_size_px, batch_normalization)
        short_cuts.append(short_cut)
    x = bottleneck = _convolutions(x, innermost, kernel_size_px, batch_normalization)
    for n_filters, short_cut in zip(reversed(outer), reversed(short_cuts), strict=True):
        x = _up_block(x, short_cut, n_filters, kernel_size_px, batch_normalization)
    x = keras.layers.Conv2D(channels, 1, name="logit")(x)
    if residual:
        seen = keras.ops.clip(inputs, DARKEST, 1 - DARKEST)
        x = x + keras.ops.log(seen) - keras.ops.log(1 - seen)
    return keras.layers.Activation("sigmoid", name="restored")(x), bottleneck


def _convolutions(x: Any, n_filters: int, kernel_size_px: int, batch_normalization: bool) -> Any:
    for _ in range(2):
        x = keras.layers.Conv2D(n_filters, kernel_size_px, padding="same", activation="relu")(x)
        if batch_normalization:
            x = keras.layers.BatchNormalization()(x)
    return x


def _down_block(
    x: Any, n_filters: int, kernel_size_px: int, batch_normalization: bool
) -> tuple[Any, Any]:
    """The picture at its size, for the short cut, and at half of it."""
    x = _convolutions(x, n_filters, kernel_size_px, batch_normalization)
    return x, keras.layers.MaxPooling2D()(x)


def _up_block(
    x: Any, short_cut: Any, n_filters: int, kernel_size_px: int, batch_normalization: bool
) -> Any:
    """The picture at twice its size, with what the short cut remembers of it."""
    x = keras.layers.Conv2DTranspose(n_filters, 2, strides=2)(x)
    x = keras.layers.Concatenate()([x, short_cut])
    return _convolutions(x, n_filters, kernel_size_px, batch_normalization)
