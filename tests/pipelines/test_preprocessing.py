import numpy as np
import pytest

from mnist_pipeline.digits import DigitSet
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.pipelines.preprocessing.nodes import (
    distort_digits,
    gather,
    plot_distorted_samples,
    show,
    split_digits,
)
from mnist_pipeline.preprocessing import normalize
from tests.conftest import load_parameters


def test_the_split_has_a_row_per_digit_with_its_label_and_part(tiny_digits):
    settings = {**load_parameters()["mlp"]["training"], "validation_fraction": 1 / 3}
    digits = DigitSet({"digits": tiny_digits}, {})
    split = split_digits(digits, TrainingSettings(**settings), seed=0)
    assert split["label"].tolist() == tiny_digits.labels.tolist()
    assert split["part"].value_counts().to_dict() == {"train": 20, "validation": 10}
    assert sorted(split[split["part"] == "validation"]["label"]) == list(range(10))


def test_labels_have_as_many_columns_as_there_are_class_names(tiny_digits):
    digits = DigitSet({"digits": tiny_digits}, {"class_names": ["a"] * 12})
    (labels,) = show(digits, things=("one_hot_labels",))
    assert labels.shape == (30, 12)


def test_a_network_is_shown_the_view_it_is_made_for(tiny_digits):
    worse = tiny_digits.take(np.arange(30)[::-1])
    digits = gather({"name": "x"}, tiny_digits, worse, views=("digits", "degraded_digits"))
    things = ("clean_images", "degraded_images", "dataset_card")
    clean, degraded, card = show(digits, things=things)
    np.testing.assert_array_equal(clean[:], normalize(tiny_digits.images))
    np.testing.assert_array_equal(degraded[:], normalize(worse.images))
    assert card == {"name": "x"}


def test_pictures_stay_the_bytes_that_all_families_share(tiny_digits):
    digits = DigitSet({"digits": tiny_digits}, {})
    (images,) = show(digits, things=("clean_images",))
    assert images.images is tiny_digits.images
    np.testing.assert_array_equal(images[np.arange(3)], normalize(tiny_digits.images[:3]))


def test_digits_are_degraded_and_distorted_only_for_those_who_look_at_them():
    pipelines = register_pipelines()
    views = {
        name: {n.short_name for n in pipelines[name].nodes if n.namespace == "preprocessing"}
        for name in ("mlp", "enhancement", "noisy_mlp")
    }
    gathering = {"gather_train_set", "gather_test_set"}
    assert views["mlp"] == gathering
    assert views["enhancement"] - gathering == {
        "degrade_train_digits", "degrade_test_digits", "read_uci_digits"
    }  # fmt: skip
    assert views["noisy_mlp"] - gathering == {
        "distort_train_digits", "distort_test_digits", "plot_distorted_samples"
    }  # fmt: skip


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
    (axes,) = figure.axes
    assert len(axes.images) == rows * columns
    np.testing.assert_array_equal(axes.images[columns].get_array(), distorted.images[0])
    assert "translate: shift_px\N{NO-BREAK SPACE}2; fog" in figure.get_suptitle()
