"""Keras models as a Kedro dataset that does not import TensorFlow until it must."""

import tempfile
from pathlib import Path
from typing import Any

from mnist_pipeline.datasets.file_dataset import FileDataset
from mnist_pipeline.errors import BadFileError
from mnist_pipeline.lazy import keras


class KerasModelDataset(FileDataset):
    """Loads and saves a Keras model as a `.keras` file, optimizer state included.

    Unlike `kedro_datasets.tensorflow.TensorFlowModelDataset` it imports TensorFlow when a model is
    loaded or saved, not when the catalog is looked at, which takes half as long without. Models
    with custom code in them are refused (Keras's safe mode).

    In a catalog:

    ```yaml
    cnn.model:
      type: mnist_pipeline.datasets.KerasModelDataset
      filepath: data/06_models/cnn/model.keras
      versioned: true
    ```

    In Python:

    >>> model = KerasModelDataset(filepath="model.keras").load()
    """

    _loaded: tuple[str, Any] | None = None

    def load(self) -> Any:
        """The model, ready to predict or to be trained on.

        Several nodes of a run ask for it: where there are versions, they get one and the same,
        until Kedro releases it.
        Raises BadFileError when the file is missing or is not a Keras model.
        """
        if self._version is None:  # such as a partition, which nobody releases
            return self._load_file()
        path = self._load_path_str()
        if self._loaded is None or self._loaded[0] != path:
            self._loaded = path, self._load_file()
        return self._loaded[1]

    def _load_file(self) -> Any:
        content = self._read()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.keras")  # Keras reads files only, and by this suffix only
            path.write_bytes(content)
            try:
                return keras.models.load_model(path)
            except (ValueError, OSError) as error:
                raise BadFileError(
                    f"{self._load_path_str()}: expected a Keras model ({error})."
                ) from error

    def save(self, data: Any) -> None:
        """Write the model."""
        self._loaded = None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.keras")
            data.save(path)
            self._write(path.read_bytes())

    def _release(self) -> None:
        super()._release()
        self._loaded = None
