"""How well are own pictures read, and what is refused? `python -m benchmarks.own_digits`

Needs a reading model (`kedro run --pipeline=reading`) and writes Markdown; with `--picture FILE`
also the picture of how a photo is prepared, step by step.
"""

from pathlib import Path

import click
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tests.own_digits.not_digits import NOT_DIGITS, pictures

from mnist_pipeline.reading.classifier import Answer, DigitClassifier
from mnist_pipeline.reading.ink import find_ink
from mnist_pipeline.reading.pictures import open_picture, to_grey
from mnist_pipeline.reading.pieces import find_digit
from mnist_pipeline.reading.preparation import even_strokes, fit_like_mnist
from mnist_pipeline.reading.sheet import find_sheet

IMAGES = Path("tests/own_digits/images")
SHOWN = ("phone_photo/7_01.jpg", "chalk/3_00.jpg", "pencil_squared/5_01.jpg", "hairline/2_00.png")
NOT_DIGITS_OF_A_KIND = 300


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of trained networks.")
@click.option("--family", default="cnn", show_default=True)
@click.option("--picture", type=click.Path(path_type=Path), help="Where to draw the steps.")
def main(data: Path | None, family: str, picture: Path | None) -> None:
    """Print accuracy and refusals per kind of picture."""
    if picture:
        draw_steps().savefig(picture, dpi=100)
    classifier = DigitClassifier.load(family, data)
    click.echo("| own pictures | read correctly | taken for no digit | mean confidence |")
    click.echo("|---|---|---|---|")
    rows = [_row(classifier, kind) for kind in sorted(IMAGES.iterdir())]
    for name, *figures in [*rows, ("mean", *np.mean([row[1:] for row in rows], axis=0))]:
        right, refused, confidence = (100 * figure for figure in figures)
        click.echo(f"| {name} | {right:.1f} % | {refused:.1f} % | {confidence:.1f} % |")
    click.echo("\n| no digits | refused | of them for want of ink |\n|---|---|---|")
    for kind in NOT_DIGITS:
        answers = [classifier.classify(one) for one in pictures(kind, NOT_DIGITS_OF_A_KIND)]
        refused = 100 * np.mean([not answer.is_digit for answer in answers])
        without_ink = 100 * np.mean([answer.digit is None for answer in answers])
        click.echo(f"| {kind} | {refused:.1f} % | {without_ink:.1f} % |")


def _row(classifier: DigitClassifier, folder: Path) -> tuple[str, float, float, float]:
    answers = [
        (int(path.name[0]), answer)
        for path, answer in classifier.classify_folder(folder)
        if isinstance(answer, Answer)
    ]
    return (
        folder.name.replace("_", " "),
        float(np.mean([answer.digit == label for label, answer in answers])),
        float(np.mean([not answer.is_digit for _, answer in answers])),
        float(np.mean([answer.confidence for _, answer in answers])),
    )


def draw_steps() -> Figure:
    """From four pictures to what a network sees, a row each."""
    names = ["the picture", "sheet, grey", "ink", "the digit", "strokes of MNIST's width", "28x28"]
    figure = Figure(figsize=(11, 7.6), layout="constrained")
    figure.suptitle("From a picture to what the network sees", fontsize=12, weight="bold")
    grid = figure.subplots(len(SHOWN), len(names))
    for line, file in zip(grid, SHOWN, strict=True):
        picture = open_picture(IMAGES / file)
        grey = to_grey(picture)
        sheet, _ = find_sheet(grey)
        ink = find_ink(sheet)
        digit = find_digit(ink)
        assert digit is not None
        even = even_strokes(digit.ink)
        steps = [picture, sheet, ink, digit.ink, even, fit_like_mnist(even)]
        for axes, name, step in zip(line, names, steps, strict=True):
            if isinstance(step, Image.Image):
                axes.imshow(step.convert("RGB"))
                axes.set_ylabel(Path(file).parent.name.replace("_", " "), fontsize=9)
            else:
                axes.imshow(step, cmap="gray", vmin=0, vmax=255 if step.dtype == np.uint8 else 1)
            axes.set_xticks([])
            axes.set_yticks([])
            if line is grid[0]:
                axes.set_title(name, fontsize=9)
    figure.supxlabel("Pictures: tests/own_digits", fontsize=8, color="#6B6B6B", x=0.01, ha="left")
    return figure


if __name__ == "__main__":
    main()
