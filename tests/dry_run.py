"""`kedro`, of which `run` only says in which environment it would run."""

from kedro.framework.cli.cli import main
from kedro.framework.session import KedroSession

if __name__ == "__main__":
    KedroSession.run = lambda self, **_: print("would run", self.load_context().env)
    main()
