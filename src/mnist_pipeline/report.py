"""A run as one HTML page that needs nothing else: what ran, on what, with what success."""

import base64
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

WIDTH_PX = 1100
"""Of a picture on the page; wider ones are shrunk."""


@dataclass
class Section:
    """What one family, or another part of a run, has left.

    pictures: title -> what goes into an <img>. scores: name -> as people read it.
    texts: title -> text to fold out, such as the layers of a network.
    """

    title: str
    scores: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def render_report(
    title: str,
    facts: dict[str, str],
    table: pd.DataFrame | None,
    sections: list[Section],
    versions: dict[str, str],
) -> str:
    """The page. Everything in it is escaped, whatever a data set is called.

    facts: about the run as a whole. table: the leaderboard as people read it, or None.
    """
    from jinja2 import Environment, PackageLoader

    templates = Environment(loader=PackageLoader("mnist_pipeline"), autoescape=True)
    return templates.get_template("report.html.j2").render(
        title=title, facts=facts, table=table, sections=sections, versions=versions
    )


def embed(picture: np.ndarray) -> str:
    """Turn a picture, uint8 (height, width, 3), into a data address.

    As WebP, which is a third of the size of PNG and known to every browser since 2020.
    """
    image = Image.fromarray(picture)
    # Half as long as Lanczos, and not to be told from it on letters and digits.
    image.thumbnail((WIDTH_PX, 100 * WIDTH_PX), Image.Resampling.HAMMING)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=85, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def readable(metrics: dict[str, Any]) -> dict[str, str]:
    """The numbers and names of `metrics.json`, in few digits; what is nested is left out."""
    return {
        name.replace("_", " "): f"{value:,.4g}" if isinstance(value, float) else f"{value}"
        for name, value in metrics.items()
        if isinstance(value, int | float | str) and not name.endswith("sha256")
    }
