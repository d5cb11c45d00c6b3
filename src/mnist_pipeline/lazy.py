"""Keras and TensorFlow, imported when they are first used, and without their greetings.

Importing them costs seconds. `families.py` names the builders of all networks, so without this
every `kedro registry list` would wait for TensorFlow.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
else:

    class _LazyModule:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            if "tensorflow" not in sys.modules:
                with _silent_stderr():
                    import_module("tensorflow")
            return getattr(import_module(self._name), attribute)

    keras, tf = _LazyModule("keras"), _LazyModule("tensorflow")

__all__ = ["keras", "tf"]


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what is written to the file descriptor.

    TensorFlow writes notes about the processor there before its own log level is in force. What
    goes wrong in the import arrives as an exception.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
