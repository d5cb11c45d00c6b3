"""The networks that runs have left behind: the newest of each family."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_pipeline.errors import BadFileError, UserError
from mnist_pipeline.families import EVERY_FAMILY

logger = logging.getLogger(__name__)

READING = "reading"
"""The folder of the model that knows what is no digit."""


ENSEMBLE = "ensemble"
"""The folder of the mean of several networks of one family; which one is in its metrics."""


class NotTrainedError(UserError):
    """A network is asked for that no run has trained yet.

    message: for who sits at the machine. public_message: the same without the machine's folder.
    """

    code = "not_trained"

    def __init__(self, name: str, folder: Path) -> None:
        is_enough = _pipeline_for(name) == READING
        and_more = ", and all that reading your own digits needs" if is_enough else ""
        remedy = (
            f"Train it{and_more}: kedro run "
            f"--pipeline={_pipeline_for(name)} (quickly, on 1,437 digits: add --env=demo)"
        )
        super().__init__(f"No {name} has been trained in {folder} yet. {remedy}")
        self.public_message = f"No {name} has been trained yet. {remedy}"


@dataclass(frozen=True)
class TrainedNetworks:
    """What is in a project's `data` folder.

    folder: such as `data`; networks are in `06_models`, their scores in `08_reporting`.
    """

    folder: Path

    def names(self) -> list[str]:
        """The families that have been trained, in the order of their table; last an ensemble."""
        every = [*(family.name for family in EVERY_FAMILY), ENSEMBLE]
        return [name for name in every if self.version_of(name)]

    def family_of(self, name: str) -> str:
        """Of which family a network is: of its own name, but for an ensemble.

        Raises NotTrainedError where there is no ensemble.
        """
        if name != ENSEMBLE:
            return name
        if self.version_of(name) is None:
            raise NotTrainedError(name, self.folder)
        return str(self.scores_of(name).get("family", name))

    def version_of(self, name: str) -> str | None:
        """The newest version of a network, such as `2026-11-20T09.29.35.418Z`, or None."""
        found = self._newest("06_models", name, "model.keras")
        return found.parent.name if found else None

    def load(self, name: str, until: str | None = None) -> Any:
        """The newest network of a family as a Keras model.

        until: a version; newer ones do not count.
        Raises NotTrainedError that names the command that trains it, and BadFileError for a damaged
        file.
        """
        path = self._newest("06_models", name, "model.keras", until)
        if path is None:
            raise NotTrainedError(name, self.folder)
        from mnist_pipeline.lazy import keras

        try:
            return keras.models.load_model(path, compile=False)
        except (ValueError, OSError) as error:
            raise BadFileError(f"{path}: expected a Keras model ({error}).") from error

    def temperature_of(self, name: str) -> float:
        """What calibrates the probabilities of a classifier; 1 (no change) if it never was."""
        return float(self._json("06_models", name, "calibration.json").get("temperature", 1.0))

    def scores_of(self, name: str) -> dict[str, Any]:
        """The newest metrics of a family; empty if there are none."""
        return self._json("08_reporting", name, "metrics.json")

    def all_scores(self, name: str) -> dict[str, dict[str, Any]]:
        """Every metrics of a family that a run has left: version -> metrics, the newest first."""
        files = (self.folder / "08_reporting" / name / "metrics.json").glob("*/metrics.json")
        scores = {}
        for path in sorted(files, reverse=True):
            try:
                scores[path.parent.name] = _read_json(path)
            except BadFileError as error:  # no reason to lose a run that has trained for hours
                logger.warning("Left out: %s", error)
        return scores

    def _json(self, layer: str, name: str, file: str) -> dict[str, Any]:
        path = self._newest(layer, name, file)
        return _read_json(path) if path else {}

    def _newest(self, layer: str, name: str, file: str, until: str | None = None) -> Path | None:
        found = (self.folder / layer / name / file).glob(f"*/{file}")
        versions = (p for p in found if until is None or p.parent.name <= until)
        return max((p for p in versions if self._is_whole(name, p.parent.name)), default=None)

    def _is_whole(self, name: str, version: str) -> bool:
        """Of an ensemble, whether its run has come to the metrics, which say what it is."""
        metrics = self.folder / "08_reporting" / name / "metrics.json" / version / "metrics.json"
        return name != ENSEMBLE or metrics.exists()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise BadFileError(f"{path}: expected a JSON object ({error}).") from error


def _pipeline_for(name: str) -> str:
    if name == ENSEMBLE:
        return "seeds --params=seeds.family=cnn"
    return READING if name in ("cnn", "autoencoder", "enhancement") else name


def find_data(start: Path | None = None) -> Path:
    """The `data` folder of the Kedro project around `start`, or else of this package's own.

    start: a folder; the working directory if it is left out.
    """
    start = (start or Path.cwd()).resolve()
    own = Path(__file__).parents[2]
    for folder in (start, *start.parents, own):
        file = folder / "pyproject.toml"
        if file.is_file() and 'package_name = "mnist_pipeline"' in file.read_text():
            return folder / "data"
    return start / "data"
