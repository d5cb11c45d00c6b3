import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.layers import per_layer


def test_one_number_is_for_all_layers_and_a_list_has_one_for_each():
    assert per_layer(0.3, 2, "dropout") == [0.3, 0.3]
    assert per_layer([0.1, 0.2], 2, "dropout") == [0.1, 0.2]


def test_a_list_of_another_length_is_refused_by_name():
    with pytest.raises(
        UserError, match=r"model\.dropout = \[0\.1\] has 1 .*model\.hidden_units has 2"
    ):
        per_layer([0.1], 2, "dropout")
