import numpy as np

from mnist_pipeline.parameters import DataSettings
from mnist_pipeline.pipelines.ingestion.nodes import read_digits
from tests.conftest import load_parameters


def settings(**changes):
    values = {**load_parameters()["data"], "sources": ["bundled_digits"], **changes}
    return DataSettings(**values)


def test_digits_and_their_card_are_of_the_source_that_was_asked_for():
    train, test, card = read_digits(settings(), seed=0)
    assert (len(train), len(test)) == (card["train_images"], card["test_images"]) == (1437, 360)
    assert (card["name"], card["source"]) == ("UCI digits at 28x28", "bundled_digits")


def test_limits_hold_for_digits_and_card_and_depend_on_the_seed():
    train, test, card = read_digits(settings(train_limit=100, test_limit=50), seed=0)
    assert (len(train), len(test)) == (card["train_images"], card["test_images"]) == (100, 50)
    again, other = (read_digits(settings(train_limit=100), seed=seed)[0] for seed in (0, 1))
    np.testing.assert_array_equal(train.images, again.images)
    assert not np.array_equal(train.images, other.images)
