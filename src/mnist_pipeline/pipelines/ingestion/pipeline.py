"""Ingestion: whichever source is available -> checked uint8 digits and their card."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.pipelines.ingestion import nodes


def create_pipeline() -> Pipeline:
    """The same digits for every family::

    params:data -> read_digits -> train_digits, test_digits, dataset_card -> pictures
    """
    return Pipeline(
        [
            Node(
                nodes.read_digits,
                inputs=["params:data", "params:seed"],
                outputs=["train_digits", "test_digits", "dataset_card"],
                name="read_digits",
            ),
            Node(
                nodes.plot_class_distribution,
                inputs=["train_digits", "test_digits", "dataset_card"],
                outputs="class_distribution_plot",
                name="plot_class_distribution",
            ),
            Node(
                nodes.plot_samples,
                inputs=["train_digits", "dataset_card"],
                outputs="samples_plot",
                name="plot_samples",
            ),
        ],
        namespace="ingestion",
        outputs={"train_digits", "test_digits", "dataset_card"},
        parameters={"params:data", "params:seed"},
        tags="ingestion",
    )
