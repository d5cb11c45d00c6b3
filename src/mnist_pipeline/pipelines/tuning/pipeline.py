"""A search for better settings of one family; which one is a parameter."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.pipelines.tuning import nodes


def create_pipeline() -> Pipeline:
    """Many trainings on the same digits::

        parameters -> planned_search
        planned_search, train_digits -> trials, best_settings
        trials -> search_plot

    Which family is searched is known only when the parameters are read, too late for Kedro to wire
    what the family sees: the node prepares it, by the functions that the family's pipeline uses.
    """
    # Of nodes that wait for nothing, Kedro runs those first whose names come first: this one
    # refuses what cannot be searched before `read_digits`.
    check = Node(
        nodes.check_search,
        inputs=["params:tuning", "parameters"],
        outputs="planned_search",
        name="check_search",
        tags="tuning",
    )
    shared = ("params:tuning", "params:data", "params:degradation", "params:distortion")
    steps = [
        Node(
            nodes.search_settings,
            inputs=[
                *("planned_search", "params:tuning", "train_digits", "dataset_card"),
                *("params:data", "params:degradation", "params:distortion"),
            ],
            outputs=["trials", "best_settings"],
            name="search_settings",
        ),
        Node(
            nodes.plot_search,
            inputs=["trials", "planned_search", "dataset_card"],
            outputs="search_plot",
            name="plot_search",
        ),
    ]
    return Pipeline([check]) + Pipeline(
        steps,
        namespace="tuning",
        inputs={"planned_search", "train_digits", "dataset_card"},
        parameters=set(shared),
        tags="tuning",
    )
