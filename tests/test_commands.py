import csv
import io
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mnist_pipeline.commands import WRITERS, digits
from tests.conftest import MNIST_DIR

OWN = Path(__file__).parent / "own_digits/images"
SEVEN = OWN / "chalk/7_01.jpg"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(digits, [str(argument) for argument in arguments])


def predict(data: Path, *arguments: object) -> Result:
    return run("predict", f"--data={data}", *arguments)


def test_help_comes_without_waiting_for_tensorflow_or_kedro() -> None:
    code = (
        "import sys; from mnist_pipeline.commands import digits; digits(['--help'], "
        "standalone_mode=False); print({'kedro', 'tensorflow', 'numpy', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert "predict" in done.stdout
    assert done.stdout.endswith("set()\n")


def test_a_table_has_a_line_for_each_picture(reading_data: Path) -> None:
    done = predict(reading_data, SEVEN, OWN / "phone_photo/3_01.jpg")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].split() == ["digit", "confidence", "file"]
    assert [line.split()[0] for line in lines[1:]] == ["7", "3"]


def test_csv_has_the_columns_of_the_pipeline(reading_data: Path) -> None:
    done = predict(reading_data, SEVEN, "--format=csv")
    (row,) = csv.DictReader(io.StringIO(done.output))
    expected = ["file", "digit", "confidence", *(f"p{k}" for k in range(10)), "is_digit", "reason"]
    assert list(row) == expected
    assert (row["file"], row["digit"]) == (str(SEVEN), "7")
    assert float(row["p7"]) == float(row["confidence"])


def test_json_is_a_list_of_objects(reading_data: Path) -> None:
    answers = json.loads(predict(reading_data, OWN / "marker", "--format=json").output)
    assert len(answers) == 30
    assert answers[0].keys() >= {"file", "digit", "confidence", "p0", "is_digit", "reason", "box"}


def test_several_digits_of_one_picture_have_a_line_each(reading_data: Path, tmp_path: Path) -> None:
    page = Image.new("L", (900, 220), 255)
    for position, name in enumerate(("2_00", "5_01", "8_02")):
        digit = Image.open(OWN / f"hairline/{name}.png").convert("L").resize((280, 213))
        page.paste(digit, (300 * position, 0))
    page.save(tmp_path / "page.png")
    done = predict(reading_data, tmp_path / "page.png", "--many", "--format=json")
    assert [answer["digit"] for answer in json.loads(done.output)] == [2, 5, 8]


def test_pictures_that_cannot_be_read_are_named_after_the_answers_to_the_others(
    reading_data: Path, tmp_path: Path
) -> None:
    shutil.copy(SEVEN, tmp_path / "b.JPG")
    (tmp_path / "a.png").write_text("no picture")
    done = predict(reading_data, tmp_path)
    assert done.exit_code == 1
    assert "b.JPG" in done.output
    assert "Error: 1 of the pictures cannot be read:\n" in done.output
    assert f"{tmp_path / 'a.png'}: this is no picture" in done.output


def test_a_file_is_written_whole_or_not_at_all(reading_data: Path, tmp_path: Path) -> None:
    target = tmp_path / "answers.csv"
    assert predict(reading_data, SEVEN, "--format=csv", f"--output={target}").exit_code == 0
    before = target.read_text()
    assert before.count("\n") == 2
    done = predict(reading_data, tmp_path / "missing.png", f"--output={target}")
    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(
    reading_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")  # as /dev/stdout is: what has its name must not be replaced

    def refusal(output: str) -> str:
        done = predict(reading_data, SEVEN, f"--output={tmp_path / output}")
        assert done.exit_code == 1
        return done.output

    assert f"there is no folder {tmp_path / 'no'}" in refusal("no/answers.csv")
    assert f"there is no folder {tmp_path / 'file'}" in refusal("file/answers.csv")
    assert f"{tmp_path / 'folder'} is there already, and is no file" in refusal("folder")
    assert f"{tmp_path / 'pipe'} is there already, and is no file" in refusal("pipe")
    assert "cannot be written (File name too long)" in refusal("x" * 254)  # with .part behind it
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "pipe"]


@pytest.mark.parametrize("error", [RuntimeError("a bug"), KeyboardInterrupt(), OSError(28, "full")])
def test_what_is_interrupted_leaves_the_old_file_and_no_other(
    reading_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(rows: object, file: TextIO) -> None:
        file.write("the first line")
        raise error

    monkeypatch.setitem(WRITERS, "table", interrupted)
    target = tmp_path / "answers.txt"
    target.write_text("old")
    done = predict(reading_data, SEVEN, f"--output={target}")
    assert done.exit_code == 1
    assert {path: path.read_text() for path in tmp_path.iterdir()} == {target: "old"}
    if isinstance(error, OSError):
        assert f"{target} cannot be written (full)" in done.output


@pytest.mark.parametrize("command", ["predict", "enhance"])
def test_a_folder_without_pictures_is_refused_before_anything_is_read_or_written(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "notes.txt").touch()
    done = run(command, SEVEN, tmp_path, f"--output={tmp_path / 'out'}", f"--data={tmp_path}")
    assert done.exit_code == 1
    assert f"Error: {tmp_path}: there is no picture in this folder (PNG, JPG, " in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["predict", "enhance"])
