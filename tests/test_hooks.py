"""A run sees its own artifacts only, and a broken save leaves nothing behind."""

from types import SimpleNamespace

import pytest
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, DatasetError, Version
from kedro_datasets.json import JSONDataset

from mnist_pipeline.hooks import OwnVersions

THIS_RUN = "2026-01-01T00.00.00.000Z"
ANOTHER_RUN = "2026-01-02T00.00.00.000Z"


@pytest.fixture
def run(tmp_path):
    """A catalog with one versioned entry, the hook as Kedro calls it, and the entry's folder."""
    path = tmp_path / "metrics.json"
    catalog = DataCatalog(
        {"metrics": JSONDataset(filepath=str(path), version=Version(None, THIS_RUN))}
    )
    hook = OwnVersions()
    hook.before_pipeline_run(run_params={"run_id": THIS_RUN}, catalog=catalog)

    def save(data):
        hook.before_dataset_saved("metrics")
        catalog.save("metrics", data)
        hook.after_dataset_saved("metrics")

    return SimpleNamespace(catalog=catalog, hook=hook, save=save, path=path)


def test_what_a_run_has_saved_it_loads_even_when_another_run_saves_later(run):
    run.save({"accuracy": 0.99})
    other = JSONDataset(filepath=str(run.path), version=Version(None, ANOTHER_RUN))
    other.save({"accuracy": 0.5})
    run.catalog.release("metrics")  # Kedro forgets the version when it releases a dataset
    assert run.catalog.load("metrics") == {"accuracy": 0.99}


def test_whoever_shows_what_was_saved_sees_that_of_this_run(run):
    shown = []

    class Report:
        @hook_impl
        def after_dataset_saved(self):
            shown.append(run.catalog.load("metrics"))

    hooks = _create_hook_manager()
    hooks.register(run.hook)
    hooks.register(Report())  # registered later, so called first
    JSONDataset(filepath=str(run.path), version=Version(None, ANOTHER_RUN)).save({"of": "another"})
    run.catalog.save("metrics", {"of": "this"})
    hooks.hook.after_dataset_saved(dataset_name="metrics", data=None, node=None)
    assert shown == [{"of": "this"}]


def test_what_a_run_has_not_saved_it_loads_in_the_newest_version(run):
    JSONDataset(filepath=str(run.path), version=Version(None, ANOTHER_RUN)).save({"accuracy": 0.5})
    assert run.catalog.load("metrics") == {"accuracy": 0.5}


def test_a_save_that_breaks_off_leaves_no_version_behind(run):
    with pytest.raises(DatasetError):
        run.save({"accuracy": 0.99, "model": object()})  # JSON breaks off at the second value
    assert (run.path / THIS_RUN).exists()
    run.hook.on_pipeline_error()
    assert not (run.path / THIS_RUN).exists()


def test_a_failure_after_a_save_leaves_what_was_saved(run):
    run.save({"accuracy": 0.99})
    run.hook.on_pipeline_error()
    assert run.catalog.load("metrics") == {"accuracy": 0.99}
