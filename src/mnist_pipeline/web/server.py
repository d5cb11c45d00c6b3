"""The server behind `digits web`."""

import click

from mnist_pipeline.serving import listen, run
from mnist_pipeline.trained_networks import TrainedNetworks
from mnist_pipeline.web.app import create_app


def serve(networks: TrainedNetworks, family: str, host: str, port: int) -> None:
    """Serve page and REST interface until Ctrl-C.

    Raises UserError if the port is taken, or if there is no such network.
    """
    listening = listen(host, port, "digits web")
    app = create_app(networks, family)
    port = listening.getsockname()[1]
    click.echo(
        f"Draw digits at http://{host}:{port} (REST: http://{host}:{port}/docs). Ctrl-C ends it."
    )
    run(app, listening)
