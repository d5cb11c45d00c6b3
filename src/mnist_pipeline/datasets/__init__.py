"""Kedro datasets for digits: IDX files, picture folders, labelled images, Keras models."""

from mnist_pipeline.datasets.digits_dataset import DigitsDataset
from mnist_pipeline.datasets.idx_dataset import IDXDataset
from mnist_pipeline.datasets.image_folder_dataset import ImageFolderDataset
from mnist_pipeline.datasets.keras_model_dataset import KerasModelDataset

__all__ = ["DigitsDataset", "IDXDataset", "ImageFolderDataset", "KerasModelDataset"]
