"""How long does the page take from the last stroke to the answer? `python -m benchmarks.page`

Draws every digit in a real Chromium on the page of a server of its own.
"""

from pathlib import Path

import click
import numpy as np
from tests.browser import running_browser
from tests.server import running_server
from tests.web.test_page import draw, line, strokes_of, wait_for_answer

WATCH = """() => {
    addEventListener("pointerup", () => { window.lifted = performance.now(); }, true);
    new MutationObserver(() => { window.announced = performance.now(); })
        .observe(document.querySelector("#status"), { childList: true });
}"""
"""Notes when the pen was lifted, and when the answer was announced, in milliseconds."""


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of trained networks.")
@click.option("--rounds", default=5, show_default=True, help="How often each digit is drawn.")
def main(data: Path | None, rounds: int) -> None:
    """Print the median time, the longest, and how many digits were read rightly."""
    with running_server(data) as address, running_browser() as browser:
        page = browser.new_page()
        page.goto(address)
        page.evaluate(WATCH)
        draw(page, line(0.5))  # the network's first answer takes longer than all others
        wait_for_answer(page)
        times_ms, right = [], 0
        for digit in list(range(10)) * rounds:
            page.locator("#clear").click()
            draw(page, *strokes_of(digit))
            right += wait_for_answer(page) == str(digit)
            times_ms.append(page.evaluate("announced - lifted"))
    median, longest = np.median(times_ms), max(times_ms)
    click.echo(f"{len(times_ms)} digits: median {median:.0f} ms, longest {longest:.0f} ms")
    click.echo(f"read rightly: {right}")


if __name__ == "__main__":
    main()
