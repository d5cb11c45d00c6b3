"""The names that `kedro run --pipeline=NAME` knows."""

from kedro.pipeline import Pipeline

from mnist_pipeline.families import FAMILIES, Family
from mnist_pipeline.pipelines.evaluation.pipeline import CNN_OF_THIS_RUN, TRAINED_CNN
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
    together = sum((_family(family, CNN_OF_THIS_RUN) for family in FAMILIES), Pipeline([]))
    return {
        "ingestion": ingestion(),
        "preprocessing": ingestion() + preprocessing() + splits,
        **{family.name: _family(family, TRAINED_CNN) for family in FAMILIES},
        "__default__": together,
    }


def _family(family: Family, reader: dict[str, str]) -> Pipeline:
    """All that one family needs, from the raw files on. reader: as `evaluation` takes it."""
    work = create_split_pipeline(family) + training(family) + evaluation(family, reader)
    prepared = preprocessing().all_outputs() & work.inputs()
    return ingestion() + preprocessing().to_outputs(*prepared) + work
