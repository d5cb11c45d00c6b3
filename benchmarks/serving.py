"""How fast does the server answer? `python -m benchmarks.serving`

Starts `digits web` on a free port and sends pictures of one MNIST-like digit over connections that
stay open, from as many threads as there are clients.
"""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import numpy as np
from tests.server import running_server

PICTURE = Path("tests/own_digits/images/marker/3_00.png")
HEAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="digit.png"\r\n\r\n'
HEADERS = {"Content-Type": "multipart/form-data; boundary=x"}


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of trained networks.")
@click.option("--seconds", default=10.0, show_default=True, help="How long each measurement takes.")
@click.option("--picture", type=click.Path(path_type=Path), default=PICTURE, show_default=True)
def main(data: Path | None, seconds: float, picture: Path) -> None:
    """Print requests per second and their times, for 1, 2 and 8 clients."""
    body = HEAD + picture.read_bytes() + b"\r\n--x--\r\n"
    with running_server(data) as address:
        host = address.removeprefix("http://")
        _ask(host, body, seconds=1)  # warm
        click.echo("| clients | requests/s | median | 95 of 100 within |\n|---|---|---|---|")
        for clients in (1, 2, 8):
            times_ms = 1000 * _load(host, body, clients, seconds)
            median, slow = np.percentile(times_ms, (50, 95))
            rate = len(times_ms) / seconds
            click.echo(f"| {clients} | {rate:.0f} | {median:.1f} ms | {slow:.1f} ms |")


def _load(host: str, body: bytes, clients: int, seconds: float) -> np.ndarray:
    """The time of every request, in seconds. host: with its port, such as `127.0.0.1:45678`."""
    with ThreadPoolExecutor(clients) as threads:
        return np.concatenate(
            list(threads.map(lambda _: _ask(host, body, seconds), range(clients)))
        )


def _ask(host: str, body: bytes, seconds: float) -> list[float]:
    connection = http.client.HTTPConnection(host)
    times = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection.request("POST", "/v1/predict", body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == http.HTTPStatus.OK
        times.append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
