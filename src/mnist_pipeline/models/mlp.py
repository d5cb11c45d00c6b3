"""Multilayer perceptron: dense layers on the flattened picture."""

from mnist_pipeline.bounds import Count, DropoutRates
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.layers import per_layer


def build_mlp(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    hidden_units: list[Count],
    dropout: DropoutRates,
) -> "keras.Model":
    """Dense ReLU layers, each followed by dropout, then softmax.

    input_shape: of one picture, such as (28, 28, 1). output_shape: (classes,).
    hidden_units: the width of each hidden layer; an empty list gives softmax regression.
    dropout: the same after every hidden layer, or a list with one for each.
    Raises UserError when that list has another length.
    """
    rates = per_layer(dropout, len(hidden_units), "dropout")
    inputs = keras.Input(input_shape, name="image")
    x = keras.layers.Flatten()(inputs)
    for units, rate in zip(hidden_units, rates, strict=True):
        x = keras.layers.Dense(units, activation="relu")(x)
        x = keras.layers.Dropout(rate)(x)
    outputs = keras.layers.Dense(*output_shape, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="mlp")
