"""The notebooks run from top to bottom, hold no logic, and are kept without their outputs."""

import ast
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from mnist_pipeline.errors import UserError
from mnist_pipeline.notebooks import open_catalog
from tests.conftest import PROJECT, copy_project
from tests.projects import copy_with_runs

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

LOGIC = (
    *(ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try),
    *(ast.BinOp, ast.AugAssign),
)
"""What belongs into the library, where it is tested."""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_of(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run a notebook as Jupyter would that was started in `folder`, within the environment test."""
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    # The kernel keeps its history and connection files out of the user's home.
    own = {"IPYTHONDIR": str(folder / ".ipython"), "JUPYTER_RUNTIME_DIR": str(folder / ".runtime")}
    client.execute(env={**os.environ, **own, "KEDRO_ENV": "test"})


def outputs(notebook: NotebookNode, kind: str) -> list[str]:
    """All outputs of a kind: `stdout`, `stderr`, or a MIME type."""
    every = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    streams = [output.text for output in every if output.get("name") == kind]
    return streams + [output.data[kind] for output in every if kind in output.get("data", {})]


@pytest.fixture(scope="module")
def trained(finished_run: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with networks that have been trained: notebooks write into it."""
    return copy_with_runs(finished_run[0], tmp_path_factory.mktemp("notebooks") / "project")


@pytest.fixture(autouse=True)
def _stay_here() -> Iterator[None]:
    """`open_catalog` makes the project the working directory; here only for one test."""
    before = Path.cwd()
    yield
    os.chdir(before)


def test_there_are_three_notebooks() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


@pytest.mark.parametrize(
    ("path", "start", "n_pictures"),
    list(zip(NOTEBOOKS, ("notebooks", ".", "notebooks"), (4, 6, 4), strict=True)),
    ids=[path.stem for path in NOTEBOOKS],
)
def test_a_notebook_runs_and_shows_its_pictures(
    trained: Path, path: Path, start: str, n_pictures: int
) -> None:
    done = read(path)
    execute(done, trained / start)
    assert len(outputs(done, "image/png")) == n_pictures
    assert "Data: UCI digits at 28x28, 200 training and 50 test digits" in "".join(
        outputs(done, "stdout")
    )
    assert outputs(done, "stderr") == []
    if path.stem.startswith("01"):
        log = "".join(outputs(done, "stdout"))
        assert re.search(r"cnn 1/6: .*batch", log), "no progress bar"
        assert "cnn epoch 6/6" in log
        assert outputs(done, "text/plain")[-1] == "True", "the loaded network answers otherwise"
        assert (trained / "data/06_models/notebook/model.keras").is_file()


def test_without_a_trained_network_a_notebook_says_in_one_message_what_to_run(
    tmp_path: Path,
) -> None:
    notebook = read(NOTEBOOKS[1])
    with pytest.raises(CellExecutionError):
        execute(notebook, copy_project(tmp_path) / "notebooks")
    (error,) = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert error.traceback == [
        "No cnn has been trained yet. Run this first: kedro run --env=test --pipeline=cnn"
    ]


def test_what_is_missing_is_named_with_the_command_that_makes_it(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained / "notebooks")
    with pytest.raises(UserError, match=r"^No noisy_resnet has been trained yet\. Run this"):
        open_catalog("demo", needs=["cnn", "noisy_resnet"])
    with pytest.raises(UserError, match=r"run --env=demo --pipelines=noisy_lenet5,noisy_densenet "):
        open_catalog("demo", needs=["noisy_lenet5", "noisy_densenet"])
    with pytest.raises(UserError, match="no environment 'dmeo'; there are base, best, demo"):
        open_catalog("dmeo")


def test_a_network_of_other_digits_is_not_judged_on_these(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Path(shutil.copytree(trained, tmp_path / "project"))
    (card,) = (project / "data/02_intermediate/dataset_card.json").glob("*/*.json")
    text = re.sub(r'("train_images": ")\w+', r"\1other", card.read_text())
    card.write_text(text)
    monkeypatch.chdir(project)
    with pytest.raises(UserError, match="The newest cnn was trained on other digits"):
        open_catalog("test", needs=["cnn"])


def test_outside_of_a_project_the_message_says_where_notebooks_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"There is no Kedro project in .*make notebooks"):
        open_catalog("demo")


def test_the_environment_base_has_the_settings_of_mnist(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for env, epochs in (("base", 30), ("demo", 6)):
        monkeypatch.chdir(trained)
        assert open_catalog(env).load("params:cnn.training").epochs == epochs


@each_notebook
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = read(path)
    for cell in notebook.cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert set(notebook.metadata) == {"kernelspec"}
    assert notebook.metadata.kernelspec.name == "python3"


@each_notebook
def test_a_notebook_holds_no_path_of_a_machine(path: Path) -> None:
    assert not re.search(r"(?<![\w.])/(home|Users|root|tmp|work)\b|[A-Z]:\\\\", path.read_text())


@each_notebook
def test_a_notebook_holds_no_logic(path: Path) -> None:
    for code in code_of(read(path)):
        python = "\n".join(line for line in code.splitlines() if not line.startswith("%"))
        found = [node for node in ast.walk(ast.parse(python)) if isinstance(node, LOGIC)]
        assert [ast.unparse(node) for node in found] == []


@each_notebook
def test_a_notebook_says_what_it_needs_explains_its_cells_and_ends_with_something_to_try(
    path: Path,
) -> None:
    cells = read(path).cells
    first, last = cells[0].source, cells[-1].source
    assert first.startswith("# ")
    assert all(word in first for word in ("You will", "It needs", "make demo", "minute"))
    assert last.startswith("## Try")
    kinds = [cell.cell_type for cell in cells]
    assert ("code", "code") not in set(itertools.pairwise(kinds))


@each_notebook
def test_one_variable_chooses_the_environment(path: Path) -> None:
    code = "\n".join(code_of(read(path)))
    assert code.count('ENV = os.environ.get("KEDRO_ENV", "demo")  # "base" for MNIST') == 1
