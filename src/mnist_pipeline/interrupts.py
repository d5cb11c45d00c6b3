"""Ctrl-C and `kill` where it does no harm.

Both raise KeyboardInterrupt wherever Python happens to be. In the middle of TensorFlow's own Python
code that ends in TensorFlow's errors ("Exiting device scope without proper scope nesting"), or is
swallowed and training goes on.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def held_interrupts() -> Iterator[Callable[..., None]]:
    """Hold Ctrl-C and `kill` back until the function that this yields is called, or the end.

    That function takes whatever it is given, so that it can be a callback. A second Ctrl-C does
    not wait. Where somebody else handles the signals, or in another thread than the first, nothing
    is held.
    """
    asked: list[int] = []

    def hold(number: int, frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    def let_go(*_: Any, **__: Any) -> None:
        if asked:
            raise KeyboardInterrupt

    held = []
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if _is_interrupt(number):
                held.append(number)
                signal.signal(number, hold)
        yield let_go
    except Exception as error:
        if asked:  # whoever catches the error must not go on
            raise KeyboardInterrupt from error
        raise
    finally:
        for number in reversed(held):
            signal.signal(number, signal.default_int_handler)
    let_go()


def _is_interrupt(number: int) -> bool:
    """Whether this signal raises KeyboardInterrupt, in this thread."""
    is_first_thread = threading.current_thread() is threading.main_thread()
    return is_first_thread and signal.getsignal(number) is signal.default_int_handler
