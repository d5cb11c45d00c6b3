"""Kedro datasets: IDX files, picture folders, labelled images, Keras models, tables."""

from mnist_pipeline.datasets.digits_dataset import DigitsDataset
from mnist_pipeline.datasets.figure_dataset import FigureDataset
from mnist_pipeline.datasets.idx_dataset import IDXDataset
from mnist_pipeline.datasets.image_folder_dataset import ImageFolderDataset
from mnist_pipeline.datasets.keras_model_dataset import KerasModelDataset
from mnist_pipeline.datasets.optional_dataset import OptionalDataset
from mnist_pipeline.datasets.parquet_dataset import ParquetDataset
from mnist_pipeline.datasets.table_stream_dataset import TableStreamDataset
from mnist_pipeline.datasets.text_dataset import TextDataset
from mnist_pipeline.datasets.trained_networks_dataset import TrainedNetworksDataset

__all__ = [
    "DigitsDataset",
    "FigureDataset",
    "IDXDataset",
    "ImageFolderDataset",
    "KerasModelDataset",
    "OptionalDataset",
    "ParquetDataset",
    "TableStreamDataset",
    "TextDataset",
    "TrainedNetworksDataset",
]
