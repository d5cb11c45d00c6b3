"""Matplotlib figures as a Kedro dataset that can be looked at again."""

import base64
import io
from typing import Any

import numpy as np
from kedro.io.core import Version
from kedro_datasets._typing import ImagePreview
from matplotlib.figure import Figure
from PIL import Image, UnidentifiedImageError

from mnist_pipeline.datasets.file_dataset import FileDataset
from mnist_pipeline.errors import BadFileError
from mnist_pipeline.plots.style import rendered

COMPRESS_LEVEL = 3
"""Of PNG files: within a fifth as small as by Pillow's default, 6, in half the time."""


class FigureDataset(FileDataset):
    """Saves a Matplotlib figure, or pixels, as a PNG file, and loads it as an array of pixels.

    Unlike `kedro_datasets.matplotlib.MatplotlibDataset` it can load, so that a node can put
    pictures together, and an interrupted save leaves no half picture behind.

    In a catalog:

    ```yaml
    cnn.learning_curves_plot:
      type: mnist_pipeline.datasets.FigureDataset
      filepath: data/08_reporting/cnn/learning_curves.png
      dpi: 150
      versioned: true
    ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        dpi: int = 150,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the file. dpi: pixels per inch, from 10 to 1200. The rest is as in `FileDataset`.

        Raises ValueError for another dpi.
        """
        if not isinstance(dpi, int) or not 10 <= dpi <= 1200:
            raise ValueError(
                f"dpi = {dpi!r}: pixels per inch are a whole number from 10 to 1200. Mend "
                "picture_dpi in conf/*/globals.yml"
            )
        self._dpi = dpi
        super().__init__(
            filepath=filepath, version=version, credentials=credentials, fs_args=fs_args,
            metadata=metadata,
        )  # fmt: skip

    def load(self) -> np.ndarray:
        """The picture, uint8 (height, width, 3). Raises BadFileError where there is none."""
        try:
            with Image.open(io.BytesIO(self._read())) as picture:
                return np.asarray(picture.convert("RGB"))
        except (UnidentifiedImageError, OSError) as error:
            raise BadFileError(f"{self._load_path_str()}: expected a PNG file ({error}).") from None

    def save(self, data: Figure | np.ndarray) -> None:
        """Draw the figure, or put the picture, into the file.

        data: a figure, or uint8 (height, width, 3).
        """
        pixels = rendered(data, self._dpi) if isinstance(data, Figure) else data
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=COMPRESS_LEVEL)
        self._write(buffer.getvalue())

    def preview(self) -> ImagePreview:
        """The picture itself, for kedro-viz."""
        return ImagePreview(base64.b64encode(self._read()).decode())
