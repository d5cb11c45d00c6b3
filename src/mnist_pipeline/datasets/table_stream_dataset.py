"""Tables too long for memory, as a Kedro dataset."""

from collections.abc import Iterable, Iterator

import pandas as pd
from kedro.io.core import get_filepath_str
from kedro_datasets._typing import TablePreview

from mnist_pipeline.datasets.file_dataset import FileDataset
from mnist_pipeline.datasets.preview import table_preview
from mnist_pipeline.errors import BadFileError


class TableStreamDataset(FileDataset):
    """Saves a table that comes in pieces as one CSV file; holds one piece at a time.

    The file gets its name when the last piece is written: one that is broken off half-way is not
    the newest version. Loading gives the table in pieces too.

    In a catalog:

    ```yaml
    classification.predictions:
      type: mnist_pipeline.datasets.TableStreamDataset
      filepath: data/07_model_output/classification/predictions.csv
      versioned: true
    ```

    In Python:

    >>> dataset = TableStreamDataset(filepath="table.csv")
    >>> dataset.save(pd.DataFrame({"n": range(k)}) for k in (1, 2))
    >>> sum(len(piece) for piece in dataset.load())
    3
    """

    ROWS_AT_A_TIME = 10_000

    def load(self) -> Iterator[pd.DataFrame]:
        """The table, some rows at a time.

        Raises BadFileError when there is no such file.
        """
        path = self._load_path_str()
        if not self._fs.exists(path):
            raise BadFileError(f"{path}: there is no such file.")
        return self._pieces(path)

    def _pieces(self, path: str) -> Iterator[pd.DataFrame]:
        with self._fs.open(path, "r", encoding="utf-8") as file:
            yield from pd.read_csv(file, chunksize=self.ROWS_AT_A_TIME)

    def save(self, data: Iterable[pd.DataFrame]) -> None:
        """Write every piece; the first one gives the columns."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        unfinished = f"{path}.part"
        with self._fs.open(unfinished, "w", encoding="utf-8", newline="") as file:
            for position, piece in enumerate(data):
                piece.to_csv(file, index=False, header=position == 0)
        self._fs.mv(unfinished, path)

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows, for kedro-viz."""
        return table_preview(next(self.load()).head(nrows))
