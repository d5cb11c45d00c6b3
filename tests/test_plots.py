"""Every picture says what it shows and of which data; what is drawn is what was given."""

import inspect

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mnist_pipeline import plots
from mnist_pipeline.leaderboard import ORIGINAL_SCORES, tabulate, with_missing
from mnist_pipeline.parameters import Range
from mnist_pipeline.pipelines.noise_comparison.pipeline import READERS
from mnist_pipeline.plots import style
from mnist_pipeline.reading.calibration import soften

SCORES = {
    "dataset": "MNIST", "accuracy": 0.99, "parameters": 10, "fit_seconds": 3.0,
    "input_psnr_db": 20.0, "test_images": 10_000,
}  # fmt: skip
NAMES = [str(k) for k in range(10)]
DATASET = "Testset, 30 digits"


@pytest.fixture(scope="module")
def probabilities(tiny_digits):
    """Right for all but the first two digits, which are taken for the next class."""
    predicted = tiny_digits.labels.astype(int)
    predicted[:2] = (predicted[:2] + 1) % 10
    return 0.8 * np.eye(10)[predicted] + 0.02


@pytest.fixture(scope="module")
def history():
    return pd.DataFrame(
        {
            "epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [1.5, 1.2],
            "accuracy": [0.3, 0.6], "val_accuracy": [0.4, 0.5],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def folds():
    """A table of two folds, and their curves."""
    table = pd.DataFrame({"fold": [1, 2], "accuracy": [0.9, 0.8]})
    curves = pd.DataFrame(
        {"fold": [1, 1, 2, 2], "epoch": [1, 2, 1, 2], "val_accuracy": [0.5, 0.85, 0.4, 0.82]}
    )
    return table, curves


@pytest.fixture(scope="module")
def comparison():
    return pd.DataFrame(
        {
            "family": ["noisy_mlp", "noisy_cnn"], "distorted_accuracy": [0.865, 0.965],
            "cv_accuracy_mean": [0.874, 0.9662], "cv_accuracy_std": [0.0048, 0.0025],
            "folds": [5, 5], "clean_accuracy": [0.9, 0.98], "parameters": [1_182_874, 653_322],
            "fit_seconds": [60.0, 300.0],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def strengths():
    """Two classifiers, two distortions of two strengths each."""
    rows = [
        (family, distortion, setting, strength, accuracy)
        for family in ("mlp", "cnn")
        for distortion, setting, strength, accuracy in (
            ("rotate", "degrees", 0.0, 0.98), ("rotate", "degrees", 90.0, 0.2),
            ("salt_and_pepper", "amount", 0.0, 0.98), ("salt_and_pepper", "amount", 0.5, 0.4),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["family", "distortion", "setting", "strength", "accuracy"])


@pytest.fixture(scope="module")
def corruptions():
    return pd.DataFrame(
        {
            "group": ["clean", "mnist_c", "n_mnist"], "distortion": ["clean", "shot_noise", "awgn"],
            "mlp": [0.98, 0.9, 0.5], "cnn": [0.995, 0.97, 0.2],
        }
    )  # fmt: skip


SPACE = {
    "training.learning_rate": Range(low=0.001, high=0.1, log=True),
    "training.reduce_lr_patience": Range(choices=[3, None]),
}


@pytest.fixture(scope="module")
def trials():
    """Five trials as a CSV file gives them back; None has become NaN."""
    return pd.DataFrame(
        {
            "trial": [1, 2, 3, 4, 5],
            "state": ["complete", "pruned", "complete", "failed", "complete"],
            "score": [0.2, 9.0, 0.1, np.nan, 0.15],
            "training.learning_rate": [0.01, 0.001, 0.02, 0.1, 0.03],
            "training.reduce_lr_patience": [3.0, np.nan, 3.0, np.nan, np.nan],
        }
    )


@pytest.fixture(scope="module")
def pictures(
    tiny_digits, probabilities, history, folds, comparison, strengths, corruptions, trials
):
    labels, images = tiny_digits.labels, tiny_digits.images
    predicted = probabilities.argmax(axis=1)
    few = slice(0, 8)
    positions = np.stack([labels, np.arange(len(labels))], axis=1).astype(float)
    return {
        "class distribution": plots.class_distribution(labels, labels[:9], NAMES, DATASET),
        "samples": plots.samples(images, labels, NAMES, DATASET),
        "curves": plots.learning_curves(history, 2, "cnn", DATASET),
        "confusion": plots.confusion_matrix(labels, predicted, NAMES, "cnn", DATASET),
        "per class": plots.per_class_accuracy(labels, predicted, NAMES, "cnn", DATASET),
        "examples": plots.examples(images, labels, probabilities, NAMES, "cnn: misread", DATASET),
        "no examples": plots.examples(
            images[:0], labels[:0], probabilities[:0], NAMES, "cnn: misread", DATASET
        ),
        "bars": plots.probability_bars(
            images[few], labels[few], probabilities[few], NAMES, "cnn", DATASET
        ),
        "confidence": plots.confidence_distribution(labels, probabilities, "cnn", DATASET),
        "rows": plots.picture_rows(
            {"original": images[:3], "restored": images[:3] / 255}, ["a", "b", "c"], "Rows", DATASET
        ),
        "strips": plots.picture_strips(
            {"clean": images[:4], "fog": images[4:8], "stripe": images[8:12]}, "Strips", DATASET
        ),
        "folds": plots.folds(*folds, 0.87, "noisy_cnn", DATASET),
        "seeds": plots.seeds(
            pd.DataFrame({"seed": [42, 43, 44], "accuracy": [0.99, 0.992, 0.991], "mse": 0.1}),
            {"accuracy": 0.995, "mse": 0.09},
            ["mse", "accuracy"],
            "cnn",
            DATASET,
        ),
        "noise comparison": plots.noise_comparison(comparison, DATASET),
        "strengths": plots.strength_curves(strengths, ["cnn", "mlp"], DATASET),
        "corruptions": plots.corruption_table(corruptions, DATASET),
        "tuning": plots.tuning_search(trials, SPACE, "val_loss", "cnn", DATASET),
        "leaderboard": plots.leaderboard(
            tabulate(with_missing({"cnn": SCORES, "enhancement": SCORES | {"psnr_db": 30}})),
            ORIGINAL_SCORES,
            DATASET,
        ),
        "refusals": plots.refusals({"test digits": 0.01, "glyph": 0.97}, 0.01, DATASET),
        "reliability": plots.reliability_diagram(
            {"as trained": probabilities, "softer": soften(probabilities, 2.0)},
            labels,
            "cnn",
            DATASET,
        ),
        "explanations": plots.explanations(
            images[:2],
            {"covered": images[:2] / 255 - 0.5, "gradient": images[2:4] / 255},
            ["0", "1"],
            "Looks at",
            DATASET,
        ),
        "no explanations": plots.explanations(
            images[:0], {"covered": images[:0] / 255}, [], "Looks at", DATASET
        ),
        "latent map": plots.latent_map(positions, labels, images, NAMES, "Map", DATASET),
        "gallery": plots.gallery(
            [(f"{k}.png", images[k] / 255, images[k], str(k)) for k in range(7)], "Mine", DATASET
        ),
    }


def test_seeds_are_drawn_as_errors_with_their_mean_and_the_ensemble(pictures):
    mse, error = pictures["seeds"].axes
    assert "squared error" in mse.get_ylabel()
    assert error.get_ylabel() == "error on the test digits (%)"
    points, mean, ensemble = error.lines
    np.testing.assert_allclose(points.get_ydata(), [1.0, 0.8, 0.9])
    assert mean.get_ydata()[0] == pytest.approx(0.9)
    assert ensemble.get_ydata()[0] == pytest.approx(0.5)
    _, legend = error.get_legend().get_texts()
    assert legend.get_text() == "ensemble: 0.5"


def test_every_plot_function_is_tried_here(pictures):
    public = [
        name
        for name, function in inspect.getmembers(plots, inspect.isfunction)
        if inspect.signature(function).return_annotation is Figure
        and not name.startswith("_")
        and name != "page"  # which puts the others together
    ]
    assert len(public) == len(pictures) - 2  # `examples` and `explanations` twice


def test_every_picture_has_a_title_and_the_name_of_the_data_and_can_be_drawn(pictures):
    for name, figure in pictures.items():
        assert isinstance(figure, Figure), name
        assert figure.get_suptitle(), name
        assert figure.get_supxlabel() == f"Data: {DATASET}", name
        style.rendered(figure, dpi=50)  # can be drawn, as `FigureDataset` does


def test_every_axis_with_numbers_is_labelled(pictures):
    named = ("class distribution", "curves", "confusion", "per class", "confidence", "latent map")
    for name in named:
        for axes in pictures[name].axes:
            assert axes.get_ylabel(), name
            assert axes.get_xlabel() or axes.get_label() == "<colorbar>", name


def test_the_confusion_matrix_shows_the_counts(tiny_digits, probabilities):
    labels = tiny_digits.labels
    figure = plots.confusion_matrix(labels, probabilities.argmax(1), NAMES, "cnn", DATASET)
    shown = {text.get_position()[::-1]: int(text.get_text()) for text in figure.axes[0].texts}
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (labels, probabilities.argmax(axis=1)), 1)
    assert shown == {(t, p): expected[t, p] for t, p in np.argwhere(expected).tolist()}
    assert "2 mistakes in 30" in figure.get_suptitle()


def test_the_learning_curves_show_the_history(history):
    loss, accuracy = plots.learning_curves(history, 2, "cnn", DATASET).axes
    assert loss.lines[0].get_ydata().tolist() == [2.0, 1.0]
    assert accuracy.lines[1].get_ydata().tolist() == [0.4, 0.5]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == [
        "training", "validation", "kept: epoch 2",
    ]  # fmt: skip


def test_a_test_curve_is_drawn_where_there_is_one(history):
    loss, accuracy = plots.learning_curves(
        history.assign(test_loss=[1.6, 1.3]), 2, "enhancement", DATASET
    ).axes
    assert loss.lines[2].get_ydata().tolist() == [1.6, 1.3]
    assert len(loss.get_legend().get_texts()) == 4
    assert len(accuracy.get_legend().get_texts()) == 3


def test_losses_that_differ_much_are_drawn_on_a_log_scale(history):
    for factor, scale in ((1.0, "linear"), (0.001, "log")):
        changed = history.assign(loss=[2.0, 2.0 * factor])
        assert plots.learning_curves(changed, 2, "cnn", DATASET).axes[0].get_yscale() == scale


def test_without_accuracy_there_is_one_curve(history):
    without = history.drop(columns=["accuracy", "val_accuracy"])
    assert len(plots.learning_curves(without, 1, "autoencoder", DATASET).axes) == 1


def test_examples_say_what_they_are_and_what_they_were_taken_for(pictures, tiny_digits):
    (axes,) = pictures["examples"].axes
    n = len(tiny_digits.labels)
    above, below = axes.texts[:n], axes.texts[n:]
    label = tiny_digits.labels[0]
    assert above[0].get_text() == f"{label}, read {(label + 1) % 10}"
    assert above[0].get_color() == style.VERMILION
    assert above[5].get_text() == str(tiny_digits.labels[5])
    assert below[0].get_text() == "82.0%"
    assert len(axes.images) == len(below) == n
    # Each is drawn under its own text.
    left, right, _, _ = axes.images[5].get_extent()
    assert above[5].get_position()[0] == (left + right) / 2
    np.testing.assert_array_equal(axes.images[5].get_array(), tiny_digits.images[5])


def test_the_interval_of_an_accuracy_agrees_with_the_published_example():
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263.
    assert style.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_folds_are_drawn_with_their_mean_and_spread(folds):
    figure = plots.folds(*folds, 0.87, "noisy_cnn", DATASET)
    assert "85.00% ± 7.07%" in figure.get_suptitle()
    curves, scores = figure.axes
    assert [line.get_ydata().tolist() for line in curves.lines] == [[0.5, 0.85], [0.4, 0.82]]
    assert scores.lines[0].get_ydata().tolist() == [0.9, 0.8]
    assert scores.lines[2].get_ydata()[0] == 0.87


def test_the_comparison_has_a_bar_for_each_accuracy_and_an_error_bar_for_folds(comparison):
    accuracy, seconds, parameters = plots.noise_comparison(comparison, DATASET).axes
    heights = [bar.get_height() for bar in accuracy.patches]
    assert heights == pytest.approx([0.865, 0.965, 0.874, 0.9662, 0.9, 0.98])
    assert [bar.get_height() for bar in seconds.patches] == [60, 300]
    assert [bar.get_height() for bar in parameters.patches] == [1_182_874, 653_322]
    assert len([c for c in accuracy.containers if c.__class__.__name__ == "ErrorbarContainer"]) == 1


def test_strength_curves_have_a_panel_per_distortion_and_a_line_per_classifier(strengths):
    figure = plots.strength_curves(strengths, ["cnn", "mlp"], DATASET)
    assert [axes.get_title() for axes in figure.axes] == ["rotate", "salt and pepper"]
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["mlp", "cnn"]
        looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in axes.lines}
        assert len(looks) == 2
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0, 90]


def test_there_are_line_styles_for_all_classifiers_and_they_differ_in_grey_too():
    assert len(READERS) <= len(style.STYLES)
    assert len({(marker, line) for _, marker, line in style.STYLES}) == len(style.STYLES)


def test_the_axis_of_a_strength_says_its_unit(strengths):
    axes = plots.strength_curves(strengths, ["cnn", "mlp"], DATASET).axes
    assert [a.get_xlabel() for a in axes] == ["degrees", "amount (fraction of pixels)"]
    other = strengths.replace("degrees", "sigma_px")
    assert plots.strength_curves(other, ["cnn", "mlp"], DATASET).axes[0].get_xlabel() == "sigma px"


def test_the_corruption_table_says_every_accuracy_in_percent(corruptions):
    (axes,) = plots.corruption_table(corruptions, DATASET).axes
    assert {t.get_text() for t in axes.texts} == {"98.0", "99.5", "90.0", "97.0", "50.0", "20.0"}
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["clean", "MNIST-C: shot noise", "n-MNIST: awgn"]


def test_a_strip_holds_its_pictures_side_by_side(tiny_digits):
    figure = plots.picture_strips({"clean": tiny_digits.images[:4]}, "Strips", DATASET)
    drawn = figure.axes[0].images[0].get_array()
    assert drawn.shape == (30, 4 * 30)
    np.testing.assert_array_equal(drawn[1:29, 31:59], tiny_digits.images[1])


def test_a_classifier_looks_the_same_whichever_others_are_drawn(strengths):
    alone = strengths[strengths["family"] == "cnn"]
    colours = [
        {line.get_label(): line.get_color() for line in axes.lines}
        for curves in (strengths, alone)
        for axes in plots.strength_curves(curves, ["mlp", "cnn"], DATASET).axes
    ]
    assert len({c["cnn"] for c in colours}) == 1


def test_refusals_are_drawn_in_percent_beside_what_was_asked_for():
    refused = {"test digits": 0.012, "glyph": 0.97, "leaves": 1.0}
    (axes,) = plots.refusals(refused, 0.015, DATASET).axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([1.2, 97, 100])
    assert [text.get_text() for text in axes.texts] == ["1.2 %", "97.0 %", "100.0 %"]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(refused)
    assert axes.get_xlabel() == "refused (%); of digits, 1.5 % was aimed at"
    looks = [(bar.get_facecolor(), bar.get_hatch()) for bar in axes.patches]
    assert looks[0] != looks[1] == looks[2]


@pytest.mark.parametrize("n", [1, 4, 5, 12])
def test_the_gallery_shows_every_picture_beside_what_was_seen_of_it(n):
    rng = np.random.default_rng(0)
    cells = [
        (f"{k}.png", rng.random((9, 7)), rng.integers(0, 256, (28, 28), np.uint8), f"{k % 10}  9%")
        for k in range(n)
    ]
    figure = plots.gallery(cells, "Mine", DATASET)
    drawn = [axes for axes in figure.axes if axes.has_data()]
    assert len(drawn) == 2 * n
    for left, right, cell in zip(drawn[::2], drawn[1::2], cells, strict=True):
        assert (left.get_title(), right.get_title()) == (cell[0], cell[3])
        np.testing.assert_array_equal(left.images[0].get_array(), cell[1])
        np.testing.assert_array_equal(right.images[0].get_array(), cell[2])


def test_the_gallery_shortens_long_names_and_colours_what_is_no_digit():
    seen = np.zeros((28, 28), np.uint8)
    cells = [("a_very_long_name_of_a_file.png", seen / 255, seen, "no digit")]
    left, right = plots.gallery([*cells, ("b.png", seen / 255, seen, "7  99%")], "t", "d").axes[:2]
    assert left.get_title() == "a_very_long_name..."
    assert right.title.get_color() == style.VERMILION


def lines_of(axes):
    """Label -> points, of the lines of an axis."""
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


def test_a_search_shows_every_trial_the_best_so_far_and_what_became_of_each(pictures):
    figure = pictures["tuning"]
    assert "best: val_loss 0.1; present settings: val_loss 0.2" in figure.get_suptitle()
    order = lines_of(figure.axes[0])
    assert [y for _, y in order["best so far"]] == [0.2, 0.2, 0.1, 0.1, 0.1]
    assert order["trained to its end"] == [[1, 0.2], [3, 0.1], [5, 0.15]]
    assert order["present settings"] == [[1, 0.2]]
    edge = 0.1 + 4 * (0.175 - 0.1)  # the median of four scores is 0.175
    assert order["broken off"] == [[2, pytest.approx(edge)]]
    assert order["diverged"] == [[4, pytest.approx(edge)]]


def test_a_search_is_drawn_over_every_setting(pictures):
    _, rate, patience = pictures["tuning"].axes
    assert (rate.get_xscale(), patience.get_xscale()) == ("log", "linear")
    assert rate.get_xlabel() == "training.learning_rate (log scale)"
    assert lines_of(rate)["present settings"] == [[0.01, 0.2]]
    assert [text.get_text() for text in patience.get_xticklabels()] == ["3", "null"]
    assert lines_of(patience)["trained to its end"] == [[0, 0.2], [0, 0.1], [1, 0.15]]


def test_where_accuracy_decides_the_best_so_far_rises(trials):
    scores = trials.assign(score=[0.8, 0.1, 0.9, np.nan, 0.85])
    figure = plots.tuning_search(scores, SPACE, "val_accuracy", "cnn", DATASET)
    assert [y for _, y in lines_of(figure.axes[0])["best so far"]] == [0.8, 0.8, 0.9, 0.9, 0.9]
    assert figure.axes[0].get_ylabel() == "validation accuracy"


def test_a_search_whose_present_settings_diverge_says_so(trials):
    failed = trials.assign(state=["failed", *trials["state"][1:]], score=trials["score"].shift())
    title = plots.tuning_search(failed, SPACE, "val_loss", "cnn", DATASET).get_suptitle()
    assert "present settings: diverged" in title


def test_the_reliability_diagram_shows_accuracy_over_confidence_and_its_interval():
    # At confidence 0.9: 3 of 4 are right. At 0.6: 1 of 1.
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]])
    figure = plots.reliability_diagram(
        {"as trained": probabilities}, np.array([0, 0, 0, 1, 1]), "cnn", DATASET
    )
    upper, lower = figure.axes
    diagonal, points = upper.lines
    assert diagonal.get_xdata().tolist() == diagonal.get_ydata().tolist() == [0, 1]
    np.testing.assert_allclose(points.get_xydata(), [[0.6, 1.0], [0.9, 0.75]])
    intervals = [segment[:, 1].tolist() for segment in upper.collections[0].get_segments()]
    assert intervals == [list(style.wilson_interval(1, 1)), list(style.wilson_interval(3, 4))]
    assert lower.patches[0].get_data()[0].tolist() == 9 * [0] + [1] + 3 * [0] + [4, 0]
    error = (4 * abs(0.75 - 0.9) + abs(1 - 0.6)) / 5
    assert f"calibration error {error:.2%}" in upper.get_title()


