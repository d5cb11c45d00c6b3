"""Does the pipeline train faster than a script by hand? `python -m benchmarks.training`

Runs `benchmarks.plain` and `kedro run` in turn (A B B A), each in a process of its own, and writes
a table and a picture of the medians. Leave the machine alone while it runs.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tests.projects import PROJECT, copy_project

from mnist_pipeline.datasets import IDXDataset
from mnist_pipeline.plots.style import BLUE, ORANGE, new_figure
from mnist_pipeline.provenance import machine, versions

FAMILIES = (
    *("mlp", "cnn", "autoencoder", "enhancement", "enhancement_classification"),
    *("noisy_mlp", "noisy_cnn"),
)
NOTE = """\
Images/s: training digits a second, without validation; the script's clock starts at the first
batch, the pipeline's when the epoch begins. Fit: the whole of `fit`, with validation and waiting;
the pipeline's with checkpoints, and with the loss on the test digits where it is tracked. Beside
the fit: start, reading, preparing; the pipeline's with scoring, pictures, MLflow and the report.
The sides validate on different digits."""

VERSIONS = ("tensorflow", "keras", "numpy", "kedro", "mlflow")


@dataclass(frozen=True)
class Side:
    """What one training took.

    images_per_second: training digits, median over the epochs but the first, in which TensorFlow
        traces the network.
    fit_seconds: from the first batch to the end of `fit`, validation and all waiting included.
    total_seconds: of the whole process.
    peak_memory_gib: the most memory that the process held.
    val_loss: after the last epoch.
    """

    parameters: int
    images_per_second: float
    fit_seconds: float
    total_seconds: float
    peak_memory_gib: float
    val_loss: float


def compare(
    family: str, mnist_dir: Path, *, digits: int, epochs: int, repeats: int
) -> Iterator[tuple[str, Side]]:
    """Yield `plain` and `pipeline`, as often as asked, once the one first and once the other.

    digits: training digits, of which a part validates. Raises click.ClickException with what a
    side printed when it fails, or when the sides did not train the same network.
    """
    sides: dict[str, Side] = {}
    run_by_name = {"plain": run_plain, "pipeline": run_pipeline}
    for repeat in range(repeats):
        for name in list(run_by_name)[:: -1 if repeat % 2 else 1]:
            sides[name] = run_by_name[name](family, mnist_dir, digits, epochs)
            yield name, sides[name]
        if len({side.parameters for side in sides.values()}) > 1:
            raise click.ClickException(f"{family}: the sides trained different networks: {sides}")


def run_plain(family: str, mnist_dir: Path, digits: int, epochs: int) -> Side:
    """Train by the plain script."""
    printed, seconds, memory_gib = run_python(
        [
            *("-m", "benchmarks.plain", family, f"--mnist-dir={mnist_dir}"),
            *(f"--digits={digits}", f"--epochs={epochs}"),
        ],
        PROJECT,
    )
    measured = json.loads(printed.splitlines()[-1])
    return Side(
        measured["parameters"],
        statistics.median(measured["images_per_second"][1:]),
        measured["fit_seconds"],
        seconds,
        memory_gib,
        measured["val_loss"][-1],
    )


def run_pipeline(family: str, mnist_dir: Path, digits: int, epochs: int) -> Side:
    """Train by `kedro run` in a new copy of the project, with all that it writes."""
    params = {
        "data.train_limit": digits,
        f"{family}.training.epochs": epochs,
        f"{family}.training.early_stopping_patience": "null",
        f"{family}.training.reduce_lr_patience": "null",
    }
    metrics, history, seconds, memory_gib = run_kedro(family, mnist_dir, params, env="local")
    return Side(
        metrics["parameters"],
        float(history["images_per_second"][1:].median()),
        metrics["fit_seconds"],
        seconds,
        memory_gib,
        float(history["val_loss"].iloc[-1]),
    )


def run_kedro(
    family: str, mnist_dir: Path, params: dict[str, Any], *, env: str
) -> tuple[dict[str, Any], pd.DataFrame, float, float]:
    """`kedro run` of a family on MNIST in a new copy of the project.

    Returns its metrics, its history, the seconds of the whole process, and its peak memory in GiB.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        seconds, memory_gib = start_kedro(Path(folder), family, mnist_dir, params, env=env)
        reporting = Path(folder, "data/08_reporting", family)
        (metrics,) = reporting.glob("metrics.json/*/metrics.json")
        (history,) = reporting.glob("history.csv/*/history.csv")
        return json.loads(metrics.read_text()), pd.read_csv(history), seconds, memory_gib


def start_kedro(
    folder: Path, pipeline: str, mnist_dir: Path, params: dict[str, Any], *, env: str
) -> tuple[float, float]:
    """`kedro run` on MNIST in a folder with a project.

    Returns the seconds of the whole process, and its peak memory in GiB.
    """
    params = {"data.sources": "[mnist_files]", "data.mnist_dir": str(mnist_dir), **params}
    text = ",".join(f"{name}={value}" for name, value in params.items())
    command = ["-m", "kedro", "run", f"--env={env}", f"--pipeline={pipeline}", f"--params={text}"]
    _, seconds, memory_gib = run_python(command, folder)
    return seconds, memory_gib


def run_python(arguments: list[str], folder: Path) -> tuple[str, float, float]:
    """What a Python process prints, its seconds, and the most memory that it held, in GiB."""
    # Neither side inherits how this one would set up TensorFlow.
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environment,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        printed = output.read()
    if status:
        raise click.ClickException(f"{' '.join(arguments)} failed:\n{printed}")
    return printed, seconds, usage.ru_maxrss / 2**20


