"""The names that `kedro run --pipeline=NAME` knows."""

from kedro.pipeline import Pipeline

from mnist_pipeline.families import FAMILIES
from mnist_pipeline.pipelines.evaluation.pipeline import create_pipeline as evaluation
from mnist_pipeline.pipelines.ingestion.pipeline import create_pipeline as ingestion
from mnist_pipeline.pipelines.preprocessing.pipeline import create_pipeline as preprocessing
from mnist_pipeline.pipelines.preprocessing.pipeline import create_split_pipeline
from mnist_pipeline.pipelines.training.pipeline import create_pipeline as training


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline starts at the raw files, so that each runs on a fresh machine.

    They are listed rather than found (`find_pipelines`), because a pipeline that is composed of
    others is lost when Kedro imports only the folder of that name.
    """
    splits = sum((create_split_pipeline(family) for family in FAMILIES), Pipeline([]))
    pipelines = {
        "ingestion": ingestion(),
        "preprocessing": ingestion() + preprocessing() + splits,
    }
    for family in FAMILIES:
        prepare = ingestion() + preprocessing() + create_split_pipeline(family)
        pipelines[family.name] = prepare + training(family) + evaluation(family)
    pipelines["__default__"] = sum((pipelines[family.name] for family in FAMILIES), Pipeline([]))
    return pipelines
