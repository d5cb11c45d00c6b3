"""How an earlier run is done again."""

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kedro.config import OmegaConfigLoader

from mnist_pipeline import provenance
from mnist_pipeline.errors import UserError
from mnist_pipeline.settings import CONFIG_LOADER_ARGS
from mnist_pipeline.tracking.store import connect, find_run


@dataclass(frozen=True)
class Recipe:
    """What it takes to do a run again.

    name: of the run. command: the whole of it, for a shell. commit: of the code, "" if it was not
    in git; changed: whether the code differed from it. dataset: which digits, if it got so far.
    loads: what it loaded that earlier runs had left, which may be newer by now.
    """

    name: str
    command: str
    commit: str
    changed: bool
    dataset: str
    loads: str = ""

    def as_shell(self) -> str:
        """Lines to copy into a shell."""
        lines = [f"# {self.name}" + (f", on {self.dataset}" if self.dataset else "")]
        if self.loads:
            lines.append(f"# It takes the newest of what runs have left: {self.loads}.")
        if self.changed:
            lines.append(
                "# The code differed from that commit: see git_changes.diff of the run in MLflow."
            )
        if self.commit:
            lines.append(f"git checkout {self.commit}")
        return "\n".join([*lines, self.command])

    def run(self, project_path: Path) -> int:
        """Run the command with this Python, and return its exit code."""
        words = shlex.split(self.command)
        start = words.index("kedro")
        named = dict(word.split("=", 1) for word in words[:start])
        here = {k: v for k, v in os.environ.items() if k not in provenance.ENVIRONMENT}
        command = [sys.executable, "-m", "kedro", *words[start + 1 :]]
        return subprocess.run(command, cwd=project_path, env=here | named, check=False).returncode

    def check_code(self, project_path: Path) -> None:
        """Raise UserError when the code is not that of the run."""
        commit, changes = provenance.git_state(project_path)
        if self.commit != commit or self.changed or changes:
            raise UserError(
                f"The code is not that of the run: it was at {self.commit or 'no commit'}"
                f"{', with changes' if self.changed else ''}, and is at {commit or 'no commit'}"
                f"{', with changes' if changes else ''}. Without --run the command is printed."
            )


def find_recipe(project_path: Path, run_id: str) -> Recipe:
    """The recipe of a run. Raises UserError if there is none.

    run_id: as `store.find_run` takes it.
    """
    loader = OmegaConfigLoader(str(project_path / "conf"), **CONFIG_LOADER_ARGS)
    client, experiment_id = connect(loader["mlflow"], project_path)
    run = find_run(client, experiment_id, run_id)
    tags = run.data.tags
    if "repeat" not in tags:
        raise UserError(f"Run {run_id} was made by an older version, which did not note enough.")
    return Recipe(
        name=f"{run.info.run_name}, {tags['kedro_version']}, {run.info.status.lower()}",
        command=tags["repeat"],
        commit=tags.get("mlflow.source.git.commit", ""),
        changed=tags.get("git_changes") == "True",
        dataset=tags.get("dataset", ""),
        loads=tags.get("loads", ""),
    )
