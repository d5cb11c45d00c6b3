"""Errors that a user can cause, and therefore must be able to mend."""

import click
from kedro.io import DatasetError


class UserError(click.ClickException):
    """What was wrong, where, and what to do, in one message.

    It is a `ClickException` so that every command (all of them are click commands) prints the
    message alone, without a traceback, and exits with 1. Notebooks show the message alone too.
    """

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback."""
        return [self.format_message()]


class DivergenceError(UserError):
    """Training has run away: its loss is no longer a number."""


class BadFileError(UserError, DatasetError):
    """A file is missing, damaged, or not what it should be.

    It is a `DatasetError` too: Kedro hands those on from a dataset's `load` as they are.
    """
