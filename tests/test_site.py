"""The pipelines as a page: complete, small, silent about the machine, and asking nobody."""

import functools
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from mnist_pipeline.errors import UserError
from mnist_pipeline.site import build_site, serve_site
from tests.conftest import PROJECT, run_kedro
from tests.projects import copy_with_runs
from tests.test_configuration import catalog_entries, matches

STICK = "/media/stick/digits"
"""Where the user's digits are, outside of everything else."""

NO_PREVIEW = {
    "mnist_pipeline.datasets.KerasModelDataset": "its summary is an entry of its own",
    "partitions.PartitionedDataset": "cross_validation.csv has a row for each of the folds",
    "MemoryDataset": "it is gone when the run ends",
    "run_report": "no pipeline has it, so kedro-viz does not show it",
}


@pytest.fixture(scope="module")
def project(finished_run: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose digits came from a stick, after a run."""
    folder = copy_with_runs(finished_run[0], tmp_path_factory.mktemp("site") / "project")
    (card,) = (folder / "data").glob("02_intermediate/dataset_card.json/*/dataset_card.json")
    told = {"origin": STICK, "note": f"read in {folder} by {sys.executable}"}
    card.write_text(json.dumps({**json.loads(card.read_text()), **told}))
    return folder


@pytest.fixture(scope="module")
def built(project: Path) -> tuple[Path, str]:
    """The page, in place of an older one, and what the command printed."""
    (project / "page/api").mkdir(parents=True)
    (project / "page/api/main").touch()
    (project / "page/old").touch()
    done = run_kedro(project / "src", "site", "build", "--output=../page", MNIST_DIR=STICK)
    assert done.returncode == 0, done.stdout
    return project / "page", done.stdout


def answers(page: Path, kind: str) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text()) for path in (page / "api" / kind).iterdir()}


@pytest.fixture(scope="module")
def entries(built: tuple[Path, str]) -> dict[str, dict[str, Any]]:
    """What the side panel shows of each data set, by its name."""
    page, _ = built
    panels = answers(page, "nodes")
    everything = [n for graph in answers(page, "pipelines").values() for n in graph["nodes"]]
    return {node["name"]: panels[node["id"]] for node in everything if node["type"] == "data"}


# What is written


def test_the_last_line_says_how_to_look_at_the_page(built: tuple[Path, str]) -> None:
    page, printed = built
    assert "python -m http.server --directory ../page" in printed.splitlines()[-1]
    assert "http://localhost:8000" in printed.splitlines()[-1]
    assert sum(path.stat().st_size for path in page.rglob("*") if path.is_file()) < 16e6


def test_no_file_names_a_folder_of_this_machine(built: tuple[Path, str], project: Path) -> None:
    page, _ = built
    libraries = (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), sys.prefix)
    folders = [str(project), str(PROJECT), str(Path.home()), *libraries, str(Path(STICK).parent)]
    for path in page.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert [f for f in folders if f"{f}/".encode() in content] == [], path


def test_files_are_named_as_the_project_sees_them(
    built: tuple[Path, str], entries: dict[str, dict[str, Any]]
) -> None:
    page, _ = built
    assert entries["cnn.metrics"]["filepath"] == "data/08_reporting/cnn/metrics.json"
    code = {panel.get("filepath") for panel in answers(page, "nodes").values() if "code" in panel}
    assert "src/mnist_pipeline/pipelines/training/nodes.py" in code
    assert all((PROJECT / path).is_file() for path in code)
    assert json.loads(entries["dataset_card"]["preview"])["origin"] == "digits"


def test_the_page_names_no_other_host(built: tuple[Path, str]) -> None:
    page, _ = built
    for name in ("index.html", "404.html"):
        assert "http" not in re.sub("http-equiv", "", (page / name).read_text())
    for style in page.glob("assets/*.css"):
        assert not re.search(r"url\(\s*['\"]?(http|//)|@import", style.read_text())


def test_a_page_is_replaced_and_anything_else_is_not(built: tuple[Path, str]) -> None:
    page, _ = built
    with pytest.raises(UserError, match=r"data is in use for something else. Empty it, or"):
        build_site(page.parent, None, page.parent / "data")
    assert not (page / "old").exists()
    assert not page.with_name("page.part").exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be written .* Name another folder with --output"):
        build_site(tmp_path, None, tmp_path / "file/page")


# Previews and code


@pytest.mark.parametrize("name", catalog_entries())
def test_every_entry_has_a_preview_or_a_reason_to_have_none(
    name: str, entries: dict[str, dict[str, Any]], project: Path
) -> None:
    entry = catalog_entries()[name]
    inner = entry["dataset"] if entry["type"].endswith("OptionalDataset") else entry
    if name in NO_PREVIEW or inner["type"] in NO_PREVIEW:
        return
    panels = [panel for dataset, panel in entries.items() if matches(name, dataset)]
    assert all(panel["preview_type"] for panel in panels)
    saved = [panel for panel in panels if (project / panel["filepath"]).exists()]
    assert saved or name.startswith(("classification.", "tuning.", "seeds.")), (
        "the run has not saved it"
    )
    assert all(panel["preview"] for panel in saved)


def test_tables_show_rows_and_pictures_are_pictures(entries: dict[str, dict[str, Any]]) -> None:
    assert len(entries["cnn.predictions"]["preview"]["data"]) == 10
    assert len(entries["cnn.history"]["preview"]["data"]) == 2
    assert "max_pooling2d" in entries["cnn.model_summary"]["preview"]
    assert "cnn" in [row[0] for row in entries["trained_networks"]["preview"]["data"]]
    for name in ("train_digits", "cnn.confusion_matrix_plot"):
        assert entries[name]["preview"].startswith("iVBORw0KGgo")  # PNG, in base64


def test_every_node_shows_the_code_of_its_own_function(built: tuple[Path, str]) -> None:
    page, _ = built
    for panel in answers(page, "nodes").values():
        if "code" in panel:
            assert panel["code"].startswith("def "), panel
            assert panel["code"] in (PROJECT / panel["filepath"]).read_text()


# In the browser


@pytest.fixture
def page(browser: Browser, built: tuple[Path, str]) -> Iterator[Page]:
    """The page on a server that knows files only; no other host is there, and none is asked."""
    files = functools.partial(Quiet, directory=str(built[0]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.server_port}")
    outside: list[str] = []
    errors: list[str] = []

    def only_here(route: Route) -> None:
        if route.request.url.startswith((f"http://127.0.0.1:{server.server_port}/", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route("**/*", only_here)
    opened = context.new_page()
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    try:
        yield opened
    finally:
        context.close()
        server.shutdown()
    assert outside == []
    assert errors == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_the_pipelines_are_drawn(page: Page) -> None:
    page.goto("/")
    page.locator(".pipeline-node").first.wait_for()
    drawn = set(page.locator(".pipeline-node__text").all_text_contents())
    assert {"Mlp", "Cnn", "Autoencoder"} <= drawn


def test_a_node_shows_its_code_and_a_data_set_its_content(
    page: Page, entries: dict[str, dict[str, Any]], built: tuple[Path, str]
) -> None:
    nodes = answers(built[0], "pipelines")["cnn"]["nodes"]
    ids = {node["name"]: node["id"] for node in nodes}
    page.goto(f"/?pid=cnn&sid={ids['train_cnn']}&expandAllPipelines=true")
    page.get_by_text("Show Code").click()
    expect(page.locator(".pipeline-metadata-code")).to_contain_text("def train_model(")
    page.goto(f"/?pid=cnn&sid={ids['cnn.model_summary']}&expandAllPipelines=true")
    text = page.locator(".pipeline-text-renderer__content")
    expect(text).to_contain_text("max_pooling2d")
    expect(text).to_have_css("font-family", "monospace")


# The server


def test_the_server_asks_nobody_and_ends_with_ctrl_c(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gate:  # the only way out
        gate.settimeout(0)
        proxy = f"http://127.0.0.1:{gate.getsockname()[1]}"
        server = subprocess.Popen(
            [sys.executable, "-m", "kedro", "site", "serve", "--port=0"],
            cwd=project, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "HTTPS_PROXY": proxy, "HTTP_PROXY": proxy},
        )  # fmt: skip
        try:
            assert server.stdout is not None
            said = next(line for line in server.stdout if "Browse" in line)
            address = re.search(r"http://[\w.]+:\d+", said)
            assert address, said
            with httpx.Client(base_url=address[0], trust_env=False) as client:
                assert "http" not in re.sub("http-equiv", "", client.get("/").text)
                version = client.get("/api/version").json()
                assert version["latest"] == version["installed"]
                assert client.get("/api/pipelines/cnn").json()["nodes"]
        finally:
            server.send_signal(signal.SIGINT)
            rest, _ = server.communicate(timeout=20)
        assert (server.returncode, rest) == (0, "")
        with pytest.raises(BlockingIOError):
            gate.accept()


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} .* kedro site serve --port 0"):
            serve_site(tmp_path, None, "127.0.0.1", port)


def test_before_the_first_run_the_page_has_no_previews(project: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    shutil.copytree(project, fresh, ignore=shutil.ignore_patterns("data", "page", ".viz"))
    done = run_kedro(fresh, "site", "build")
    assert done.returncode == 0, done.stdout
    assert " and 0 previews" in done.stdout
    assert (fresh / "build/index.html").is_file()
