import numpy as np
import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.preprocessing import (
    NormalizedImages,
    limit_digits,
    normalize,
    one_hot,
    split_indices,
)

LABELS = np.repeat(np.arange(10, dtype=np.uint8), [20, 40, 20, 20, 20, 20, 20, 20, 10, 10])


def test_normalize_brings_0_to_255_to_0_to_1_and_adds_the_channel_axis():
    images = np.array([[[0, 51], [102, 255]]], np.uint8)
    normalized = normalize(images)
    assert normalized.shape == (1, 2, 2, 1)
    assert normalized.dtype == np.float32
    np.testing.assert_allclose(normalized[0, :, :, 0], [[0, 0.2], [0.4, 1]], rtol=1e-6)
    assert images[0, 1, 1] == 255  # the argument is left alone


@pytest.mark.parametrize("rows", [np.array([3, 0]), np.arange(5) > 2, slice(1, 4), slice(None)])
def test_rows_of_normalized_images_are_those_of_the_array(bundled, rows):
    images = bundled.images[:5]
    lazily, at_once = NormalizedImages(images), normalize(images)
    assert (lazily.shape, lazily.dtype, len(lazily)) == (at_once.shape, at_once.dtype, 5)
    np.testing.assert_array_equal(lazily[rows], at_once[rows])
    assert lazily.images is images  # no copy


def test_all_normalized_images_have_to_be_asked_for(bundled):
    with pytest.raises(TypeError, match=r"ask for pictures\[:\]"):
        np.asarray(NormalizedImages(bundled.images[:5]))


def test_one_hot_has_a_single_1_at_the_label():
    encoded = one_hot(np.array([2, 0], np.uint8), 3)
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("method", ["stratified", "first"])
@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.5])
def test_a_split_is_disjoint_and_complete(method, fraction):
    train, validation = split_indices(LABELS, fraction, method, seed=1)
    assert len(validation) == round(len(LABELS) * fraction)
    assert sorted([*train, *validation]) == list(range(len(LABELS)))


def test_a_stratified_split_has_every_class_in_proportion():
    _, validation = split_indices(LABELS, 0.1, seed=1)
    assert np.bincount(LABELS[validation]).tolist() == [2, 4, 2, 2, 2, 2, 2, 2, 1, 1]


def test_the_first_split_takes_the_first_digits():
    _, validation = split_indices(LABELS, 0.1, "first", seed=1)
    assert validation.tolist() == list(range(20))


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    first, again, other = (split_indices(LABELS, 0.1, seed=seed)[1] for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_a_split_that_leaves_one_part_empty_is_refused(fraction):
    with pytest.raises(UserError, match=r"validation fraction of 0\.\d+ of 200 digits leaves"):
        split_indices(LABELS, fraction, seed=1)


def test_a_split_too_small_for_every_class_is_refused():
    with pytest.raises(UserError, match=r"Cannot draw 5 of 200 digits .* must be at least 10"):
        split_indices(LABELS, 0.025, seed=1)


def test_a_limit_keeps_every_class_and_the_old_order(tiny_digits):
    limited = limit_digits(tiny_digits, 10, seed=0)
    assert sorted(limited.labels) == list(range(10))
    positions = [
        int(np.flatnonzero((tiny_digits.images == i).all((1, 2)))[0]) for i in limited.images
    ]
    assert positions == sorted(positions)


@pytest.mark.parametrize("limit", [None, 30, 1000])
def test_no_limit_or_one_beyond_the_digits_changes_nothing(tiny_digits, limit):
    assert limit_digits(tiny_digits, limit, seed=0) is tiny_digits


@pytest.mark.parametrize("limit", [5, 25])
def test_a_limit_that_keeps_or_leaves_too_few_for_every_class_is_refused(tiny_digits, limit):
    with pytest.raises(UserError, match=rf"draw {limit} of 30.*data\.train_limit"):
        limit_digits(tiny_digits, limit, seed=0)
