"""The page and the REST interface, as one FastAPI application.

What a person sees and what a program gets come from the same road: `prepare_image`, then a
`DigitClassifier`. Nothing is stored, and no other host is asked for anything.
"""

import threading
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, File, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mnist_pipeline import __version__
from mnist_pipeline.errors import BadFileError, UserError
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.reading.classifier import CLASSIFIERS, NO_INK, DigitClassifier
from mnist_pipeline.reading.pictures import BadPictureError, open_picture, to_grey
from mnist_pipeline.reading.preparation import prepare_image, prepare_many
from mnist_pipeline.trained_networks import NotTrainedError, TrainedNetworks
from mnist_pipeline.web.answers import (
    Enhancement,
    Error,
    ErrorBody,
    Health,
    Model,
    Models,
    Prediction,
    Result,
    data_url,
    digit_of,
)
from mnist_pipeline.web.limits import BodyLimit

PAGE = Path(__file__).parent / "page"
MAX_FILES = 64
CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "The request cannot be taken apart."},
    413: {"model": ErrorBody, "description": "The request is too long."},
    422: {"model": ErrorBody, "description": "The request, or its only file, cannot be used."},
}
CONTENT_SECURITY = "default-src 'self'; img-src 'self' data: blob:"

Files = Annotated[
    list[UploadFile],
    File(
        description="Pictures of digits: PNG, JPEG, BMP, TIFF and others.",
        min_length=1,
        max_length=MAX_FILES,
    ),
]
FamilyName = Annotated[str, Query(description="Which network reads; see /v1/models.")]


class Readers:
    """The classifiers, each loaded when it is first asked for."""

    def __init__(self, networks: TrainedNetworks, default: str) -> None:
        self.networks, self.default = networks, default
        self._loaded: dict[str, DigitClassifier] = {}
        self._lock = threading.Lock()

    def get(self, family: str) -> DigitClassifier:
        """Raises UserError for a family that reads no digits or is not trained."""
        with self._lock:
            if family not in self._loaded:
                self._loaded[family] = DigitClassifier(self.networks, family)
            return self._loaded[family]


def create_app(networks: TrainedNetworks, family: str = "cnn") -> FastAPI:
    """The application, with the network that reads by default loaded and warm.

    Raises UserError that names the command that trains it, if it is not trained.
    """
    readers = Readers(networks, family)
    readers.get(family)
    app = FastAPIOffline(
        title="Digits", version=__version__,
        description="Reads pictures of handwritten digits. Pictures stay on this machine.",
    )  # fmt: skip
    app.add_middleware(BodyLimit)
    _answer_problems(app)
    _add_rest(app, readers)
    _add_page(app)
    return app


def _add_rest(app: FastAPI, readers: Readers) -> None:
    @app.post("/v1/predict", responses=PROBLEMS)
    async def predict(
        files: Files,
        family: FamilyName = readers.default,
        many: Annotated[bool, Query(description="Several digits in one picture.")] = False,
        pictures: Annotated[bool, Query(description="Send pictures of the digits too.")] = False,
    ) -> Prediction:
        """Read the digit, or every digit, of each picture."""
        contents = await _contents(files)
        return await run_in_threadpool(_predict, readers, contents, family, many, pictures)

    @app.post("/v1/enhance", responses=PROBLEMS)
    async def enhance(files: Files) -> list[Enhancement]:
        """Restore the digit of each picture with the U-Net."""
        contents = await _contents(files)
        return await run_in_threadpool(_enhance, readers, contents)

    @app.get("/v1/models")
    def models() -> Models:
        """List the trained networks."""
        return Models(models=_models(readers))

    @app.get("/health")
    def health() -> Health:
        """Tell that the server is up, and which network reads."""
        reader = readers.get(readers.default)
        return Health(
            status="ok", family=reader.family, version=str(reader.version),
            dataset=reader.dataset, refuses=reader.refuses,
        )  # fmt: skip


def _add_page(app: FastAPI) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(
            PAGE / "index.html", headers={"Content-Security-Policy": CONTENT_SECURITY}
        )

    app.mount("/page", StaticFiles(directory=PAGE), name="page")


