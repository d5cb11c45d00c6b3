"""How long until a network reads as well as the original's? `python -m benchmarks.time_to_score`

Trains the `cnn` to its end by a script by hand, with the original's network and its rules for when
to stop, and by `kedro run --env=quick`, whose network and recipe are others; each in a process of
its own. Leave the machine alone meanwhile: on two slow cores the script needs most of an hour.
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

ORIGINAL_ACCURACY = 0.9953
EPOCHS = 30
"""At most, as in the original."""


@dataclass(frozen=True)
class Training:
    """What one training took, and what it led to.

    test_accuracy: of the epoch that was kept, on MNIST's 10,000 test digits.
    epochs_run: the script's with those after its best one, in which it waits for a better one.
    fit_seconds: of the training. total_seconds: of the whole process.
    """

    parameters: int
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
    return Training(
        measured["parameters"],
        measured["test_accuracy"],
        len(measured["val_loss"]),
        measured["fit_seconds"],
        seconds,
    )


def by_pipeline(mnist_dir: Path) -> Training:
    """`kedro run`, with all that it writes."""
    metrics, history, seconds, _ = run_kedro("cnn", mnist_dir, {}, env="quick")
    return Training(
        metrics["parameters"], metrics["accuracy"], len(history), metrics["fit_seconds"], seconds
    )


@click.command()
@from_mnist
def main(mnist_dir: Path) -> None:
    """Train the `cnn` both ways, once each, and compare."""
    trainings = {}
    for name, train in (("pipeline", by_pipeline), ("script", by_hand)):
        trainings[name] = train(mnist_dir)
        click.echo(f"{name}: {trainings[name]}")
    rows = [asdict(training) for training in trainings.values()]
    click.echo(f"\nMNIST, one training each, {time.strftime('%F')}\n{machine()}\n")
    click.echo(pd.DataFrame(rows, index=list(trainings)).round(4).to_string())
    times = trainings["script"].fit_seconds / trainings["pipeline"].fit_seconds
    click.echo(f"\nThe script's fit takes {times:.1f} times as long.")
    for name, training in trainings.items():
        is_reached = training.test_accuracy >= ORIGINAL_ACCURACY
        reached = "reaches" if is_reached else "does not reach"
        click.echo(f"The {name} {reached} the original's {ORIGINAL_ACCURACY:.2%}.")


if __name__ == "__main__":
    main()
