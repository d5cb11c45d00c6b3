"""Keras, imported when it is first used.

Importing Keras imports TensorFlow and costs seconds. `families.py` names the builders of all
networks, so without this every `kedro registry list` would wait for TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
else:

    class _LazyKeras:
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("keras"), name)

    keras = _LazyKeras()

__all__ = ["keras"]
