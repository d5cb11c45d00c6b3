"""Kedro datasets for digits: IDX files, picture folders, and images with their labels."""

from mnist_pipeline.datasets.digits_dataset import DigitsDataset
from mnist_pipeline.datasets.idx_dataset import IDXDataset
from mnist_pipeline.datasets.image_folder_dataset import ImageFolderDataset

__all__ = ["DigitsDataset", "IDXDataset", "ImageFolderDataset"]
