"""A trained network is judged: on every test digit, once, with the model as it was saved."""

import logging
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mnist_pipeline import metrics, plots
from mnist_pipeline.cards import dataset_caption, trained_on
from mnist_pipeline.degradation import degrade
from mnist_pipeline.digits import BUNDLED_TEST_DIGITS, Digits
from mnist_pipeline.distortion import Step
from mnist_pipeline.parameters import DegradationSettings
from mnist_pipeline.preprocessing import Rows, normalize
from mnist_pipeline.reading import calibration

logger = logging.getLogger(__name__)

Card = dict[str, Any]
Report = dict[str, Any]
Choice = Literal["random", "best", "worst"]

CHOICES = {"random": "random", "best": "the ten best", "worst": "the ten worst"}

# For every family


def predict(model: Any, inputs: Rows) -> list[np.ndarray]:
    """What the network returns for every test digit, output by output."""
    from mnist_pipeline import fitting  # imports TensorFlow: not before it is needed

    return fitting.predict(model, inputs)


def collect_metrics(report: Report, card: Card, *scores: dict[str, Any]) -> dict[str, Any]:
    """What training took, on which data, and every judge's scores."""
    metrics = {
        "family": report["family"],
        "dataset": card["name"],
        "source": card["source"],
        **report,
        "test_images": card["test_images"],
        "train_sha256": card["sha256"]["train_images"],
        "test_sha256": card["sha256"]["test_images"],
    }
    for some in scores:
        metrics |= some
    return metrics


def collect_predictions(test: Digits, *tables: pd.DataFrame) -> pd.DataFrame:
    """A row per test digit: its label, and every judge's columns."""
    return pd.concat([pd.DataFrame({"label": test.labels}), *tables], axis=1)


def summarize(model: Any) -> str:
    """The layers, their shapes and parameters, as text."""
    lines: list[str] = []
    # Rich takes a terminal that is none for one of 80 columns, and cuts off what is wider.
    model.summary(line_length=80, print_fn=lines.append)
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


def score_answers(probabilities: np.ndarray, test: Digits) -> dict[str, Any]:
    """The metrics of a classifier."""
    return metrics.classification_metrics(probabilities, test.labels)


def calibrate(
    model: Any, inputs: Rows, one_hot_labels: np.ndarray, split: pd.DataFrame, *, output: int
) -> dict[str, float]:
    """Fit the temperature to the validation digits, which the network was not trained on.

    output: which of the network's answers are the probabilities.
    Returns `temperature`, and `validation_images`, on how many digits it rests.
    """
    held_out = (split["part"] == "validation").to_numpy()
    probabilities = predict(model, inputs[held_out])[output]
    labels = one_hot_labels[held_out].argmax(axis=1)
    return {
        "temperature": calibration.fit_temperature(probabilities, labels),
        "validation_images": len(labels),
    }


def score_calibration(
    probabilities: np.ndarray, test: Digits, calibrated: dict[str, float]
) -> dict[str, float]:
    """How honest the confidence is once it is calibrated."""
    temperature = calibrated["temperature"]
    softened = calibration.soften(probabilities, temperature)
    return {
        "temperature": temperature,
        "calibrated_expected_calibration_error": metrics.expected_calibration_error(
            softened, test.labels
        ),
    }


def tabulate_answers(probabilities: np.ndarray) -> pd.DataFrame:
    """A row per test digit: `predicted, confidence`, and `p0, p1, ...` per class."""
    answers = pd.DataFrame(
        {"predicted": probabilities.argmax(axis=1), "confidence": probabilities.max(axis=1)}
    )
    return answers.join(pd.DataFrame(probabilities).add_prefix("p"))


def plot_confusion_matrix(predictions: pd.DataFrame, card: Card, *, family: str) -> Figure:
    """Draw which classes are taken for which."""
    labels, predicted = (predictions[name].to_numpy() for name in ("label", "predicted"))
    return plots.confusion_matrix(
        labels, predicted, card["class_names"], family, dataset_caption(card)
    )


