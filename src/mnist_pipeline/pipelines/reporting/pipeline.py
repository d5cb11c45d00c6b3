"""Reporting: whatever leaves several pictures gets a page that shows them all."""

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.reporting import nodes

FIRST = ("learning_curves_plot", "confusion_matrix_plot", "restorations_plot")
"""Pictures that come first on a page; the others follow by name, and then the texts."""


def create_pipeline(work: Pipeline) -> Pipeline:
    """A page for each namespace of `work`::

        <namespace>.metrics, <namespace>.*_plot, <namespace>.*_summary -> <namespace>.report_plot

    It is what kedro-viz shows of a family at first sight; the pictures themselves are inside.
    """
    found: dict[str, set[str]] = {}
    for dataset in work.all_outputs():
        namespace, _, name = dataset.partition(".")
        found.setdefault(namespace, set()).add(name)
    return Pipeline([_page(*item) for item in sorted(found.items())])


def _page(namespace: str, outputs: set[str]) -> Pipeline:
    pictures = [name for name in outputs if name.endswith("_plot")]
    if len(pictures) < 2:
        return Pipeline([])
    names = sorted(pictures, key=lambda name: (name not in FIRST, name))
    names += sorted(name for name in outputs if name.endswith("_summary"))
    if namespace in {family.name for family in EVERY_FAMILY}:
        names.append("metrics")
    compose = with_arguments(nodes.compose_report, namespace=namespace, names=tuple(names))
    node = Node(compose, inputs=names, outputs="report_plot", name=f"report_{namespace}")
    return Pipeline([node], namespace=namespace, tags="reporting")
