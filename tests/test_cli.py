"""What a user types, and what a user gets wrong."""

import click
import pytest
from click.testing import CliRunner

from mnist_pipeline.cli import cli, parse_params
from mnist_pipeline.errors import UserError
from tests.conftest import copy_project, run_kedro


def parse(text):
    return parse_params(click.Context(cli), click.Option(["--params"]), text)


def test_params_may_hold_lists_and_nested_lists():
    assert parse("mlp.model.hidden_units=[256,128,64],mlp.training.epochs=5") == {
        "mlp": {"model": {"hidden_units": [256, 128, 64]}, "training": {"epochs": 5}}
    }
    assert parse("cnn.model.filters=[[8,8],[16]],seed=1") == {
        "cnn": {"model": {"filters": [[8, 8], [16]]}}, "seed": 1,
    }  # fmt: skip


def test_params_have_the_types_of_yaml():
    assert parse("a=0.5, b=null,c=text,d=[mnist_files,bundled_digits],e=x=y") == {
        "a": 0.5, "b": None, "c": "text", "d": ["mnist_files", "bundled_digits"], "e": "x=y",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["epochs", "=5", "a=1,b"])
def test_params_without_a_key_or_a_value_are_refused(text):
    with pytest.raises(UserError, match="expected key=value, found"):
        parse(text)


@pytest.mark.parametrize("text", ["seed=[1", "data.name=@x", "a={b: 1"])
def test_a_value_that_is_not_yaml_is_refused(text):
    with pytest.raises(UserError, match="has a value that is not YAML"):
        parse(text)


def test_the_run_command_has_all_options_of_kedro():
    result = CliRunner().invoke(cli, ["run", "--help"])
    for option in ("--pipeline", "--env", "--params", "--tags", "--from-nodes", "--load-versions"):
        assert option in result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("cli"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--pipeline=mpl", "Error: There is no pipeline 'mpl'. Did you mean mlp?"),
        (
            "--env=tset",
            "Error: There is no environment 'tset'; "
            "there are base, best, demo, local, quick, test.",
        ),
        ("--params=mlp.training.epoch=1", "mlp.training.epoch = 1: there is no such key; did you"),
        ("--params=seed", "Error: --params: expected key=value, found 'seed'."),
        ("--nodes=train", "Error: Pipeline does not contain nodes named ['train']."),
        (
            "--from-nodes=preprocessing.gather_test_set",
            "dataset_card has not been saved by any run yet. Run the pipeline from its start first",
        ),
        ("--runner=ParallelRunner", "TensorFlow uses every core by itself."),
    ],
)
def test_a_mistake_ends_in_one_message_and_exit_code_1(folder, arguments, message):
    done = run_kedro(folder, "run", arguments)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert message in done.stdout.strip().splitlines()[-1]


def test_a_mapping_where_a_list_belongs_is_explained(tmp_path):
    folder = copy_project(tmp_path)
    (folder / "conf/mine").mkdir()
    (folder / "conf/mine/parameters.yml").write_text("distortion: {rotate: {degrees: 10}}\n")
    done = run_kedro(folder, "run", "--env=mine")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "`distortion` and `augmentation` are lists" in done.stdout.strip().splitlines()[-1]
