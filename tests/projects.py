"""Copies of the project to run things in."""

import contextlib
import functools
import shutil
import sqlite3
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


def copy_with_runs(project: Path, folder: Path) -> Path:
    """A copy of a project and of what its runs have left, without MLflow's artifacts.

    MLflow's store names the folder in which it was made; here it names the copy, so that runs in
    the copy write nothing into the original.
    """
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("mlruns"))
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as store, store:
        moved = "artifact_location = replace(artifact_location, ?, ?)"
        store.execute(f"UPDATE experiments SET {moved}", (project.as_uri(), folder.as_uri()))
        assert folder.as_uri() in str(store.execute("SELECT * FROM experiments").fetchall())
    return folder
