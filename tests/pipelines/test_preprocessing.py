import numpy as np
import pytest

from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.pipelines.preprocessing.nodes import (
    distort_digits,
    encode_labels,
    plot_distorted_samples,
    split_digits,
)
from tests.conftest import load_parameters


def test_the_split_has_a_row_per_digit_with_its_label_and_part(tiny_digits):
    settings = {**load_parameters()["mlp"]["training"], "validation_fraction": 1 / 3}
    split = split_digits(tiny_digits, TrainingSettings(**settings), seed=0)
    assert split["label"].tolist() == tiny_digits.labels.tolist()
    assert split["part"].value_counts().to_dict() == {"train": 20, "validation": 10}
    assert sorted(split[split["part"] == "validation"]["label"]) == list(range(10))


def test_labels_have_as_many_columns_as_there_are_class_names(tiny_digits):
    assert encode_labels(tiny_digits, {"class_names": ["a"] * 12}).shape == (30, 12)


CHAIN = [{"translate": {"shift_px": 2}}, "fog"]
CARD = {"name": "Testset", "train_images": 30, "test_images": 5, "source": "here"}


def test_training_and_test_digits_are_distorted_by_different_chance(tiny_digits):
    train, test = (distort_digits(tiny_digits, CHAIN, 7, part=part) for part in ("train", "test"))
    assert not np.array_equal(train.images, test.images)
    again = distort_digits(tiny_digits, CHAIN, 7, part="train")
    np.testing.assert_array_equal(train.images, again.images)
    assert train.labels is tiny_digits.labels


@pytest.mark.parametrize(
    ("n", "rows", "columns"), [(30, 4, 10), (20, 4, 10), (15, 2, 10), (3, 2, 3)]
)
def test_originals_stand_above_what_became_of_them(tiny_digits, n, rows, columns):
    digits = tiny_digits.take(np.arange(n))
    distorted = distort_digits(digits, CHAIN, 0, part="train")
    figure = plot_distorted_samples(digits, distorted, CHAIN, CARD)
    assert len(figure.axes) == rows * columns
    np.testing.assert_array_equal(figure.axes[columns].images[0].get_array(), distorted.images[0])
    assert "translate: shift_px\N{NO-BREAK SPACE}2; fog" in figure.get_suptitle()
