"""`digits`: read pictures of digits on the command line, without Kedro.

What the commands need is imported when they run, so that help comes at once.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from mnist_pipeline.trained_networks import TrainedNetworks

PATHS = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
FAMILY = click.option("--family", default="cnn", show_default=True, help="Which network reads.")
DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the trained networks. [the project's]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def digits() -> None:
    """Read your own pictures of handwritten digits."""


@digits.command()
@PATHS
@click.option(
    "--format", "style", type=click.Choice(["table", "csv", "json"]), default="table",
    show_default=True, help="How answers are written.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), help="Write into this file.")
@click.option("--many", is_flag=True, help="Several digits in one picture: a line for each.")
@FAMILY
@DATA
def predict(
    paths: tuple[Path, ...], style: str, output: Path | None, many: bool, family: str,
    data: Path | None,
) -> None:  # fmt: skip
    """Read the digit of each picture. A PATH is a picture, or a folder of them.

    Pictures that cannot be read are named at the end, and make the exit code 1.
    """
    from tqdm import tqdm

    from mnist_pipeline.reading.classifier import DigitClassifier

    folders = [_pictures(path) for path in paths]
    classifier = DigitClassifier(_networks(data), family)
    refused: list[str] = []
    files = tqdm(chain(*folders), "reading", unit=" images", disable=None, leave=False)
    rows = _rows(classifier, iter(files), many, refused)
    with _opened(output) as file:
        WRITERS[style](rows, file)
    _name_the_refused(refused, "read")


@digits.command()
@PATHS
@click.option(
    "--output", type=click.Path(path_type=Path), default=".", help="Folder to write into. [here]"
)
@click.option(
    "--size", type=click.IntRange(1, 10_000), default=280, show_default=True,
    help="Of the pictures written, in pixels.",
)  # fmt: skip
@DATA
def enhance(paths: tuple[Path, ...], output: Path, size: int, data: Path | None) -> None:
    """Restore the digit of each picture with the U-Net: NAME_restored.png.

    A PATH is a picture, or a folder of them. Pictures that cannot be read, or have no ink, are
    named at the end, and make the exit code 1.
    """
    from PIL import Image

    from mnist_pipeline.reading.classifier import NO_INK, DigitClassifier
    from mnist_pipeline.reading.folder import printable
    from mnist_pipeline.reading.pictures import BadPictureError

    targets = _targets(chain(*map(_pictures, paths)), output)
    if output.exists() and not output.is_dir():
        raise click.ClickException(f"--output: {output} is there already, and is no folder.")
    classifier = DigitClassifier(_networks(data))
    refused: list[str] = []
    for target, file in targets.items():
        try:
            restored = classifier.enhance(file)
        except BadPictureError as error:
            refused.append(printable(error.message))
            continue
        if restored is None:
            refused.append(printable(f"{file}: {NO_INK}."))
            continue
        picture = Image.fromarray(restored).resize((size, size), Image.Resampling.NEAREST)
        with _writing(target):
            output.mkdir(parents=True, exist_ok=True)
            picture.save(target)
        click.echo(printable(target))
    _name_the_refused(refused, "restored")


@digits.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Who may ask; 0.0.0.0: all.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one."
)
@FAMILY
@DATA
def web(host: str, port: int, family: str, data: Path | None) -> None:
    """Open a page to draw digits on, and the REST interface."""
    _need("fastapi_offline", "app")
    from mnist_pipeline.web.server import serve

    serve(_networks(data), family, host, port)


@digits.command()
@DATA
def models(data: Path | None) -> None:
    """List the trained networks."""
    networks = _networks(data)
    if not networks.names():
        raise click.ClickException(
            f"Nothing has been trained in {networks.folder} yet: kedro run --pipeline=reading "
            "(quickly, on 1,437 digits: add --env=demo)"
        )
    click.echo(f"{'family':28}{'accuracy':>9}  {'data':24}version")
    for name in networks.names():
        scores = networks.scores_of(name)
        accuracy = f"{scores['accuracy']:.2%}" if "accuracy" in scores else "-"
        click.echo(
            f"{name:28}{accuracy:>9}  {scores.get('dataset', '?'):24}{networks.version_of(name)}"
        )


@digits.command()
@FAMILY
@click.option(
    "--format", "style", type=click.Choice(["onnx", "tflite", "saved_model"]), required=True
)
@click.option("--output", type=click.Path(path_type=Path), help="File or folder to write.")
@DATA
def export(family: str, style: str, output: Path | None, data: Path | None) -> None:
    """Write a network for other programs, and check that it answers as before."""
    _need("onnxruntime", "export")
    from mnist_pipeline.reading.export import export_network

    networks = _networks(data)
    target = output or Path(f"{family}.{style}")
    exported = export_network(networks, family, style, target)
    click.echo(
        f"{exported.path}: {exported.size_bytes / 1e6:.1f} MB, "
        f"{exported.single_image_ms:.2f} ms for one image; on {exported.images:,} test digits its "
        f"answers differ by at most {exported.largest_difference:.1e} from the Keras model's."
    )


def _networks(data: Path | None) -> "TrainedNetworks":
    from mnist_pipeline.trained_networks import TrainedNetworks, find_data

    return TrainedNetworks(data or find_data())


def _need(module: str, extra: str) -> None:
    """Refuse kindly where an optional part is not installed."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise click.ClickException(
            f"This needs the extra {extra!r}: pip install 'mnist-pipeline[{extra}]'"
        )