def plot_per_class_accuracy(predictions: pd.DataFrame, card: Card, *, family: str) -> Figure:
    """Draw the accuracy on each class."""
    labels, predicted = (predictions[name].to_numpy() for name in ("label", "predicted"))
    return plots.per_class_accuracy(
        labels, predicted, card["class_names"], family, dataset_caption(card)
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
    _, wrong = metrics.right_and_wrong(probabilities, test.labels)
    worst = wrong[:40]
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


def note_distortion(distortion: list[Step]) -> dict[str, Any]:
    """Which distorted digits a classifier saw; scores on others cannot be compared."""
    return {"distortion": distortion}


# For the autoencoder


def score_pca(
    train_images: Rows, split: pd.DataFrame, test_images: Rows, latent_dim: int
) -> dict[str, float]:
    """The baseline: PCA with as many components, fitted to the same training digits."""
    seen = train_images[(split["part"] == "train").to_numpy()]
    return {"pca_mse": metrics.pca_mse(seen, test_images[:], latent_dim)}


def measure_pictures(restored: Rows, originals: Rows) -> pd.DataFrame:
    """A row per test digit: `mse, psnr_db, ssim`, and `bce`, the binary cross-entropy."""
    return pd.DataFrame(metrics.image_errors(restored, originals))


def score_reconstruction(errors: pd.DataFrame, baseline: dict[str, float]) -> dict[str, Any]:
    """The metrics of an autoencoder: means over the test digits, and the baseline."""
    return _means(errors, ("mse", "psnr_db", "ssim")) | baseline


def plot_reconstructions(
    restored: np.ndarray,
    originals: Rows,
    errors: pd.DataFrame,
    card: Card,
    seed: int,
    *,
    family: str,
    which: Choice,
) -> Figure:
    """Draw ten digits above their reconstructions."""
    some = _ten(errors, which, seed)
    rows = {"original": originals[some], "reconstruction": restored[some]}
    captions = [f"MSE {mse:.4f}" for mse in errors["mse"].to_numpy()[some]]
    title = f"{family}: {CHOICES[which]} test digits and their reconstructions"
    return plots.picture_rows(rows, captions, title, dataset_caption(card))


# For networks that restore degraded digits


def score_bicubic(test: Digits, degradation: DegradationSettings) -> dict[str, float]:
    """The baseline: bicubic interpolation of the shrunk digits, which knows no digits."""
    enlarged = degrade(test.images, degradation.size_px, degradation.shrink_by, "bicubic")
    errors = metrics.image_errors(normalize(enlarged), normalize(test.images))
    return {"bicubic_psnr_db": float(errors["psnr_db"].mean())}


def score_restoration(
    errors: pd.DataFrame,
    input_errors: pd.DataFrame,
    originals: Rows,
    test: Digits,
    baseline: dict[str, float],
    card: Card,
) -> dict[str, Any]:
    """The metrics of restored digits, of the degraded ones, and of the baseline: means over digits.

    `bce_floor` is the cross-entropy of a perfect restoration: grey pixels have entropy.
    """
    names = card["class_names"]
    psnr_db = errors["psnr_db"].to_numpy()
    return {
        **_means(errors, ("bce", "psnr_db", "ssim")),
        "bce_floor": float(metrics.binary_entropy(originals).mean()),
        "input_psnr_db": float(input_errors["psnr_db"].mean()),
        "input_ssim": float(input_errors["ssim"].mean()),
        **baseline,
        "per_class_psnr_db": {
            names[k]: float(psnr_db[test.labels == k].mean()) for k in np.unique(test.labels)
        },
    }


def score_reader(
    reader: Any,
    reader_metrics: dict[str, Any] | None,
    originals: Rows,
    degraded: Rows,
    restored: np.ndarray,
    test: Digits,
    card: Card,
) -> dict[str, Any]:
    """What restoration is worth to a reader: the accuracy of a finished `cnn` on three versions.

    reader, reader_metrics: the newest `cnn`, or None where none has been trained. One that was
    trained on other data does not count.
    Returns `reader_accuracy` {`original`, `degraded`, `restored`: fraction}, or None in its place.
    """
    if not _can_read(reader_metrics, card):
        return {"reader_accuracy": None}
    versions = {"original": originals, "degraded": degraded, "restored": restored}
    return {"reader_accuracy": {k: _accuracy(reader, v, test) for k, v in versions.items()}}


def restore_uci_digits(
    model: Any,
    uci: Digits,
    reader: Any,
    reader_metrics: dict[str, Any] | None,
    card: Card,
    seed: int,
    *,
    family: str,
) -> tuple[dict[str, Any], Figure]:
    """Restore digits of 8x8 pixels, which were never shrunk from anything.

    uci: all of scikit-learn's digits, enlarged. Where the training digits are of the same set, only
        those that are not among them are used.
    Returns `uci_reader_accuracy` {`before`, `after`: fraction}, or None in its place where no
    `cnn` can read; and the picture of ten of them.
    """
    if card["source"] == "bundled_digits":
        uci = uci.take(np.arange(len(uci))[-BUNDLED_TEST_DIGITS:])
    before = normalize(uci.images)
    after = predict(model, before)[0]
    accuracy = None
    if _can_read(reader_metrics, card):
        accuracy = {k: _accuracy(reader, v, uci) for k, v in (("before", before), ("after", after))}
    some = np.random.default_rng(seed).permutation(len(uci))[:10]
    rows = {"enlarged 8x8": before[some], "restored": after[some]}
    captions = [f"label {label}" for label in uci.labels[some]]
    title = f"{family}: UCI digits of 8x8 pixels, by writers never seen in training"
    figure = plots.picture_rows(rows, captions, title, dataset_caption(card))
    return {"uci_reader_accuracy": accuracy}, figure


def plot_restorations(
    restored: np.ndarray,
    originals: Rows,
    degraded: Rows,
    errors: pd.DataFrame,
    card: Card,
    seed: int,
    *,
    family: str,
    which: Choice,
) -> Figure:
    """Draw ten digits: degraded, restored, original, and the PSNR before and after."""
    some = _ten(errors, which, seed)
    rows = {"degraded": degraded[some], "restored": restored[some], "original": originals[some]}
    before = -10 * np.log10(np.square(degraded[some] - originals[some]).mean(axis=(1, 2, 3)))
    after = errors["psnr_db"].to_numpy()[some]
    captions = [f"{b:.1f} to {a:.1f} dB" for b, a in zip(before, after, strict=True)]
    title = f"{family}: {CHOICES[which]} test digits, PSNR before and after"
    return plots.picture_rows(rows, captions, title, dataset_caption(card))


def _ten(errors: pd.DataFrame, which: Choice, seed: int) -> np.ndarray:
    """The positions of ten digits: at random, or those with the best or the worst PSNR."""
    psnr_db = errors["psnr_db"].to_numpy()
    if which == "random":
        return np.random.default_rng(seed).permutation(len(psnr_db))[:10]
    return np.argsort(psnr_db if which == "worst" else -psnr_db, kind="stable")[:10]


def _means(errors: pd.DataFrame, names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(errors[name].mean()) for name in names}


def _can_read(reader_metrics: dict[str, Any] | None, card: Card) -> bool:
    """Whether there is a `cnn`, and it was trained on the digits of this run."""
    if reader_metrics is None:
        found = "there is none yet"
    else:
        if trained_on(reader_metrics, card):
            return True
        seen = reader_metrics["train_images"] + reader_metrics["validation_images"]
        found = f"the newest is of {reader_metrics['dataset']}, {seen:,} digits"
    logger.warning(
        "No cnn of %s, %s digits, reads the restored ones: %s. Train it: kedro run --pipeline=cnn",
        *(card["name"], f"{card['train_images']:,}", found),
    )
    return False


def _accuracy(reader: Any, images: Rows, digits: Digits) -> float:
    return float(np.mean(predict(reader, images)[0].argmax(axis=1) == digits.labels))
