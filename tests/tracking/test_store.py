import re
import shutil
from urllib.parse import parse_qs, urlsplit

import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.tracking.store import alias_for, connect, families_link, find_run
from tests.projects import empty_store


def test_the_link_opens_charts_of_the_families_on_one_data_set_best_first():
    link = urlsplit(families_link("sqlite:///mlflow.db", "7", 'UCI "digits" & more'))
    assert link.netloc == "127.0.0.1:5050"
    page, _, query = link.fragment.partition("?")
    assert page == "/experiments/7/runs"
    values = {name: value for name, (value,) in parse_qs(query).items()}
    assert values["compareRunsMode"] == "CHART"
    assert values["searchFilter"].startswith('tags.role = "family" and tags.digits = ')
    assert values["orderByKey"] == "metrics.`1_test/error_percent`"
    assert not re.search(r"[\s\"]", link.geturl())


def test_the_link_goes_to_the_server_that_has_the_runs():
    assert families_link("https://mlflow.example/", "1", "x").startswith(
        "https://mlflow.example/#/experiments/1/"
    )


@pytest.mark.parametrize(
    ("dataset", "alias"), [("MNIST", "best-mnist"), ("UCI digits (8x8)", "best-uci-digits-8x8")]
)
def test_an_alias_has_only_what_mlflow_allows(dataset, alias):
    assert alias_for(dataset) == alias


def test_a_store_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").touch()
    uri = f"sqlite:///{tmp_path}/file/runs.db"
    with pytest.raises(UserError, match=r"MLflow cannot be used at sqlite:.*/file/runs.db: "):
        connect({"tracking_uri": uri, "experiment": "x", "artifacts": "a"}, tmp_path)


@pytest.mark.parametrize("name", ["nothing", "2026-01-01T00.00.00.000Z", "a' or 'a' = 'a"])
def test_a_run_that_is_not_there_is_said_to_be_none(tmp_path, name):
    shutil.copy(empty_store(), tmp_path / "x.db")
    store = {"tracking_uri": "sqlite:///x.db", "experiment": "x", "artifacts": "a"}
    client, experiment = connect(store, tmp_path)
    with pytest.raises(UserError, match="There is no run"):
        find_run(client, experiment, name)
