"""One family with several seeds; which family is a parameter."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.pipelines.seeds import nodes


def create_pipeline() -> Pipeline:
    """Several networks of a family, and their mean as a network of its own::

    parameters -> planned_seeds
    planned_seeds, train_digits -> training_digits -> networks, reports -> ensemble.model
    networks, ensemble.model, test_digits -> scores, ensemble.metrics -> seeds_plot
    """
    # Of nodes that wait for nothing, Kedro runs those first whose names come first: this one
    # refuses what cannot be trained before `read_digits`.
    check = Node(
        nodes.check_seeds,
        inputs=["params:seeds", "parameters"],
        outputs="planned_seeds",
        name="check_seeds",
        tags="seeds",
    )
    shown = ("dataset_card", "params:degradation", "params:distortion")
    steps = [
        Node(
            nodes.identify_networks,
            inputs=["planned_seeds", *shown],
            outputs="identity",
            name="identify_networks",
        ),
        Node(
            nodes.prepare_digits,
            inputs=["planned_seeds", "train_digits", *shown],
            outputs="training_digits",
            name="prepare_digits",
        ),
        Node(
            nodes.train_networks,
            inputs=[
                *("planned_seeds", "identity", "params:seeds"),
                *("finished_networks", "finished_reports", "training_digits"),
            ],
            outputs=["networks", "reports"],
            name="train_networks",
        ),
        Node(
            nodes.average_networks,
            inputs=["planned_seeds", "identity", "networks"],
            outputs="ensemble.model",
            name="average_networks",
        ),
        Node(
            nodes.judge_networks,
            inputs=[
                *("planned_seeds", "identity", "networks", "reports"),
                *("ensemble.model", "test_digits", *shown),
            ],
            outputs=["scores", "ensemble.metrics"],
            name="judge_networks",
        ),
        Node(
            nodes.calibrate_ensemble,
            inputs=["planned_seeds", "ensemble.model", "training_digits"],
            outputs="ensemble.calibration",
            name="calibrate_ensemble",
        ),
        Node(
            nodes.plot_seeds,
            inputs=["scores", "ensemble.metrics", "planned_seeds", "dataset_card"],
            outputs="scores_plot",
            name="plot_seeds",
        ),
    ]
    inputs = ("planned_seeds", "finished_networks", "finished_reports", "dataset_card")
    outputs = ("model", "metrics", "calibration")
    return Pipeline([check]) + Pipeline(
        steps,
        namespace="seeds",
        inputs={*inputs, "train_digits", "test_digits"},
        outputs={f"ensemble.{name}" for name in outputs},
        parameters={"params:seeds", "params:degradation", "params:distortion"},
        tags="seeds",
    )
