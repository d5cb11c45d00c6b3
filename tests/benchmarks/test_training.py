import json
import re
import tempfile

import pytest
from benchmarks.training import Side, as_markdown, draw, medians
from click.testing import CliRunner

from benchmarks import training
from mnist_pipeline.families import FAMILIES
from mnist_pipeline.lazy import keras
from tests.conftest import load_parameters

SLOW = Side(100, 1000.0, 12.0, 20.0, 1.0, 0.5)
FAST = Side(100, 2500.0, 5.0, 15.0, 1.5, 0.4)


@pytest.fixture(scope="module")
def plain():
    keras.config.backend()  # set up TensorFlow as the other tests have it, not as the script does
    from benchmarks import plain

    return plain


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_plain_script_trains_the_network_of_the_pipeline(family, plain):
    shapes = [(10,) if thing == "one_hot_labels" else (28, 28, 1) for thing in family.returns]
    ours = family.build((28, 28, 1), *shapes, **load_parameters()[family.name]["model"])
    theirs = plain.NETWORKS[family.name]()

    def computing(network):
        return sorted(tuple(v.shape) for v in network.trainable_variables)

    assert computing(theirs) == computing(ours)
    assert [o.shape for o in theirs.outputs] == [o.shape for o in ours.outputs]
    rates = [
        sorted(
            layer.rate
            for layer in network.layers
            if isinstance(layer, keras.layers.Dropout) and layer.rate
        )
        for network in (theirs, ours)
    ]
    assert rates[0] == rates[1]


@pytest.mark.mnist
def test_both_sides_run_and_agree_in_loss(mnist_dir, tmp_path):
    arguments = [
        *(f"--mnist-dir={mnist_dir}", "--families=mlp", "--digits=2000", "--epochs=3"),
        *("--repeats=1", f"--output={tmp_path / 'new'}"),
    ]
    done = CliRunner().invoke(training.main, arguments)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "new/training.md").read_text()
    assert page in done.output
    (row,) = (line for line in page.splitlines() if line.startswith("| `mlp` |"))
    losses = [float(text) for text in re.findall(r"\d\.\d{4}", row)]
    assert losses[0] == pytest.approx(losses[1], rel=0.25)  # after 3 epochs, from 2.3
    assert max(losses) < 1
    assert (tmp_path / "new/training.png").stat().st_size > 10_000


def test_the_table_says_how_many_times_faster_the_pipeline_is():
    page = as_markdown({"cnn": {"plain": SLOW, "pipeline": FAST}})
    assert "| `cnn` | 1,000 | 2,500 | 2.50x | 12.0 s | 5.0 s | 8.0 s | 10.0 s |" in page
    header, rule, row, *_ = page.splitlines()
    assert header.count("|") == rule.count("|") == row.count("|")


def test_the_picture_has_a_panel_for_each_family():
    sides = {"plain": SLOW, "pipeline": FAST}
    figure = draw({"cnn": sides, "mlp": sides}, "MNIST")
    assert [axes.get_ylabel() for axes in figure.axes] == ["cnn", "mlp"]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [1000, 2500]
    assert figure.axes[0].texts[-1].get_text() == "2,500  (2.50x)"


def test_the_median_is_of_each_figure():
    assert medians([SLOW, FAST, FAST]) == FAST


def test_a_side_that_fails_says_what_it_printed(plain, tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/__init__.py").touch()
    script = "import json, sys; raise SystemExit('asked: ' + json.dumps(sys.argv[1:]))"
    (tmp_path / "benchmarks/plain.py").write_text(script)
    monkeypatch.setattr(training, "PROJECT", tmp_path)
    done = CliRunner().invoke(
        training.main, [f"--mnist-dir={tmp_path}", "--families=mlp", "--repeats=1"]
    )
    assert done.exit_code == 1
    (asked,) = re.findall(r"asked: (.*)", done.output)
    # What it is asked, the script understands.
    done = CliRunner().invoke(plain.main, json.loads(asked))
    assert "There is no train-images-idx3-ubyte.gz" in done.output


def test_an_unknown_family_is_named_with_those_that_there_are(tmp_path):
    done = CliRunner().invoke(training.main, [f"--mnist-dir={tmp_path}", "--families=mlp,rnn"])
    assert done.exit_code == 2
    assert "no family 'rnn'; there are mlp, cnn," in done.output


@pytest.mark.mnist
def test_the_script_that_runs_to_its_end_stops_by_itself_and_scores_every_test_digit(
    plain, mnist_dir, monkeypatch, tmp_path
):
    monkeypatch.setitem(plain.NETWORKS, "cnn", lambda: plain.mlp([32], [0.0]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = ["cnn", f"--mnist-dir={mnist_dir}", "--digits=1000", "--epochs=300", "--to-the-end"]
    done = CliRunner().invoke(plain.main, given)
    assert done.exit_code == 0, done.output
    measured = json.loads(done.output.splitlines()[-1])
    losses = measured["val_loss"]
    assert len(losses) == losses.index(min(losses)) + 1 + 5 < 300
    assert measured["test_images"] == 10_000
    assert 0.8 < measured["test_accuracy"] < 0.95
    assert not list(tmp_path.iterdir())


def test_the_script_knows_the_end_of_no_other_family(plain, tmp_path):
    done = CliRunner().invoke(plain.main, ["mlp", f"--mnist-dir={tmp_path}", "--to-the-end"])
    assert done.exit_code == 2
    assert "rules of the cnn, not those of mlp" in done.output


def test_the_script_says_which_file_is_missing(plain, tmp_path):
    done = CliRunner().invoke(plain.main, ["mlp", f"--mnist-dir={tmp_path}"])
    assert done.exit_code == 1
    assert "There is no train-images-idx3-ubyte.gz" in done.output
