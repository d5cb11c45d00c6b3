"""Where does the time of a training step go? `python -m benchmarks.profiling cnn`

Trains on noise, once as Keras has its layers and once as `engine.fast_copy` has them, and adds up
what TensorFlow's profiler says of every kind of operation.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
from tests.conftest import load_parameters

from mnist_pipeline import fitting
from mnist_pipeline.engine import fast_copy, fast_optimizer
from mnist_pipeline.families import FAMILIES, Family
from mnist_pipeline.lazy import keras, tf
from mnist_pipeline.parameters import TRAINING

STEPS = 20
"""Training steps that are profiled, after as many that are not."""

BY_NAME = {family.name: family for family in FAMILIES}


def milliseconds_by_operation(family: Family, *, is_fast: bool) -> Counter[str]:
    """Milliseconds of a training step spent in each kind of operation, all threads together."""
    parameters = load_parameters()[family.name]
    settings = TRAINING[family.returns].model_validate(parameters["training"])
    random = np.random.default_rng(0)
    n = settings.batch_size * STEPS
    images = random.random((n, 28, 28, 1), dtype=np.float32)
    labels = np.eye(10, dtype=np.float32)[random.integers(0, 10, n)]
    targets = [labels if thing == "one_hot_labels" else images for thing in family.returns]
    model = family.build(images.shape[1:], *(t.shape[1:] for t in targets), **parameters["model"])
    network: keras.Model = fast_copy(model, "float32") if is_fast else model
    optimizer = fitting._optimizer(settings, STEPS)
    if is_fast:
        optimizer = fast_optimizer(optimizer)
    fitting._compile(network, settings, list(family.returns), optimizer)
    batches = fitting._batches([images, *targets], np.arange(n), settings.batch_size)
    network.fit(batches, shuffle=False, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            network.fit(batches, shuffle=False, verbose=0)
        (trace,) = Path(folder).rglob("*.xplane.pb")
        return _add_up(trace.read_bytes())


def _add_up(trace: bytes) -> Counter[str]:
    """Milliseconds a step of each kind of operation. trace: what the profiler writes."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space: Any = xplane_pb2.XSpace.FromString(trace)
    spent: Counter[str] = Counter()
    for plane in space.planes:
        names = {key: metadata.name for key, metadata in plane.event_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                name, is_operation, kind = names[event.metadata_id].rpartition(":")
                # Such as `cnn/conv2d/Conv2D:Conv2D`, and not `ExecutorState::Process`.
                if is_operation and not name.endswith(":") and kind.isidentifier():
                    spent[kind] += event.duration_ps / 1e9 / STEPS
    return spent


@click.command()
@click.argument("family", type=click.Choice(list(BY_NAME)))
@click.option("--rows", default=14, show_default=True)
def main(family: str, rows: int) -> None:
    """Print milliseconds a step by kind of operation, with Keras's layers and with ours."""
    plain, fast = (
        milliseconds_by_operation(BY_NAME[family], is_fast=is_fast) for is_fast in (False, True)
    )
    click.echo("| operation | Keras's layers, ms a step | fast copy, ms a step |\n|---|---|---|")
    kinds = sorted(plain | fast, key=lambda kind: -max(plain[kind], fast[kind]))
    for kind in kinds[:rows]:
        click.echo(f"| {kind} | {plain[kind]:.1f} | {fast[kind]:.1f} |")
    click.echo(f"| all | {plain.total():.1f} | {fast.total():.1f} |")


if __name__ == "__main__":
    main()
