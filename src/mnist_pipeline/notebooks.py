"""What a notebook begins with: the project's catalog, wherever the notebook was started."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.utils import find_kedro_project

from mnist_pipeline.cards import dataset_caption, trained_on
from mnist_pipeline.errors import UserError

logger = logging.getLogger(__name__)


def open_catalog(env: str, needs: Sequence[str] = ()) -> CatalogProtocol:
    """The catalog of the project around the working directory, in an environment.

    env: of `conf`, such as `demo`, or `base` for MNIST. It decides the parameters; whatever runs
        have left is loaded in its newest version, whichever environment they ran in.
    needs: families that must have been trained, on the newest digits.

    The project becomes the working directory, because paths in the parameters are relative to it,
    and the log looks as that of `kedro run`. Says which digits there are.
    Raises UserError where there is no project and no such environment, and where something is
    missing, with the command that makes it.
    """
    project = find_kedro_project(Path.cwd())
    if project is None:
        raise UserError(
            f"There is no Kedro project in {Path.cwd()}, nor in a folder above it. Leave the "
            "notebook in the project's folder notebooks/, or start Jupyter there: make notebooks"
        )
    os.chdir(project)
    # Not before: where Kedro is imported, it looks for its logging file, and without one it takes
    # over how notebooks show values and errors.
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    from mnist_pipeline.cli import check_env

    bootstrap_project(project)
    check_env(env)
    with KedroSession.create(project, env=env) as session:
        catalog = session.load_context().catalog
    card = _check(catalog, needs, env)
    logger.info("Data: %s", dataset_caption(card))
    return catalog


def _check(catalog: CatalogProtocol, needs: Sequence[str], env: str) -> dict[str, Any]:
    """The card of the newest digits, on which all of `needs` have been trained."""
    missing = [f for f in needs if not catalog.exists(f"{f}.model")]
    if missing:
        raise UserError(f"No {' and no '.join(missing)} has been trained yet. {_run(missing, env)}")
    if not catalog.exists("dataset_card"):
        raise UserError(f"There are no digits yet. {_run(['ingestion'], env)}")
    card: dict[str, Any] = catalog.load("dataset_card")
    for family in needs:
        metrics = catalog.load(f"{family}.metrics")
        if not trained_on(metrics, card):
            raise UserError(
                f"The newest {family} was trained on other digits ({metrics['dataset']}) than the "
                f"newest ones ({dataset_caption(card)}). {_run([family], env)}"
            )
    return card


def _run(pipelines: Sequence[str], env: str) -> str:
    option = "--pipeline" if len(pipelines) == 1 else "--pipelines"
    everything = " (or everything there is: make demo)" if env == "demo" else ""
    return f"Run this first: kedro run --env={env} {option}={','.join(pipelines)}{everything}"
