"""Command lines of `kedro`, one an argument, of which `run` only says what it would run."""

import shlex
import sys

from kedro.framework.cli.cli import main
from kedro.framework.session import KedroSession

if __name__ == "__main__":
    KedroSession.run = lambda self, **_: print("would run", self.load_context().env)
    for command in sys.argv[1:]:
        print(command)
        sys.argv[1:] = shlex.split(command)[1:]
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise
