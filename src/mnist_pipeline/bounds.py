"""Types for settings: plain numbers and the range that makes sense for each."""

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
"""An integer, 1 or more."""

Positive = Annotated[float, Field(gt=0)]
"""A number above 0."""

Fraction = Annotated[float, Field(gt=0, lt=1)]
"""A number above 0 and below 1."""

DropoutRate = Annotated[float, Field(ge=0, lt=1)]
"""The fraction of units dropped: 0 (none) or more, below 1."""
