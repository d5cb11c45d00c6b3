import numpy as np
from kedro.pipeline import Node, Pipeline

from mnist_pipeline import plots
from mnist_pipeline.pipeline_registry import register_pipelines
from mnist_pipeline.pipelines.reporting.nodes import compose_report
from mnist_pipeline.pipelines.reporting.pipeline import create_pipeline


def leaves(*outputs, namespace="part"):
    names = list(outputs)
    return Pipeline([Node(lambda: None, None, names, name="draw")], namespace=namespace)


def test_a_page_has_every_picture_and_text_of_its_namespace():
    page = create_pipeline(leaves("b_plot", "learning_curves_plot", "model_summary", "scores"))
    (node,) = page.nodes
    assert node.inputs == ["part.learning_curves_plot", "part.b_plot", "part.model_summary"]
    assert node.outputs == ["part.report_plot"]


def test_one_picture_alone_needs_no_page():
    assert create_pipeline(leaves("only_plot", "scores")).nodes == []


def test_a_family_shows_nothing_at_first_sight_but_its_metrics_and_its_page():
    """A collapsed box of kedro-viz shows all that leaves it; more than this is unreadable."""
    everything = register_pipelines()["__default__"]
    for namespace in ("mlp", "cnn", "autoencoder", "noisy_cnn"):
        inside = everything.only_nodes_with_namespaces([namespace])
        others = everything - inside
        crossing = inside.all_outputs() & (others.inputs() | everything.outputs())
        models = {f"{namespace}.model", f"{namespace}.calibration", f"{namespace}.split"}
        folds = {f"{namespace}.cross_validation_scores"}
        assert crossing - models - folds == {f"{namespace}.metrics", f"{namespace}.report_plot"}


def test_a_family_takes_nothing_but_the_two_sets():
    everything = register_pipelines()["__default__"]
    for namespace in ("mlp", "cnn", "autoencoder"):
        taken = everything.only_nodes_with_namespaces([namespace]).inputs()
        data = {name for name in taken if not name.startswith("params:")}
        assert data == {"train_set", "test_set"}


def test_a_page_has_a_headline_above_every_picture_and_text():
    red, blue = np.zeros((2, 20, 30, 3), np.uint8)
    red[..., 0], blue[..., 2] = 255, 255
    names = ("a_plot", "b_plot", "model_summary", "metrics")
    parts = (red, blue, "Model\nlayers\n", {"family": "cnn", "accuracy": 0.5})
    page = compose_report(*parts, namespace="cnn", names=names)
    reds, blues = (np.argwhere((page == colour).all(axis=-1)) for colour in (red[0, 0], blue[0, 0]))
    assert len(reds) == len(blues) > 100_000
    assert reds[:, 1].max() < blues[:, 1].min()  # side by side
    top, bottom = reds[:, 0].min(), reds[:, 0].max()
    for part in (page[:top], page[bottom + 1 :]):  # headline and layers
        assert (part < 128).any()


def test_the_headline_says_how_well_the_family_does(monkeypatch):
    titles = []
    monkeypatch.setattr(plots, "page", lambda parts, title: titles.append(title))
    compose_report({"accuracy": 0.5}, namespace="cnn", names=("metrics",))
    compose_report(namespace="noise_comparison", names=())
    assert titles == ["cnn: 50.00% of the test digits read correctly", "noise comparison"]
