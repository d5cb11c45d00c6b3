"""Evaluation: one template, an instance per family; its task says which measures and pictures."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family, Task
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.evaluation import nodes


def create_pipeline(family: Family) -> Pipeline:
    """Judge the family's saved model on the test digits::

    model, test_<sees> -> predict -> test_outputs -> metrics, predictions, pictures
    """
    sees, returns = f"test_{family.sees}", f"test_{family.returns}"
    steps = [
        Node(
            nodes.predict,
            inputs=["model", sees],
            outputs="test_outputs",
            name=f"predict_with_{family.name}",
        ),
        Node(
            nodes.plot_learning_curves,
            inputs=["history", "fit_report", "dataset_card"],
            outputs="learning_curves_plot",
            name=f"plot_{family.name}_learning_curves",
        ),
        *_describe_networks(family),
        *JUDGES[family.task](family),
    ]
    needed = {name for step in steps for name in step.inputs}
    shared = {sees, returns, f"train_{family.sees}", "test_digits", "dataset_card"} & needed
    return Pipeline(
        steps,
        namespace=family.name,
        inputs=shared,
        parameters={"params:seed"} & needed,
        tags="evaluation",
    )


def _describe_networks(family: Family) -> list[Node]:
    """Text summaries of the network, and of its parts, which are saved too."""
    extract = [
        Node(
            with_arguments(nodes.extract_part, part=part),
            inputs="model",
            outputs=f"{part}_model",
            name=f"extract_{part}_of_{family.name}",
        )
        for part in family.parts
    ]
    networks = {"model": "model", **{f"{part}_model": part for part in family.parts}}
    summarize = [
        Node(
            nodes.summarize,
            inputs=network,
            outputs=f"{name}_summary",
            name=f"summarize_{name}_of_{family.name}",
        )
        for network, name in networks.items()
    ]
    return extract + summarize


def _judge_classifier(family: Family) -> list[Node]:
    answers = ["test_outputs", "test_digits"]

    def picture(function: Callable[..., object], name: str, *extra: str) -> Node:
        return Node(
            with_arguments(function, family=family.name),
            inputs=[*answers, "dataset_card", *extra],
            outputs=f"{name}_plot",
            name=f"plot_{family.name}_{name}",
        )

    return [
        Node(
            nodes.score_classifier,
            inputs=[*answers, "fit_report", "dataset_card"],
            outputs="metrics",
            name=f"score_{family.name}",
        ),
        Node(
            nodes.tabulate_predictions,
            inputs=answers,
            outputs="predictions",
            name=f"tabulate_{family.name}_predictions",
        ),
        picture(nodes.plot_confusion_matrix, "confusion_matrix"),
        picture(nodes.plot_per_class_accuracy, "per_class_accuracy"),
        picture(nodes.plot_confidence, "confidence"),
        picture(nodes.plot_correct_examples, "correct_examples", "params:seed"),
        picture(nodes.plot_incorrect_examples, "incorrect_examples"),
        picture(nodes.plot_probability_bars, "probability_bars", "params:seed"),
    ]


def _judge_reconstruction(family: Family) -> list[Node]:
    pictures = ["test_outputs", f"test_{family.returns}"]
    return [
        Node(
            nodes.score_pca,
            inputs=[
                f"train_{family.sees}", "split", f"test_{family.sees}", "params:model.latent_dim",
            ],
            outputs="pca_baseline",
            name=f"score_pca_for_{family.name}",
        ),
        Node(
            nodes.measure_reconstructions,
            inputs=[*pictures, "test_digits"],
            outputs="predictions",
            name=f"measure_{family.name}_reconstructions",
        ),
        Node(
            nodes.score_reconstruction,
            inputs=["predictions", "pca_baseline", "fit_report", "dataset_card"],
            outputs="metrics",
            name=f"score_{family.name}",
        ),
        Node(
            with_arguments(nodes.plot_reconstructions, family=family.name),
            inputs=[*pictures, "predictions", "dataset_card", "params:seed"],
            outputs="reconstructions_plot",
            name=f"plot_{family.name}_reconstructions",
        ),
        Node(
            with_arguments(nodes.plot_worst_reconstructions, family=family.name),
            inputs=[*pictures, "predictions", "dataset_card"],
            outputs="worst_reconstructions_plot",
            name=f"plot_{family.name}_worst_reconstructions",
        ),
    ]  # fmt: skip


JUDGES: dict[Task, Callable[[Family], list[Node]]] = {
    "classification": _judge_classifier,
    "reconstruction": _judge_reconstruction,
}
