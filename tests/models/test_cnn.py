import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.cnn import build_cnn


def build(filters, **changes):
    settings = {
        "kernel_size_px": 3, "initializer": "glorot_uniform", "batch_norm_momentum": 0.9,
        "conv_dropout": 0.1, "hidden_units": [6], "dense_dropout": 0.4,
    }  # fmt: skip
    return build_cnn((28, 28, 1), (7,), filters=filters, **settings | changes)


def test_each_block_halves_the_picture():
    shapes = [
        layer.output.shape[1:] for layer in build([[4], [8, 8]]).layers if "pool" in layer.name
    ]
    assert shapes == [(14, 14, 4), (7, 7, 8)]


def test_the_output_has_one_probability_per_class():
    assert build([[4]]).output_shape == (None, 7)


def test_more_blocks_than_the_picture_can_be_halved_are_refused():
    assert build([[1]] * 4).output_shape == (None, 7)
    with pytest.raises(
        UserError, match=r"filters has so many entries.*halved 5 times.*nothing is left of 28x28"
    ):
        build([[1]] * 5)


def test_dropout_rates_stand_where_they_are_named():
    rates = [layer.rate for layer in build([[4], [8]]).layers if hasattr(layer, "rate")]
    assert rates == [0.1, 0.1, 0.4]


def test_dense_layers_may_have_a_dropout_each():
    model = build([[4]], hidden_units=[6, 5], dense_dropout=[0.3, 0.0])
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.1, 0.3, 0.0]
    with pytest.raises(UserError, match=r"dense_dropout = \[0\.3\] has 1 entries"):
        build([[4]], hidden_units=[6, 5], dense_dropout=[0.3])


def test_batch_normalisation_may_be_left_out():
    def normalised(model):
        return sum("batch_normalization" in layer.name for layer in model.layers)

    assert normalised(build([[4, 4]])) == 3
    assert normalised(build([[4, 4]], batch_norm_momentum=None)) == 0


def test_the_initializer_is_that_of_convolutions_and_dense_layers():
    layers = [x for x in build([[4]], initializer="he_uniform").layers if hasattr(x, "kernel")]
    names = [type(layer.kernel_initializer).__name__ for layer in layers]
    assert names == ["HeUniform", "HeUniform", "GlorotUniform"]  # the last one is softmax
