"""What takes a command most of its time to import: see `forked`. Nothing of this project's own."""

import inspect
import os

# What TensorFlow and Keras read when they are imported; as in `mnist_pipeline.lazy`.
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"  # as in `mnist_pipeline.settings`
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import kedro.framework.cli.cli
import kedro.framework.session.session
import kedro.runner
import keras
import matplotlib.figure
import mlflow.artifacts
import mlflow.keras
import mlflow.store.tracking.sqlalchemy_store
import pandas as pd
import scipy.ndimage
import sklearn.datasets
import sklearn.decomposition
import sklearn.metrics
import sklearn.model_selection
import tensorflow as tf

__all__ = ["kedro", "keras", "matplotlib", "mlflow", "pd", "scipy", "sklearn", "tf"]

# Python notes where all these modules are, which dynaconf asks for at the start of every command.
inspect.stack()
