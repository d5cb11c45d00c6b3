"""Where runs are recorded, and what one looks for there."""

import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from mnist_pipeline.errors import UserError

UI_ADDRESS = "http://127.0.0.1:5050"
"""Where `make ui` shows a store that is a file."""


ERROR = "1_test/error_percent"
"""The metric by which families are sorted."""


def connect(settings: dict[str, Any], project_path: Path) -> tuple[Any, str]:
    """A client for the store, and the id of the experiment, which is made if it is new.

    settings: `conf/base/mlflow.yml`. Raises UserError when the store cannot be used.
    """
    import mlflow

    uri = settings["tracking_uri"]
    try:
        if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
            # MLflow would take it from the working directory.
            uri = f"sqlite:///{project_path / uri.removeprefix('sqlite:///')}"
        mlflow.set_tracking_uri(uri)
        client, name = mlflow.MlflowClient(), settings["experiment"]
        experiment = client.get_experiment_by_name(name)
        if experiment:
            return client, experiment.experiment_id
        if not uri.startswith("sqlite"):  # a server knows where its artifacts belong
            return client, client.create_experiment(name)
        artifacts = (project_path / settings["artifacts"]).as_uri()
        return client, client.create_experiment(name, artifacts)
    except Exception as error:
        raise UserError(
            f"MLflow cannot be used at {settings['tracking_uri']}: {error} "
            "Where runs are recorded stands in conf/base/mlflow.yml."
        ) from error


def families_link(tracking_uri: str, experiment_id: str, digits: str) -> str:
    """The address of MLflow's charts of every family that was trained on the same digits.

    MLflow's own first page compares nothing: it folds the families under their runs.
    """
    which = f'tags.role = "family" and tags.digits = "{digits}"'
    return _link(tracking_uri, experiment_id, which, ERROR)


def trials_link(tracking_uri: str, experiment_id: str, parent_id: str, measure: str) -> str:
    """The address of MLflow's charts of the trainings of one run, the best first."""
    which = f'tags.mlflow.parentRunId = "{parent_id}"'
    return _link(tracking_uri, experiment_id, which, measure)


def _link(tracking_uri: str, experiment_id: str, which: str, measure: str) -> str:
    server = tracking_uri if tracking_uri.startswith("http") else UI_ADDRESS
    query = {
        "searchFilter": which,
        # Not by time: MLflow would fold the runs under their parents again.
        "orderByKey": f"metrics.`{measure}`",
        "orderByAsc": "false" if measure.endswith("accuracy") else "true",
        "compareRunsMode": "CHART",
        "workflowType": "machine_learning",
    }
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs?{text}"


def this_process() -> str:
    """A name for this process that no later one bears: machine, number and start (s)."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.0f}"


def mark_killed(client: Any, experiment_id: str) -> None:
    """End the runs whose process was killed (`kill -9`, a power cut) before it could say so."""
    running = client.search_runs([experiment_id], "attributes.status = 'RUNNING'")
    for run in running:
        host, *process = run.data.tags.get("process", "").rsplit(":", 2)
        # Of another machine: it may still be at work.
        if host == socket.gethostname() and not _is_alive(*map(int, process)):
            client.set_terminated(run.info.run_id, "KILLED")


def _is_alive(pid: int, started_s: int) -> bool:
    try:
        # The clock may have been set since; another process of this number began much later.
        return abs(psutil.Process(pid).create_time() - started_s) < 60
    except psutil.NoSuchProcess:
        return False


def alias_for(dataset: str) -> str:
    """MNIST -> `best-mnist`. Scores on different digits cannot be compared."""
    return "best-" + re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")


def find_run(client: Any, experiment_id: str, name: str) -> Any:
    """The parent run that `name` means: its MLflow id, that of a family in it, or its version.

    Raises UserError when there is none.
    """
    from mlflow.exceptions import MlflowException

    if re.fullmatch(r"[\w.:-]+", name):
        try:
            run = client.get_run(name)
        except MlflowException:
            of_version = f"tags.kedro_version = '{name}' and tags.role = 'parent'"
            run = next(iter(client.search_runs([experiment_id], of_version)), None)
        if run:
            parent = run.data.tags.get("mlflow.parentRunId")
            return client.get_run(parent) if parent else run
    raise UserError(
        f"There is no run {name!r}. MLflow shows their ids (make ui); the version of an artifact, "
        f"such as 2026-11-20T09.29.35.418Z, names its run too."
    )
