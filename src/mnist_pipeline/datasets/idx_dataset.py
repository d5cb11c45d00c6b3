"""IDX files as a Kedro dataset."""

import gzip

import numpy as np
from kedro_datasets._typing import ImagePreview

from mnist_pipeline.datasets.file_dataset import FileDataset
from mnist_pipeline.datasets.preview import array_preview
from mnist_pipeline.idx import decode_idx, encode_idx


class IDXDataset(FileDataset):
    """Loads and saves one array as an IDX file, the format of MNIST and its relatives.

    Any IDX type and any number of dimensions. A gzipped file is known by its content when it is
    loaded; a file is gzipped when it is saved under a name that ends in `.gz`.

    In a catalog:

    ```yaml
    kuzushiji_images:
      type: mnist_pipeline.datasets.IDXDataset
      filepath: data/01_raw/kmnist/train-images-idx3-ubyte.gz
    ```

    In Python:

    >>> dataset = IDXDataset(filepath="data/01_raw/mnist/t10k-labels-idx1-ubyte.gz")
    >>> labels = dataset.load()  # uint8 (10000,)
    """

    def load(self) -> np.ndarray:
        """The array, in the type and shape that the file states.

        Raises BadFileError, naming the file, when it is missing or not a sound IDX file.
        """
        return decode_idx(self._read(), self._load_path_str())

    def save(self, data: np.ndarray) -> None:
        """Write the array. Raises DatasetError for a type that IDX cannot hold."""
        content = encode_idx(data)
        if str(self._filepath).endswith(".gz"):
            content = gzip.compress(content, compresslevel=6, mtime=0)
        self._write(content)

    def preview(self) -> ImagePreview:
        """A picture for kedro-viz: the first images, or how often each label occurs."""
        return array_preview(self.load())
