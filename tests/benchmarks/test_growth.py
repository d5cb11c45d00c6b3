import numpy as np

from benchmarks import growth


def test_digits_are_repeated_only_when_all_are_used_and_never_twice_alike(bundled):
    few = growth.repeated(bundled, 100)
    np.testing.assert_array_equal(few.images, bundled.images[:100])
    n = len(bundled)
    many = growth.repeated(bundled, 2 * n + 50)
    np.testing.assert_array_equal(many.labels, np.resize(bundled.labels, 2 * n + 50))
    first, second, third = (many.images[start : start + 50] for start in (0, n, 2 * n))
    np.testing.assert_array_equal(first, bundled.images[:50])
    for one, other in ((first, second), (second, third)):
        changed = (one != other).any(axis=(1, 2))
        assert changed.mean() > 0.9


def test_the_picture_has_time_and_memory_over_the_digits():
    rows = [
        {"digits": n, "total_seconds": n / 100, "fit_seconds": n / 200, "peak_memory_gib": 1.0}
        for n in (1000, 4000)
    ]
    figure = growth.draw(growth.pd.DataFrame(rows), "mlp", 5, "Data: MNIST")
    assert figure.get_suptitle().startswith("mlp, 5 epochs")
    assert [axes.get_ylabel() for axes in figure.axes] == ["seconds", "GiB"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [1, 4])
