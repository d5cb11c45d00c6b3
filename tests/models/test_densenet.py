import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.densenet import build_densenet


def build(blocks, growth=4, compression=0.5):
    return build_densenet(
        (28, 28, 1), (7,), blocks=blocks, growth=growth, compression=compression,
        batch_norm_momentum=0.9,
    )  # fmt: skip


def test_every_layer_is_given_what_all_before_it_have_found():
    joined = [layer for layer in build([3]).layers if "concatenate" in layer.name]
    assert [layer.output.shape[-1] for layer in joined] == [12, 16, 20]  # 2 x 4, and 4 a layer


def test_a_transition_halves_the_picture_and_compresses_the_filters():
    pools = [
        layer
        for layer in build([2, 2], compression=0.25).layers
        if "average_pooling2d" in layer.name
    ]
    assert [layer.output.shape[1:] for layer in pools if len(layer.output.shape) == 4] == [
        (14, 14, 4)
    ]


def test_more_blocks_than_the_picture_can_be_halved_are_refused():
    assert build([1] * 5).output_shape == (None, 7)
    with pytest.raises(UserError, match="nothing is left of 28x28"):
        build([1] * 6)
