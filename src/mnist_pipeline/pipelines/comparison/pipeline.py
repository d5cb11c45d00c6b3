"""Comparison: which family is best, and at what cost?"""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family
from mnist_pipeline.pipelines.comparison import nodes


def create_pipeline(trained_in_this_run: tuple[Family, ...] = ()) -> Pipeline:
    """The leaderboard::

        metrics of every family -> leaderboard -> table, picture

    trained_in_this_run: families whose metrics come from this run; of the others, the newest.
    """
    metrics = {f"{family.name}_metrics": f"{family.name}.metrics" for family in trained_in_this_run}
    return Pipeline(
        [
            Node(
                nodes.collect_scores,
                inputs=["trained_networks", *metrics],
                outputs="leaderboard",
                name="collect_scores",
            ),
            Node(
                nodes.write_leaderboard,
                inputs="leaderboard",
                outputs="leaderboard_table",
                name="write_leaderboard",
            ),
            Node(
                nodes.plot_leaderboard,
                inputs="leaderboard",
                outputs="leaderboard_plot",
                name="plot_leaderboard",
            ),
        ],
        namespace="comparison",
        inputs={"trained_networks": "trained_networks"} | metrics,
        tags="comparison",
    )
