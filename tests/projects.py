"""Copies of the project to run things in."""

import functools
import shutil
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]


@functools.cache
def empty_store() -> Path:
    """A store of MLflow's in which nothing has been recorded: to make one takes seconds."""
    import mlflow

    path = Path(tempfile.mkdtemp()) / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


def copy_project(folder: Path) -> Path:
    """The project as a fresh clone has it: configuration and code, no data."""
    shutil.copy(empty_store(), folder)
    # What is compiled comes along: every process would compile it anew.
    not_in_git = shutil.ignore_patterns("local", "*.egg-info", ".ipynb_checkpoints")
    for name in ("conf", "notebooks", "src"):
        shutil.copytree(PROJECT / name, folder / name, ignore=not_in_git)
    (folder / "conf/local").mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    return folder
