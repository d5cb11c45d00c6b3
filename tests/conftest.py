"""Digits small enough to see through, and a copy of the project to run things in."""

import copy
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader

from mnist_pipeline.digits import Digits
from mnist_pipeline.settings import CONFIG_LOADER_ARGS
from tests.forked import run_module
from tests.projects import PROJECT, copy_project
from tests.server import running_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A test must not depend on the machine's own MNIST, nor write into the project's store; those
# marked `mnist` ask for the folder by the fixture below. (Under another name the workers get it.)
if "MNIST_DIR" in os.environ:
    os.environ["TESTS_MNIST_DIR"] = os.environ.pop("MNIST_DIR")
MNIST_DIR = os.environ.get("TESTS_MNIST_DIR")
os.environ.pop("MLFLOW_TRACKING_URI", None)
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in a shell's background jobs
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ctrl-C can be tested
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# A grammar of web addresses, which nbformat's jsonschema would compile for some seconds.
sys.modules["rfc3987_syntax"] = None


SHARED = (
    *("finished_run", "reading_data", "networks", "swept", "searched", "repeatable"),
    "three_folds",
)
"""Fixtures that take long: with several workers, one of them runs all the tests that need it."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests marked `mnist` out, and say so, where there is no MNIST."""
    for item in items:
        needed = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
        if needed:
            item.add_marker(pytest.mark.xdist_group(needed[0]))
    if MNIST_DIR is None:
        for item in items:
            if item.get_closest_marker("mnist"):
                item.add_marker(pytest.mark.skip(reason="MNIST_DIR is not set"))


@pytest.fixture(autouse=True)
def _no_store_of_another_test() -> Iterator[None]:
    """MLflow puts the store and the experiment in use into the environment, for child processes."""
    yield
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    assert MNIST_DIR is not None
    return Path(MNIST_DIR)


@pytest.fixture(scope="session")
def tiny_digits() -> Digits:
    """Thirty digits of noise, three of each class, in a mixed order."""
    random = np.random.default_rng(0)
    labels = random.permutation(np.repeat(np.arange(10), 3)).astype(np.uint8)
    images = random.integers(0, 256, (30, 28, 28), dtype=np.uint8)
    for array in (images, labels):
        array.setflags(write=False)
    return Digits(images, labels)


@pytest.fixture(scope="session")
def bundled() -> Digits:
    """The bundled training digits: real ones, there without any file."""
    from mnist_pipeline.sources import read_bundled_digits

    return read_bundled_digits(None).train


def load_parameters(env: str = "base") -> dict[str, Any]:
    """The parameters of an environment, as Kedro reads them; for the test to change."""
    return copy.deepcopy(_read_parameters(env))


@functools.cache
def _read_parameters(env: str) -> dict[str, Any]:
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": env}
    return dict(OmegaConfigLoader(str(PROJECT / "conf"), env=env, **arguments)["parameters"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty copy of the project, and the working directory for this test."""
    monkeypatch.chdir(copy_project(tmp_path))
    return tmp_path


Kedro = Callable[..., "subprocess.CompletedProcess[str]"]


def run_kedro(
    folder: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """What `kedro` does; standard error behind standard output, as on a terminal."""
    return run_module("kedro", arguments, folder, {**os.environ, **environment}, timeout_s=300)


def type_kedro(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The same from the start of Python on, with what is printed while modules are imported."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments], cwd=folder, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip


def made_once(fixture: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fail where a second worker makes what takes long: groups of tests are not kept together."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        (tmp_path_factory.getbasetemp().parent / f"{fixture}.made").touch(exist_ok=False)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, str]":
    """The project after `kedro run --env=test`, and what that printed. Shared: do not change it."""
    made_once("finished_run", tmp_path_factory)
    folder = copy_project(tmp_path_factory.mktemp("finished_run"))
    done = type_kedro(folder, "run", "--env=test")
    assert done.returncode == 0, done.stdout
    return folder, done.stdout


@pytest.fixture(scope="session")
def reading_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `data` folder with all that reading your own pictures needs: small networks, but able.

    They have seen MNIST where there is one, the bundled digits otherwise.
    """
    made_once("reading_data", tmp_path_factory)
    folder = copy_project(tmp_path_factory.mktemp("reading"))
    parameters = [
        "cnn.model.hidden_units=[64]",
        "cnn.model.batch_norm_momentum=0.9",
        "autoencoder.model.filters=[8,16]",
        "autoencoder.model.latent_dim=32",
    ]
    if MNIST_DIR:
        parameters += [
            "data.sources=[mnist_files]",
            "data.train_limit=15000",
            "data.test_limit=500",
            "cnn.model.filters=[[16],[32]]",
            "cnn.training.epochs=3",
            "enhancement.training.epochs=1",
            "reading.pictures=1200",
            "reading.hidden_units=[64]",
            "reading.epochs=6",
        ]
    else:  # 1,437 digits: enough to read by, not to know what is no digit
        moves = "rotation_degrees: 15, shift_fraction: 0.05, zoom_fraction: 0.15"
        moves += ", brightness_fraction: 0, border: constant"
        parameters += [
            "data.train_limit=null",
            "cnn.model.filters=[[16],[32],[64]]",
            "cnn.training.epochs=30",
            "cnn.training.batch_size=32",
            "cnn.training.early_stopping_patience=null",
            f"cnn.training.augmentation=[{{geometric: {{{moves}}}}}]",
            "reading.hidden_units=[4]",
            "reading.refused_share=0.00001",
        ]
    environment = {"MNIST_DIR": MNIST_DIR} if MNIST_DIR else {}
    last = "cnn.score_cnn,enhancement.score_enhancement,reading.judge_reading"
    done = run_kedro(
        folder, "run", "--env=test", "--pipeline=reading", f"--params={','.join(parameters)}",
        f"--to-nodes={last}", **environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return folder / "data"


@pytest.fixture(scope="session")
def app_url(reading_data: Path) -> Iterator[str]:
    """Where `digits web` listens, with networks that can read."""
    with running_server(reading_data) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser; without one, tests of pages are left out, unless CI_BROWSER=required."""
    from tests.browser import CHROMIUM, NAMES, running_browser

    if CHROMIUM is None:
        leave = pytest.fail if os.environ.get("CI_BROWSER") == "required" else pytest.skip
        leave(f"There is no Chromium: install one of {NAMES}, or set CHROMIUM to it.")
    with running_browser() as running:
        yield running
