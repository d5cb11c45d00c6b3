"""Kedro's commands as this project has them: its own `run`, with five things added, and `repeat`.

- lists in `--params`: `--params=mlp.model.hidden_units=[256,128,64],seed=1`
- what a user gets wrong ends in one message and exit code 1, not in a traceback
- paths in the parameters are relative to the project, wherever the command is typed
- `kill` ends a run as orderly as Ctrl-C does
- the log says of a node its name, and of a user's mistake nothing that the message does not say

`kedro site` shows the pipelines in the browser.
"""

import contextlib
import copy
import difflib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS
from kedro.framework.project import configure_logging, pipelines, settings
from kedro.utils import find_kedro_project
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mnist_pipeline.commands import digits
from mnist_pipeline.errors import UserError
from mnist_pipeline.logs import ForUsers


@click.group(context_settings=CONTEXT_SETTINGS, name="mnist_pipeline")
def cli() -> None:
    """The group in which Kedro looks for a project's own commands."""


def parse_params(
    context: click.Context, option: click.Parameter, text: str | dict[str, Any]
) -> dict[str, Any]:
    """Turn `a.b=1,c=[2,3]` into `{"a": {"b": 1}, "c": [2, 3]}`; values are YAML.

    Unlike Kedro's own parser it leaves the commas inside brackets alone.
    Raises UserError for an item without a key or without `=`, and for a value that is not YAML.
    """
    if isinstance(text, dict):  # from a `--config` file
        return text
    parsed: dict[str, Any] = {}
    for item in _split_outside_brackets(text):
        key, equals, _ = item.partition("=")
        if not (key.strip() and equals):
            raise UserError(f"--params: expected key=value, found {item!r}.")
        try:
            value = OmegaConf.from_dotlist([item])
        except (yaml.YAMLError, OmegaConfBaseException) as error:
            raise UserError(f"--params: {item!r} has a value that is not YAML. {error}") from error
        parsed = OmegaConf.to_container(OmegaConf.merge(parsed, value))  # type: ignore[assignment]
    return parsed


def _split_outside_brackets(text: str) -> list[str]:
    """`a=1,b=[2,3],c="4,5"` -> [`a=1`, `b=[2,3]`, `c="4,5"`]"""
    items, depth, quote, is_escaped = [""], 0, "", False
    for character in text:
        if is_escaped:
            is_escaped = False
        elif quote:
            is_escaped = quote == '"' and character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"" and items[-1][-1:] in ("=", "[", "{", ",", " "):
            quote = character
        else:
            depth += (character in "[{") - (character in "]}")
        if character == "," and depth <= 0 and not quote:
            items.append("")
        else:
            items[-1] += character
    return [item.strip() for item in items if item.strip()]


def run(**options: Any) -> Any:
    """Run a pipeline, with Kedro's options."""
    _enter_project()
    for handler in logging.getLogger().handlers:  # Kedro allows no filters in its logging file
        handler.addFilter(ForUsers())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    check_env(options["env"] or os.environ.get("KEDRO_ENV"), options["conf_source"])
    if options["pipeline"]:  # the shorter spelling, which Kedro has come to warn about
        options["pipelines"] = [*options["pipelines"], options.pop("pipeline")]
    options["pipeline"] = None
    for name in options["pipelines"]:
        _check_pipeline(name)
    if "Parallel" in (options["runner"] or ""):
        raise UserError(
            f"--runner={options['runner']} cannot be used: images are handed on in memory, which "
            "its processes do not share. Leave --runner out; TensorFlow uses every core by itself."
        )
    options["runner"] = options["runner"] or "mnist_pipeline.runner.FamilyByFamily"
    with _in_one_message():
        return kedro_run.callback(**options)


@cli.group()
def site() -> None:
    """Browse the pipelines, with code and previews. Works without a network."""


ENV = click.option(
    "-e", "--env", envvar="KEDRO_ENV", help="Environment whose parameters are shown. [local]"
)


@site.command()
@ENV
@click.option("--host", default="127.0.0.1", show_default=True, help="Who may ask; 0.0.0.0: all.")
@click.option("--port", type=click.IntRange(0, 65535), default=4141, show_default=True)
def serve(env: str | None, host: str, port: int) -> None:
    """Show the pipelines until Ctrl-C."""
    from mnist_pipeline.site import serve_site

    project = _enter_project()
    check_env(env)
    with _in_one_message():
        serve_site(project, env, host, port)


