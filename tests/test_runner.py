from itertools import groupby

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.runner import FamilyByFamily, in_depth


def family(name, train=lambda digits: digits + 1, needs=None):
    """Three nodes one after the other. needs: what the last one needs of another family."""
    nodes = [
        Node(train, inputs="digits", outputs="model", name="train"),
        Node(lambda model: model * 10, inputs="model", outputs="answers", name="predict"),
        Node(
            lambda answers, *_: answers,
            inputs=["answers", "other"] if needs else ["answers"],
            outputs="metrics",
            name="score",
        ),
    ]
    inputs = {"digits": "digits"} | ({"other": needs} if needs else {})
    return Pipeline(nodes, namespace=name, inputs=inputs)


def names(nodes):
    return [node.name for node in nodes]


def test_a_family_is_finished_before_the_next_is_begun():
    pipeline = family("a") + family("b")
    assert names(pipeline.nodes)[:2] == ["a.train", "b.train"]  # Kedro's own order
    ordered = in_depth(pipeline.nodes, pipeline.node_dependencies)
    steps = ("train", "predict", "score")
    assert names(ordered) == [f"{name}.{step}" for name in "ab" for step in steps]


def test_a_family_that_needs_another_comes_after_it():
    pipeline = family("a", needs="b.metrics") + family("b")
    ordered = in_depth(pipeline.nodes, pipeline.node_dependencies)
    assert [name[0] for name in names(ordered)] == list("bbbaaa")


def test_families_that_need_each_other_take_turns():
    pipeline = family("a", needs="b.model") + family("b", needs="a.model")
    ordered = in_depth(pipeline.nodes, pipeline.node_dependencies)
    done = set()
    for node in ordered:
        assert pipeline.node_dependencies[node] <= done
        done.add(node)
    assert done == set(pipeline.nodes)


@pytest.mark.parametrize("name", ["__default__", "noise_comparison", "reading"])
def test_in_every_pipeline_each_namespace_is_begun_once(name):
    pipeline = register_pipelines()[name]
    ordered = in_depth(pipeline.nodes, pipeline.node_dependencies)
    assert sorted(names(ordered)) == sorted(names(pipeline.nodes))
    turns = [namespace for namespace, _ in groupby(ordered, key=lambda node: node.namespace)]
    assert len(turns) == len(set(turns))


def test_an_interrupted_run_leaves_the_scores_of_what_it_has_finished():
    def interrupted(digits):
        raise KeyboardInterrupt

    catalog = DataCatalog({"digits": MemoryDataset(1), "a.metrics": MemoryDataset()})
    with pytest.raises(KeyboardInterrupt):
        FamilyByFamily().run(family("a") + family("b", train=interrupted), catalog)
    assert catalog.load("a.metrics") == 20
