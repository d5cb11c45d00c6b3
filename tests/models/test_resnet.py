import numpy as np
import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.resnet import build_resnet


def build(filters, blocks=1):
    return build_resnet((28, 28, 1), (7,), filters=filters, blocks=blocks, batch_norm_momentum=0.9)


def test_each_stage_but_the_first_halves_the_picture():
    sums = [layer for layer in build([4, 8, 16], blocks=2).layers if "add" in layer.name]
    assert [layer.output.shape[1:] for layer in sums] == [
        *[(28, 28, 4)] * 2, *[(14, 14, 8)] * 2, *[(7, 7, 16)] * 2,
    ]  # fmt: skip


def test_a_block_that_has_learned_nothing_passes_on_what_it_gets():
    model = build([4])
    for layer in model.layers:
        if layer.name.startswith("conv2d") and layer.input.shape[-1] == 4:
            layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    (added,) = [layer for layer in model.layers if "add" in layer.name]
    short_cut, correction = added.input
    probe = type(model)(model.input, [short_cut, correction, added.output])
    given, change, result = probe(np.random.default_rng(0).random((2, 28, 28, 1), np.float32))
    assert not np.any(change)
    np.testing.assert_array_equal(result, given)
    assert np.any(given)


def test_more_stages_than_the_picture_can_be_halved_are_refused():
    assert build([1] * 5).output_shape == (None, 7)
    with pytest.raises(UserError, match="nothing is left of 28x28"):
        build([1] * 6)
