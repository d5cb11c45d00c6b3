"""A family trained with several seeds, each network judged, and all of them together."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd
from kedro.io import DatasetError
from matplotlib.figure import Figure

from mnist_pipeline import plots, seeds
from mnist_pipeline.cards import dataset_caption
from mnist_pipeline.digits import Digits
from mnist_pipeline.distortion import Step
from mnist_pipeline.errors import BadFileError
from mnist_pipeline.identity import identify_training
from mnist_pipeline.models.ensemble import build_ensemble
from mnist_pipeline.parameters import DegradationSettings, SeedsSettings
from mnist_pipeline.pipelines.evaluation.nodes import predict
from mnist_pipeline.pipelines.preprocessing.nodes import note_view, show_to, training_digits
from mnist_pipeline.preprocessing import TrainingDigits
from mnist_pipeline.reading.calibration import fit_temperature
from mnist_pipeline.seeds import HEADLINES, Sweep

logger = logging.getLogger(__name__)

Card = dict[str, Any]
Report = dict[str, Any]
Saved = dict[str, Callable[[], Any]]


def check_seeds(settings: SeedsSettings, parameters: dict[str, Any]) -> Sweep:
    """Say which networks are to be trained; refuse what cannot be."""
    return seeds.plan(settings, parameters)


def identify_networks(
    sweep: Sweep, card: Card, degradation: DegradationSettings, distortion: list[Step]
) -> dict[str, Any]:
    """All that decides what a network becomes, and `key`, a short name for it."""
    view = note_view(sweep.family, degradation, distortion)
    return identify_training(sweep.family.name, card, view, sweep.model, sweep.training, sweep.seed)


def prepare_digits(
    sweep: Sweep,
    train: Digits,
    card: Card,
    degradation: DegradationSettings,
    distortion: list[Step],
) -> TrainingDigits:
    """The training digits as the family's own pipeline has them; their split is that of `seed`."""
    return training_digits(
        sweep.family, sweep.training, sweep.seed, train, card, degradation, distortion
    )


def train_networks(
    sweep: Sweep,
    identity: dict[str, Any],
    settings: SeedsSettings,
    finished_networks: Saved | None,
    finished_reports: Saved | None,
    digits: TrainingDigits,
) -> Iterator[tuple[dict[str, Any], dict[str, Report]]]:
    """Train every network that is not there yet, and hand each on to be saved at once.

    finished_networks, finished_reports: what earlier runs have left, or None.
    Yields {`<key>/seed-<n>`: what returns the Keras model} and {the same: its report, as
    `seeds.train_network` describes it}; of a network that is there already, two empty ones.
    """
    networks, reports = (
        (saved or {}) if settings.resume else {} for saved in (finished_networks, finished_reports)
    )
    for seed in sweep.seeds:
        name = _partition(identity, seed)
        if name in networks and name in reports and _are_whole(networks[name], reports[name]):
            logger.info(
                "%s seed %d: finished by an earlier run with these very settings (seeds.resume)",
                *(sweep.family.name, seed),
            )
            yield {}, {}
            continue
        model, report = seeds.train_network(sweep, seed, digits)
        # What can be called, Kedro calls before it saves, and a Keras model can be called.
        yield {name: partial(_itself, model)}, {name: report}


def average_networks(sweep: Sweep, identity: dict[str, Any], networks: Saved) -> Any:
    """One network that returns the mean of what they return."""
    return build_ensemble([networks[_partition(identity, seed)]() for seed in sweep.seeds])


def judge_networks(
    sweep: Sweep,
    identity: dict[str, Any],
    networks: Saved,
    reports: Saved,
    ensemble: Any,
    test: Digits,
    card: Card,
    degradation: DegradationSettings,
    distortion: list[Step],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Let every network, and their mean, answer for every test digit, once.

    Returns a row per network (its report and its scores), and the metrics of the ensemble: as
    those of a family, with `networks`, `seeds` and `of_networks`, the mean and the standard
    deviation of every column of the table.
    """
    family = sweep.family
    shown = show_to(family, test, card, degradation, distortion, sweep.seed, part="test")
    rows = []
    for seed in sweep.seeds:
        name = _partition(identity, seed)
        answers = predict(networks[name](), shown[family.sees])
        own = seeds.scalars(seeds.score(family, answers, shown, test.labels))
        rows.append(reports[name]() | own)
    table = pd.DataFrame(rows)
    answers = predict(ensemble, shown[family.sees])
    first = rows[0]
    metrics = {
        "family": family.name,
        "dataset": card["name"],
        "source": card["source"],
        "seed": sweep.seed,
        **{name: first[name] for name in ("train_images", "validation_images")},
        "test_images": card["test_images"],
        "train_sha256": card["sha256"]["train_images"],
        "test_sha256": card["sha256"]["test_images"],
        "parameters": int(table["parameters"].sum()),
        "fit_seconds": float(table["fit_seconds"].sum()),
        **note_view(family, degradation, distortion),
        **seeds.score(family, answers, shown, test.labels),
        "networks": len(sweep.seeds),
        "seeds": list(sweep.seeds),
        "of_networks": seeds.summarize(table),
    }
    return table, metrics


def calibrate_ensemble(sweep: Sweep, ensemble: Any, digits: TrainingDigits) -> dict[str, float]:
    """Fit the temperature to the validation digits, which no member was trained on.

    Returns `temperature` and `validation_images`; 1 and 0 for a network that reads no digits.
    """
    family = sweep.family
    if "one_hot_labels" not in family.returns:
        return {"temperature": 1.0, "validation_images": 0}
    held_out = digits.validation_indices
    answers = predict(ensemble, digits.inputs[held_out])
    probabilities = answers[family.returns.index("one_hot_labels")]
    labels = digits.targets["one_hot_labels"][held_out].argmax(axis=1)
    return {
        "temperature": fit_temperature(probabilities, labels),
        "validation_images": len(held_out),
    }


def plot_seeds(table: pd.DataFrame, metrics: dict[str, Any], sweep: Sweep, card: Card) -> Figure:
    """Draw the score of every network, their mean and spread, and the ensemble's."""
    measures = [HEADLINES[judge] for judge in sweep.family.judges]
    return plots.seeds(table, metrics, measures, sweep.family.name, dataset_caption(card))


def _itself(model: Any) -> Any:
    return model


def _partition(identity: dict[str, Any], seed: int) -> str:
    return f"{identity['key']}/seed-{seed}"


def _are_whole(*load: Callable[[], Any]) -> bool:
    """Whether saved things can be read: a run may have been killed while it wrote them."""
    try:
        for one in load:
            one()
    except (DatasetError, BadFileError):
        return False
    return True
