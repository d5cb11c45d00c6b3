import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mnist_pipeline.report import Section, embed, readable, render_report
from tests.test_end_to_end import artifact


def test_a_picture_is_part_of_the_page_and_no_wider_than_it_need_be():
    address = embed(np.full((900, 3000, 3), 200, np.uint8))
    kind, _, content = address.partition(";base64,")
    assert kind == "data:image/webp"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (1100, 330)


def test_only_what_can_be_read_at_a_glance_is_among_the_scores():
    metrics = {"accuracy": 0.98123, "parameters": 10, "per_class": {"0": 1.0}, "train_sha256": "ab"}
    assert readable(metrics) == {"accuracy": "0.9812", "parameters": "10"}


def test_whatever_a_data_set_is_called_it_is_text():
    nasty = "<script>alert(1)</script>"
    section = Section(nasty, {nasty: nasty}, {nasty: "data:,"}, {nasty: nasty})
    page = render_report(nasty, {nasty: nasty}, pd.DataFrame({nasty: [nasty]}), [section], {})
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8


@pytest.fixture(scope="module")
def page(finished_run):
    folder, _ = finished_run
    return artifact(folder, "08_reporting/report.html").read_text()


def test_a_run_leaves_a_page_with_its_data_scores_pictures_networks_and_versions(page):
    assert "kedro run: all families" in page
    assert "UCI digits at 28x28, 200 training and 50 test digits" in page
    for family in ("mlp", "enhancement_classification", "noise_comparison", "reading"):
        assert f'<h2 id="{family}">' in page
    assert page.count('<img src="data:image/webp;base64,') > 50
    assert "layers of the encoder" in page
    assert "Total params" in page
    assert re.search(r"<dt>keras</dt><dd>3\.", page)


def test_the_page_needs_nothing_else(page):
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "url(" not in page


def test_the_page_opens_in_a_browser_without_asking_anybody(finished_run, browser):
    folder, _ = finished_run
    asked = []
    tab = browser.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(artifact(folder, "08_reporting/report.html").as_uri())
    assert tab.title() == "kedro run: all families"
    assert tab.locator("table tr").count() == 8
    broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).length"
    assert tab.evaluate(broken) == 0
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    tab.close()
