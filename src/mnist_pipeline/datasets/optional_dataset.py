"""A dataset that need not be there."""

from typing import Any

from kedro.io import AbstractDataset, DatasetError


class OptionalDataset(AbstractDataset):
    """Loads another dataset, or None where that has never been saved. It saves nothing.

    For what an earlier run may have left, such as a trained network that another family can use.

    In a catalog:

    ```yaml
    trained_cnn:
      type: mnist_pipeline.datasets.OptionalDataset
      dataset:
        type: mnist_pipeline.datasets.KerasModelDataset
        filepath: data/06_models/cnn/model.keras
        versioned: true
    ```
    """

    def __init__(self, *, dataset: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        """Name the dataset as a catalog entry does."""
        self._dataset = AbstractDataset.from_config("optional", dataset)
        self.metadata = metadata

    def load(self) -> Any:
        """What was saved last, or None."""
        return self._dataset.load() if self._dataset.exists() else None

    def save(self, data: Any) -> None:
        """Raises DatasetError: save under the dataset's own name."""
        raise DatasetError(f"{self} cannot be saved.")

    @property
    def preview(self) -> Any:
        """That of the other dataset, for kedro-viz; there is none where that has none."""
        return self._dataset.preview

    def _exists(self) -> bool:
        return bool(self._dataset.exists())

    def _release(self) -> None:
        self._dataset.release()

    def _describe(self) -> dict[str, Any]:
        return {"dataset": self._dataset, **self._dataset._describe()}
