"""Cross-validation: every training digit is read once, by a network that was trained on others.

The digits are dealt into k parts, every class in proportion. For each part a network is built
anew and trained on the other parts with the family's own settings (a fraction of them validates,
as ever), and then reads the part that it has not seen. The mean over parts says how good a network
is without touching the test digits; their spread says how much of that is chance.
"""

import logging
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from mnist_pipeline.errors import UserError
from mnist_pipeline.families import Family
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.preprocessing import Rows, split_indices

logger = logging.getLogger(__name__)

FoldResult = dict[str, Any]


@dataclass(frozen=True)
class Training:
    """What all folds of a cross-validation have in common.

    model_settings, training: of the family, as its parameter file has them.
    seed: of the whole; every fold has a seed of its own that follows from it.
    """

    family: Family
    model_settings: dict[str, Any]
    training: TrainingSettings
    seed: int


def assign_folds(labels: np.ndarray, n_folds: int, *, seed: int) -> np.ndarray:
    """Deal digits into parts at random, every class in proportion.

    labels: integers (n,). Returns int64 (n,), the fold of each digit, from 1 to n_folds.
    Raises UserError when a class has fewer digits than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold  # costs every command 0.6 s otherwise

    fewest = np.unique(labels, return_counts=True)[1].min()
    if fewest < n_folds:
        raise UserError(
            f"noise_comparison.folds = {n_folds}, but a class has only {fewest} training digits, "
            "so it cannot be in every fold. Use fewer folds or raise data.train_limit."
        )
    folds = np.empty(len(labels), np.int64)
    dealt = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(labels, labels)
    for fold, (_, held_out) in enumerate(dealt, start=1):
        folds[held_out] = fold
    return folds


def cross_validate(
    common: Training,
    inputs: Rows,
    labels: np.ndarray,
    targets: np.ndarray,
    folds: np.ndarray,
    *,
    wanted: Iterable[int],
    workers: int,
) -> Iterator[FoldResult]:
    """Train and score the folds that are wanted, and yield each as soon as it is finished.

    inputs: a row per digit, as `fitting.fit` takes them. labels: integers (n,).
    targets: one-hot, float32 (n, classes).
    folds: as `assign_folds` gives them.
    workers: how many folds are trained at a time, at most one a core. With more than one, each is
        a process of its own with its share of the cores; they read the same digits in memory, and
        may finish in any order. A fold may differ in its last digits from one trained with
        all cores.
    Yields what `score_fold` returns. Raises UserError when a process is ended from outside.
    """
    wanted = list(wanted)
    n_cores = joblib.cpu_count()
    n_processes = min(workers, len(wanted), n_cores)
    if n_processes <= 1:
        for fold in wanted:
            yield score_fold(common, inputs, labels, targets, folds, fold)
        return
    # joblib hands large arrays over in files that all processes map, and ends the processes when
    # one of them fails or the run is interrupted.
    # What processes leave behind that are ended so is cleaned up; of that, nobody need hear.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")
    pool = joblib.Parallel(n_processes, return_as="generator_unordered")
    work = joblib.delayed(_score_fold_with)
    try:
        yield from pool(
            work(n_cores // n_processes, common, inputs, labels, targets, folds, fold)
            for fold in wanted
        )
    except TerminatedWorkerError as error:
        raise UserError(
            f"{common.family.name}: a process that trained a fold was ended from outside, probably "
            "for want of memory. Lower noise_comparison.workers; finished folds are kept."
        ) from error
    finally:
        get_reusable_executor().shutdown(kill_workers=True)  # they would keep their memory


def score_fold(
    common: Training,
    inputs: Rows,
    labels: np.ndarray,
    targets: np.ndarray,
    folds: np.ndarray,
    fold: int,
) -> FoldResult:
    """Train on all parts but one, and read that one.

    Arguments as for `cross_validate`. Returns `fold, accuracy, loss` (of the part held out),
    `train_images, validation_images, held_out_images, epochs_run, best_epoch, fit_seconds` and
    `history`, a dict per epoch; all of it plain numbers.
    """
    from mnist_pipeline import metrics
    from mnist_pipeline.fitting import build_and_fit, predict  # TensorFlow: not before it is needed

    held_out, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
    settings = common.training
    seed = int(np.random.SeedSequence([common.seed, fold]).generate_state(1)[0])
    train, validation = split_indices(
        labels[others], settings.validation_fraction, settings.validation_split, seed=seed
    )
    own_settings = settings.with_checkpoint_of(f"fold-{fold}")
    fit = build_and_fit(
        common.family.build,
        common.model_settings,
        inputs,
        {"one_hot_labels": targets},
        seed=seed,
        train_indices=others[train],
        validation_indices=others[validation],
        settings=own_settings,
        name=f"{common.family.name} fold {fold}/{folds.max()}",
    )
    Path(own_settings.checkpoint).unlink()
    scores = metrics.classification_metrics(
        predict(fit.model, inputs[held_out])[0], labels[held_out]
    )
    return {
        "fold": int(fold),
        "accuracy": scores["accuracy"],
        "loss": scores["loss"],
        "train_images": len(train),
        "validation_images": len(validation),
        "held_out_images": len(held_out),
        "epochs_run": len(fit.history),
        "best_epoch": fit.best_epoch,
        "fit_seconds": fit.fit_seconds,
        "history": fit.history.to_dict("records"),
    }


def _score_fold_with(n_cores: int, common: Training, *arguments: Any) -> FoldResult:
    """`score_fold` in a process of its own that uses so many cores, and logs as the first does."""
    from mnist_pipeline.lazy import tf

    # Ctrl-C on a terminal reaches every process; the first one ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("mnist_pipeline").setLevel(logging.INFO)
    if tf.config.threading.get_intra_op_parallelism_threads() != n_cores:  # the first fold here
        tf.config.threading.set_intra_op_parallelism_threads(n_cores)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return score_fold(common, *arguments)
