"""The REST interface, asked over the network as programs ask it."""

import asyncio
import io
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from mnist_pipeline.trained_networks import TrainedNetworks
from mnist_pipeline.web.app import create_app
from mnist_pipeline.web.limits import MAX_BODY_BYTES
from tests.reading.conftest import NEW, data_without_reading, networks

__all__ = ["data_without_reading", "networks"]  # fixtures

OWN = Path(__file__).parents[1] / "own_digits/images"
SEVEN = OWN / "chalk/7_01.jpg"


@pytest.fixture(scope="module")
def client(app_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app_url, timeout=30) as client:
        yield client


def upload(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", file) for file in files]


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_is_answered_with_its_digit(client: httpx.Client) -> None:
    answer = client.post("/v1/predict", files={"files": SEVEN.open("rb")}).json()
    (digit,) = answer["results"][0]["digits"]
    assert answer["family"] == "cnn"
    assert digit["digit"] == 7
    assert digit["is_digit"]
    assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert digit["confidence"] == max(digit["probabilities"])
    assert digit["seen"] is None


def test_pictures_of_what_the_networks_made_of_it_come_when_asked_for(client: httpx.Client) -> None:
    files = {"files": SEVEN.open("rb")}
    answer = client.post("/v1/predict?pictures=true", files=files).json()
    (digit,) = answer["results"][0]["digits"]
    sizes = set()
    for kind in ("seen", "reconstruction", "restored"):
        with httpx.Client() as _, io.BytesIO(_decoded(digit[kind])) as file:
            sizes.add(Image.open(file).size)
    assert sizes == {(28, 28)}


def _decoded(data_url: str) -> bytes:
    import base64

    return base64.b64decode(data_url.removeprefix("data:image/png;base64,"))


def test_many_files_are_answered_in_their_order_and_a_bad_one_in_its_place(
    client: httpx.Client,
) -> None:
    files = upload(
        ("seven.jpg", SEVEN.read_bytes()),
        ("notes.txt", b"no picture"),
        ("three.jpg", (OWN / "phone_photo/3_01.jpg").read_bytes()),
    )
    seven, notes, three = client.post("/v1/predict", files=files).json()["results"]
    assert (seven["digits"][0]["digit"], three["digits"][0]["digit"]) == (7, 3)
    assert notes["digits"] == []
    assert notes["error"]["code"] == "not_a_picture"
    assert notes["error"]["message"].startswith("notes.txt: ")


def test_several_digits_in_one_picture_come_from_left_to_right(client: httpx.Client) -> None:
    digits = [
        Image.open(OWN / f"hairline/{k}_00.png").convert("L").resize((262, 200)) for k in (4, 2)
    ]
    both = Image.new("L", (524, 200), 255)
    for position, digit in enumerate(digits):
        both.paste(digit, (262 * position, 0))
    files = {"files": ("both.png", png(both))}
    found = client.post("/v1/predict?many=true", files=files).json()["results"][0]["digits"]
    assert [digit["digit"] for digit in found] == [4, 2]
    assert found[0]["box"][2] < found[1]["box"][0]


def test_an_empty_picture_has_no_digit_and_a_reason(client: httpx.Client) -> None:
    blank = {"files": ("blank.png", png(Image.new("L", (100, 100), 255)))}
    (result,) = client.post("/v1/predict", files=blank).json()["results"]
    assert result["digits"] == []
    assert result["reason"] == "there is no ink in the picture"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_picture"),
        (b"GIF89a", "not_a_picture"),
        (SEVEN.read_bytes()[:1000], "damaged"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused_in_a_sentence(
    client: httpx.Client, content: bytes, code: str
) -> None:
    answer = client.post("/v1/predict", files={"files": ("bad.jpg", content)})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"].startswith("bad.jpg: ")


def test_a_small_file_of_billions_of_pixels_is_refused_before_it_is_decoded(
    client: httpx.Client,
) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + crc

    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    data = zlib.compress(bytes(1_000_000))
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
    answer = client.post("/v1/predict", files={"files": ("bomb.png", bomb)})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in ("too_large", "not_a_picture")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long_is_refused_whether_it_says_its_length_or_not(
    client: httpx.Client, chunked: bool
) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    parts = [head, *[bytes(1 << 20)] * (MAX_BODY_BYTES // (1 << 20) + 1), b"\r\n--x--\r\n"]
    content = iter(parts) if chunked else b"".join(parts)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/predict", content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_more_files_than_are_read_at_a_time_are_refused(client: httpx.Client) -> None:
    files = upload(*[(f"{k}.png", b"") for k in range(65)])
    answer = client.post("/v1/predict", files=files)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_request"


def test_a_family_that_reads_nothing_and_one_that_is_not_trained_are_refused(
    client: httpx.Client,
) -> None:
    def problem(family: str) -> dict[str, str]:
        files = {"files": SEVEN.open("rb")}
        answer = client.post(f"/v1/predict?family={family}", files=files)
        assert answer.status_code == 422
        return dict(answer.json()["error"])

    assert problem("nonsense")["code"] == "invalid_request"
    assert problem("mlp")["code"] == "not_trained"
    assert "kedro run --pipeline=mlp" in problem("mlp")["message"]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_no_problem_names_a_folder_of_the_server(
    data_without_reading: Path, tmp_path: Path, is_damaged: bool
) -> None:
    folder = shutil.copytree(data_without_reading, tmp_path / "data")
    if is_damaged:
        network = folder / f"06_models/enhancement/model.keras/{NEW}/model.keras"
        network.parent.mkdir(parents=True)
        network.write_text("no network")
    app = httpx.ASGITransport(create_app(TrainedNetworks(folder)), raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=app, base_url="http://test") as client:
            return await client.post("/v1/enhance", files={"files": SEVEN.read_bytes()})

    answer = asyncio.run(ask())
    code = answer.json()["error"]["code"]
    assert (answer.status_code, code) == ((500, "internal") if is_damaged else (422, "not_trained"))
    assert str(tmp_path) not in answer.text


def test_a_digit_is_restored(client: httpx.Client) -> None:
    (answer,) = client.post("/v1/enhance", files={"files": SEVEN.open("rb")}).json()
    restored = np.asarray(Image.open(io.BytesIO(_decoded(answer["restored"]))))
    assert restored.shape == (28, 28)
    assert restored.max() > 128


def test_the_networks_are_listed_and_one_is_the_default(client: httpx.Client) -> None:
    models = {model["family"]: model for model in client.get("/v1/models").json()["models"]}
    assert {name: model["task"] for name, model in models.items()} == {
        "cnn": "classification",
        "autoencoder": "reconstruction",
        "enhancement": "restoration",
    }
    assert [name for name, model in models.items() if model["is_default"]] == ["cnn"]
    assert client.get("/health").json()["status"] == "ok"


def test_pages_that_do_not_exist_are_answered_like_every_other_problem(
    client: httpx.Client,
) -> None:
    assert client.get("/nowhere").json()["error"]["code"] == "not_found"
    assert client.get("/v1/predict").json()["error"]["code"] == "method_not_allowed"


def test_the_documentation_asks_no_other_host(client: httpx.Client) -> None:
    for address in ("/docs", "/redoc", "/"):
        page = client.get(address).text
        assert "https://" not in page.replace("https://fastapi.tiangolo.com", "")
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200


def test_whatever_is_sent_the_answer_is_one_that_the_documentation_names(app_url: str) -> None:
    """Schemathesis sends what the OpenAPI description allows, and much that it does not.

    One check is left out: which bytes are a picture, no schema can say.
    """
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{app_url}/openapi.json",
            "--max-examples=40", "--seed=1", "--phases=examples,coverage,fuzzing",
            "--exclude-checks=positive_data_acceptance", "--no-color",
        ],
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
