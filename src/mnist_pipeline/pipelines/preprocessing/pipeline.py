"""Preprocessing: digits -> the two sets that all families share, and each family's view of them."""

from collections.abc import Collection

from kedro.pipeline import Node, Pipeline

from mnist_pipeline.families import Family
from mnist_pipeline.pipelines import with_arguments
from mnist_pipeline.pipelines.ingestion.nodes import read_uci_digits
from mnist_pipeline.pipelines.preprocessing import nodes
from mnist_pipeline.preprocessing import VIEWS

EVERY_VIEW = frozenset({*VIEWS.values(), "uci_digits"})

SHOWN = {
    part: {f"{part}_{thing}": thing for thing in (*VIEWS, *VIEWS.values(), "one_hot_labels")}
    for part in ("train", "test")
}
"""What a family can ask for, and what it then gets of the training or the test digits."""
SHOWN["test"] |= {"uci_digits": "uci_digits", "dataset_card": "dataset_card"}


def views_for(wanted: Collection[str]) -> set[str]:
    """Which views a family looks at. wanted: what its nodes ask for, some of which is `SHOWN`."""
    things = {thing for of in SHOWN.values() for name, thing in of.items() if name in wanted}
    return {VIEWS.get(thing, thing) for thing in things} & EVERY_VIEW


def create_pipeline(views: Collection[str] = EVERY_VIEW) -> Pipeline:
    """What several families share, so done once a run; for `train` and `test` digits alike::

        digits -> degraded_digits  -|
        digits -> distorted_digits -|-> set
        digits ---------------------|

    and, for networks that restore, digits that never were any larger: `uci_digits`.
    views: which of them anybody looks at.
    """
    steps = [node for part in ("train", "test") for node in _prepare(part, views)]
    if "uci_digits" in views:
        steps.append(
            Node(read_uci_digits, inputs=None, outputs="uci_digits", name="read_uci_digits")
        )
    if "distorted_digits" in views:
        steps.append(
            Node(
                nodes.plot_distorted_samples,
                inputs=[
                    *("train_digits", "train_distorted_digits"),
                    *("params:distortion", "dataset_card"),
                ],
                outputs="distorted_samples_plot",
                name="plot_distorted_samples",
            )
        )
    needed = {name for step in steps for name in step.inputs}
    return Pipeline(
        steps,
        namespace="preprocessing",
        inputs={"train_digits", "test_digits", "dataset_card"},
        outputs={"train_set", "test_set"},
        parameters={"params:degradation", "params:distortion", "params:seed"} & needed,
        tags="preprocessing",
    )


def _prepare(part: str, views: Collection[str]) -> list[Node]:
    steps = {
        "degraded_digits": Node(
            nodes.degrade_digits,
            inputs=[f"{part}_digits", "params:degradation"],
            outputs=f"{part}_degraded_digits",
            name=f"degrade_{part}_digits",
        ),
        "distorted_digits": Node(
            with_arguments(nodes.distort_digits, part=part),
            inputs=[f"{part}_digits", "params:distortion", "params:seed"],
            outputs=f"{part}_distorted_digits",
            name=f"distort_{part}_digits",
        ),
    }
    forms = {"digits": f"{part}_digits"}
    forms |= {view: f"{part}_{view}" for view in steps if view in views}
    if part == "test" and "uci_digits" in views:
        forms["uci_digits"] = "uci_digits"
    gather = Node(
        with_arguments(nodes.gather, views=tuple(forms)),
        inputs=["dataset_card", *forms.values()],
        outputs=f"{part}_set",
        name=f"gather_{part}_set",
    )
    return [*(step for view, step in steps.items() if view in views), gather]


def create_split_pipeline(family: Family) -> Pipeline:
    """Which digits validate: a setting of the family, so a node of its own."""
    return Pipeline(
        [
            Node(
                nodes.split_digits,
                inputs=["train_set", "params:training", "params:seed"],
                outputs="split",
                name=f"split_digits_for_{family.name}",
            )
        ],
        namespace=family.name,
        inputs="train_set",
        parameters="params:seed",
        tags="preprocessing",
    )


def create_view_pipeline(family: Family, wanted: Collection[str]) -> Pipeline:
    """The digits as the family's network sees them, and what it must return::

        train_set -> train_<sees>, train_<returns>, ...
        test_set -> test_<sees>, test_digits, ...

    wanted: what the family's other nodes ask for, some of which is from here.
    """
    steps = []
    for part, known in SHOWN.items():
        names = sorted(set(wanted) & set(known))
        if names:
            steps.append(
                Node(
                    with_arguments(nodes.show, things=tuple(known[name] for name in names)),
                    inputs=f"{part}_set",
                    outputs=names,
                    name=f"show_{part}_digits_to_{family.name}",
                )
            )
    return Pipeline(
        steps,
        namespace=family.name,
        inputs={name for step in steps for name in step.inputs},
        tags="preprocessing",
    )
