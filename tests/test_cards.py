import hashlib

import numpy as np
import pytest

from mnist_pipeline.cards import dataset_caption, dataset_card, trained_on
from mnist_pipeline.idx import encode_idx

NAMES = [str(k) for k in range(10)]


@pytest.fixture
def card(tiny_digits):
    test = tiny_digits.take(np.arange(9))
    return dataset_card("Noise", "idx_files", "a folder", NAMES, tiny_digits, test)


def test_the_card_counts(card, tiny_digits):
    assert (card["train_images"], card["test_images"]) == (30, 9)
    assert card["class_counts"]["train"] == dict.fromkeys(NAMES, 3)
    assert sum(card["class_counts"]["test"].values()) == 9
    assert card["image_shape"] == [28, 28]


def test_the_digests_are_those_of_the_idx_files(card, tiny_digits):
    expected = hashlib.sha256(encode_idx(tiny_digits.images)).hexdigest()
    assert card["sha256"]["train_images"] == expected


def test_pixel_statistics_agree_with_numpy(card, tiny_digits):
    assert card["pixel_mean"] == pytest.approx((tiny_digits.images / 255).mean())
    assert card["pixel_std"] == pytest.approx((tiny_digits.images / 255).std())


def test_the_caption_names_data_set_numbers_and_source(card):
    assert dataset_caption(card) == "Noise, 30 training and 9 test digits (source: idx_files)"


def test_a_network_is_known_by_the_digest_of_the_digits_that_it_was_trained_on(card):
    digest = card["sha256"]["train_images"]
    assert trained_on({"train_sha256": digest}, card)
    assert not trained_on({"train_sha256": digest[::-1]}, card)
    assert not trained_on({}, card)
