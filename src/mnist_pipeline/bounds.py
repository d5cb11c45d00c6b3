"""Types for settings: plain numbers and the range that makes sense for each."""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

Count = Annotated[int, Field(ge=1)]
"""An integer, 1 or more."""

Counts = Annotated[list[Count], Field(min_length=1)]
"""A list with at least one integer, each 1 or more."""

Positive = Annotated[float, Field(gt=0)]
"""A number above 0."""

Fraction = Annotated[float, Field(gt=0, lt=1)]
"""A number above 0 and below 1."""

DropoutRate = Annotated[float, Field(ge=0, lt=1)]
"""The fraction of units dropped: 0 (none) or more, below 1."""

NotNegative = Annotated[float, Field(ge=0)]
"""A number of 0 or more."""

DropoutRates = Annotated[
    Annotated[DropoutRate, Tag("one")] | Annotated[list[DropoutRate], Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, list) else "one"),
]
"""One rate for all layers, or a list with one for each."""

TAGS = {"one", "several", "published", "own"}
"""What Pydantic calls the alternatives; no user need see it."""
