import numpy as np
import pytest

from mnist_pipeline.reading.outliers import OUTLIERS, make_outliers, vary_digits
from mnist_pipeline.reading.preparation import is_mnist_like

KINDS = pytest.mark.parametrize("kind", OUTLIERS, ids=lambda kind: kind.__name__)


def some(bundled, count=12, seed=0, **options):
    return make_outliers(bundled, count, np.random.default_rng(seed), **options)


@KINDS
def test_every_kind_draws_pictures_with_ink_in_mnists_form(bundled, kind):
    pictures = some(bundled, kinds=(kind,))
    assert pictures.dtype == np.uint8
    assert pictures.shape == (12, 28, 28)
    assert all(picture.any() for picture in pictures)
    extents = [np.ptp(np.argwhere(picture), axis=0).max() + 1 for picture in pictures]
    assert max(extents) <= 20
    assert np.mean([is_mnist_like(picture / np.float32(255)) for picture in pictures]) > 0.5


@KINDS
def test_the_same_seed_draws_the_same_pictures_and_another_seed_others(bundled, kind):
    one, again, other = (some(bundled, 5, seed, kinds=(kind,)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert len(np.unique(one.reshape(5, -1), axis=0)) == 5


def test_kinds_differ(bundled):
    drawn = [some(bundled, 1, kinds=(kind,)).tobytes() for kind in OUTLIERS]
    assert len(set(drawn)) == len(OUTLIERS)


def test_no_outlier_is_a_digit_of_those_it_is_made_of(bundled):
    digits = {image.tobytes() for image in bundled.images}
    assert not digits & {picture.tobytes() for picture in some(bundled, 100)}


def test_the_kinds_are_mixed_by_their_shares(bundled):
    """Drawn by stand-ins that say which of them drew."""
    drawn = {kind: np.full((28, 28), at + 1, np.uint8) for at, kind in enumerate(OUTLIERS)}
    stand_ins = {
        (lambda digits, rng, image=image: image): OUTLIERS[k] for k, image in drawn.items()
    }
    before = dict(OUTLIERS)
    OUTLIERS.update(stand_ins)
    try:
        pictures = some(bundled, 5000, kinds=tuple(stand_ins))
    finally:
        for stand_in in stand_ins:
            del OUTLIERS[stand_in]
    assert before == OUTLIERS
    counts = np.bincount(pictures[:, 0, 0], minlength=len(drawn) + 1)[1:]
    shares = np.array(list(before.values()))
    assert counts / 5000 == pytest.approx(shares / shares.sum(), abs=0.02)


def test_digits_in_other_hands_are_of_mnists_form_and_four_in_ten_stay(bundled):
    digits = bundled.take(np.arange(600))
    before = digits.images.copy()
    varied = vary_digits(digits, np.random.default_rng(0))
    assert (varied.shape, varied.dtype) == (digits.images.shape, np.uint8)
    assert varied.any(axis=(1, 2)).all()
    same = (varied == digits.images).all(axis=(1, 2))
    assert same.mean() == pytest.approx(0.4, abs=0.06)  # three standard deviations
    np.testing.assert_array_equal(digits.images, before)


def test_a_digit_in_another_hand_is_still_like_itself(bundled):
    """Nearer, on the whole, to the digit it was made of than to another one of its class."""
    digits = bundled.take(np.flatnonzero(bundled.labels == 3)[:60])
    varied = vary_digits(digits, np.random.default_rng(0)).astype(float)
    changed = (varied != digits.images).any(axis=(1, 2))
    to_itself = np.abs(varied - digits.images)[changed].mean()
    to_the_next = np.abs(varied - np.roll(digits.images, 1, axis=0))[changed].mean()
    assert to_itself < to_the_next
