"""The server of `digits web`, with networks that can read."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def app_url(reading_data: Path) -> Iterator[str]:
    """Where the server listens; it is the command that a user types."""
    command = "from mnist_pipeline.commands import digits; digits()"
    server = subprocess.Popen(
        [sys.executable, "-c", command, "web", "--port=0", f"--data={reading_data}"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = re.search(r"http://[\w.]+:\d+", server.stdout.readline())
        assert address, "the server has not said where it listens"
        yield address[0]
    finally:
        server.terminate()
        server.wait(10)
