"""The stages, as Kedro pipelines: wiring and thin adapters, no mathematics.

Every stage has the same two files: `nodes.py`, the functions, and `pipeline.py`, who gets what.
"""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any


def with_arguments(function: Callable[..., Any], **fixed: Any) -> Callable[..., Any]:
    """`function` with some arguments given now, and still its name and types for Kedro."""
    return update_wrapper(partial(function, **fixed), function)
