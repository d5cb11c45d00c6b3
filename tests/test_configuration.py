"""Configuration and code agree: nothing configured that is not used, nothing used that is not."""

import fnmatch
import functools
import re
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from matplotlib.figure import Figure

from mnist_pipeline.families import EVERY_FAMILY, FAMILIES, VARIANTS
from mnist_pipeline.parameters import (
    ClassificationSettings,
    DataSettings,
    DegradationSettings,
    NoiseComparisonSettings,
    ReadingSettings,
    SeedsSettings,
    TrainingSettings,
    TuningSettings,
    check_parameters,
)
from mnist_pipeline.pipeline_registry import register_pipelines
from tests.conftest import PROJECT, load_parameters

PIPELINES = register_pipelines()
EVERYTHING = PIPELINES["__default__"]
GROUPS = ("model", "training")
FIELDS = [
    field
    for settings in (
        *(DataSettings, TrainingSettings, DegradationSettings, NoiseComparisonSettings),
        *(TuningSettings, SeedsSettings, ReadingSettings, ClassificationSettings),
    )
    for field in settings.model_fields
]


@functools.cache
def catalog_entries():
    files = (PROJECT / "conf/base/catalog").glob("*.yml")
    return {
        name: entry for file in files for name, entry in yaml.safe_load(file.read_text()).items()
    }


def datasets():
    used = set().union(*(pipeline.datasets() for pipeline in PIPELINES.values()))
    return {name for name in used if not is_parameter(name)}


def is_parameter(name):
    return name == "parameters" or name.startswith("params:")


@functools.cache
def matches(entry, dataset):
    return fnmatch.fnmatchcase(dataset, re.sub(r"\{\w+\}", "*", entry))


@pytest.mark.parametrize("entry", catalog_entries())
def test_every_catalog_entry_is_used(entry):
    saved_by_a_hook = {"run_report"}
    assert any(matches(entry, dataset) for dataset in datasets() | saved_by_a_hook)


@pytest.mark.parametrize("dataset", sorted(datasets()))
def test_every_dataset_is_in_the_catalog(dataset):
    assert any(matches(entry, dataset) for entry in catalog_entries())


def test_everything_on_disk_is_versioned_but_what_an_interrupted_run_goes_on_with():
    unversioned = [
        name
        for name, entry in catalog_entries().items()
        if {"filepath", "path"} & set(entry) and not entry.get("versioned")
    ]
    networks_of_all_versions = "trained_networks"
    gone_on_with = ["{family}.folds", "seeds.networks", "seeds.reports"]
    assert sorted(unversioned) == sorted([networks_of_all_versions, *gone_on_with])


def test_no_two_datasets_share_a_file():
    paths = [
        entry["filepath"].format(
            family="cnn", part="encoder", network="m", picture="x", method="y", change="z"
        )
        for entry in catalog_entries().values()
        if "filepath" in entry
    ]
    assert len(paths) == len(set(paths))


def test_every_group_of_parameters_is_an_input_of_a_node():
    read = {name for name in EVERYTHING.inputs() if name.startswith("params:")}
    shared = {"seed", "data", "degradation", "distortion", "noise_comparison", "reading"}
    groups = {f"params:{name}" for name in shared}
    groups |= {f"params:{family.name}.{group}" for family in FAMILIES for group in GROUPS}
    assert groups <= read
    without_training = {"classification", "tuning", "seeds"}
    families = {family.name for family in EVERY_FAMILY}
    assert set(load_parameters()) == shared | without_training | families


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_is_read_by_the_code(field):
    files = [path for path in (PROJECT / "src").rglob("*.py") if path.name != "parameters.py"]
    read = re.compile(rf"\b(settings|data|training|degradation)\.{field}\b")
    assert any(read.search(path.read_text()) for path in files)


def test_the_cnn_takes_as_much_to_be_quick_as_to_be_best():
    quick, best = (
        yaml.safe_load((PROJECT / f"conf/{env}/parameters/cnn.yml").read_text())
        for env in ("quick", "best")
    )
    assert quick == best


