"""A trained network is judged: on every test digit, once, with the model as it was saved."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mnist_pipeline import metrics, plots
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.digits import Digits

Card = dict[str, Any]
Report = dict[str, Any]

# For every family


def predict(model: Any, inputs: np.ndarray) -> np.ndarray:
    """What the network returns for every test digit."""
    from mnist_pipeline import fitting  # imports TensorFlow: not before it is needed

    return fitting.predict(model, inputs)


def summarize(model: Any) -> str:
    """The layers, their shapes and parameters, as text."""
    lines: list[str] = []
    model.summary(line_length=100, print_fn=lines.append)
    return "\n".join(lines) + "\n"


def extract_part(model: Any, *, part: str) -> Any:
    """A named layer of the network that is a network itself."""
    return model.get_layer(part)


def plot_learning_curves(history: pd.DataFrame, report: Report, card: Card) -> Figure:
    """Draw loss, and accuracy where there is one, per epoch."""
    return plots.learning_curves(
        history, report["best_epoch"], report["family"], dataset_caption(card)
    )


# For classifiers


def score_classifier(
    probabilities: np.ndarray, test: Digits, report: Report, card: Card
) -> dict[str, Any]:
    """The metrics of a classifier, and what its training took."""
    return _about(report, card) | metrics.classification_metrics(probabilities, test.labels)


def tabulate_predictions(probabilities: np.ndarray, test: Digits) -> pd.DataFrame:
    """A row per test digit: `label, predicted, confidence`, and `p0, p1, ...` per class."""
    answers = pd.DataFrame(
        {
            "label": test.labels,
            "predicted": probabilities.argmax(axis=1),
            "confidence": probabilities.max(axis=1),
        }
    )
    return answers.join(pd.DataFrame(probabilities).add_prefix("p"))


def plot_confusion_matrix(
    probabilities: np.ndarray, test: Digits, card: Card, *, family: str
) -> Figure:
    """Draw which classes are taken for which."""
    predicted = probabilities.argmax(axis=1)
    return plots.confusion_matrix(
        test.labels, predicted, card["class_names"], family, dataset_caption(card)
    )


def plot_per_class_accuracy(
    probabilities: np.ndarray, test: Digits, card: Card, *, family: str
) -> Figure:
    """Draw the accuracy on each class."""
    predicted = probabilities.argmax(axis=1)
    return plots.per_class_accuracy(
        test.labels, predicted, card["class_names"], family, dataset_caption(card)
    )


def plot_confidence(probabilities: np.ndarray, test: Digits, card: Card, *, family: str) -> Figure:
    """Draw how sure the network is when right, and when wrong."""
    return plots.confidence_distribution(test.labels, probabilities, family, dataset_caption(card))


def plot_correct_examples(
    probabilities: np.ndarray, test: Digits, card: Card, seed: int, *, family: str
) -> Figure:
    """Draw 40 digits that were read correctly, at random."""
    right = np.flatnonzero(probabilities.argmax(axis=1) == test.labels)
    some = np.random.default_rng(seed).permutation(right)[:40]
    title = (
        f"{family}: read correctly ({len(right):,} of {len(test):,}), at random, with confidence"
    )
    return plots.examples(
        test.images[some], test.labels[some], probabilities[some],
        card["class_names"], title, dataset_caption(card),
    )  # fmt: skip


def plot_incorrect_examples(
    probabilities: np.ndarray, test: Digits, card: Card, *, family: str
) -> Figure:
    """Draw the 40 digits that were misread with the highest confidence."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != test.labels)
    worst = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:40]
    title = f"{family}: misread ({len(wrong):,} of {len(test):,}), the most confident first"
    return plots.examples(
        test.images[worst], test.labels[worst], probabilities[worst],
        card["class_names"], title, dataset_caption(card),
    )  # fmt: skip


def plot_probability_bars(
    probabilities: np.ndarray, test: Digits, card: Card, seed: int, *, family: str
) -> Figure:
    """Draw digits beside the probabilities of all classes: four at random, the four hardest."""
    at_random = np.random.default_rng(seed).permutation(len(test))[:4]
    least_certain = np.argsort(probabilities.max(axis=1), kind="stable")[:4]
    some = np.stack([at_random, least_certain], axis=1).ravel()
    return plots.probability_bars(
        test.images[some], test.labels[some], probabilities[some],
        card["class_names"], family, dataset_caption(card),
    )  # fmt: skip


# For networks that return pictures


def score_pca(
    train_images: np.ndarray, split: pd.DataFrame, test_images: np.ndarray, latent_dim: int
) -> dict[str, float]:
    """The baseline: PCA with as many components, fitted to the same training digits."""
    seen = train_images[(split["part"] == "train").to_numpy()]
    return {"pca_mse": metrics.pca_mse(seen, test_images, latent_dim)}


def measure_reconstructions(outputs: np.ndarray, targets: np.ndarray, test: Digits) -> pd.DataFrame:
    """A row per test digit: `label, mse, psnr_db, ssim`."""
    return pd.DataFrame({"label": test.labels, **metrics.image_errors(outputs, targets)})


def score_reconstruction(
    errors: pd.DataFrame, baseline: dict[str, float], report: Report, card: Card
) -> dict[str, Any]:
    """The metrics of an autoencoder: means over the test digits, and the baseline."""
    means = {name: float(errors[name].mean()) for name in ("mse", "psnr_db", "ssim")}
    return _about(report, card) | means | baseline


def plot_reconstructions(
    outputs: np.ndarray, targets: np.ndarray, errors: pd.DataFrame, card: Card, seed: int,
    *, family: str,
) -> Figure:  # fmt: skip
    """Draw ten digits, at random, above their reconstructions."""
    some = np.random.default_rng(seed).permutation(len(outputs))[:10]
    return _compare(
        outputs, targets, errors, some, f"{family}: random test digits and reconstructions", card
    )


def plot_worst_reconstructions(
    outputs: np.ndarray, targets: np.ndarray, errors: pd.DataFrame, card: Card, *, family: str
) -> Figure:
    """Draw the ten digits with the largest error above their reconstructions."""
    worst = np.argsort(-errors["mse"].to_numpy(), kind="stable")[:10]
    return _compare(
        outputs, targets, errors, worst, f"{family}: the ten worst reconstructions", card
    )


def _compare(
    outputs: np.ndarray, targets: np.ndarray, errors: pd.DataFrame, some: np.ndarray,
    title: str, card: Card,
) -> Figure:  # fmt: skip
    rows = {"original": targets[some], "reconstruction": outputs[some]}
    captions = [f"MSE {mse:.4f}" for mse in errors["mse"].to_numpy()[some]]
    return plots.picture_rows(rows, captions, title, dataset_caption(card))


def _about(report: Report, card: Card) -> dict[str, Any]:
    """The keys that the metrics of every family have."""
    return {
        "family": report["family"],
        "dataset": card["name"],
        "source": card["source"],
        **report,
        "test_images": card["test_images"],
    }
