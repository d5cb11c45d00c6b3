"""Reading: the model that reads the user's own pictures, made of a cnn and an autoencoder."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.pipelines.preprocessing.nodes import split_digits
from mnist_pipeline.pipelines.reading import nodes


def create_pipeline() -> Pipeline:
    """Join two trained networks, and teach the whole what is no digit::

    train_digits -> digits in other hands, outliers
    cnn, autoencoder, both kinds of pictures, validation digits -> model
    model, test_digits, other outliers -> limits, pictures
    """
    shared = ["params:reading", "params:seed"]
    settings = {"params:training": "params:cnn.training"}
    networks = {
        "classifier": "cnn.model",
        "autoencoder": "autoencoder.model",
        "calibration": "cnn.calibration",
    }
    steps = [
        Node(
            split_digits,
            inputs=["train_set", "params:training", "params:seed"],
            outputs="split",
            name="split_digits_as_for_cnn",
        ),
        Node(
            nodes.make_pictures,
            inputs=["train_digits", "split", *shared],
            outputs=["varied", "outliers"],
            name="make_outliers",
        ),
        Node(
            nodes.hold_out,
            inputs=["train_digits", "split"],
            outputs="held_out",
            name="hold_out_digits",
        ),
        Node(
            nodes.make_test_outliers,
            inputs=["test_digits", *shared],
            outputs="test_outliers",
            name="make_test_outliers",
        ),
        Node(
            nodes.fit_reading_model,
            inputs=[*networks, "held_out", "varied", "outliers", *shared],
            outputs="model",
            name="train_reading_model",
        ),
        Node(
            nodes.judge_reading,
            inputs=["model", "test_digits", "test_outliers", "params:reading", "dataset_card"],
            outputs="limits",
            name="judge_reading",
        ),
        Node(
            nodes.plot_refusals,
            inputs=["limits", "dataset_card"],
            outputs="refusals_plot",
            name="plot_refusals",
        ),
        Node(
            nodes.plot_outliers,
            inputs=["varied", "test_outliers", "dataset_card"],
            outputs="outliers_plot",
            name="plot_outliers",
        ),
    ]
    digits = ("train_set", "train_digits", "test_digits", "dataset_card")
    return Pipeline(
        steps,
        namespace="reading",
        inputs={name: name for name in digits} | networks,
        parameters={name: name for name in shared} | settings,
        tags="reading",
    )
