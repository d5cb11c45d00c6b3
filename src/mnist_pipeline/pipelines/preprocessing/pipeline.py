"""Preprocessing: digits -> what all families share, and the split of each."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family
from mnist_pipeline.pipelines.preprocessing import nodes


def create_pipeline() -> Pipeline:
    """What is the same for every family, so done once a run::

    train_digits -> train_clean_images, train_one_hot_labels
    test_digits  -> test_clean_images,  test_one_hot_labels
    """
    return Pipeline(
        [
            node
            for part in ("train", "test")
            for node in (
                Node(
                    nodes.normalize_images,
                    inputs=f"{part}_digits",
                    outputs=f"{part}_clean_images",
                    name=f"normalize_{part}_images",
                ),
                Node(
                    nodes.encode_labels,
                    inputs=[f"{part}_digits", "dataset_card"],
                    outputs=f"{part}_one_hot_labels",
                    name=f"encode_{part}_labels",
                ),
            )
        ],
        tags="preprocessing",
    )


def create_split_pipeline(family: Family) -> Pipeline:
    """Which digits validate: a setting of the family, so a node of its own."""
    return Pipeline(
        [
            Node(
                nodes.split_digits,
                inputs=["train_digits", "params:training", "params:seed"],
                outputs="split",
                name=f"split_digits_for_{family.name}",
            )
        ],
        namespace=family.name,
        inputs="train_digits",
        parameters="params:seed",
        tags="preprocessing",
    )
