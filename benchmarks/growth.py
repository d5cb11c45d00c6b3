"""Do time and memory grow in a line with the number of digits? `python -m benchmarks.growth`

Runs a family's pipeline on more and more training digits, each size in a process of its own. Beyond
the 60,000 of MNIST they are repeated, every time distorted anew.
"""

import json
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tests.projects import copy_project

from benchmarks.training import FAMILIES, from_mnist, into_folder, read_mnist, run_python
from mnist_pipeline.digits import Digits
from mnist_pipeline.distortion import Step, distort
from mnist_pipeline.idx import encode_idx
from mnist_pipeline.plots.style import BLUE, ORANGE, new_figure
from mnist_pipeline.provenance import machine

SIZES = (10_000, 20_000, 40_000, 60_000, 240_000)
MOVES: list[Step] = [
    {
        "geometric": {
            "rotation_degrees": 10.0,
            "shift_fraction": 0.05,
            "zoom_fraction": 0.1,
            "brightness_fraction": 0.0,
            "border": "constant",
        }
    }
]


def repeated(digits: Digits, n: int) -> Digits:
    """`n` digits: the first ones, and when all are used, the same again, distorted."""
    rounds = []
    for number in range(-(-n // len(digits))):
        some = digits.take(np.arange(min(len(digits), n - number * len(digits))))
        moved = distort(some.images, MOVES, seed=number) if number else some.images
        rounds.append((moved, some.labels))
    images, labels = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    return Digits(images, labels)


def run(family: str, mnist_dir: Path, train: Digits, epochs: int) -> dict[str, float]:
    """Train on these digits by `kedro run`, in a new copy of the project.

    Returns `digits`, `total_seconds` of the process, `fit_seconds`, `peak_memory_gib`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = copy_project(Path(name))
        digits = folder / "digits"
        digits.mkdir()
        for file in mnist_dir.glob("t10k-*"):
            (digits / file.name).symlink_to(file)
        (digits / "train-images-idx3-ubyte").write_bytes(encode_idx(train.images))
        (digits / "train-labels-idx1-ubyte").write_bytes(encode_idx(train.labels))
        params = {
            "data.sources": "[idx_files]",
            "data.idx_dir": str(digits),
            "data.name": "MNIST",
            f"{family}.training.epochs": epochs,
        }
        text = ",".join(f"{name}={value}" for name, value in params.items())
        command = ["-m", "kedro", "run", f"--pipeline={family}", f"--params={text}"]
        _, seconds, memory_gib = run_python(command, folder)
        (metrics,) = (folder / "data/08_reporting" / family).glob("metrics.json/*/metrics.json")
        fit_seconds = json.loads(metrics.read_text())["fit_seconds"]
    return {
        "digits": len(train.labels),
        "total_seconds": seconds,
        "fit_seconds": fit_seconds,
        "peak_memory_gib": memory_gib,
    }


def draw(table: pd.DataFrame, family: str, epochs: int, note: str) -> Figure:
    """Seconds and memory over the number of digits, each beside the line through its ends."""
    title = f"{family}, {epochs} epochs: time and memory over the number of training digits"
    figure = new_figure(11, 4.4, title, note)
    left, right = figure.subplots(1, 2)
    thousands = table["digits"] / 1000
    ends = thousands.iloc[[0, -1]]
    for axes, column, colour, marker, label in (
        (left, "total_seconds", BLUE, "o", "the whole run"),
        (left, "fit_seconds", ORANGE, "s", "training"),
        (right, "peak_memory_gib", BLUE, "o", "peak memory of the process"),
    ):
        axes.plot(thousands, table[column], marker, color=colour, ms=7, label=label)
        axes.plot(ends, table[column].iloc[[0, -1]], ":", color=colour, lw=1)
    left.set(xlabel="training digits (thousands)", ylabel="seconds")
    right.set(xlabel="training digits (thousands)", ylabel="GiB")
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    return figure


@click.command()
@from_mnist
@click.option("--family", default="mlp", show_default=True, type=click.Choice(FAMILIES))
@click.option("--epochs", type=click.IntRange(1), default=5, show_default=True)
@click.option("--sizes", default=",".join(map(str, SIZES)), show_default=True)
@into_folder
def main(mnist_dir: Path, family: str, epochs: int, sizes: str, output: Path) -> None:
    """Run FAMILY's pipeline on more and more digits."""
    numbers = sizes.split(",")
    if wrong := [n for n in numbers if not n.strip().isdecimal() or int(n) < 1000]:
        raise click.BadParameter(f"sizes are whole numbers from 1000 on, found {wrong[0]!r}.")
    images, labels = read_mnist(mnist_dir, "train-images-idx3", "train-labels-idx1")
    rows = []
    for n in sorted(map(int, numbers)):
        row = run(family, mnist_dir, repeated(Digits(images, labels), n), epochs)
        rows.append(row)
        click.echo(
            f"{n:>9,} digits: {row['total_seconds']:.1f} s, of which training "
            f"{row['fit_seconds']:.1f} s; {row['peak_memory_gib']:.2f} GiB"
        )
    table = pd.DataFrame(rows)
    output.mkdir(parents=True, exist_ok=True)
    table.to_csv(output / "growth.csv", index=False)
    note = (
        f"MNIST, beyond 60,000 digits repeated with distortion, {time.strftime('%F')}\n{machine()}"
    )
    draw(table, family, epochs, note).savefig(output / "growth.png", dpi=150)
    click.echo(f"Written to {output}: growth.csv, growth.png")


if __name__ == "__main__":
    main()
