"""What a map shows is what the network looks at, for networks of which that is known."""

import numpy as np
import pytest

from mnist_pipeline.explain import gradient_map, occlusion_map
from mnist_pipeline.lazy import keras
from mnist_pipeline.preprocessing import normalize

N_PIXELS = 28 * 28


def linear_softmax(weights, bias):
    """softmax(weights^T x + bias), as a Keras model."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(weights.shape[1], activation="softmax"),
        ]
    )
    model.set_weights([weights, bias])
    return model


@pytest.fixture(scope="module")
def digits(bundled):
    return normalize(bundled.images[:4])


@pytest.fixture(scope="module")
def random_linear():
    """Weights and bias of a linear classifier of ten classes, float32."""
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.1, (N_PIXELS, 10)).astype(np.float32), np.zeros(10, np.float32)


@pytest.fixture(scope="module")
def looks_at_one_pixel():
    """Class 1 is as probable as pixel (10, 12) is white; it sees nothing else."""
    weights = np.zeros((N_PIXELS, 2), np.float32)
    weights[10 * 28 + 12, 1] = 4
    return linear_softmax(weights, np.array([0, -2], np.float32))


def gradient_by_hand(weights, bias, image, k):
    """d p_k / d x = p_k (w_k - sum_j p_j w_j), in float64."""
    weights = weights.astype(np.float64)
    logits = image.ravel() @ weights + bias
    p = np.exp(logits - logits.max())
    p /= p.sum()
    others = np.arange(len(p)) != k
    # w_k - sum_j p_j w_j = sum of p_j (w_k - w_j) over the others
    slope = p[k] * ((weights[:, [k]] - weights[:, others]) @ p[others])
    return np.abs(slope).reshape(28, 28)


def test_the_gradient_of_a_linear_classifier_is_the_one_known_in_closed_form(digits, random_linear):
    classes = np.array([0, 3, 3, 9])
    maps = gradient_map(linear_softmax(*random_linear), digits, classes)
    assert (maps.shape, maps.dtype) == ((4, 28, 28), np.float32)
    for found, image, k in zip(maps, digits, classes, strict=True):
        expected = gradient_by_hand(*random_linear, image, k)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.max())


def test_the_gradient_is_right_where_the_network_is_so_sure_that_float32_says_100_percent(
    digits, random_linear
):
    weights, bias = random_linear
    sure = bias + 25 * np.eye(10, dtype=np.float32)[6]
    model = linear_softmax(weights, sure)
    assert model(digits)[0, 6] == 1
    expected = gradient_by_hand(weights, sure, digits[0], 6)
    assert 0 < expected.max() < 1e-8
    found = gradient_map(model, digits[:1], np.array([6]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.max())


def test_the_gradient_is_the_change_of_probability_when_a_pixel_changes(digits, random_linear):
    model = linear_softmax(*random_linear)
    step, at = 1e-2, (0, 14, 14, 0)
    changed = digits[:1].copy()
    changed[at] += step
    before, after = (float(model(images)[0, 3]) for images in (digits[:1], changed))
    found = gradient_map(model, digits[:1], np.array([3]))[0, 14, 14]
    assert found == pytest.approx(abs(after - before) / step, rel=0.02)


def test_covering_what_the_network_looks_at_takes_the_probability_away(looks_at_one_pixel):
    white = np.ones((1, 28, 28, 1), np.float32)
    lost = occlusion_map(looks_at_one_pixel, white, np.array([1]), patch_px=5)
    covers_it = np.zeros((28, 28), bool)
    covers_it[8:13, 10:15] = True  # squares of 5 whose middle is at most 2 pixels away
    sigmoid = 1 / (1 + np.exp(-2))
    np.testing.assert_allclose(lost[0][covers_it], sigmoid - (1 - sigmoid), rtol=1e-5)
    np.testing.assert_allclose(lost[0][~covers_it], 0, atol=1e-6)
    assert (lost.shape, lost.dtype) == ((1, 28, 28), np.float32)


def test_what_speaks_for_one_class_speaks_against_the_other(looks_at_one_pixel, digits):
    both = np.repeat(digits[1:2], 2, axis=0)
    against, for_it = occlusion_map(looks_at_one_pixel, both, np.array([0, 1]))
    np.testing.assert_allclose(against, -for_it, atol=1e-6)


def test_a_patch_at_the_border_is_cut_off_and_does_not_come_back_on_the_other_side():
    weights = np.zeros((N_PIXELS, 2), np.float32)
    weights[0, 1] = 4  # the pixel in the corner
    lost = occlusion_map(
        linear_softmax(weights, np.zeros(2, np.float32)), np.ones((1, 28, 28, 1), np.float32),
        np.array([1]), patch_px=3,
    )  # fmt: skip
    assert np.argwhere(lost[0] > 0.1).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("patch_px", [0, 4])
def test_a_patch_without_a_middle_is_refused(looks_at_one_pixel, digits, patch_px):
    with pytest.raises(ValueError, match=f"odd number of pixels, found {patch_px}"):
        occlusion_map(looks_at_one_pixel, digits, np.zeros(4, int), patch_px=patch_px)


@pytest.mark.parametrize("explain", [gradient_map, occlusion_map])
def test_the_pictures_stay_as_they_are_and_none_are_none(looks_at_one_pixel, digits, explain):
    before = digits.copy()
    explain(looks_at_one_pixel, digits[:1], np.array([0]))
    np.testing.assert_array_equal(digits, before)
    assert explain(looks_at_one_pixel, digits[:0], np.zeros(0, int)).shape == (0, 28, 28)
