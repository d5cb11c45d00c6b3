"""Commands as a user types them, without the seconds that importing other people's packages takes.

A server process imports them once (`preloaded`), and every command is a fork of it: a process of
its own, with its own folder, environment and output. What is imported of this project is that of
the folder, as ever. Used where a test is about what a command does; those about processes, signals,
imports and the log, which Kedro sets up when it is imported, start Python themselves.
"""

import atexit
import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path

from tests.projects import PROJECT

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.preloaded"])


def run_module(
    name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], timeout_s: int
) -> "subprocess.CompletedProcess[str]":
    """`python -m name arguments` in a folder; standard error behind standard output.

    Raises TimeoutError when it takes longer.
    """
    with contextlib.chdir(PROJECT):  # where `tests` is this folder, and no other package's
        forkserver.ensure_running()
    with tempfile.NamedTemporaryFile() as output:
        work = (name, arguments, folder, environment, output.name)
        process = _FORKS.Process(target=_run, args=work)
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{name} {' '.join(arguments)}: {output.read().decode()}")
        printed = output.read().decode()
    return subprocess.CompletedProcess([name, *arguments], process.exitcode, printed)


def _run(
    name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], output: str
) -> None:
    assert "mnist_pipeline" not in sys.modules, "it has to be the folder's own"
    assert "tensorflow" in sys.modules, "`preloaded` could not be imported"
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    file = os.open(output, os.O_WRONLY | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry != str(Path.cwd()))]
    sys.argv = [name, *arguments]
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # which forks leave out
        sys.stdout.flush()
