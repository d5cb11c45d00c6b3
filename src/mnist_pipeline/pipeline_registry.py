"""The names that `kedro run --pipeline=NAME` knows."""

from kedro.pipeline import Pipeline

from mnist_pipeline.families import EVERY_FAMILY, FAMILIES, Family
from mnist_pipeline.pipelines.classification.pipeline import create_pipeline as classification
from mnist_pipeline.pipelines.evaluation.pipeline import CNN_OF_THIS_RUN, TRAINED_CNN
from mnist_pipeline.pipelines.evaluation.pipeline import create_pipeline as evaluation
from mnist_pipeline.pipelines.ingestion.pipeline import create_pipeline as ingestion
from mnist_pipeline.pipelines.noise_comparison.pipeline import NOISY
from mnist_pipeline.pipelines.noise_comparison.pipeline import create_pipeline as noise_comparison
from mnist_pipeline.pipelines.preprocessing.pipeline import create_pipeline as preprocessing
from mnist_pipeline.pipelines.preprocessing.pipeline import create_split_pipeline
from mnist_pipeline.pipelines.reading.pipeline import create_pipeline as reading
from mnist_pipeline.pipelines.training.pipeline import create_pipeline as training

READING = tuple(f for f in FAMILIES if f.name in ("cnn", "autoencoder", "enhancement"))
"""What reading the user's own pictures needs: who reads, who reconstructs, and who restores."""


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline starts at the raw files, so that each runs on a fresh machine; but for
    `classification`, which reads with networks that are trained already.

    They are listed rather than found (`find_pipelines`), because a pipeline that is composed of
    others is lost when Kedro imports only the folder of that name.
    """
    splits = sum((create_split_pipeline(family) for family in FAMILIES), Pipeline([]))
    return {
        "ingestion": ingestion(),
        "preprocessing": ingestion() + preprocessing() + splits,
        **{family.name: _from_raw_files(_work(family, TRAINED_CNN)) for family in EVERY_FAMILY},
        "noise_comparison": _from_raw_files(
            sum((_work(family, TRAINED_CNN) for family in NOISY), noise_comparison(NOISY))
        ),
        "classification": classification(),
        "reading": _from_raw_files(
            sum((_work(family, CNN_OF_THIS_RUN) for family in READING), reading())
        ),
        "__default__": _from_raw_files(
            sum((_work(family, CNN_OF_THIS_RUN) for family in FAMILIES), noise_comparison(FAMILIES))
            + reading()
        ),
    }


def _work(family: Family, reader: dict[str, str]) -> Pipeline:
    """Split, train, judge. reader: as `evaluation` takes it."""
    return create_split_pipeline(family) + training(family) + evaluation(family, reader)


def _from_raw_files(work: Pipeline) -> Pipeline:
    """`work`, and before it all that it needs."""
    prepared = preprocessing().all_outputs() & work.inputs()
    pictures = {"distorted_samples_plot"} if "train_distorted_images" in prepared else set()
    return ingestion() + preprocessing().to_outputs(*prepared, *pictures) + work
