"""Reading the user's own images: from any picture to an answer that knows its limits."""

from typing import Any

__all__ = ["Answer", "DigitClassifier"]


def __getattr__(name: str) -> Any:
    """The two names that users need, imported when they are used: pipelines import this package."""
    if name not in __all__:
        raise AttributeError(name)
    from mnist_pipeline.reading import classifier

    return getattr(classifier, name)
