"""All pictures of one family on one page."""

from typing import Any

import numpy as np

from mnist_pipeline import plots
from mnist_pipeline.leaderboard import headline


def compose_report(*parts: Any, namespace: str, names: tuple[str, ...]) -> np.ndarray:
    """Put pictures and texts on one page, and the scores above them.

    parts: for each of `names` what it is: `metrics`, a text summary, or a picture, uint8 (h, w, 3).
    """
    things = dict(zip(names, parts, strict=True))
    metrics = things.pop("metrics", None)
    title = f"{namespace}: {headline(metrics)}" if metrics else namespace.replace("_", " ")
    return plots.page(list(things.values()), title)
