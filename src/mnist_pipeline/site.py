"""The pipelines as a page in the browser: kedro-viz, without any request to the outside.

Kedro-viz's own commands ask the package index for news when they start, and their page asks
Google for a font: without a network both wait. Here its page comes with a policy that forbids the
browser every other host, and its answers, from the same functions, are served (`serve_site`) or
written to a folder (`build_site`), where no folder of this machine is named in them.
"""

import base64
import functools
import io
import json
import re
import shutil
import sys
import sysconfig
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import fsspec
import kedro_viz
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from PIL import Image

from mnist_pipeline.errors import UserError
from mnist_pipeline.serving import listen, run

with warnings.catch_warnings():  # FastAPI's, about a class that kedro-viz uses
    warnings.simplefilter("ignore")
    from kedro_viz.api.rest.responses.metadata import MetadataAPIResponse, get_metadata_response
    from kedro_viz.api.rest.responses.save_responses import (
        save_api_responses_to_fs,
        write_api_response_to_fs,
    )
    from kedro_viz.api.rest.responses.utils import EnhancedORJSONResponse
    from kedro_viz.api.rest.responses.version import get_static_version_response
    from kedro_viz.api.rest.router import router
    from kedro_viz.server import load_and_populate_data

PAGE = Path(kedro_viz.__file__).parent / "html"

POLICY = (
    "<meta http-equiv='Content-Security-Policy' content=\"default-src 'self' data: blob: "
    "'unsafe-inline' 'unsafe-eval'\">"
)
"""For the browser: ask nobody but the server that the page came from."""

STYLE = (
    "<style>.pipeline-text-renderer__content "
    "{font-family: monospace !important; white-space: pre !important}</style>"
)
"""Texts are tables of networks, which need letters of one width."""

DEFAULTS = {
    "visible": {"sidebar": False, "miniMap": False},
    "layer": {"visible": False},
    "showFeatureHints": False,
    "isPrettyName": True,
}
"""What the page begins with, so that the graph can be read at once; what is changed stays changed.

Layers are a click away: drawn, they put families into different rows, by what leaves them."""

START = f"<script>localStorage.KedroViz ??= JSON.stringify({json.dumps(DEFAULTS)})</script>"

OUTSIDE = re.compile(r"<link[^>]*https?://[^>]*>\s*")
PREVIEW_COLOURS = 128


@dataclass(frozen=True)
class Site:
    """What `build_site` has written.

    previews: how many data sets have one; none where nothing has been run yet.
    """

    pipelines: int
    previews: int
    size_bytes: int


def serve_site(project: Path, env: str | None, host: str, port: int) -> None:
    """Show the pipelines of a project until Ctrl-C; a preview is as new as its file.

    Raises UserError if the port is taken.
    """
    listening = listen(host, port, "kedro site serve")
    port = listening.getsockname()[1]
    load_and_populate_data(project, env)
    with tempfile.TemporaryDirectory() as folder:
        _write_page(Path(folder))
        app = FastAPI(default_response_class=EnhancedORJSONResponse)
        app.add_api_route("/api/version", get_static_version_response)  # not the router's: it asks
        app.include_router(router)
        app.mount("/", StaticFiles(directory=folder, html=True))
        click.echo(f"Browse the pipelines at http://{host}:{port}. Ctrl-C ends it.")
        run(app, listening)


def build_site(project: Path, env: str | None, folder: Path) -> Site:
    """Write the pipelines of a project, with previews of what runs have left, as a static page.

    folder: is made, or replaced if it holds such a page. Raises UserError if it holds something
    else or cannot be written; what it held before then stays as it was.
    """
    _refuse_other_files(folder)
    unfinished = folder.with_name(f"{folder.name}.part")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        _write_page(unfinished)
        load_and_populate_data(project, env)
        _write_answers(unfinished / "api")
        answers = [path for path in (unfinished / "api").rglob("*") if path.is_file()]
        without_folders = _folder_remover(project)
        previews = sum(_tidy(path, without_folders) for path in answers)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error}). Name another folder with --output."
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Site(len(list((folder / "api/pipelines").iterdir())), previews, size_bytes)


