"""How long until the `cnn` reads as well as the original? `python -m benchmarks.time_to_score`

Trains the original's network by a script by hand, with the original's rules for when to stop, and
by `kedro run --env=quick`, each in a process of its own. Leave the machine alone meanwhile: on two
slow cores the script needs most of an hour.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import pandas as pd
from tests.projects import PROJECT

from benchmarks.training import from_mnist, run_kedro, run_python
from mnist_pipeline.provenance import machine

EPOCHS = 30
"""At most, as in the original."""


@dataclass(frozen=True)
class Training:
    """What one training took, and what it led to.

    test_accuracy: of the epoch that was kept, on MNIST's 10,000 test digits.
    fit_seconds: of the training. total_seconds: of the whole process.
    """

    test_accuracy: float
    epochs_run: int
    fit_seconds: float
    total_seconds: float


def by_hand(mnist_dir: Path) -> Training:
    """The script, to its end."""
    printed, seconds, _ = run_python(
        [
            *("-m", "benchmarks.plain", "cnn", f"--mnist-dir={mnist_dir}"),
            *(f"--epochs={EPOCHS}", "--to-the-end"),
        ],
        PROJECT,
    )
    measured = json.loads(printed.splitlines()[-1])
    epochs_run = len(measured["val_loss"])
    return Training(measured["test_accuracy"], epochs_run, measured["fit_seconds"], seconds)


def by_pipeline(mnist_dir: Path) -> Training:
    """`kedro run`, with all that it writes."""
    metrics, history, seconds, _ = run_kedro("cnn", mnist_dir, {}, env="quick")
    return Training(metrics["accuracy"], len(history), metrics["fit_seconds"], seconds)


@click.command()
@from_mnist
def main(mnist_dir: Path) -> None:
    """Train the `cnn` both ways, once each, and compare."""
    trainings = {}
    for name, train in (("pipeline", by_pipeline), ("script", by_hand)):
        trainings[name] = train(mnist_dir)
        click.echo(f"{name}: {trainings[name]}")
    script, pipeline = trainings["script"], trainings["pipeline"]
    table = pd.DataFrame({name: asdict(training) for name, training in trainings.items()})
    click.echo(f"\nMNIST, one training each, {time.strftime('%F')}\n{machine()}\n")
    click.echo(table.to_string(float_format="{:,.4f}".format))
    times = script.fit_seconds / pipeline.fit_seconds
    click.echo(f"\nThe script trains {times:.1f} times as long.")


if __name__ == "__main__":
    main()