def _answer_problems(app: FastAPI) -> None:
    """Every problem is answered with a code for programs and a sentence for people."""

    @app.exception_handler(HTTPException)
    async def http(request: Request, problem: HTTPException) -> JSONResponse:
        code = CODES.get(problem.status_code, "bad_request")
        return _problem(problem.status_code, code, str(problem.detail), problem.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, problem: RequestValidationError) -> JSONResponse:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return _problem(422, "invalid_request", f"{where}: {first['msg']}.")

    @app.exception_handler(UserError)
    async def user(request: Request, problem: UserError) -> JSONResponse:
        return _problem(422, getattr(problem, "code", "invalid_request"), problem.message)

    @app.exception_handler(NotTrainedError)
    async def not_trained(request: Request, problem: NotTrainedError) -> JSONResponse:
        return _problem(422, problem.code, problem.public_message)

    @app.exception_handler(BadFileError)
    async def damaged(request: Request, problem: BadFileError) -> JSONResponse:
        raise problem  # a file of the server's, no fault of who asks: on to `unexpected`

    @app.exception_handler(Exception)
    async def unexpected(request: Request, problem: Exception) -> JSONResponse:
        return _problem(500, "internal", "Something went wrong here; the server's log says what.")


def _problem(status: int, code: str, message: str, headers: Any = None) -> JSONResponse:
    body = ErrorBody(error=Error(code=code, message=message))
    return JSONResponse(body.model_dump(), status, headers=headers)


async def _contents(files: list[UploadFile]) -> list[tuple[str, bytes]]:
    return [(file.filename or "picture", await file.read()) for file in files]


def _predict(
    readers: Readers, contents: list[tuple[str, bytes]], family: str, many: bool, pictures: bool
) -> Prediction:
    reader = readers.get(family)
    return Prediction(
        family=family,
        results=[
            _result(reader, name, content, many, pictures, alone=len(contents) == 1)
            for name, content in contents
        ],
    )


def _result(
    reader: DigitClassifier, name: str, content: bytes, many: bool, pictures: bool, *, alone: bool
) -> Result:
    """A file that is the only one makes the request fail if it cannot be read."""
    try:
        grey = to_grey(open_picture(content, name))
    except BadPictureError as problem:
        if alone:
            raise
        return Result(name=name, digits=[], error=Error(code=problem.code, message=problem.message))
    found = prepare_many(grey) if many else [one for one in [prepare_image(grey)] if one]
    answers = reader.answer([*found])
    restored: Any = [None] * len(found)
    if found and pictures and reader.can_restore():
        restored = reader.restore(np.stack([one.image for one in found]))
    digits = [digit_of(*pair, pictures) for pair in zip(answers, restored, strict=True)]
    return Result(name=name, digits=digits, reason=None if digits else NO_INK)


def _enhance(readers: Readers, contents: list[tuple[str, bytes]]) -> list[Enhancement]:
    reader = readers.get(readers.default)
    enhanced = []
    for name, content in contents:
        found = prepare_image(to_grey(open_picture(content, name)))
        if found is None:
            raise BadPictureError("no_ink", f"{name}: {NO_INK}.")
        restored = reader.restore(found.image[None])[0]
        enhanced.append(
            Enhancement(
                name=name, seen=str(data_url(found.image)), restored=str(data_url(restored))
            )
        )
    return enhanced


def _models(readers: Readers) -> list[Model]:
    families = {family.name: family for family in EVERY_FAMILY}
    models = []
    for name in readers.networks.names():
        scores = readers.networks.scores_of(name)
        family = readers.networks.family_of(name)
        reads = family in CLASSIFIERS
        models.append(
            Model(
                family=name,
                version=str(readers.networks.version_of(name)),
                dataset=scores.get("dataset", "unknown digits"),
                accuracy=scores.get("accuracy"),
                parameters=scores.get("parameters"),
                task="classification" if reads else families[family].judges[0],
                is_default=name == readers.default,
            )
        )
    return models