def test_every_family_has_a_pipeline_of_its_name_and_is_in_the_default_one():
    for family in FAMILIES:
        promised = {f"{family.name}.{thing}" for thing in ("model", "metrics", "predictions")}
        assert promised <= PIPELINES[family.name].all_outputs()
        names = {node.name for node in PIPELINES[family.name].nodes}
        assert names <= {node.name for node in EVERYTHING.nodes}


def test_every_variant_has_a_pipeline_of_its_name_and_is_not_in_the_default_one():
    for family in VARIANTS:
        assert f"{family.name}.model" in PIPELINES[family.name].all_outputs()
        assert f"{family.name}.model" not in EVERYTHING.all_outputs()


def test_the_noise_comparison_is_in_the_default_pipeline():
    nodes = {node.name for node in PIPELINES["noise_comparison"].nodes}
    assert nodes <= {node.name for node in EVERYTHING.nodes}


@pytest.mark.parametrize("name", PIPELINES)
def test_every_pipeline_starts_at_the_raw_files(name):
    inputs = {name for name in PIPELINES[name].inputs() if not is_parameter(name)}
    optional = [n for n, entry in catalog_entries().items() if "OptionalDataset" in entry["type"]]
    assert [n for n in inputs if not any(matches(entry, n) for entry in optional)] == []


@functools.cache
def layer(dataset):
    """The layer of kedro-viz, as the most specific entry of the catalog has it."""
    fitting = [entry for entry in catalog_entries() if matches(entry, dataset)]
    if is_parameter(dataset) or not fitting:
        return None
    best = max(fitting, key=lambda entry: len(re.sub(r"\{\w+\}", "", entry)))
    return catalog_entries()[best].get("metadata", {}).get("kedro-viz", {}).get("layer")


def test_layers_have_an_order():
    """kedro-viz draws no layers at all where one is both before and after another."""
    before = {}
    for node in EVERYTHING.nodes:
        for result in node.outputs:
            before.setdefault(layer(result), set()).update(map(layer, node.inputs))
    edges = {name: {i for i in inputs if i not in {None, name}} for name, inputs in before.items()}
    order = list(TopologicalSorter(edges).static_order())
    assert order == ["raw", "model_input", "models", "model_output", "reporting"]


@pytest.mark.parametrize("name", catalog_entries())
def test_every_entry_has_a_layer(name):
    assert catalog_entries()[name].get("metadata", {}).get("kedro-viz", {}).get("layer")


def test_node_names_differ_across_families():
    names = [node.name.split(".")[-1] for node in EVERYTHING.nodes]
    assert len(names) == len(set(names))


def test_commands_that_train_nothing_do_not_import_tensorflow():
    code = (
        "import sys; from mnist_pipeline.pipeline_registry import register_pipelines; "
        "register_pipelines(); import mnist_pipeline.settings, mnist_pipeline.datasets; "
        "print([m for m in ('tensorflow', 'keras', 'mlflow', 'optuna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_family_without_its_parameters_would_be_noticed():
    parameters = load_parameters()
    for family in FAMILIES:
        without = {name: value for name, value in parameters.items() if name != family.name}
        with pytest.raises(Exception, match=f"{family.name} is missing"):
            check_parameters(without)


@pytest.mark.parametrize(
    ("env", "dpi"), [("base", 150), ("test", 50), ("best", 150), ("local", 40)]
)
def test_pictures_are_as_fine_as_the_environment_says(project, env, dpi):
    (project / "conf/local/globals.yml").write_text("picture_dpi: 40\n")
    bootstrap_project(project)
    with KedroSession.create(project, env=env) as session:
        pictures = session.load_context().catalog["cnn.learning_curves_plot"]
    pictures.save(Figure((5, 4)))
    assert pictures.load().shape == (4 * dpi, 5 * dpi, 3)