def test_who_has_trained_nothing_is_told_the_command_that_trains(
    tmp_path: Path, command: str
) -> None:
    done = run(command, SEVEN, f"--data={tmp_path}")
    assert done.exit_code == 1
    assert "kedro run --pipeline=reading" in done.output
    assert "kedro run --pipeline=reading" in run("models", f"--data={tmp_path}").output


def test_the_trained_networks_are_listed(reading_data: Path) -> None:
    done = run("models", f"--data={reading_data}")
    families = [line.split()[0] for line in done.output.splitlines()]
    assert families == ["family", "cnn", "autoencoder", "enhancement"]


def test_restored_digits_are_written_beside_each_other(reading_data: Path, tmp_path: Path) -> None:
    done = run("enhance", SEVEN, f"--data={reading_data}", f"--output={tmp_path}", "--size=56")
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "7_01_restored.png") as restored:
        assert restored.size == (56, 56)


def test_pictures_that_cannot_be_restored_are_named_after_the_others_are(
    reading_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_text("no picture")
    Image.new("L", (100, 100), 255).save(tmp_path / "in/blank.png")
    shutil.copy(SEVEN, tmp_path / "in/seven.jpg")
    done = run("enhance", tmp_path / "in", f"--data={reading_data}", f"--output={tmp_path / 'out'}")
    assert done.exit_code == 1
    assert done.stdout == f"{tmp_path / 'out/seven_restored.png'}\n"
    assert "Error: 2 of the pictures cannot be restored:\n" in done.stderr
    assert f"{tmp_path / 'in/a.png'}: this is no picture" in done.stderr
    assert f"{tmp_path / 'in/blank.png'}: there is no ink" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["seven_restored.png"]


def test_two_pictures_of_one_name_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    pictures = [tmp_path / "a/1.jpg", tmp_path / "b/1.png"]
    for picture in pictures:
        picture.parent.mkdir()
        picture.touch()
    done = run("enhance", *pictures, f"--output={tmp_path / 'out'}", f"--data={tmp_path}")
    assert done.exit_code == 1
    target = tmp_path / "out/1_restored.png"
    assert f"{pictures[0]} and {pictures[1]} would both be written to {target}" in done.output
    assert not (tmp_path / "out").exists()


def test_a_picture_that_is_named_twice_is_restored_once(reading_data: Path, tmp_path: Path) -> None:
    done = run("enhance", SEVEN, SEVEN, f"--data={reading_data}", f"--output={tmp_path}")
    assert done.exit_code == 0, done.output
    assert done.output == f"{tmp_path / '7_01_restored.png'}\n"


def test_restored_digits_need_a_folder(reading_data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("enhance", SEVEN, f"--data={reading_data}", f"--output={tmp_path / 'file'}")
    assert done.exit_code == 1
    assert f"{tmp_path / 'file'} is there already, and is no folder" in done.output
    done = run("enhance", SEVEN, f"--data={reading_data}", f"--output={tmp_path / 'file/more'}")
    assert done.exit_code == 1
    assert "cannot be written (Not a directory)" in done.output


@pytest.mark.parametrize("size", [0, -3])
def test_a_restored_digit_has_at_least_a_pixel(tmp_path: Path, size: int) -> None:
    done = run("enhance", SEVEN, f"--size={size}", f"--data={tmp_path}")
    assert f"{size} is not in the range 1<=x<=10000" in done.output


@pytest.mark.parametrize("style", ["onnx", "tflite", "saved_model"])
def test_an_exported_network_answers_as_before(
    reading_data: Path, tmp_path: Path, style: str
) -> None:
    target = tmp_path / f"cnn.{style}"
    arguments = ("export", f"--format={style}", f"--data={reading_data}", f"--output={target}")
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert target.exists()
    n = 500 if MNIST_DIR else 50  # of `reading_data`
    assert f"on {n} test digits its answers differ by at most" in done.output
    again = run(*arguments)
    assert again.exit_code == 1
    assert "exists already" in again.output


def test_an_exported_network_that_answers_differently_is_not_written(
    reading_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_pipeline.reading import export

    honest = export.RUNNERS["onnx"]
    monkeypatch.setitem(export.RUNNERS, "onnx", lambda path: lambda x: honest(path)(1 - x))
    target = tmp_path / "cnn.onnx"
    done = run("export", "--format=onnx", f"--data={reading_data}", f"--output={target}")
    assert done.exit_code == 1
    assert "differs from the Keras model" in done.output
    assert not target.exists()


def test_a_port_that_is_taken_is_named(reading_data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("web", f"--port={port}", f"--data={reading_data}")
    assert done.exit_code == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.output


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_refused_with_those_that_can(tmp_path: Path, port: int) -> None:
    done = run("web", f"--port={port}", f"--data={tmp_path}")
    assert f"{port} is not in the range 0<=x<=65535" in done.output
    assert isinstance(done.exception, SystemExit)


def test_the_command_is_one_of_kedro_too() -> None:
    from mnist_pipeline.cli import cli

    assert cli.commands["digits"] is digits
