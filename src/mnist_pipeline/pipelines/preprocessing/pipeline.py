"""Preprocessing: digits -> what all families share, and the split of each."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.ingestion.nodes import read_uci_digits
from mnist_pipeline.pipelines.preprocessing import nodes


def create_pipeline() -> Pipeline:
    """What several families share, so done once a run; for `train` and `test` digits alike::

        digits -> clean_images
        digits -> one_hot_labels
        digits -> degraded_digits -> degraded_images
        digits -> distorted_digits -> distorted_images

    and, for networks that restore, digits that never were any larger: `uci_digits`.
    """
    return Pipeline(
        [
            *(node for part in ("train", "test") for node in _prepare(part)),
            Node(read_uci_digits, inputs=None, outputs="uci_digits", name="read_uci_digits"),
            Node(
                nodes.plot_distorted_samples,
                inputs=[
                    *("train_digits", "train_distorted_digits"),
                    *("params:distortion", "dataset_card"),
                ],
                outputs="distorted_samples_plot",
                name="plot_distorted_samples",
            ),
        ],
        tags="preprocessing",
    )


def _prepare(part: str) -> list[Node]:
    return [
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
        Node(
            nodes.degrade_digits,
            inputs=[f"{part}_digits", "params:degradation"],
            outputs=f"{part}_degraded_digits",
            name=f"degrade_{part}_digits",
        ),
        Node(
            nodes.normalize_images,
            inputs=f"{part}_degraded_digits",
            outputs=f"{part}_degraded_images",
            name=f"normalize_degraded_{part}_images",
        ),
        Node(
            with_arguments(nodes.distort_digits, part=part),
            inputs=[f"{part}_digits", "params:distortion", "params:seed"],
            outputs=f"{part}_distorted_digits",
            name=f"distort_{part}_digits",
        ),
        Node(
            nodes.normalize_images,
            inputs=f"{part}_distorted_digits",
            outputs=f"{part}_distorted_images",
            name=f"normalize_distorted_{part}_images",
        ),
    ]


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
