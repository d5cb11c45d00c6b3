"""Training: one template, an instance per family."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.training import nodes


def create_pipeline(family: Family) -> Pipeline:
    """Build and fit the family's network on what it sees and must return::

    split, train_<sees>, train_<returns> -> train -> model, history, fit_report
    """
    parts = ("train", "test") if family.tracks_test_loss else ("train",)
    digits = [f"{part}_{thing}" for part in parts for thing in (family.sees, *family.returns)]
    return Pipeline(
        [
            Node(
                with_arguments(nodes.train_model, family=family),
                inputs=["split", "params:model", "params:training", "params:seed", *digits],
                outputs=["model", "history", "fit_report"],
                name=f"train_{family.name}",
            )
        ],
        namespace=family.name,
        parameters="params:seed",
        tags="training",
    )
