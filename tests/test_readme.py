"""What the README tells people to type, typed."""

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mnist_pipeline.commands import digits

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()
CHAPTER = README.partition("## Your own digits")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", CHAPTER, re.DOTALL)


def lines_with(word: str) -> list[str]:
    return [line for _, code in BLOCKS for line in code.splitlines() if line.startswith(word)]


@pytest.fixture
def folder(tmp_path: Path, reading_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with trained networks and a picture of a seven; the working directory."""
    (tmp_path / "data").symlink_to(reading_data)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    (tmp_path / "my_pictures").mkdir()
    for target in ("seven.jpg", "my_pictures/seven.jpg"):
        shutil.copy(PROJECT / "tests/own_digits/images/chalk/7_01.jpg", tmp_path / target)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_lines_of_python_read_the_picture(folder: Path) -> None:
    (code,) = [code for language, code in BLOCKS if language == "python"]
    assert len([line for line in code.splitlines() if line]) == 3
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    digit, confidence, is_digit = printed.getvalue().split()
    assert (digit, is_digit) == ("7", "True")
    assert 0.5 < float(confidence) <= 1


def test_the_commands_read_the_picture(folder: Path) -> None:
    first, *others = (shlex.split(line)[1:] for line in lines_with("digits predict"))
    program = Path(sys.executable).with_name("digits")
    done = subprocess.run([program, *first], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    for arguments in others:  # the same program, without the seconds that its start takes
        answered = CliRunner().invoke(digits, arguments, catch_exceptions=False)
        assert answered.exit_code == 0, answered.output
    (answer,) = json.loads((folder / "answers.json").read_text())
    assert answer["digit"] == 7


def test_the_call_of_curl_reads_the_picture(folder: Path, app_url: str) -> None:
    (line,) = lines_with("curl")
    assert "http://127.0.0.1:8000" in line
    command = shlex.split(line.replace("http://127.0.0.1:8000", app_url))
    done = subprocess.run([*command, "-s"], text=True, capture_output=True, check=True)
    (result,) = json.loads(done.stdout)["results"]
    assert result["digits"][0]["digit"] == 7


def test_the_pictures_of_the_readme_are_there() -> None:
    for image in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (PROJECT / image).stat().st_size > 10_000, image
