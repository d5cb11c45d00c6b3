"""Classification: from a folder of pictures to a table, without training anything."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.pipelines.classification import nodes


def create_pipeline() -> Pipeline:
    """Read pictures with networks of earlier runs::

    pictures, trained networks -> predictions, refused
    predictions -> gallery
    """
    return Pipeline(
        [
            Node(
                nodes.classify_pictures,
                inputs=["trained_networks", "params:classification"],
                outputs=["predictions", "refused"],
                name="classify_pictures",
            ),
            Node(
                nodes.plot_gallery,
                inputs=["predictions", "params:classification"],
                outputs="gallery_plot",
                name="plot_gallery",
            ),
        ],
        namespace="classification",
        inputs="trained_networks",
        parameters="params:classification",
        tags="classification",
    )
