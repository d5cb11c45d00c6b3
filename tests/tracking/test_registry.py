import shutil

import mlflow
import numpy as np
import pytest

from mnist_pipeline.lazy import keras
from mnist_pipeline.tracking.registry import log_model, register
from mnist_pipeline.tracking.store import connect
from tests.projects import empty_store

TAGS = {"dataset": "MNIST", "kedro_version": "1"}


@pytest.fixture(scope="module")
def model():
    """Two inputs: nothing that every network here happens to have."""
    first, second = keras.Input((2,), name="first"), keras.Input((3,), name="second")
    joined = keras.layers.Concatenate()([first, second])
    return keras.Model([first, second], keras.layers.Dense(1, name="sum")(joined))


@pytest.fixture
def chosen(tmp_path, monkeypatch, model):
    """Register a version with this validation score; which version has the alias then?"""
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store(), tmp_path)
    store = {"tracking_uri": "sqlite:///mlflow.db", "experiment": "x", "artifacts": "mlruns"}
    client, experiment = connect(store, tmp_path)
    run = client.create_run(experiment)
    logged = log_model(run.info.run_id, "cnn", model, None)

    def of(validation, tags=TAGS, alias="best-mnist", key="x", train_images=100):
        logged.validation, logged.key, logged.train_images = validation, key, train_images
        register(client, logged, tags)
        return int(client.get_model_version_by_alias("mnist-cnn", alias).version)

    yield of
    mlflow.set_tracking_uri(None)


def test_the_alias_goes_to_the_highest_accuracy(chosen):
    assert [chosen(("accuracy", a)) for a in (0.97, 0.99, 0.98)] == [1, 2, 2]


def test_the_alias_goes_to_the_lowest_loss(chosen):
    assert [chosen(("loss", loss)) for loss in (0.3, 0.1, 0.2)] == [1, 2, 2]


def test_every_data_set_has_a_best_of_its_own(chosen):
    assert chosen(("accuracy", 0.99)) == 1
    assert chosen(("accuracy", 0.5), TAGS | {"dataset": "Own (v2)"}, "best-own-v2") == 2
    assert chosen(("accuracy", 0.98)) == 1


def test_scores_that_mean_something_else_count_only_with_more_digits(chosen):
    assert chosen(("loss", 0.1), train_images=100) == 1
    assert chosen(("loss", 0.01), key="another loss", train_images=100) == 1
    assert chosen(("accuracy", 1.0), key="few digits", train_images=50) == 1
    assert chosen(("accuracy", 0.5), key="all digits", train_images=200) == 4


def test_inputs_of_a_model_keep_their_names(tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)  # where there is no store yet, as before anybody's first run
    store = {"tracking_uri": "sqlite:///mlflow.db", "experiment": "x", "artifacts": "mlruns"}
    client, experiment = connect(store, tmp_path)
    logged = log_model(client.create_run(experiment).info.run_id, "cnn", model, None)
    # By the address of its run, as `mlflow models serve` takes it.
    signature = mlflow.models.get_model_info(f"runs:/{logged.run_id}/cnn").signature
    assert signature.inputs.input_names() == ["first", "second"]
    assert signature.inputs.inputs[1].type == np.dtype(np.float32)
    mlflow.set_tracking_uri(None)
