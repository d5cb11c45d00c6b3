"""A web application on a port of this machine: for `digits web` and `kedro site serve`."""

import contextlib
import socket
from typing import Any

import uvicorn

from mnist_pipeline.errors import UserError


def listen(host: str, port: int, command: str) -> socket.socket:
    """A socket that takes connections from now on; port 0 is any that is free.

    command: that the user has typed. Raises UserError if the port is taken.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UserError(
            f"Port {port} of {host} cannot be used ({error.strerror}). Take another, or whichever "
            f"is free: {command} --port 0"
        ) from error
    listening.listen()  # who reads where we listen may ask at once
    return listening


def run(app: Any, listening: socket.socket) -> None:
    """Serve the ASGI application until Ctrl-C."""
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has ended by then
        uvicorn.Server(config).run(sockets=[listening])
