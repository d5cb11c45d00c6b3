"""How much memory does a run hold at most? `python -m benchmarks.memory`

Runs pipelines on all of MNIST, each in a process of its own. An epoch of every training is enough:
more of them take longer and no more memory.
"""

import tempfile
from pathlib import Path

import click
from tests.projects import copy_project

from benchmarks.training import FAMILIES, from_mnist, start_kedro
from mnist_pipeline.provenance import machine

PIPELINES = (*FAMILIES, "noise_comparison", "reading", "__default__")


@click.command()
@from_mnist
@click.option("--pipelines", default=",".join(PIPELINES), show_default=True)
@click.option("--env", default="base", show_default=True, help="Whose settings, but for epochs.")
@click.option("--epochs", type=click.IntRange(1), default=1, show_default=True)
def main(mnist_dir: Path, pipelines: str, env: str, epochs: int) -> None:
    """Print the peak memory of each run, all that it trains, judges and writes included."""
    params = {f"{family}.training.epochs": epochs for family in FAMILIES}
    click.echo(f"MNIST, --env={env}, {epochs} epochs of each training\n{machine()}\n")
    click.echo("| pipeline | peak memory | seconds |\n|---|---|---|")
    for pipeline in pipelines.split(","):
        with tempfile.TemporaryDirectory() as folder:
            copy_project(Path(folder))
            seconds, peak_gib = start_kedro(Path(folder), pipeline, mnist_dir, params, env=env)
        click.echo(f"| `{pipeline}` | {peak_gib:.2f} GiB | {seconds:.0f} |")


if __name__ == "__main__":
    main()