def _pictures(path: Path) -> Iterator[Path]:
    """A picture that is named, or those of a folder.

    Raises ClickException for a folder without any.
    """
    from mnist_pipeline.reading.folder import find_pictures
    from mnist_pipeline.reading.pictures import SUFFIXES

    if not path.is_dir():
        return iter([path])
    pictures = find_pictures(path)
    first = next(pictures, None)
    if first is None:
        kinds = ", ".join(suffix[1:].upper() for suffix in SUFFIXES)
        raise click.ClickException(
            f"{path}: there is no picture in this folder ({kinds}). Name another."
        )
    return chain([first], pictures)


def _targets(files: Iterator[Path], output: Path) -> dict[Path, Path]:
    """Where to write what is restored, with the file that it is made of.

    Raises ClickException for two files that would be written to one place.
    """
    targets: dict[Path, Path] = {}
    for file in files:
        target = output / f"{file.stem}_restored.png"
        if targets.setdefault(target, file) != file:
            raise click.ClickException(
                f"{targets[target]} and {file} would both be written to {target}. Restore them one "
                "after the other, each with an --output of its own."
            )
    return targets


def _name_the_refused(refused: list[str], done: str) -> None:
    """End with exit code 1 where there are any, after what was made of the others."""
    if refused:
        shown = "\n  ".join([*refused[:20], *(["..."] if len(refused) > 20 else [])])
        raise click.ClickException(f"{len(refused):,} of the pictures cannot be {done}:\n  {shown}")


Row = dict[str, Any]


def _rows(classifier: Any, files: Iterator[Path], many: bool, refused: list[str]) -> Iterator[Row]:
    """A row for each answer; what cannot be read is noted in `refused`."""
    from mnist_pipeline.reading.folder import printable
    from mnist_pipeline.reading.pictures import BadPictureError
    from mnist_pipeline.reading.tables import row_of

    for file, answers in _many(classifier, files) if many else _one_each(classifier, files):
        if isinstance(answers, BadPictureError):
            refused.append(printable(answers.message))
            continue
        for answer in answers:
            yield {**row_of(printable(file), answer), "box": answer.box}


def _one_each(classifier: Any, files: Iterator[Path]) -> Iterator[tuple[Path, Any]]:
    from mnist_pipeline.reading.pictures import BadPictureError

    for file, answer in classifier.classify_files(files):
        yield file, answer if isinstance(answer, BadPictureError) else [answer]


def _many(classifier: Any, files: Iterator[Path]) -> Iterator[tuple[Path, Any]]:
    from mnist_pipeline.reading.pictures import BadPictureError

    for file in files:
        try:
            yield file, classifier.classify_many(file)
        except BadPictureError as error:
            yield file, error


def _write_table(rows: Iterator[Row], file: TextIO) -> None:
    file.write(f"{'digit':>5}  {'confidence':>10}  file\n")
    for row in rows:
        digit = "-" if row["digit"] is None else row["digit"]
        note = "" if row["is_digit"] else f"   ({row['reason']})"
        file.write(f"{digit:>5}  {row['confidence']:>10.1%}  {row['file']}{note}\n")


def _write_csv(rows: Iterator[Row], file: TextIO) -> None:
    import csv

    from mnist_pipeline.reading.tables import COLUMNS

    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _write_json(rows: Iterator[Row], file: TextIO) -> None:
    """A list with an object in each line."""
    file.write("[")
    for position, row in enumerate(rows):
        file.write(",\n " if position else "\n ")
        json.dump(row, file)
    file.write("\n]\n")


WRITERS: dict[str, Callable[[Iterator[Row], TextIO], None]] = {
    "table": _write_table,
    "csv": _write_csv,
    "json": _write_json,
}


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that gets its name when it is complete."""
    if path is None:
        yield sys.stdout
        return
    with _writing(path):
        if not path.parent.is_dir():
            raise click.ClickException(f"--output: there is no folder {path.parent}.")
        if path.exists() and not path.is_file():
            raise click.ClickException(f"--output: {path} is there already, and is no file.")
        unfinished = path.with_name(f"{path.name}.part")
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                yield file
            unfinished.replace(path)
        finally:
            with contextlib.suppress(OSError):  # mostly that it has its name by now
                unfinished.unlink()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say in a sentence why a file cannot be written.

    Errors of reading must not get here; `open_picture` and `find_pictures` make UserErrors of them.
    """
    try:
        yield
    except OSError as error:
        raise click.ClickException(
            f"--output: {path} cannot be written ({error.strerror or error})."
        ) from error
