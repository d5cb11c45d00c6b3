"""How fast are folders read, and in how much memory? `python -m benchmarks.folders`

Writes MNIST's test digits as PNG files of 28x28 into a temporary folder, as often as it takes, and
reads them with the `classification` pipeline's own node.
"""

import resource
import tempfile
import time
from pathlib import Path

import click
import cv2
import numpy as np

from benchmarks.training import from_mnist, read_mnist
from mnist_pipeline.datasets import TableStreamDataset
from mnist_pipeline.parameters import ClassificationSettings
from mnist_pipeline.pipelines.classification.nodes import classify_pictures
from mnist_pipeline.trained_networks import TrainedNetworks, find_data


@click.command()
@from_mnist
@click.option("--data", type=click.Path(path_type=Path), help="Folder of trained networks.")
@click.option("--files", default="1000,10000,100000", show_default=True, help="How many, in turn.")
@click.option("--inverted", is_flag=True, help="Dark on light, so that nothing is MNIST already.")
def main(mnist_dir: Path, data: Path | None, files: str, inverted: bool) -> None:
    """Print images per second and peak memory for folders of several sizes."""
    networks = TrainedNetworks(data or find_data())
    (images,) = read_mnist(mnist_dir, "t10k-images-idx3")
    images = 255 - images if inverted else images
    with tempfile.TemporaryDirectory() as temporary:
        folder, written = Path(temporary, "pictures"), 0
        folder.mkdir()
        _read(networks, folder.parent, _write(images, folder, 0, 500))  # warm
        click.echo("| files | seconds | images/s | peak memory of the process |\n|---|---|---|---|")
        written = 500
        for count in map(int, files.split(",")):
            written = _write(images, folder, written, count)
            seconds = _read(networks, folder.parent, written)
            peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            click.echo(
                f"| {count:,} | {seconds:.1f} | {count / seconds:,.0f} | {peak_gib:.2f} GiB |"
            )


def _write(images: np.ndarray, folder: Path, start: int, count: int) -> int:
    for number in range(start, count):
        cv2.imwrite(str(folder / f"{number:07}.png"), images[number % len(images)])
    return count


def _read(networks: TrainedNetworks, folder: Path, count: int) -> float:
    """Seconds, from the first file to the last row of the table; without loading the networks."""
    settings = ClassificationSettings(
        images=str(folder / "pictures"), patterns=["*"], family="cnn", gallery=1
    )
    predictions, refused = classify_pictures(networks, settings)
    start = time.perf_counter()
    TableStreamDataset(filepath=str(folder / "predictions.csv")).save(predictions)
    TableStreamDataset(filepath=str(folder / "refused.csv")).save(refused)
    seconds = time.perf_counter() - start
    assert (folder / "predictions.csv").read_bytes().count(b"\n") == count + 1
    return seconds


if __name__ == "__main__":
    main()