@site.command()
@ENV
@click.option(
    "--output", default="build", show_default=True, type=click.Path(path_type=Path),
    help="Folder to write.",
)  # fmt: skip
def build(env: str | None, output: Path) -> None:
    """Write the pipelines, and what runs have left, as a static page."""
    from mnist_pipeline.site import build_site

    folder = output.absolute()  # of where the command is typed
    project = _enter_project()
    check_env(env)
    with _in_one_message():
        built = build_site(project, env, folder)
    click.echo(
        f"{built.pipelines} pipelines and {built.previews} previews, {built.size_bytes / 1e6:.1f} "
        f"MB. Look at http://localhost:8000 after: python -m http.server --directory {output}"
    )


def _enter_project() -> Path:
    """The project around the working directory, which it becomes."""
    project_path = find_kedro_project(Path.cwd()) or Path.cwd()
    if project_path != Path.cwd():
        os.chdir(project_path)
        if "KEDRO_LOGGING_CONFIG" not in os.environ:  # Kedro has looked for it in the old folder
            configure_logging(yaml.safe_load(Path("conf/logging.yml").read_text()))
    return project_path


@contextlib.contextmanager
def _in_one_message() -> Iterator[None]:
    """Turn what a user gets wrong, and Ctrl-C, into one message."""
    try:
        yield
    except UserError:
        raise
    except KeyboardInterrupt:
        raise UserError("Interrupted. What was saved before stays saved.") from None
    except Exception as error:
        if _is_about_usage(error):
            raise UserError(_in_plain_words(error)) from error
        raise


def check_env(env: str | None, conf_source: str | None = None) -> None:
    """Raise UserError for an environment that is no folder of the configuration."""
    folder = Path(conf_source or settings.CONF_SOURCE)
    if env and folder.is_dir() and not (folder / env).is_dir():
        known = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
        raise UserError(f"There is no environment {env!r}; there are {', '.join(known)}.")


def _check_pipeline(name: str) -> None:
    known = sorted(pipelines)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
        raise UserError(f"There is no pipeline {name!r}. {hint}")


def _is_about_usage(error: Exception) -> bool:
    """Whether Kedro itself refused (an unknown node, a missing file), not our code or a library."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals["__name__"].startswith(("kedro.", "omegaconf."))


def _in_plain_words(error: Exception) -> str:
    """What Kedro says, and where that names neither place nor remedy, something that does."""
    if "Did not find any versions" in str(error):
        dataset = str(error).partition(":")[0]
        return (
            f"{dataset} has not been saved by any run yet. Run the pipeline from its start first: "
            "without --from-nodes, --nodes or --tags."
        )
    if "incompatible container types" in str(error):
        return (
            "A parameter file has a list where conf/base has a mapping, or a mapping for a list. "
            "(`distortion` and `augmentation` are lists: a '- ' before every step.)"
        )
    return str(error)


def _run_options() -> list[click.Parameter]:
    options = [copy.copy(option) for option in kedro_run.params]
    for option in options:
        if option.name == "params":
            option.callback = parse_params
    return options


@cli.command()
@click.argument("run_id")
@click.option("--run", "at_once", is_flag=True, help="Run it, instead of printing the command.")
def repeat(run_id: str, at_once: bool) -> None:
    """Print the command that does an earlier run again, with its commit and its settings.

    RUN_ID is the id that MLflow shows of a run, or of a family in it, or the version of an
    artifact, such as 2026-11-20T09.29.35.418Z.
    """
    from mnist_pipeline.tracking.repeat import find_recipe

    project_path = find_kedro_project(Path.cwd())
    if project_path is None:
        raise UserError("There is no Kedro project here; change into the project's folder first.")
    recipe = find_recipe(Path(project_path), run_id)
    if not at_once:
        click.echo(recipe.as_shell())
        return
    recipe.check_code(Path(project_path))
    click.echo(recipe.command)
    sys.exit(recipe.run(Path(project_path)))


cli.add_command(digits)
cli.add_command(click.Command("run", callback=run, params=_run_options(), help=kedro_run.help))
