"""Raw files become checked digits, and a card that says what they are."""

from typing import Any

from matplotlib.figure import Figure

from mnist_pipeline import plots
from mnist_pipeline.cards import dataset_caption, dataset_card
from mnist_pipeline.digits import Digits
from mnist_pipeline.parameters import DataSettings
from mnist_pipeline.preprocessing import limit_digits


def read_digits(data: DataSettings, seed: int) -> tuple[Digits, Digits, dict[str, Any]]:
    """Read the first available source of `data.sources`.

    Returns training digits, test digits (uint8, checked, limited to `data.train_limit` and
    `data.test_limit`) and the dataset card.
    """
    from mnist_pipeline.sources import read_first_available

    source, raw = read_first_available(data)
    train = limit_digits(raw.train, data.train_limit, seed=seed)
    test = limit_digits(raw.test, data.test_limit, seed=seed)
    return train, test, dataset_card(raw.name, source, raw.origin, data.class_names, train, test)


def read_uci_digits() -> Digits:
    """Read scikit-learn's digits of 8x8 pixels, enlarged to 28x28 and no more: blurred."""
    from mnist_pipeline import sources

    return sources.read_uci_digits()


def plot_class_distribution(train: Digits, test: Digits, card: dict[str, Any]) -> Figure:
    """Draw how often each class occurs."""
    return plots.class_distribution(
        train.labels, test.labels, card["class_names"], dataset_caption(card)
    )


def plot_samples(train: Digits, card: dict[str, Any]) -> Figure:
    """Draw four digits of each class."""
    return plots.samples(train.images, train.labels, card["class_names"], dataset_caption(card))
