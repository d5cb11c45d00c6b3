import numpy as np
import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.fitting import predict
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.multitask_unet import build_multitask_unet
from mnist_pipeline.models.unet import build_unet


def build(filters, *, batch_normalization=False, residual=False):
    return build_unet(
        (28, 28, 1), (28, 28, 1), filters=filters, kernel_size_px=3,
        batch_normalization=batch_normalization, residual=residual,
    )  # fmt: skip


@pytest.mark.parametrize("filters", [[4], [4, 8], [4, 8, 16]])
@pytest.mark.parametrize("batch_normalization", [False, True])
@pytest.mark.parametrize("residual", [False, True])
def test_the_picture_keeps_its_size_at_any_depth_that_fits(filters, batch_normalization, residual):
    model = build(filters, batch_normalization=batch_normalization, residual=residual)
    assert model.output_shape == (None, 28, 28, 1)


def test_a_depth_that_does_not_fit_is_refused():
    with pytest.raises(UserError, match=r"halved 3 times.*28x28 pixels cannot be divided by 8"):
        build([2, 2, 2, 2])


def test_there_is_a_short_cut_at_each_size_but_the_smallest():
    model = build([2, 4, 8])
    shapes = [layer.output.shape[1:] for layer in model.layers if "concatenate" in layer.name]
    assert shapes == [(14, 14, 8), (28, 28, 4)]


def test_the_short_cuts_carry_the_picture_past_the_bottleneck():
    model = build([2, 4])
    for layer in model.layers:
        if "transpose" in layer.name:
            layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    random = np.random.default_rng(0)
    one, other = (predict(model, random.random((1, 28, 28, 1), np.float32))[0] for _ in range(2))
    assert np.abs(one - other).max() > 1e-3


def test_a_residual_network_that_corrects_nothing_returns_what_it_sees():
    model = build([2, 4], residual=True)
    model.get_layer("logit").set_weights([np.zeros((1, 1, 2, 1)), np.zeros(1)])
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    (outputs,) = predict(model, images)
    np.testing.assert_allclose(outputs, np.clip(images, 0.01, 0.99), atol=1e-5)


def test_a_residual_network_survives_saving(tmp_path):
    model = build([2, 4], residual=True)
    model.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded, images)[0], predict(model, images)[0])


def test_the_multitask_network_is_the_same_unet_with_a_branch():
    settings = {
        "filters": [4, 8], "kernel_size_px": 3, "batch_normalization": False, "residual": False,
    }  # fmt: skip
    both = build_multitask_unet(
        (28, 28, 1), (28, 28, 1), (10,), **settings, hidden_units=[5], dropout=0.5
    )
    branch = (14 * 14 * 8) * 5 + 5 + 5 * 10 + 10
    assert both.count_params() == build([4, 8]).count_params() + branch
    assert both.output_names == ["restored", "probabilities"]
    assert [tuple(shape) for shape in both.output_shape] == [(None, 28, 28, 1), (None, 10)]
