import shlex
import subprocess

import importlib_metadata
import numpy as np
import pytest

from mnist_pipeline import provenance
from mnist_pipeline.cli import parse_params
from tests.conftest import load_parameters

RUN = {
    "env": "demo",
    "pipeline_names": ["mlp"],
    "runner": "<mnist_pipeline.runner.FamilyByFamily object at 0x7f>",
}


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)


def test_a_run_without_changes_is_repeated_by_its_name_alone():
    parameters = load_parameters()
    command = provenance.repeat_command(RUN, parameters, parameters)
    assert command == "kedro run --env=demo --pipelines=mlp"
    # Of no environment, `conf/local` would be read as it is by then.
    command = provenance.repeat_command(RUN | {"env": None}, parameters, parameters)
    assert command == "kedro run --env=base --pipelines=mlp"
    command = provenance.repeat_command(RUN, parameters, parameters, "/other conf")
    assert "'--conf-source=/other conf'" in command


def test_a_package_that_was_half_removed_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "gone-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    # Imported by MLflow too, it looks for packages in the place of Python's own.
    with pytest.raises(FileNotFoundError):
        importlib_metadata.metadata("gone")
    installed = provenance.versions()
    assert installed["numpy"] == np.__version__
    assert list(installed) == sorted(installed, key=str.lower)


def test_a_shell_takes_the_command_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_DIR", "/my digits; echo no")
    settings = {"data": {"name": 'it\'s "mine", $HOME'}}
    command = provenance.repeat_command(RUN, settings, {})
    (tmp_path / "kedro").write_text('#!/bin/sh\nprintf "%s|" "$MNIST_DIR" "$@"\n')
    (tmp_path / "kedro").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", command], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    digits, *words, option, _ = done.stdout.split("|")
    assert (digits, words) == ("/my digits; echo no", ["run", "--env=demo", "--pipelines=mlp"])
    assert parse_params(None, None, option.removeprefix("--params=")) == settings


def test_whatever_differs_from_the_committed_settings_is_written_out():
    committed = load_parameters()
    changed = load_parameters("test") | {"seed": 7}
    command = provenance.repeat_command(RUN, changed, committed)
    (option,) = [word for word in shlex.split(command) if word.startswith("--params=")]
    parsed = parse_params(None, None, option.removeprefix("--params="))
    assert parsed["seed"] == 7
    assert parsed["mlp"] == {"model": {"hidden_units": [16]}, "training": {"epochs": 2}}
    assert provenance.flatten(parsed) == provenance.differences(changed, committed)


@pytest.mark.parametrize(
    "value",
    [1, 1e-05, -0.5, True, None, "text", "a, b", "back\\",
     'my "best, really" digits', "it's", 'say "x"', "1", "null", "", "[1,2", "ü",
     [1, [2, 3]], [{"rotate": {"degrees": 20, "border": "a, b"}}, "fog"], []],
)  # fmt: skip
def test_every_value_survives_the_command_line(value):
    text = provenance.format_params({"a.b": value, "c": 1})
    assert parse_params(None, None, text) == {"a": {"b": value}, "c": 1}


def test_every_way_of_choosing_nodes_is_kept(monkeypatch):
    monkeypatch.setenv("MNIST_DIR", "/my digits")
    run = RUN | {
        "env": None, "tags": ["training", "x"], "from_nodes": ["mlp.a", "mlp.b"],
        "load_versions": {"cnn.model": "2026"},
        "runner": "<kedro.runner.thread_runner.ThreadRunner object at 0x7f>",
        "only_missing_outputs": True,
    }  # fmt: skip
    assert shlex.split(provenance.repeat_command(run, {}, {})) == [
        "MNIST_DIR=/my digits", "kedro", "run", "--env=base", "--pipelines=mlp",
        "--tags=training,x", "--from-nodes=mlp.a,mlp.b", "--load-versions=cnn.model:2026",
        "--runner=ThreadRunner", "--only-missing-outputs",
    ]  # fmt: skip


def test_the_commit_and_what_differs_from_it_are_known(tmp_path):
    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert provenance.git_state(tmp_path) == ("", "")  # no repository yet
    git("init", "-q")
    (tmp_path / "old.py").write_text("one = 1\n")
    git("add", ".")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD").strip()
    assert provenance.git_state(tmp_path) == (commit, "")
    (tmp_path / "old.py").write_text("one = 2\n")
    (tmp_path / "new.py").touch()
    found, changes = provenance.git_state(tmp_path)
    assert found == commit
    assert "+one = 2" in changes
    assert "new file, not in git: new.py" in changes
