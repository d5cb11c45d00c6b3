import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.mlp import build_mlp


@pytest.mark.parametrize(
    ("hidden_units", "parameters"),
    [
        ([], 7_850),
        ([5], 784 * 5 + 5 + 5 * 10 + 10),
        ([3, 2], 784 * 3 + 3 + 3 * 2 + 2 + 2 * 10 + 10),
    ],
)
def test_hidden_units_make_the_layers(hidden_units, parameters):
    model = build_mlp((28, 28, 1), (10,), hidden_units=hidden_units, dropout=0.5)
    assert model.count_params() == parameters


def test_dropout_follows_each_hidden_layer():
    model = build_mlp((28, 28, 1), (10,), hidden_units=[5, 4], dropout=0.3)
    rates = [layer.rate for layer in model.layers if hasattr(layer, "rate")]
    assert rates == [0.3, 0.3]


def test_hidden_layers_may_have_a_dropout_each():
    model = build_mlp((28, 28, 1), (10,), hidden_units=[5, 4], dropout=[0.0, 0.3])
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.0, 0.3]
    with pytest.raises(UserError, match=r"dropout = \[0\.3\] has 1 entries"):
        build_mlp((28, 28, 1), (10,), hidden_units=[5, 4], dropout=[0.3])
