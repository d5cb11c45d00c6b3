"""The page as people use it: in a real browser, against the real server.

The fixture `app_url` is the address of a server with trained networks. Which digit they read is
asked once, in the first test; the others look at the page, and where the answer itself matters
they give the server's.
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Route, expect

from tests.own_digits.strokes import DIGITS, write

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

PREDICT = re.compile(r"/v1/predict")
MODELS = re.compile(r"/v1/models")
POLICY = "default-src 'self'; img-src 'self' data: blob:"
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
DOT_PX = 700  # what the pen leaves, at most, when it is not moved


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """The page in a context of its own; no script may have failed by the time it is closed."""
    context = browser.new_context(**{**DESKTOP, "reduced_motion": "reduce", **options})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        page.goto(address)
        page.locator("#family option").first.wait_for(state="attached")
        yield page
    finally:
        context.close()
    assert not errors


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened(browser, app_url) as page:
        yield page


# Drawing


def strokes_of(digit: int, seed: int = 0) -> list[np.ndarray]:
    """A digit in one hand; of its points only every 18th, as a quick mouse would report them."""
    strokes = write(DIGITS[digit], np.random.default_rng(seed))
    return [np.concatenate([stroke[::18], stroke[-1:]]) for stroke in strokes]


def on_screen(page: Page, stroke: np.ndarray, scale: float = 0.65) -> list[tuple[float, float]]:
    """The points of a stroke of the unit square, as they lie on the page's paper."""
    edge = page.locator("#drawing").bounding_box()
    assert edge is not None
    corner = np.array([edge["x"], edge["y"]])
    margin = (1 - scale) / 2
    return [(x, y) for x, y in (corner + edge["width"] * (margin + scale * stroke)).tolist()]


def draw(page: Page, *strokes: np.ndarray) -> None:
    for stroke in strokes:
        first, *rest = on_screen(page, stroke)
        page.mouse.move(*first)
        page.mouse.down()
        for point in rest:
            page.mouse.move(*point)
        page.mouse.up()


def line(x: float) -> np.ndarray:
    """A stroke from top to bottom."""
    return np.array([[x, 0.0], [x, 0.5], [x, 1.0]])


def draw_by_touch(page: Page, stroke: np.ndarray) -> None:
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    first, *rest = on_screen(page, stroke)
    touch("touchStart", first)
    for point in rest:
        touch("touchMove", point)
    touch("touchEnd")


def ink(page: Page) -> int:
    """How many pixels of the paper are drawn on, after the next frame."""
    return page.evaluate(
        """() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
            const canvas = document.querySelector("#drawing");
            const context = canvas.getContext("2d");
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            resolve(data.filter((value, i) => i % 4 === 3 && value > 0).length);
        })))"""
    )


# Files and answers


