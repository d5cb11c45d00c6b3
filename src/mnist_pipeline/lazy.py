"""Keras on TensorFlow, imported when first used, without greetings, whatever the user's set-up.

Importing them costs seconds. `families.py` names the builders of all networks, so without this
every `kedro registry list` would wait for TensorFlow.
"""

import contextlib
import gc
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
            if "keras" not in sys.modules:
                # This project is written for TensorFlow; ~/.keras/keras.json may say otherwise.
                os.environ["KERAS_BACKEND"] = "tensorflow"
                # TensorFlow asks oneDNN only on processors with AVX-512; it is faster on those
                # with AVX2 too (docs/decisions/0018-training-engine.md).
                os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
                with silent_stderr(), _no_garbage():
                    config = import_module("keras").config
                    import_module("tensorflow").config.list_physical_devices("GPU")
                config.set_image_data_format("channels_last")
                config.set_floatx("float32")
            return getattr(import_module(self._name), attribute)

    keras, tf = _LazyModule("keras"), _LazyModule("tensorflow")

__all__ = ["keras", "silent_stderr", "tf"]


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Import much without looking for garbage in between.

    All that is alive in the process by then is never looked at again (`gc.freeze`): that takes
    half a second off every later `gc.collect`, and this a second off the import.
    """
    was_enabled = gc.isenabled()
    gc.collect()  # what is garbage by now would be kept
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
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
