"""Training: one template, an instance per family."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.training import nodes


def create_pipeline(family: Family) -> Pipeline:
    """Build and fit the family's network on what it sees and must return::

    train_<sees>, train_<returns>, split -> train -> model, history, fit_report
    """
    sees, returns = f"train_{family.sees}", f"train_{family.returns}"
    return Pipeline(
        [
            Node(
                with_arguments(nodes.train_model, family=family),
                inputs=[sees, returns, "split", "params:model", "params:training", "params:seed"],
                outputs=["model", "history", "fit_report"],
                name=f"train_{family.name}",
            )
        ],
        namespace=family.name,
        inputs={sees, returns},
        parameters="params:seed",
        tags="training",
    )
