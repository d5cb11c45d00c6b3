"""The noisy families side by side: k folds of each, and every classifier on spoiled digits."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import EVERY_FAMILY, FAMILIES, Family
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.noise_comparison import nodes

NOISY = tuple(family for family in FAMILIES if family.sees == "distorted_images")
"""Those that are cross-validated and compared in the table."""

READERS = tuple(
    family
    for family in EVERY_FAMILY
    if family.judges == ("classification",) and family.sees != "degraded_images"
)
"""Those that read whole digits, and so may be asked to read spoiled ones."""


def create_pipeline(trained_in_this_run: tuple[Family, ...]) -> Pipeline:
    """The table and the pictures that answer the question::

        train_digits -> folds -> train_folds -> cross_validation         (each noisy family)
        test_digits, every trained classifier -> robustness              (together)
        metrics, cross_validation, robustness -> metrics, table, pictures

    trained_in_this_run: families whose networks come from this run. Of other classifiers, the
    newest one on disk joins in, if there is one.
    """
    return sum((_cross_validate(family) for family in NOISY), _compare(trained_in_this_run))


def _cross_validate(family: Family) -> Pipeline:
    """The folds of one family, saved one by one: an interrupted run goes on with those missing."""
    name = family.name
    digits = [f"train_{family.sees}", *(f"train_{thing}" for thing in family.returns)]
    shared = ["params:noise_comparison", "params:seed"]
    steps = [
        Node(
            nodes.deal_folds,
            inputs=["train_digits", *shared],
            outputs="dealt_folds",
            name=f"deal_{name}_folds",
        ),
        Node(
            with_arguments(nodes.identify_cross_validation, family=name),
            inputs=[
                *("dataset_card", "params:distortion", "params:model", "params:training"), *shared,
            ],
            outputs="cross_validation_identity",
            name=f"identify_{name}_cross_validation",
        ),
        Node(
            with_arguments(nodes.train_folds, family=family),
            inputs=[
                *("cross_validation_identity", "finished_folds", "dealt_folds"),
                *("params:model", "params:training", *shared, *digits),
            ],
            outputs="folds",
            name=f"train_{name}_folds",
        ),
        Node(
            nodes.collect_folds,
            inputs=["cross_validation_identity", "folds"],
            outputs=["cross_validation", "cross_validation_history"],
            name=f"collect_{name}_folds",
        ),
        Node(
            nodes.score_folds,
            inputs=["cross_validation_identity", "cross_validation"],
            outputs="cross_validation_scores",
            name=f"score_{name}_folds",
        ),
        Node(
            nodes.plot_folds,
            inputs=["cross_validation", "cross_validation_history", "metrics", "dataset_card"],
            outputs="folds_plot",
            name=f"plot_{name}_folds",
        ),
    ]  # fmt: skip
    return Pipeline(
        steps,
        namespace=name,
        inputs="finished_folds",
        parameters={*shared, "params:distortion"},
        tags="noise_comparison",
    )


def _compare(trained_in_this_run: tuple[Family, ...]) -> Pipeline:
    readers = tuple(family.name for family in READERS)
    # In this namespace `cnn_metrics` is what outside of it is `cnn.metrics`.
    metrics = {
        f"{f.name}_metrics": f"{f.name}.metrics" for f in trained_in_this_run if f in READERS
    }
    scores = {f"{family.name}_metrics": f"{family.name}.metrics" for family in NOISY}
    folds = {f"{f.name}_folds": f"{f.name}.cross_validation_scores" for f in NOISY}
    steps = [
        Node(
            with_arguments(nodes.measure_classifiers, families=readers),
            inputs=[
                *("test_digits", "dataset_card", "params:noise_comparison", "params:seed"),
                *("trained_networks", *metrics),
            ],
            outputs="robustness",
            name="measure_robustness",
        ),
        Node(
            nodes.collect_noise_metrics,
            inputs=[
                *("robustness", "dataset_card", "params:distortion", "params:noise_comparison"),
                *(*scores, *folds),
            ],
            outputs="metrics",
            name="collect_noise_metrics",
        ),
        Node(
            nodes.tabulate_comparison, inputs="metrics", outputs="comparison",
            name="tabulate_comparison",
        ),
        Node(
            nodes.tabulate_robustness, inputs="robustness", outputs="corruptions",
            name="tabulate_robustness",
        ),
        Node(
            nodes.plot_comparison,
            inputs=["comparison", "dataset_card"],
            outputs="comparison_plot",
            name="plot_comparison",
        ),
        Node(
            with_arguments(nodes.plot_strengths, families=readers),
            inputs=["robustness", "dataset_card"],
            outputs="strengths_plot",
            name="plot_strengths",
        ),
        Node(
            nodes.plot_corruptions,
            inputs=["corruptions", "dataset_card"],
            outputs="corruptions_plot",
            name="plot_corruptions",
        ),
        Node(
            nodes.plot_corrupted_samples,
            inputs=["test_digits", "dataset_card", "params:seed"],
            outputs="corrupted_samples_plot",
            name="plot_corrupted_samples",
        ),
    ]  # fmt: skip
    shared = ("test_digits", "dataset_card", "trained_networks")
    return Pipeline(
        steps,
        namespace="noise_comparison",
        inputs={name: name for name in shared} | metrics | scores | folds,
        parameters={"params:noise_comparison", "params:distortion", "params:seed"},
        tags="noise_comparison",
    )
