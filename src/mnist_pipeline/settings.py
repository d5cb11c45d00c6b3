"""Kedro's switches for this project."""

import os
import warnings

from omegaconf.resolvers import oc

from mnist_pipeline.hooks import OwnVersions, ParameterCheck, RunReport, RunSummary
from mnist_pipeline.tracking import MLflowTracking

# TensorFlow greets every run with notes about its build and the processor, some of them marked as
# errors that are none. What goes wrong still arrives as an exception.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Nothing is reported to anybody; `.telemetry` says the same to Kedro.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

# Kedro 1.7 with OmegaConf 2.4, at every command; nothing that a user could change.
warnings.filterwarnings("ignore", message="(?s)register_new_resolver")

# `cnn.model` is that of the namespace `cnn`, in the default pipeline on purpose.
warnings.filterwarnings("ignore", message="One or more dataset names contain")

# What happens after a run happens in reverse: the summary is printed before the links.
HOOKS = (ParameterCheck(), OwnVersions(), MLflowTracking(), RunReport(), RunSummary())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment states only what differs; by default it would replace whole families.
    "merge_strategy": {"parameters": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**"]},
    # Lets YAML read environment variables, for MNIST_DIR.
    "custom_resolvers": {"oc.env": oc.env},
}
