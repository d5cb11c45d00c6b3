"""Every picture says what it shows and of which data; what is drawn is what was given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mnist_pipeline import plots

NAMES = [str(k) for k in range(10)]
DATASET = "Testset, 30 digits"


@pytest.fixture
def probabilities(tiny_digits):
    """Right for all but the first two digits, which are taken for the next class."""
    predicted = tiny_digits.labels.astype(int)
    predicted[:2] = (predicted[:2] + 1) % 10
    return 0.8 * np.eye(10)[predicted] + 0.02


@pytest.fixture
def history():
    return pd.DataFrame(
        {
            "epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [1.5, 1.2],
            "accuracy": [0.3, 0.6], "val_accuracy": [0.4, 0.5],
        }
    )  # fmt: skip


@pytest.fixture
def pictures(tiny_digits, probabilities, history):
    labels, images = tiny_digits.labels, tiny_digits.images
    predicted = probabilities.argmax(axis=1)
    few = slice(0, 8)
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
    }


def test_every_plot_function_is_tried_here(pictures):
    public = {n for n, f in vars(plots).items() if getattr(f, "__module__", "") == plots.__name__}
    assert len([name for name in public if not name.startswith("_")]) == len(pictures) - 1


def test_every_picture_has_a_title_and_the_name_of_the_data_and_can_be_drawn(pictures):
    for name, figure in pictures.items():
        assert isinstance(figure, Figure), name
        assert figure.get_suptitle(), name
        assert figure.get_supxlabel() == f"Data: {DATASET}", name
        figure.savefig("/dev/null", format="png")


def test_every_axis_with_numbers_is_labelled(pictures):
    for name in ("class distribution", "curves", "confusion", "per class", "confidence"):
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
    title = pictures["examples"].axes[0].get_title()
    label = tiny_digits.labels[0]
    assert title == f"{label}, read {(label + 1) % 10}"
    assert pictures["examples"].axes[5].get_title() == str(tiny_digits.labels[5])
    assert pictures["examples"].axes[0].get_xlabel() == "82.0%"


def test_the_interval_of_an_accuracy_agrees_with_the_published_example():
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263.
    assert plots._wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
