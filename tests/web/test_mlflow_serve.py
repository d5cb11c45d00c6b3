"""MLflow's own server, as docs/reading.md describes it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from mlflow import MlflowClient

from mnist_pipeline.reading.pictures import open_picture, to_grey
from mnist_pipeline.reading.preparation import prepare_image

SEVEN = Path(__file__).parents[1] / "own_digits/images/chalk/7_01.jpg"


@pytest.fixture
def mlflow_url(reading_data: Path) -> Iterator[str]:
    project = reading_data.parent
    store = f"sqlite:///{project}/mlflow.db"
    client = MlflowClient(store)
    (run,) = (
        run
        for experiment in client.search_experiments()
        for run in client.search_runs([experiment.experiment_id])
        if run.data.tags.get("role") == "family" and run.info.run_name == "cnn"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    binaries = Path(sys.executable).parent
    server = subprocess.Popen(
        [
            binaries / "mlflow", "models", "serve", "--env-manager=local", f"--port={port}",
            f"--model-uri=runs:/{run.info.run_id}/cnn",
        ],
        cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={
            **os.environ, "MLFLOW_TRACKING_URI": store,
            "PATH": f"{binaries}:{os.environ['PATH']}",
        },
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 15)
        server.wait(20)


def test_the_network_of_a_run_is_served_by_mlflow_too(mlflow_url: str) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            if httpx.get(f"{mlflow_url}/ping").is_success:
                break
        except httpx.TransportError:
            time.sleep(0.5)
    found = prepare_image(to_grey(open_picture(SEVEN)))
    assert found is not None
    inputs = (found.image / 255)[None, ..., None].tolist()
    answer = httpx.post(f"{mlflow_url}/invocations", content=json.dumps({"inputs": inputs}),
                        headers={"Content-Type": "application/json"})  # fmt: skip
    assert np.argmax(answer.json()["predictions"][0]) == 7
