"""`digits web` as its users start it, for tests and benchmarks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_server(data: Path | None) -> Iterator[str]:
    """Its address, such as `http://127.0.0.1:45678`, while it runs.

    data: folder of the trained networks; the project's if it is None.
    """
    command = [sys.executable, "-c", "from mnist_pipeline.commands import digits; digits()"]
    arguments = ["web", "--port=0", *([f"--data={data}"] if data else [])]
    server = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = re.search(r"http://[\w.]+:\d+", server.stdout.readline())
        assert address, "the server has not said where it listens"
        yield address[0]
    finally:
        server.terminate()
        server.wait(10)
