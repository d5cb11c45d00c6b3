"""The server behind `digits web`."""

import socket

import click
import uvicorn

from mnist_pipeline.errors import UserError
from mnist_pipeline.trained_networks import TrainedNetworks
from mnist_pipeline.web.app import create_app


def serve(networks: TrainedNetworks, family: str, host: str, port: int) -> None:
    """Serve page and REST interface until Ctrl-C.

    Raises UserError if the port is taken, or if there is no such network.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise UserError(
            f"Port {port} of {host} cannot be used ({error.strerror}). Take another, or whichever "
            "is free: digits web --port 0"
        ) from error
    app = create_app(networks, family)
    listening.listen()  # who reads the next line may ask at once
    port = listening.getsockname()[1]
    click.echo(
        f"Draw digits at http://{host}:{port} (REST: http://{host}:{port}/docs). Ctrl-C ends it."
    )
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])
