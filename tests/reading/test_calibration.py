import numpy as np
import pytest

from mnist_pipeline.reading.calibration import fit_temperature, soften

N = 8000


@pytest.fixture(scope="module")
def honest():
    """Probabilities, and labels drawn by them."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (N, 10))
    exponentials = np.exp(logits)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) < rng.random((N, 1))).sum(axis=1)
    return probabilities, labels


def log_loss(probabilities, labels):
    return -np.log(probabilities[np.arange(N), labels]).mean()


def test_honest_probabilities_have_temperature_1(honest):
    assert fit_temperature(*honest) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("times", [3.0, 0.5])
def test_probabilities_that_are_too_sure_or_not_sure_enough_are_mended(honest, times):
    probabilities, labels = honest
    wrong = soften(probabilities, 1 / times)
    temperature = fit_temperature(wrong, labels)
    assert temperature == pytest.approx(times, rel=0.03)
    mended = soften(wrong, temperature)
    assert log_loss(mended, labels) < log_loss(wrong, labels) - 0.05
    np.testing.assert_allclose(mended, probabilities, atol=0.03)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_softened_probabilities_are_probabilities_with_the_same_answers(honest, temperature):
    probabilities = honest[0].astype(np.float32)
    softened = soften(probabilities, temperature)
    np.testing.assert_allclose(softened.sum(axis=1), 1)
    np.testing.assert_array_equal(softened.argmax(axis=1), probabilities.argmax(axis=1))
    change = softened.max(axis=1).mean() - probabilities.max(axis=1).mean()
    assert np.sign(np.round(change, 3)) == np.sign(1 - temperature)


def test_temperature_1_changes_nothing(honest):
    np.testing.assert_allclose(soften(honest[0], 1.0), honest[0], atol=1e-12)


def test_a_network_that_is_quite_sure_gives_numbers_still():
    certain = np.eye(10, dtype=np.float32)
    labels = np.arange(10)
    assert np.isfinite(soften(certain, 0.05)).all()
    np.testing.assert_allclose(soften(certain, 3.0).argmax(axis=1), labels)
    assert 0.05 <= fit_temperature(certain, labels) < 1
    assert fit_temperature(certain, (labels + 1) % 10) > 10  # sure, and always wrong
