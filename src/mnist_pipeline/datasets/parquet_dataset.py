"""Tables as Parquet files, which kedro-viz can show."""

from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset as PandasParquetDataset

from mnist_pipeline.datasets.preview import table_preview


class ParquetDataset(PandasParquetDataset):
    """Kedro's `pandas.ParquetDataset`, with the preview that its `CSVDataset` has.

    In a catalog:

    ```yaml
    cnn.predictions:
      type: mnist_pipeline.datasets.ParquetDataset
      filepath: data/08_reporting/cnn/predictions.parquet
      versioned: true
    ```
    """

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows, for kedro-viz."""
        return table_preview(self.load().head(nrows))
