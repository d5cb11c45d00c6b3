import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.lenet5 import build_lenet5


def test_its_layers_have_the_shapes_of_the_paper():
    model = build_lenet5((28, 28, 1), (10,))
    shapes = [layer.output.shape[1:] for layer in model.layers if "conv" in layer.name]
    assert shapes == [(28, 28, 6), (10, 10, 16)]
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [120, 84, 10]
    assert model.count_params() == 61_706


def test_pictures_that_are_too_small_are_refused():
    assert build_lenet5((12, 12, 1), (10,)).output_shape == (None, 10)
    with pytest.raises(UserError, match="12 pixels or more"):
        build_lenet5((11, 28, 1), (10,))
