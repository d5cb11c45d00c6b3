"""What of Kedro's log is for the user's eyes."""

import logging
import sys

from mnist_pipeline.errors import UserError


class ForUsers(logging.Filter):
    """Shortens the line per node to its name, and leaves a user's mistake to its one message.

    Kedro reports a failing node itself, and advises to repeat the command; for what a user must
    mend first, that is the same message twice and the wrong advice.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("kedro."):
            return True
        if record.levelno >= logging.WARNING and isinstance(sys.exc_info()[1], UserError):
            return False
        message = record.getMessage()
        if message.startswith("Running node: "):
            name = message.removeprefix("Running node: ").partition(": ")[0]
            record.msg, record.args = f"Running node: {name}", ()
        return True