def _refuse_other_files(folder: Path) -> None:
    ours = (folder / "api/main").is_file()
    if folder.exists() and not ours and (folder.is_file() or any(folder.iterdir())):
        raise UserError(
            f"{folder} is in use for something else. Empty it, or name another folder with "
            "--output."
        )


def _write_page(folder: Path) -> None:
    """Kedro-viz's page and the files that it loads; not those for diagrams in other formats."""
    page = OUTSIDE.sub("", (PAGE / "index.html").read_text(encoding="utf-8"))
    page = page.replace("<head>", f"<head>{POLICY}{STYLE}{START}", 1)
    (folder / "assets").mkdir(parents=True)
    for name in ("index.html", "404.html"):  # the latter for addresses within the page
        (folder / name).write_text(page, encoding="utf-8")
    for name in ("favicon.ico", *re.findall(r"assets/[^\"]+", page)):
        shutil.copy(PAGE / name, folder / name)


def _write_answers(folder: Path) -> None:
    """A file for each answer that the page asks for."""
    files = fsspec.filesystem("file")
    save_api_responses_to_fs(str(folder.parent), files, is_all_previews_enabled=True)
    built = {"version": kedro_viz.__version__, "timestamp": f"{datetime.now(UTC):%d.%m.%Y %X}"}
    write_api_response_to_fs(f"{folder}/deploy-viz-metadata", built, files)
    about = MetadataAPIResponse.model_validate(get_metadata_response(), from_attributes=True)
    write_api_response_to_fs(f"{folder}/metadata", about, files)


def _folder_remover(project: Path) -> Callable[[str], str]:
    """`/home/me/mnist/data/a.csv` -> `data/a.csv`, wherever in a text a folder is named.

    Knows the project, its environment, Python's libraries and the home folder.
    """
    libraries = (sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib"))
    folders = {str(project), *libraries, sys.prefix, str(Path.home())}
    longest_first = sorted((f for f in folders if len(Path(f).parts) > 1), key=len, reverse=True)
    # Kedro-viz names the file of a function as the project's parent folder sees it.
    names = [*map(re.escape, longest_first), rf"^{re.escape(project.name)}(?=[/\\]src)"]
    return functools.partial(re.compile(rf"(?:{'|'.join(names)})[/\\]?").sub, "")


def _tidy(path: Path, without_folders: Callable[[str], str]) -> bool:
    """Write an answer of kedro-viz anew: small, and as on any machine. Whether it has a preview."""
    answer = _at_every_text(json.loads(path.read_text(encoding="utf-8")), without_folders)
    preview = answer.get("preview")
    if preview and answer["preview_type"] == "ImagePreview":
        answer["preview"] = _smaller(preview)
    path.write_text(json.dumps(answer, separators=(",", ":")))
    return bool(preview)


def _at_every_text(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value whose texts are changed; those that are JSON themselves, within.

    An absolute path that is left is one of a parameter, such as `/media/stick/mnist`: its last
    part stays.
    """
    if isinstance(value, dict):
        return {change(key): _at_every_text(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_at_every_text(item, change) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith(("{", "[")):
        try:
            return json.dumps(_at_every_text(json.loads(value), change))
        except ValueError:
            pass  # text after all
    changed = change(value)
    return Path(changed).name if Path(changed).is_absolute() else changed


def _smaller(picture: str) -> str:
    """A picture with fewer colours, a third of the bytes. Takes and returns a base64 PNG."""
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    if image.mode not in ("RGB", "RGBA"):
        return picture
    buffer = io.BytesIO()
    few = image.convert("RGB").quantize(PREVIEW_COLOURS, Image.Quantize.FASTOCTREE)
    few.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
