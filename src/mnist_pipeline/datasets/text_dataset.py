"""Texts, which kedro-viz can show."""

from kedro_datasets.text import TextDataset as PlainTextDataset

from mnist_pipeline.datasets.preview import TextPreview


class TextDataset(PlainTextDataset):
    """Kedro's `text.TextDataset`, with a preview: the text, in letters of one width.

    In a catalog:

    ```yaml
    cnn.model_summary:
      type: mnist_pipeline.datasets.TextDataset
      filepath: data/08_reporting/cnn/model_summary.txt
      versioned: true
    ```
    """

    def preview(self) -> TextPreview:
        """The text, for kedro-viz."""
        return TextPreview(self.load())
