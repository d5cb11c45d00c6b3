"""In which order the nodes of a run are run."""

from collections import defaultdict
from functools import cached_property
from typing import Any

from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner


class FamilyByFamily(SequentialRunner):
    """Kedro's sequential runner, but what is begun is finished first.

    Kedro goes through a pipeline in breadth: of all families it would train every network before
    it judged one, hold in memory what all of them wait for, and leave no score to who interrupts it
    after hours.
    """

    def _run(self, pipeline: Pipeline, *args: Any, **kwargs: Any) -> None:
        super()._run(_InDepth(pipeline.nodes), *args, **kwargs)


class _InDepth(Pipeline):
    @cached_property
    def nodes(self) -> list[Node]:
        return in_depth(super().nodes, self.node_dependencies)


def in_depth(nodes: list[Node], needs: dict[Node, set[Node]]) -> list[Node]:
    """The same nodes in another order: namespace by namespace, as far as that can be.

    A namespace is begun when all is there that it needs of others, and finished before the next.
    nodes: in an order in which they can be run; among equals it is kept. needs: of each node, those
    that have to run before it.
    """
    foreign: dict[str | None, set[Node]] = defaultdict(set)
    for node in nodes:
        foreign[node.namespace] |= {n for n in needs[node] if n.namespace != node.namespace}
    left, done, namespace = list(nodes), set[Node](), None
    order: list[Node] = []
    while left:
        ready = [node for node in left if needs[node] <= done]
        begun = [node for node in ready if node.namespace == namespace]
        next_ones = begun or [node for node in ready if foreign[node.namespace] <= done] or ready
        node = next_ones[0]
        namespace = node.namespace
        left.remove(node)
        done.add(node)
        order.append(node)
    return order
