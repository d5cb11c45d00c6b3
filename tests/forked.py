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


class Running:
    """`python -m name arguments` in a folder; standard error behind standard output.

    own_group: whether what it starts can be told from other processes by the group's number, which
        is that of the process.
    """

    def __init__(
        self, name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str],
        *, own_group: bool = False,
    ) -> None:  # fmt: skip
        with contextlib.chdir(PROJECT):  # where `tests` is this folder, and no other package's
            forkserver.ensure_running()
        self.command = [name, *arguments]
        self.output = tempfile.NamedTemporaryFile()  # noqa: SIM115  # closed by `wait`
        work = (name, arguments, folder, environment, self.output.name, own_group)
        self.process = _FORKS.Process(target=_run, args=work)
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout_s: float) -> "subprocess.CompletedProcess[str]":
        """What it printed. Raises TimeoutError when it takes longer, and ends it."""
        self.process.join(timeout_s)
        late = self.process.exitcode is None
        if late:
            self.process.kill()
        with self.output:
            printed = self.output.read().decode()
        if late:
            raise TimeoutError(f"{' '.join(self.command)}: {printed}")
        return subprocess.CompletedProcess(self.command, self.process.exitcode or 0, printed)


def run_module(
    name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], timeout_s: int
) -> "subprocess.CompletedProcess[str]":
    """`python -m name arguments`, from start to end."""
    return Running(name, arguments, folder, environment).wait(timeout_s)


def _run(
    name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str],
    output: str, own_group: bool,
) -> None:  # fmt: skip
    if own_group:
        os.setpgid(0, 0)
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