def picture(digit: int, name: str, kind: str = "png") -> dict[str, Any]:
    """A file with a drawn digit, as `set_input_files` takes it."""
    image = Image.new("L", (120, 120), 255)
    for stroke in strokes_of(digit):
        points = [(x, y) for x, y in (20 + 80 * stroke).tolist()]
        ImageDraw.Draw(image).line(points, fill=0, width=9, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return {"name": name, "mimeType": f"image/{kind}", "buffer": buffer.getvalue()}


def notes() -> dict[str, Any]:
    return {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Buy milk."}


def read_as(digit: int, **changes: Any) -> dict[str, Any]:
    """A digit as the server describes it, read with 99.8 percent unless changed."""
    probabilities = [0.0002] * 10
    probabilities[digit] = 0.9982
    described = {"digit": digit, "confidence": 0.9982, "is_digit": True, "reason": None}
    pictures = {"seen": DOT, "restored": None, "reconstruction": None}
    place = {"probabilities": probabilities, "box": [70, 70, 210, 210]}
    return {**described, **place, **pictures, **changes}


def fulfil(route: Route, *digits: dict[str, Any], **changes: Any) -> None:
    result = {"name": "drawing.png", "digits": list(digits), "error": None, **changes}
    route.fulfill(json={"family": "cnn", "results": [result]})


def answering(*digits: dict[str, Any], **changes: Any) -> Callable[[Route], None]:
    return lambda route: fulfil(route, *digits, **changes)


def wait_for_answer(page: Page) -> str:
    """The answer, as soon as it is announced."""
    page.locator("#status:not(:empty)").wait_for(state="attached")
    return page.locator("#answer").inner_text()


# Drawing a digit


@pytest.mark.mnist  # networks that have seen only the bundled digits read fewer
def test_nine_of_ten_drawn_digits_are_read_rightly(page: Page) -> None:
    right = []
    for digit in range(10):
        draw(page, *strokes_of(digit))
        right.append(wait_for_answer(page) == str(digit))
        page.locator("#clear").click()
    assert sum(right) >= 9


def test_an_answer_is_shown_with_its_probabilities_in_the_order_of_the_digits(page: Page) -> None:
    page.route(PREDICT, answering(read_as(7)))
    draw(page, line(0.5))
    assert wait_for_answer(page) == "7"
    expect(page.locator("#confidence")).to_have_text("99.8 %")
    expect(page.get_by_role("status")).to_have_text("7, 99.8 percent")
    bars = page.locator("#bars li")
    assert [bar.get_attribute("data-digit") for bar in bars.all()] == list("0123456789")
    expect(bars.nth(7)).to_contain_text("99.8 %, the highest")
    expect(bars.nth(3)).to_contain_text("0.0 %")
    expect(page.locator("#seen")).to_have_attribute("src", DOT)


def test_no_digit_is_said_with_the_reason_and_the_best_guess(page: Page) -> None:
    doubt = "this looks like a letter"
    page.route(PREDICT, answering(read_as(4, is_digit=False, confidence=0.431, reason=doubt)))
    draw(page, line(0.5))
    assert wait_for_answer(page) == "No digit"
    expect(page.locator("#reason")).to_have_text("This looks like a letter.")
    expect(page.locator("#confidence")).to_have_text("Best guess: 4, 43.1 %")
    expect(page.get_by_role("status")).to_have_text("No digit: this looks like a letter")


def test_a_picture_with_nothing_on_it_is_no_digit(page: Page) -> None:
    page.route(PREDICT, answering(reason="there is no ink in the picture"))
    draw(page, line(0.5))
    assert wait_for_answer(page) == "No digit"
    expect(page.locator("#reason")).to_have_text("There is no ink in the picture.")
    expect(page.locator("#confidence")).to_be_empty()


def test_a_network_that_is_not_trained_is_named_with_the_command_that_trains_it(
    page: Page,
) -> None:
    page.route(PREDICT, answering(read_as(7, restored=DOT)))
    draw(page, line(0.5))
    wait_for_answer(page)
    expect(page.locator("#restored")).to_be_visible()
    expect(page.locator("#reconstruction")).to_be_hidden()
    hints = page.locator(".note:visible")
    expect(hints).to_have_count(1)
    expect(hints).to_contain_text("kedro run --pipeline=autoencoder")


def test_the_answer_follows_the_pen_and_is_announced_when_it_is_lifted(page: Page) -> None:
    page.route(PREDICT, answering(read_as(1)))
    (top, *_, bottom) = on_screen(page, line(0.5))
    page.mouse.move(*top)
    page.mouse.down()
    page.mouse.move(*bottom, steps=5)
    expect(page.locator("#answer")).to_have_text("1")
    expect(page.locator("#status")).to_be_empty()
    page.mouse.up()
    assert wait_for_answer(page) == "1"


def test_undo_takes_back_a_stroke_at_a_time(page: Page) -> None:
    draw(page, line(0.2))
    one = ink(page)
    draw(page, line(0.8))
    assert ink(page) > one
    page.locator("#undo").click()
    assert ink(page) == one
    page.keyboard.press("Control+z")
    assert ink(page) == 0
    expect(page.locator("#answer")).to_be_empty()


def test_clear_empties_the_paper_and_can_be_taken_back(page: Page) -> None:
    draw(page, line(0.2))
    full = ink(page)
    page.locator("#clear").click()
    assert ink(page) == 0
    page.locator("#undo").click()
    assert ink(page) == full
    page.keyboard.press("Escape")
    assert ink(page) == 0


def test_a_wider_pen_leaves_more_ink(page: Page) -> None:
    page.locator("#pen-width").fill("2")
    draw(page, line(0.2))
    narrow = ink(page)
    page.locator("#clear").click()
    page.locator("#pen-width").fill("12")
    draw(page, line(0.2))
    assert ink(page) > 4 * narrow


def test_a_digit_can_be_drawn_with_the_keys_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator("#drawing")).to_be_focused()
    expect(page.locator("#drawing")).to_have_accessible_description(re.compile("arrow keys"))
    for key in ("Shift+ArrowUp", "Shift+ArrowUp", "Space", *["Shift+ArrowDown"] * 4, "Space"):
        page.keyboard.press(key)
    assert wait_for_answer(page)
    assert ink(page) > 5 * DOT_PX


def test_everything_can_be_reached_with_the_keys(page: Page) -> None:
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["drawing", "undo", "clear", "pen-width", "file", "many", "family"]


# Pictures


def test_a_chosen_picture_is_shown_and_read(page: Page) -> None:
    page.locator("#file").set_input_files(picture(3, "three.png"))
    assert wait_for_answer(page)
    expect(page.locator("#picture")).to_be_visible()
    page.get_by_role("button", name="Back to the drawing").click()
    expect(page.locator("#picture")).to_be_hidden()


def test_a_picture_that_the_browser_cannot_show_is_read_all_the_same(page: Page) -> None:
    page.locator("#file").set_input_files(picture(3, "three.tif", "tiff"))
    assert wait_for_answer(page)
    expect(page.locator("#unshowable")).to_be_visible()
    expect(page.locator("#picture")).to_be_hidden()


def test_a_dropped_or_pasted_picture_is_read(page: Page) -> None:
    for event, key in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.evaluate(
            """async ([event, key]) => {
                const sheet = document.createElement("canvas");
                const bytes = await new Promise((resolve) => sheet.toBlob(resolve));
                const carried = new DataTransfer();
                carried.items.add(new File([bytes], "picture.png", { type: "image/png" }));
                const Kind = event === "drop" ? DragEvent : ClipboardEvent;
                document.body.dispatchEvent(new Kind(event, { [key]: carried, bubbles: true }));
            }""",
            [event, key],
        )
        assert wait_for_answer(page)
        expect(page.locator("#picture")).to_be_visible()
        page.locator("#clear").click()


def test_an_upload_that_is_no_picture_is_answered_in_a_sentence(page: Page) -> None:
    draw(page, line(0.5))
    answer = wait_for_answer(page)
    page.locator("#file").set_input_files(notes())
    expect(page.locator("#message-text")).to_have_text(re.compile(r"\w.*\.$"))
    expect(page.locator("#retry")).to_be_hidden()
    assert ink(page) > 0
    assert page.locator("#answer").inner_text() == answer
    draw(page, line(0.8))
    expect(page.locator("#message")).to_be_hidden()
    assert wait_for_answer(page)


def test_several_pictures_are_answered_one_by_one_and_a_bad_one_in_its_place(page: Page) -> None:
    files = [picture(3, "three.png"), notes(), picture(7, "seven.png")]
    page.locator("#file").set_input_files(files)
    rows = page.locator("#results li")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("three.png")
    expect(rows.nth(1)).to_have_text(re.compile(r"\w.*\.$"))
    expect(page.locator("#status")).to_have_text("2 pictures read, 1 could not be read")
    rows.nth(2).get_by_role("button").click()
    expect(page.locator("#about")).to_have_text("seven.png")
    expect(rows.nth(2).get_by_role("button")).to_be_focused()


def test_several_digits_of_a_drawing_are_framed_and_can_be_looked_at_one_by_one(
    page: Page,
) -> None:
    page.locator("#many").check()
    draw(page, line(0.0), line(0.5), line(1.0))
    wait_for_answer(page)
    expect(page.locator(".box")).to_have_count(3)
    page.locator("#answer button").nth(1).click()
    expect(page.locator("#about")).to_have_text("digit 2 of 3")
    expect(page.locator(".box").nth(1)).to_have_attribute("data-shown", "")
    page.locator("#many").uncheck()
    expect(page.locator(".box")).to_have_count(0)


# The server


def test_the_chosen_family_is_the_one_that_is_asked(page: Page) -> None:
    row = {"version": "", "dataset": "MNIST", "parameters": 1, "task": "classification"}
    cnn = {**row, "family": "cnn", "accuracy": 0.9953, "is_default": True}
    mlp = {**row, "family": "mlp", "accuracy": 0.9808, "is_default": False}
    unet = {**mlp, "family": "enhancement", "task": "restoration"}
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.extend(parse_qs(urlsplit(route.request.url).query)["family"])
        fulfil(route, read_as(7))

    page.route(MODELS, lambda route: route.fulfill(json={"models": [mlp, cnn, unet]}))
    page.route(PREDICT, answer)
    page.reload()
    labels = ["mlp · 98.08 % on MNIST", "cnn · 99.53 % on MNIST"]
    expect(page.locator("#family option")).to_have_text(labels)
    draw(page, line(0.5))
    wait_for_answer(page)
    assert set(asked) == {"cnn"}
    page.locator("#family").select_option("mlp")
    wait_for_answer(page)
    assert asked[-1] == "mlp"


def test_an_older_answer_never_replaces_a_newer_one(page: Page) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            fulfil(route, read_as(2))
        else:
            held.append(route)

    page.route(PREDICT, hold_the_first)
    with page.expect_request(PREDICT):
        draw(page, np.array([[0.5, 0.5], [0.5, 0.51]]))
    draw(page, line(0.8))
    assert wait_for_answer(page) == "2"
    fulfil(held[0], read_as(1))
    page.wait_for_timeout(100)
    expect(page.locator("#answer")).to_have_text("2")
    expect(page.locator("#message")).to_be_hidden()


def test_a_server_that_does_not_answer_is_named_in_a_sentence_and_can_be_asked_again(
    page: Page,
) -> None:
    page.route(PREDICT, lambda route: route.abort())
    draw(page, line(0.5))
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute(PREDICT)
    page.get_by_role("button", name="Retry").click()
    assert wait_for_answer(page)
    expect(page.locator("#message")).to_be_hidden()


def test_what_the_server_says_about_its_failure_is_shown(page: Page) -> None:
    error = {"code": "busy", "message": "The network is being loaded; ask again in a moment."}
    page.route(PREDICT, lambda route: route.fulfill(status=503, json={"error": error}))
    draw(page, line(0.5))
    expect(page.locator("#message-text")).to_have_text(error["message"])
    expect(page.locator("#retry")).to_be_visible()


def test_no_request_leaves_the_server_of_the_page(page: Page, app_url: str) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.reload()
    draw(page, line(0.5))
    wait_for_answer(page)
    page.locator("#file").set_input_files(picture(3, "three.png"))
    expect(page.locator("#picture")).to_be_visible()
    assert hosts - {""} == {urlsplit(app_url).netloc}  # a data: or blob: address has no host


def test_the_page_keeps_to_a_strict_content_security_policy(page: Page, app_url: str) -> None:
    def add_policy(route: Route) -> None:
        response = route.fetch()
        route.fulfill(
            response=response, headers={**response.headers, "content-security-policy": POLICY}
        )

    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.route(re.compile(f"^{re.escape(app_url.rstrip('/'))}/$"), add_policy)
    page.reload()
    page.locator("#many").check()
    draw(page, line(0.5))
    wait_for_answer(page)
    page.locator("#file").set_input_files(picture(3, "three.png"))
    expect(page.locator("#picture")).to_be_visible()
    assert not said


# Screens


def test_a_phone_shows_all_without_scrolling_sideways_and_is_drawn_on_by_touch(
    browser: Browser, app_url: str
) -> None:
    with opened(browser, app_url, **PHONE) as page:
        draw_by_touch(page, line(0.5))
        assert wait_for_answer(page)
        assert ink(page) > 5 * DOT_PX
        assert page.evaluate("scrollY") == 0
        answer = page.locator("#answer").bounding_box()
        assert answer is not None
        assert answer["y"] + answer["height"] < PHONE["viewport"]["height"]
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.locator("#file").set_input_files([picture(3, "three" * 20 + ".png"), notes()])
        expect(page.locator("#results li")).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_what_is_touched_is_at_least_44_pixels_high(browser: Browser, app_url: str) -> None:
    with opened(browser, app_url, **PHONE) as page:
        targets = page.locator("button:visible, select, #pen-width, .chooser label, .check, a")
        boxes = [target.bounding_box() for target in targets.all()]
        assert len(boxes) == 7
        assert all(box and box["height"] >= 44 and box["width"] >= 44 for box in boxes)


def test_a_dark_screen_gets_a_dark_page(browser: Browser, app_url: str) -> None:
    shots = {}
    for scheme in ("light", "dark"):
        with opened(browser, app_url, color_scheme=scheme) as page:
            draw(page, line(0.5))
            wait_for_answer(page)
            shots[scheme] = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    assert shots["light"].mean() > 200
    assert shots["dark"].mean() < 80
