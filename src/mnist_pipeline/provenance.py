"""Where a run comes from: the command that repeats it, the state of the code, the machine."""

import contextlib
import json
import os
import platform
import shlex
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

ENVIRONMENT = ("MNIST_DIR", "KEDRO_ENV")
"""Environment variables that change what a run does. (Where it is recorded is another matter.)"""

LISTS = {
    "pipeline_names": "pipelines", "namespaces": "namespaces", "tags": "tags",
    "node_names": "nodes", "from_nodes": "from-nodes", "to_nodes": "to-nodes",
    "from_inputs": "from-inputs", "to_outputs": "to-outputs",
}  # fmt: skip
"""What Kedro calls an option in Python, and on the command line."""


def repeat_command(
    run_params: dict[str, Any],
    parameters: dict[str, Any],
    committed: dict[str, Any],
    conf_source: str | None = None,
) -> str:
    """The `kedro run` that does what a run did, wherever its settings came from.

    run_params: as Kedro hands them to hooks. parameters: all that were in force. committed: what
    they are in the environment's files without `conf/local` and `--params`; every difference is
    written out. conf_source: of another folder than the project's own `conf`.
    """
    # Without `--env` Kedro would read `conf/local`, whatever stands there by then.
    env = "base" if run_params["env"] in (None, "local") else run_params["env"]
    words = ["kedro", "run", f"--env={env}"]
    if conf_source:
        words.append(f"--conf-source={conf_source}")
    for name, option in LISTS.items():
        if run_params.get(name):
            words.append(f"--{option}={','.join(run_params[name])}")
    if run_params.get("load_versions"):
        pinned = (f"{name}:{version}" for name, version in run_params["load_versions"].items())
        words.append(f"--load-versions={','.join(pinned)}")
    # Kedro gives it as `<kedro.runner.thread_runner.ThreadRunner object at 0x7f...>`.
    runner = str(run_params.get("runner", "")).partition(" ")[0].rpartition(".")[2]
    if runner not in ("", "SequentialRunner", "FamilyByFamily"):  # they differ in order only
        words.append(f"--runner={runner}")
    if run_params.get("only_missing_outputs"):
        words.append("--only-missing-outputs")
    changes = format_params(differences(parameters, committed))
    if changes:
        words.append(f"--params={changes}")
    # In front of the command, a quoted `NAME=value` would be taken for a command itself.
    digits = os.environ.get("MNIST_DIR")
    return (f"MNIST_DIR={shlex.quote(digits)} " if digits else "") + shlex.join(words)


def differences(parameters: dict[str, Any], committed: dict[str, Any]) -> dict[str, Any]:
    """The settings that are not as committed, under flat names: {"cnn.training.epochs": 3}."""
    now, before = flatten(parameters), flatten(committed)
    return {k: v for k, v in sorted(now.items()) if k not in before or before[k] != v}


def format_params(flat: dict[str, Any]) -> str:
    """{"a.b": 1, "c": [2]} -> `a.b=1,c=[2]`, as `--params` takes it (`cli.parse_params`)."""
    return ",".join(f"{key}={json.dumps(v, ensure_ascii=False)}" for key, v in flat.items())


def flatten(values: Mapping[str, Any], separator: str = ".", prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}"""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, separator, f"{prefix}{key}{separator}")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def git_state(project_path: Path) -> tuple[str, str]:
    """The commit that the project is at, and what differs from it; empty without git."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(project_path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, errors="replace")
        return done.stdout

    try:
        untracked = git("ls-files", "--others", "--exclude-standard").splitlines()
        changes = git("diff", "HEAD") + "".join(f"new file, not in git: {f}\n" for f in untracked)
        return git("rev-parse", "HEAD").strip(), changes
    except (OSError, subprocess.CalledProcessError):
        return "", ""


def machine() -> str:
    """Such as `Linux-6.1-x86_64, 2 cores, Python 3.11.4`."""
    return f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def versions(*packages: str) -> dict[str, str]:
    """The installed version of each package; of all of them, if none is named."""
    if packages:
        return {name: metadata.version(name) for name in packages}
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        # Half removed, a package has no description: importlib_metadata, where something has
        # imported it, raises then.
        with contextlib.suppress(FileNotFoundError):
            about = distribution.metadata  # parsed anew whenever it is asked for
            if "Name" in about:
                found.setdefault(about["Name"], about["Version"])  # the first is what is imported
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))
