"""The stages, as Kedro pipelines: wiring and thin adapters, no mathematics.

Every stage has the same two files: `nodes.py`, the functions, and `pipeline.py`, who gets what.
"""

from collections.abc import Callable
from functools import update_wrapper
from types import FunctionType
from typing import Any


def with_arguments(function: Callable[..., Any], **fixed: Any) -> Callable[..., Any]:
    """`function` with some of its keyword-only arguments given now.

    A copy of the function with other defaults rather than a `functools.partial`: Kedro finds name
    and types, and kedro-viz, which shows nothing of a `partial`, code and file.
    """
    assert isinstance(function, FunctionType), function
    given = FunctionType(
        function.__code__,
        function.__globals__,
        argdefs=function.__defaults__,
        closure=function.__closure__,
    )
    update_wrapper(given, function)
    given.__kwdefaults__ = {**(function.__kwdefaults__ or {}), **fixed}
    return given
