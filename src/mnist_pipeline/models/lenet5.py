"""LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998), as it is usually built today.

Unlike `cnn.py`, it has fixed layers: tanh, average pooling, and a second convolution that is not
padded. The original's sparse connections and radial output units are left out.
"""

from mnist_pipeline.errors import UserError
from mnist_pipeline.lazy import keras

SMALLEST_PX = 12


def build_lenet5(input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> "keras.Model":
    """Two convolutions of 5x5, three dense layers: 61,706 parameters for ten classes.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    Raises UserError for pictures of less than 12 pixels.
    """
    if min(input_shape[:2]) < SMALLEST_PX:
        raise UserError(f"LeNet-5 needs pictures of {SMALLEST_PX} pixels or more.")
    layers = keras.layers
    inputs = x = keras.Input(input_shape, name="image")
    x = layers.Conv2D(6, 5, padding="same", activation="tanh")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(16, 5, activation="tanh")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="tanh")(x)
    x = layers.Dense(84, activation="tanh")(x)
    outputs = layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="lenet5")
