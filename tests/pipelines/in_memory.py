"""Pipelines as they are registered, run in memory with the parameters of a test."""

from typing import Any

from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from mnist_pipeline.parameters import (
    DataSettings,
    DegradationSettings,
    SeedsSettings,
    TrainingSettings,
    TuningSettings,
)

KINDS: dict[str, Any] = {
    "data": DataSettings,
    "degradation": DegradationSettings,
    "seeds": SeedsSettings,
    "training": TrainingSettings,
    "tuning": TuningSettings,
}


def typed(name: str, parameters: dict[str, Any]) -> Any:
    """A parameter as a node gets it."""
    value: Any = parameters
    *_, last = groups = name.removeprefix("params:").split(".")
    for group in groups:
        value = value[group]
    return KINDS[last](**value) if last in KINDS else value


def run(
    pipeline: Pipeline, parameters: dict[str, Any], **datasets: AbstractDataset
) -> dict[str, Any]:
    """Run a pipeline in memory but for these datasets, by entry. Returns what it leaves."""
    entries: dict[str, Any] = {name.replace("__", "."): of for name, of in datasets.items()}
    for name in pipeline.inputs() - set(entries):
        value = parameters if name == "parameters" else typed(name, parameters)
        entries[name] = MemoryDataset(value)
    outputs = SequentialRunner().run(pipeline, DataCatalog(entries))
    return {name: dataset.load() for name, dataset in outputs.items()}
