"""Evaluation: one template, an instance per family; its judges say which measures and pictures."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family, Judge
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.evaluation import nodes
from mnist_pipeline.preprocessing import VIEWS

OUTPUTS = {"clean_images": "restored_images", "one_hot_labels": "probabilities"}
"""What a network's answer is called, by what it should have returned."""

TRAINED_CNN = {"reader": "trained_cnn", "reader_metrics": "trained_cnn_metrics"}
CNN_OF_THIS_RUN = {"reader": "cnn.model", "reader_metrics": "cnn.metrics"}
"""Who reads restored digits: the newest `cnn` of an earlier run, if there is one, or this run's."""


def create_pipeline(family: Family, reader: dict[str, str]) -> Pipeline:
    """Judge the family's saved model on the test digits::

        model, test_<sees> -> predict -> restored_images, probabilities
                                         -> judges -> metrics, predictions, pictures

    reader: `TRAINED_CNN` or `CNN_OF_THIS_RUN`.
    """
    steps = [
        Node(
            nodes.predict,
            inputs=["model", f"test_{family.sees}"],
            outputs=[OUTPUTS[thing] for thing in family.returns],
            name=f"predict_with_{family.name}",
        ),
        Node(
            nodes.plot_learning_curves,
            inputs=["history", "fit_report", "dataset_card"],
            outputs="learning_curves_plot",
            name=f"plot_{family.name}_learning_curves",
        ),
        *_describe_networks(family),
        *(node for judge in family.judges for node in JUDGES[judge](family)),
    ]
    if "restoration" in family.judges:
        steps += _ask_reader(family)
    if family.sees == "distorted_images":
        note = Node(
            nodes.note_distortion,
            inputs="params:distortion",
            outputs="distortion_scores",
            name=f"note_distortion_of_{family.name}",
        )
        steps.append(note)
    made = {name for step in steps for name in step.outputs}
    steps += [
        Node(
            nodes.collect_metrics,
            inputs=[
                "fit_report",
                "dataset_card",
                *sorted(n for n in made if n.endswith("_scores")),
            ],
            outputs="metrics",
            name=f"score_{family.name}",
        ),
        Node(
            nodes.collect_predictions,
            inputs=["test_digits", *sorted(n for n in made if n.endswith("_table"))],
            outputs="predictions",
            name=f"tabulate_{family.name}_predictions",
        ),
    ]
    needed = {name for step in steps for name in step.inputs}
    return Pipeline(
        steps,
        namespace=family.name,
        inputs={name: reader[name] for name in needed & set(reader)},
        parameters={"params:seed", "params:degradation", "params:distortion"} & needed,
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


def _picture(
    family: Family, function: Callable[..., object], name: str, inputs: list[str], *extra: str
) -> Node:
    return Node(
        with_arguments(function, family=family.name),
        inputs=[*inputs, "dataset_card", *extra],
        outputs=f"{name}_plot",
        name=f"plot_{family.name}_{name}",
    )


def _choices(
    family: Family, function: Callable[..., object], name: str, inputs: list[str]
) -> list[Node]:
    """The same picture of random, of the best and of the worst test digits."""
    return [
        _picture(
            family,
            with_arguments(function, which=which),
            name if which == "random" else f"{which}_{name}",
            inputs,
            "params:seed",
        )
        for which in nodes.CHOICES
    ]


def _judge_classification(family: Family) -> list[Node]:
    # The digits as the network sees them, for pictures of what it reads and misreads.
    answers = ["probabilities", f"test_{VIEWS[family.sees]}"]
    return [
        Node(
            nodes.score_answers,
            inputs=answers,
            outputs="classification_scores",
            name=f"score_{family.name}_answers",
        ),
        Node(
            with_arguments(nodes.calibrate, output=family.returns.index("one_hot_labels")),
            inputs=["model", f"train_{family.sees}", "train_one_hot_labels", "split"],
            outputs="calibration",
            name=f"calibrate_{family.name}",
        ),
        Node(
            nodes.score_calibration,
            inputs=[*answers, "calibration"],
            outputs="calibration_scores",
            name=f"score_{family.name}_calibration",
        ),
        Node(
            nodes.tabulate_answers,
            inputs="probabilities",
            outputs="classification_table",
            name=f"tabulate_{family.name}_answers",
        ),
        _picture(family, nodes.plot_confusion_matrix, "confusion_matrix", ["predictions"]),
        _picture(family, nodes.plot_per_class_accuracy, "per_class_accuracy", ["predictions"]),
        _picture(family, nodes.plot_confidence, "confidence", answers),
        _picture(family, nodes.plot_correct_examples, "correct_examples", answers, "params:seed"),
        _picture(family, nodes.plot_incorrect_examples, "incorrect_examples", answers),
        _picture(family, nodes.plot_probability_bars, "probability_bars", answers, "params:seed"),
    ]


def _measure_pictures(family: Family) -> Node:
    return Node(
        nodes.measure_pictures,
        inputs=["restored_images", "test_clean_images"],
        outputs="pictures_table",
        name=f"measure_{family.name}_pictures",
    )


def _judge_reconstruction(family: Family) -> list[Node]:
    """Of an autoencoder: the baseline needs `model.latent_dim`."""
    pictures = ["restored_images", "test_clean_images", "predictions"]
    return [
        _measure_pictures(family),
        Node(
            nodes.score_pca,
            inputs=["train_clean_images", "split", "test_clean_images", "params:model.latent_dim"],
            outputs="pca_baseline",
            name=f"score_pca_for_{family.name}",
        ),
        Node(
            nodes.score_reconstruction,
            inputs=["pictures_table", "pca_baseline"],
            outputs="reconstruction_scores",
            name=f"score_{family.name}_pictures",
        ),
        *_choices(family, nodes.plot_reconstructions, "reconstructions", pictures),
    ]


def _judge_restoration(family: Family) -> list[Node]:
    pictures = ["restored_images", "test_clean_images", "test_degraded_images", "predictions"]
    return [
        _measure_pictures(family),
        Node(
            nodes.measure_pictures,
            inputs=["test_degraded_images", "test_clean_images"],
            outputs="input_errors",
            name=f"measure_{family.name}_inputs",
        ),
        Node(
            nodes.score_bicubic,
            inputs=["test_digits", "params:degradation"],
            outputs="bicubic_baseline",
            name=f"score_bicubic_for_{family.name}",
        ),
        Node(
            nodes.score_restoration,
            inputs=[
                *("pictures_table", "input_errors", "test_clean_images"),
                *("test_digits", "bicubic_baseline", "dataset_card"),
            ],
            outputs="restoration_scores",
            name=f"score_{family.name}_pictures",
        ),
        *_choices(family, nodes.plot_restorations, "restorations", pictures),
    ]


def _ask_reader(family: Family) -> list[Node]:
    """What restoration is worth to a `cnn` that reads clean digits."""
    return [
        Node(
            nodes.score_reader,
            inputs=[
                *("reader", "reader_metrics", "test_clean_images", "test_degraded_images"),
                *("restored_images", "test_digits", "dataset_card"),
            ],
            outputs="reader_scores",
            name=f"read_{family.name}_digits",
        ),
        Node(
            with_arguments(nodes.restore_uci_digits, family=family.name),
            inputs=[
                *("model", "uci_digits", "reader", "reader_metrics"),
                *("dataset_card", "params:seed"),
            ],
            outputs=["uci_scores", "uci_restorations_plot"],
            name=f"restore_uci_digits_with_{family.name}",
        ),
    ]


JUDGES: dict[Judge, Callable[[Family], list[Node]]] = {
    "classification": _judge_classification,
    "reconstruction": _judge_reconstruction,
    "restoration": _judge_restoration,
}
