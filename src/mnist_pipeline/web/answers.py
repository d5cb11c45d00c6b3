"""What the REST interface says, as Pydantic models: they are its documentation too."""

import base64

import cv2
import numpy as np
from pydantic import BaseModel, Field

from mnist_pipeline.reading.classifier import Answer


class Error(BaseModel):
    """What was wrong: `code` for programs, `message` for people."""

    code: str = Field(examples=["not_a_picture"])
    message: str = Field(examples=["notes.txt: this is no picture in a known format."])


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: Error


class Digit(BaseModel):
    """A digit that was found in a picture. Pictures are PNGs of 28x28 as data URLs."""

    digit: int = Field(description="The best guess, even where is_digit is false.", ge=0, le=9)
    confidence: float = Field(description="The calibrated probability of that digit.", ge=0, le=1)
    is_digit: bool = Field(description="Whether it is taken for a digit at all.")
    reason: str | None = Field(description="Why it is not, as a sentence.")
    probabilities: list[float] = Field(description="Of the digits 0 to 9, in this order.")
    box: tuple[int, int, int, int] = Field(
        description="Where it is in the picture: left, top, right, bottom, in pixels."
    )
    seen: str | None = Field(description="What the network saw, if pictures were asked for.")
    reconstruction: str | None = Field(description="The autoencoder's, if there is one.")
    restored: str | None = Field(description="The U-Net's, if one is trained.")


class Result(BaseModel):
    """What was found in one file."""

    name: str
    digits: list[Digit]
    reason: str | None = Field(default=None, description="Why there is no digit, as a sentence.")
    error: Error | None = Field(default=None, description="Why the file cannot be read.")


class Prediction(BaseModel):
    """The answers to all files of a request, in their order."""

    family: str
    results: list[Result]


class Enhancement(BaseModel):
    """A restored digit: both are PNGs of 28x28 as data URLs."""

    name: str
    seen: str
    restored: str


class Model(BaseModel):
    """A trained network."""

    family: str
    version: str
    dataset: str
    accuracy: float | None = Field(description="On its test digits, a fraction of 1.")
    parameters: int | None
    task: str = Field(description="classification, restoration or reconstruction.")
    is_default: bool


class Models(BaseModel):
    """Every trained network."""

    models: list[Model]


class Health(BaseModel):
    """The server is up, and this network reads."""

    status: str
    family: str
    version: str
    dataset: str
    refuses: bool = Field(description="Whether it can tell what is no digit.")


def digit_of(answer: Answer, restored: np.ndarray | None, pictures: bool) -> Digit:
    """One answer, with or without its pictures. The answer must be to a digit with ink."""
    assert answer.digit is not None
    assert answer.box is not None
    return Digit(
        digit=answer.digit,
        confidence=round(answer.confidence, 6),
        is_digit=answer.is_digit,
        reason=answer.reason,
        probabilities=[round(float(p), 6) for p in answer.probabilities],
        box=answer.box,
        seen=data_url(answer.image) if pictures else None,
        reconstruction=data_url(answer.reconstruction) if pictures else None,
        restored=data_url(restored) if pictures else None,
    )


def data_url(image: np.ndarray | None) -> str | None:
    """A picture as a PNG in a data URL."""
    if image is None:
        return None
    return (
        "data:image/png;base64,"
        + base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode()
    )
