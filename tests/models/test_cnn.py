import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.cnn import build_cnn


def build(filters):
    return build_cnn(
        (28, 28, 1), (7,), filters=filters, kernel_size_px=3,
        batch_norm_momentum=0.9, conv_dropout=0.1,
        hidden_units=[6], dense_dropout=0.4,
    )  # fmt: skip


def test_each_block_halves_the_picture():
    shapes = [
        layer.output.shape[1:] for layer in build([[4], [8, 8]]).layers if "pool" in layer.name
    ]
    assert shapes == [(14, 14, 4), (7, 7, 8)]


def test_the_output_has_one_probability_per_class():
    assert build([[4]]).output_shape == (None, 7)


def test_more_blocks_than_the_picture_can_be_halved_are_refused():
    assert build([[1]] * 4).output_shape == (None, 7)
    with pytest.raises(UserError, match=r"filters has 5 entries.*nothing is left of 28x28"):
        build([[1]] * 5)


def test_dropout_rates_stand_where_they_are_named():
    rates = [layer.rate for layer in build([[4], [8]]).layers if hasattr(layer, "rate")]
    assert rates == [0.1, 0.1, 0.4]