def test_explanations_scale_every_map_by_its_largest_value_and_say_it(bundled):
    images = bundled.images[:2]
    heat = np.zeros((2, 28, 28))
    heat[0, 3, 4], heat[0, 5, 5], heat[1, 7, 8] = -0.5, 0.25, 2e-9
    figure = plots.explanations(images, {"covered": heat}, ["a", "b"], "Looks at", DATASET)
    digits, maps = figure.axes[:2], figure.axes[2:4]
    for axes, image in zip(digits, images, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)
    first, second = (axes.images[0].get_array() for axes in maps)
    assert (first[3, 4], first[5, 5], second[7, 8]) == (-1, 0.5, 1)
    assert [axes.get_xlabel() for axes in maps] == ["0.5", "2e-09"]
    assert all(axes.collections for axes in maps), "the outline of the digit"


def test_a_map_of_nothing_under_an_empty_picture_is_drawn_without_an_outline():
    blank = np.zeros((1, 28, 28), np.uint8)
    figure = plots.explanations(blank, {"covered": blank.astype(float)}, ["a"], "t", DATASET)
    assert figure.axes[1].get_xlabel() == "0"
    assert not figure.axes[1].collections


def test_the_latent_map_tells_classes_apart_by_number_too(bundled):
    labels, names = np.array([0, 8, 8, 8]), [f"class {k}" for k in range(10)]
    positions = np.array([[0, 0], [100, 0], [101, 0], [150, 0]], float)
    figure = plots.latent_map(positions, labels, bundled.images[:4], names, "Map", DATASET)
    (axes,) = figure.axes
    assert [line.get_marker() for line in axes.lines] == ["$0$", "$8$"]
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), positions[1:])
    where = {text.get_text(): text.get_position() for text in axes.texts if text.get_text()}
    assert where == {"class 0": (0, 0), "class 8": (101, 0)}
    thumbnails = [
        artist for artist in axes.artists if artist.__class__.__name__ == "AnnotationBbox"
    ]
    assert [tuple(box.xy) for box in thumbnails] == [(150, 0)]  # the others lie under a name
    np.testing.assert_array_equal(
        thumbnails[0].offsetbox.get_children()[0].get_array(), 255 - bundled.images[3]
    )
