"""The newest scores of all families side by side."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mnist_pipeline import leaderboard, plots
from mnist_pipeline.errors import UserError
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.trained_networks import TrainedNetworks


def collect_scores(trained: TrainedNetworks, *of_this_run: dict[str, Any]) -> pd.DataFrame:
    """The newest metrics of every family on the same digits, as a table, a row per family.

    trained: what runs have left. of_this_run: the metrics that this run has made, which count
        before others.
    The digits are those of this run, or of the newest one. Of families that were last trained on
    others, older metrics are taken; of the originals, those that were never trained on them are
    rows without figures.
    Returns the columns of `leaderboard.tabulate`, and `date` (of the run, such as `2026-11-20`).
    Raises UserError when no family has been trained at all.
    """
    every = {family.name: trained.all_scores(family.name) for family in EVERY_FAMILY}
    newest = max(((version, m) for all_of in every.values() for version, m in all_of.items()),
                 key=lambda item: item[0], default=None)  # fmt: skip
    if newest is None:
        raise UserError(
            f"There is nothing to compare in {trained.folder} yet. Train the families first, all "
            "of them: kedro run (quickly, on bundled digits: kedro run --env=demo)"
        )
    digits = _digits((of_this_run or newest[1:])[0])
    found, dates = {m["family"]: m for m in of_this_run}, {}
    for family, versions in every.items():
        for version, metrics in versions.items():
            if _digits(metrics) != digits:
                continue
            if metrics == found.setdefault(family, metrics):
                dates[family] = version[:10]
                break
    table = leaderboard.tabulate(leaderboard.with_missing(found))
    return table.assign(date=table["family"].map(dates))


def _digits(metrics: dict[str, Any]) -> tuple[Any, Any]:
    """Which digits a family was trained and scored on."""
    return metrics.get("train_sha256"), metrics.get("test_sha256")


def write_leaderboard(table: pd.DataFrame) -> str:
    """The table in Markdown."""
    return f"{leaderboard.as_markdown(table)}\nData: {_caption(table)}\n"


def plot_leaderboard(table: pd.DataFrame) -> Figure:
    """Draw error against cost, and how well pictures are restored."""
    return plots.leaderboard(table, leaderboard.ORIGINAL_SCORES, _caption(table))


def _caption(table: pd.DataFrame) -> str:
    """Which digits, and when: `MNIST, 10,000 test digits; 2026-11-18 to 2026-11-20`."""
    trained = table.dropna(subset="date")
    first, last = trained["date"].min(), trained["date"].max()
    when = first if first == last else f"{first} to {last}"
    name, n = trained[["dataset", "test_images"]].iloc[0]
    return f"{name}, {n:,.0f} test digits; {when}"
