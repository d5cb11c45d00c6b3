"""The names that `kedro run --pipeline=NAME` knows."""

import functools

from kedro.pipeline import Pipeline

from mnist_pipeline.families import EVERY_FAMILY, FAMILIES, Family
from mnist_pipeline.pipelines.classification.pipeline import create_pipeline as classification
from mnist_pipeline.pipelines.comparison.pipeline import create_pipeline as comparison
from mnist_pipeline.pipelines.evaluation.pipeline import CNN_OF_THIS_RUN, TRAINED_CNN
from mnist_pipeline.pipelines.evaluation.pipeline import create_pipeline as evaluation
from mnist_pipeline.pipelines.ingestion.pipeline import create_pipeline as ingestion
from mnist_pipeline.pipelines.noise_comparison.pipeline import NOISY
from mnist_pipeline.pipelines.noise_comparison.pipeline import create_pipeline as noise_comparison
from mnist_pipeline.pipelines.preprocessing.pipeline import create_pipeline as preprocessing
from mnist_pipeline.pipelines.preprocessing.pipeline import (
    create_split_pipeline,
    create_view_pipeline,
    views_for,
)
from mnist_pipeline.pipelines.reading.pipeline import create_pipeline as reading
from mnist_pipeline.pipelines.reporting.pipeline import create_pipeline as reporting
from mnist_pipeline.pipelines.seeds.pipeline import create_pipeline as seeds
from mnist_pipeline.pipelines.training.pipeline import create_pipeline as training
from mnist_pipeline.pipelines.tuning.pipeline import create_pipeline as tuning

READING = tuple(f for f in FAMILIES if f.name in ("cnn", "autoencoder", "enhancement"))
"""What reading the user's own pictures needs: who reads, who reconstructs, and who restores."""


@functools.cache  # Kedro asks twice at every command
def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline starts at the raw files, so that each runs on a fresh machine; but for
    `classification` and `comparison`, which use what has been trained already.

    They are listed rather than found (`find_pipelines`), because a pipeline that is composed of
    others is lost when Kedro imports only the folder of that name.
    """
    everything = Pipeline([_work(family, CNN_OF_THIS_RUN) for family in FAMILIES])
    return {
        "ingestion": _with_reports(ingestion()),
        "preprocessing": Pipeline(
            [ingestion(), preprocessing(), *(create_split_pipeline(f) for f in FAMILIES)]
        ),
        **{family.name: _from_raw_files(_work(family, TRAINED_CNN)) for family in EVERY_FAMILY},
        "noise_comparison": _from_raw_files(
            Pipeline([noise_comparison(NOISY), *(_work(f, TRAINED_CNN) for f in NOISY)])
        ),
        "tuning": _with_reports(ingestion() + tuning()),
        "seeds": _with_reports(ingestion() + seeds()),
        "classification": classification(),
        "comparison": comparison(),
        "reading": _from_raw_files(
            Pipeline([reading(), *(_work(f, CNN_OF_THIS_RUN) for f in READING)])
        ),
        "__default__": _from_raw_files(
            everything + noise_comparison(FAMILIES) + reading() + comparison(FAMILIES)
        ),
    }


def _work(family: Family, reader: dict[str, str]) -> Pipeline:
    """Split, train, judge. reader: as `evaluation` takes it."""
    return Pipeline([create_split_pipeline(family), training(family), evaluation(family, reader)])


def _from_raw_files(work: Pipeline) -> Pipeline:
    """`work`, before it all that it needs, and after it a page of pictures for each part of it."""
    asked = [name.partition(".")[::2] for name in work.inputs()]
    views: set[str] = set()
    shown = []
    for family in EVERY_FAMILY:
        wanted = {name for namespace, name in asked if namespace == family.name}
        if wanted:
            shown.append(create_view_pipeline(family, wanted))
            views |= views_for(wanted)
    return _with_reports(Pipeline([ingestion(), preprocessing(views), *shown, work]))


def _with_reports(work: Pipeline) -> Pipeline:
    return work + reporting(work)
