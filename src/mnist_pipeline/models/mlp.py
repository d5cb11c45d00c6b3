"""Multilayer perceptron: dense layers on the flattened picture."""

from mnist_pipeline.bounds import Count, DropoutRate
from mnist_pipeline.lazy import keras


def build_mlp(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    hidden_units: list[Count],
    dropout: DropoutRate,
) -> "keras.Model":
    """Dense ReLU layers, each followed by dropout, then softmax.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    hidden_units: the width of each hidden layer; an empty list gives softmax regression.
    """
    inputs = keras.Input(input_shape, name="image")
    x = keras.layers.Flatten()(inputs)
    for units in hidden_units:
        x = keras.layers.Dense(units, activation="relu")(x)
        x = keras.layers.Dropout(dropout)(x)
    outputs = keras.layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="mlp")
