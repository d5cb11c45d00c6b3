"""What earlier runs have trained, as a Kedro dataset."""

from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from mnist_pipeline.datasets.preview import table_preview
from mnist_pipeline.trained_networks import TrainedNetworks


class TrainedNetworksDataset(AbstractDataset):
    """Loads a view of every network in a `data` folder; each is read when it is asked for.

    For what is decided by a parameter, such as which family reads. It saves nothing.

    In a catalog:

    ```yaml
    trained_networks:
      type: mnist_pipeline.datasets.TrainedNetworksDataset
      filepath: data
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder."""
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> TrainedNetworks:
        """The networks that are there now."""
        return TrainedNetworks(self._filepath)

    def save(self, data: Any) -> None:
        """Raises DatasetError: networks are saved by the pipelines that train them."""
        raise DatasetError(f"{self} cannot be saved.")

    def preview(self) -> TablePreview:
        """A row per network, for kedro-viz: which, how well it reads, on what it was trained.

        Raises DatasetError where nothing has been trained yet.
        """
        networks = self.load()
        if not networks.names():
            raise DatasetError(f"{self}: nothing has been trained yet.")
        rows = [
            {
                "family": name,
                "accuracy": networks.scores_of(name).get("accuracy"),
                "dataset": networks.scores_of(name).get("dataset"),
                "version": networks.version_of(name),
            }
            for name in networks.names()
        ]
        return table_preview(pd.DataFrame(rows))

    def _exists(self) -> bool:
        return bool(TrainedNetworks(self._filepath).names())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