def medians(runs: list[Side]) -> Side:
    """The median of each figure."""
    rows = pd.DataFrame([asdict(run) for run in runs]).median()
    return Side(**rows.to_dict())


def as_markdown(table: dict[str, dict[str, Side]]) -> str:
    """A row per family: script and pipeline, and how many times faster the latter trains."""
    lines = [
        "| family | script, images/s | pipeline, images/s | faster | script, fit | pipeline, fit "
        "| beside the fit, script | pipeline | peak memory, script | pipeline | validation loss, "
        "script | pipeline |",
        "|---" * 12 + "|",
    ]
    for family, sides in table.items():
        plain, ours = sides["plain"], sides["pipeline"]
        lines.append(
            f"| `{family}` | {plain.images_per_second:,.0f} | {ours.images_per_second:,.0f} | "
            f"{ours.images_per_second / plain.images_per_second:.2f}x | {plain.fit_seconds:.1f} s "
            f"| {ours.fit_seconds:.1f} s | {plain.total_seconds - plain.fit_seconds:.1f} s | "
            f"{ours.total_seconds - ours.fit_seconds:.1f} s | {plain.peak_memory_gib:.2f} GiB | "
            f"{ours.peak_memory_gib:.2f} GiB | {plain.val_loss:.4f} | {ours.val_loss:.4f} |"
        )
    return "\n".join([*lines, "", NOTE])


def draw(table: dict[str, dict[str, Side]], note: str) -> Figure:
    """Images per second of both sides, a panel for each family."""
    title = "Training by a script by hand, and by the pipeline"
    figure = new_figure(8, 0.8 * len(table) + 1.6, title, note)
    panels = figure.subplots(len(table), squeeze=False)[:, 0]
    for axes, (family, sides) in zip(panels, table.items(), strict=True):
        rates = [sides[name].images_per_second for name in ("plain", "pipeline")]
        bars = axes.barh(
            ["script", "pipeline"], rates, color=[ORANGE, BLUE], hatch=["///", ""],
            edgecolor="white",
        )  # fmt: skip
        labels = [f"{rates[0]:,.0f}", f"{rates[1]:,.0f}  ({rates[1] / rates[0]:.2f}x)"]
        axes.bar_label(bars, labels, padding=3, fontsize=8)
        axes.set_ylabel(family, rotation=0, ha="right", va="center", weight="bold")
        axes.set_xlim(0, 1.25 * max(rates))
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlabel("training digits per second, median over epochs and runs")
    return figure


from_mnist = click.option(
    "--mnist-dir", envvar="MNIST_DIR", default="data/01_raw/mnist", show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    help="Folder of the four MNIST files.",
)  # fmt: skip


def read_mnist(mnist_dir: Path, *names: str) -> list[np.ndarray]:
    """Some of the MNIST files, gzipped or not. Raises click.ClickException for a missing one."""
    arrays = []
    for name in names:
        found = [path for path in mnist_dir.glob(f"{name}-ubyte*") if path.suffix in ("", ".gz")]
        if not found:
            raise click.ClickException(f"{mnist_dir}: there is no {name}-ubyte or {name}-ubyte.gz.")
        arrays.append(IDXDataset(filepath=str(found[0])).load())
    return arrays


into_folder = click.option(
    "--output", default="data/08_reporting/benchmark", show_default=True,
    type=click.Path(path_type=Path, file_okay=False), help="Folder for the table and the picture.",
)  # fmt: skip


@click.command()
@from_mnist
@click.option("--families", default="cnn,enhancement,autoencoder", show_default=True)
@click.option("--digits", default=6000, show_default=True, help="Training digits; 60000: all.")
@click.option("--epochs", type=click.IntRange(2), default=3, show_default=True)
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True)
@into_folder
def main(
    mnist_dir: Path, families: str, digits: int, epochs: int, repeats: int, output: Path
) -> None:
    """Train every family by a plain script and by the pipeline, in turn, and compare."""
    names = families.split(",")
    if unknown := set(names) - set(FAMILIES):
        raise click.BadParameter(f"no family {unknown.pop()!r}; there are {', '.join(FAMILIES)}.")
    table = {}
    for family in names:
        runs: dict[str, list[Side]] = {"plain": [], "pipeline": []}
        sizes = {"digits": digits, "epochs": epochs, "repeats": repeats}
        for name, side in compare(family, mnist_dir, **sizes):
            runs[name].append(side)
            click.echo(
                f"{family} {name} {len(runs[name])}/{repeats}: {side.images_per_second:,.0f} "
                f"images/s, fit {side.fit_seconds:.1f} s, {side.peak_memory_gib:.2f} GiB"
            )
        table[family] = {name: medians(sides) for name, sides in runs.items()}
    about = (
        f"MNIST, {digits:,} digits, {epochs} epochs, medians of {repeats}, {time.strftime('%F')}"
    )
    installed = ", ".join(f"{name} {version}" for name, version in versions(*VERSIONS).items())
    page = f"{about}\n\n{machine()}\n\n{installed}\n\n{as_markdown(table)}\n"
    output.mkdir(parents=True, exist_ok=True)
    (output / "training.md").write_text(page)
    draw(table, f"{about}\n{machine()}").savefig(output / "training.png", dpi=150)
    click.echo(f"\n{page}\nWritten to {output}: training.md, training.png")


if __name__ == "__main__":
    main()
