"""How every network is trained: the one place that compiles and fits."""

import gc
import logging
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from mnist_pipeline import engine
from mnist_pipeline.distortion import Step, distort
from mnist_pipeline.errors import DivergenceError, UserError
from mnist_pipeline.interrupts import held_interrupts
from mnist_pipeline.lazy import keras, tf
from mnist_pipeline.losses import loss_function
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.preprocessing import Rows

logger = logging.getLogger(__name__)

PREDICT_BATCH_SIZE = 250
"""As many as keep what the widest layers return within a hundred megabytes."""

ONE_CYCLE_RISE = 25
"""How many times lower than its highest the rate of a cycle begins; 25 in fastai and PyTorch too.
One cycle is from Smith 2018, arXiv:1708.07120; here it rises in a line, falls as a cosine to 0, and
leaves momentum alone."""

SAVE_EVERY_SECONDS = 10
"""At most so often the best network so far is written: short epochs would wait for it."""

AHEAD = 2
"""How many batches are made while the network computes."""

LOGGED = ("loss", "accuracy", "val_loss", "val_accuracy", "test_loss")
"""What a line of the log shows of an epoch; the history has it all."""


@dataclass(frozen=True)
class Fit:
    """A trained network and what training it took.

    model: with the weights of its best epoch.
    history: a row per epoch: `epoch` (from 1), `loss`, `val_loss`, `learning_rate`, `seconds`
        (validation included), `images_per_second` (training digits, without it), `accuracy`,
        `val_accuracy` for classifiers, `test_loss` if asked for, and a loss per output where there
        are several.
    best_epoch: counted from 1.
    fit_seconds: all of `fit`: tracing, validation, test loss and checkpoints included.
    """

    model: keras.Model
    history: pd.DataFrame
    best_epoch: int
    fit_seconds: float


def build_and_fit(
    build: Callable[..., keras.Model],
    model_settings: dict[str, Any],
    inputs: Rows,
    targets: dict[str, Rows],
    *,
    seed: int,
    **how: Any,
) -> Fit:
    """Build a network for these inputs and targets, and `fit` it; all of it follows from `seed`.

    build, model_settings: as `families.Family` describes them. how: further arguments of `fit`.
    """
    # An earlier network and its digits hang in reference cycles; Python does not see how large.
    gc.collect()
    keras.utils.set_random_seed(seed)  # first weights and dropout
    shapes = [target.shape[1:] for target in targets.values()]
    try:
        model = build(inputs.shape[1:], *shapes, **model_settings)
    except UserError as error:  # it names `model.<setting>`, but not whose
        raise UserError(f"{how['name'].split()[0]}: {error}") from None
    return fit(model, inputs, targets, seed=seed, **how)


def fit(
    model: keras.Model,
    inputs: Rows,
    targets: dict[str, Rows],
    *,
    train_indices: np.ndarray,
    validation_indices: np.ndarray,
    test: tuple[Rows, dict[str, Rows]] | None = None,
    settings: TrainingSettings,
    name: str,
    seed: int,
    after_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> Fit:
    """Train `model` in place and return it with the weights of its best epoch.

    inputs: float32, a row per digit, training and validation digits together: an array, or
        `preprocessing.NormalizedImages`, which gives such rows when a batch needs them.
    targets: what each output of the model must return, in their order, by what it is: rows like
        those of the inputs. Where it is `one_hot_labels`, accuracy is followed beside the loss.
    train_indices, validation_indices: which rows are which.
    test: inputs and targets whose loss is noted after every epoch. Nothing is chosen by it.
    settings: explained in `conf/base/parameters`. Augmentation distorts every training digit anew
        in every epoch; where the network returns pictures, they are moved alike (`MOVES`), but
        not made noisy or darker.
    name: of the network, in the log; its first word is the family.
    seed: of the order of the digits and of augmentation. (First weights and dropout are drawn
        from Keras's own generator: `build_and_fit` sets it too.)
    after_epoch: called with the number of each epoch (from 1) and its row of the history; what it
        raises ends the training, and is handed on.

    Writes the best network so far to `settings.checkpoint`, so that an interrupted training
    leaves something. Raises DivergenceError when the loss is no longer a number.
    """
    precision = engine.choose_precision(settings.precision)
    logger.info("%s: training in %s (%s)", name, precision, engine.device())
    fast = engine.fast_copy(model, precision)
    steps = settings.epochs * math.ceil(len(train_indices) / settings.batch_size)
    things = list(targets)
    _compile(fast, settings, things, engine.fast_optimizer(_optimizer(settings, steps)))
    _compile(model, settings, things, _optimizer(settings, steps))  # as it is saved
    progress = _Progress(name, settings.epochs, len(train_indices), settings.batch_size)
    best = _BestCheckpoint(name, model, Path(settings.checkpoint), settings.best_by)
    lent = [inputs, *targets.values()]
    lent_for_test = [test[0], *test[1].values()] if test else []
    validation = _batches(lent, validation_indices, PREDICT_BATCH_SIZE)
    tracking = [_TestLoss(_test_batches(lent_for_test))] if test else []
    callbacks = [*tracking, progress, best, *_patience(settings)]
    if after_epoch is not None:
        callbacks.append(
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: after_epoch(epoch + 1, progress.rows[-1])
            )
        )
    batches = _training_batches(lent, things, train_indices, settings, seed)
    started = time.perf_counter()
    try:
        with held_interrupts() as let_go:
            # Makes the variables of the metrics. Otherwise the first batch does it, for which
            # TensorFlow traces the training step twice.
            fast.evaluate(validation.take(1), verbose=0)
            callbacks.append(  # the last one: an epoch that is over is kept
                keras.callbacks.LambdaCallback(
                    on_train_batch_end=let_go, on_test_batch_end=let_go, on_epoch_end=let_go
                )
            )
            fast.fit(
                batches,
                validation_data=validation,
                epochs=settings.epochs,
                callbacks=callbacks,
                shuffle=False,  # the batches come shuffled
                verbose=0,
            )
        best.save()
    except KeyboardInterrupt:
        best.save()
        kept = f"The network after epoch {best.best_epoch}, the best so far, is in {best.path}"
        nothing = "No epoch was complete, so there is no network yet."
        logger.warning("%s interrupted. %s", name, kept if best.best_epoch else nothing)
        raise
    finally:
        best.unfinished.unlink(missing_ok=True)
        # TensorFlow keeps every `numpy_function` until the process ends, and what it holds.
        lent.clear()
        lent_for_test.clear()
    fit_seconds = time.perf_counter() - started
    return Fit(model, pd.DataFrame(progress.rows), best.best_epoch, fit_seconds)


def predict(model: keras.Model, inputs: Rows) -> list[np.ndarray]:
    """What the network returns for every input, none left out.

    inputs: float32 rows (n, ...), as `fit` takes them.
    Returns float32 (n, ...) for each output of the network.
    """
    # As fast as `Model.predict`, without the 50 ms and more that its loop takes to set up.
    starts = range(0, max(len(inputs), 1), PREDICT_BATCH_SIZE)
    parts = [model.predict_on_batch(inputs[at : at + PREDICT_BATCH_SIZE]) for at in starts]
    by_output = zip(*parts, strict=True) if isinstance(parts[0], list) else [parts]
    return [np.concatenate(part) for part in by_output]


def _compile(
    network: keras.Model,
    settings: TrainingSettings,
    things: list[str],
    optimizer: keras.optimizers.Optimizer,
) -> None:
    """things: what each output of the network returns."""
    network.compile(
        optimizer=optimizer,
        loss=[loss_function(_of(settings.loss, thing)) for thing in things],
        loss_weights=[_of(settings.loss_weights or 1.0, thing) for thing in things],
        metrics=[["accuracy"] if thing == "one_hot_labels" else [] for thing in things],
    )
    # Otherwise the first batch does it, for which TensorFlow traces the training step once more.
    network.optimizer.build(network.trainable_variables)


def _optimizer(settings: TrainingSettings, steps: int) -> Any:
    """steps: how many batches the whole training has."""
    optimizers = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    rate: Any = settings.learning_rate
    if settings.schedule == "one_cycle":
        rising = min(round(settings.warmup_fraction * steps), steps - 1)
        rate = keras.optimizers.schedules.CosineDecay(
            rate / ONE_CYCLE_RISE if rising else rate,
            decay_steps=steps - rising,
            warmup_target=rate if rising else None,
            warmup_steps=rising,
        )
    return optimizers[settings.optimizer](rate)


def _patience(settings: TrainingSettings) -> list[keras.callbacks.Callback]:
    """What lowers the rate, or ends the training, when the validation loss falls no more."""
    callbacks: list[keras.callbacks.Callback] = []
    if settings.reduce_lr_patience is not None:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                factor=settings.reduce_lr_factor, patience=settings.reduce_lr_patience
            )
        )
    if settings.early_stopping_patience is not None:
        callbacks.append(keras.callbacks.EarlyStopping(patience=settings.early_stopping_patience))
    return callbacks


def _of(setting: Any, thing: str) -> Any:
    """A setting that is the same for everything, or has a value for each thing."""
    return setting[thing] if isinstance(setting, dict) else setting


def _training_batches(
    lent: list[Rows],
    things: list[str],
    indices: np.ndarray,
    settings: TrainingSettings,
    seed: int,
) -> tf.data.Dataset:
    """Batches of the rows `indices` in a new order every epoch, augmented if that is asked for.

    things: what each output of the network returns.
    """
    rows = tf.data.Dataset.from_tensor_slices(indices)
    rows = rows.shuffle(len(indices), seed=seed, reshuffle_each_iteration=True)
    batches = _gather(rows.batch(settings.batch_size), lent)
    if settings.augmentation is not None:
        batch_seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
        augment = _augmentation(settings.augmentation, things)
        batches = tf.data.Dataset.zip(batches, batch_seeds).map(augment, num_parallel_calls=AHEAD)
    return _ahead(batches)


def _batches(lent: list[Rows], indices: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Batches of the rows `indices` as they are, in this order."""
    rows = tf.data.Dataset.from_tensor_slices(indices).batch(batch_size)
    return _ahead(_gather(rows, lent))


def _gather(batches: tf.data.Dataset, lent: list[Rows]) -> tf.data.Dataset:
    """Inputs and targets of batches of rows, taken, and normalized, when they are needed.

    By NumPy: TensorFlow would make a copy of the whole data first.
    lent: the inputs and each of the targets; who empties the list has the memory back.
    """
    distinct = [k for k, array in enumerate(lent) if k == 0 or array is not lent[0]]

    def in_numpy(rows: np.ndarray) -> list[np.ndarray]:
        return [lent[k][rows] for k in distinct]

    def take(rows: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        arrays = [lent[k] for k in distinct]
        taken = tf.numpy_function(in_numpy, [rows], [tf.as_dtype(a.dtype) for a in arrays])
        inputs, *others = (
            tf.ensure_shape(one, (None, *array.shape[1:]))
            for one, array in zip(taken, arrays, strict=True)
        )
        left = iter(others)
        return inputs, tuple(inputs if one is lent[0] else next(left) for one in lent[1:])

    return batches.map(take)


def _ahead(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Batches made while the network computes.

    How many at a time is fixed: whoever ends with TensorFlow 2.21's own tuning of it waits, up to a
    minute, until the tuner awakes (docs/decisions/0018-training-engine.md).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.prefetch(AHEAD).with_options(options)


def _augmentation(steps: list[Step], things: list[str]) -> Callable[..., Any]:
    """What distorts a batch, given a seed, and moves those of its targets that are pictures."""

    def distorted(images: tf.Tensor, seed: tf.Tensor, moves_only: bool) -> tf.Tensor:
        def in_numpy(images: np.ndarray, seed: np.ndarray) -> np.ndarray:
            return distort(images, steps, seed=int(seed), moves_only=moves_only)

        result = tf.numpy_function(in_numpy, [images, seed], images.dtype)
        return tf.ensure_shape(result, images.shape)

    def augment(batch: Any, seed: tf.Tensor) -> Any:
        images, targets = batch
        return distorted(images, seed, moves_only=False), tuple(
            target if thing == "one_hot_labels" else distorted(target, seed, moves_only=True)
            for thing, target in zip(things, targets, strict=True)
        )

    return augment


def _test_batches(lent: list[Rows]) -> tf.data.Dataset:
    return _batches(lent, np.arange(len(lent[0])), PREDICT_BATCH_SIZE)


class _TestLoss(keras.callbacks.Callback):
    """Notes the loss on the test digits after every epoch, for the picture."""

    def __init__(self, batches: tf.data.Dataset) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        scores = self.model.evaluate(self.batches, verbose=0, return_dict=True)
        if logs is not None:
            logs["test_loss"] = scores["loss"]


class _BestCheckpoint(keras.callbacks.Callback):
    """Gives the network the best weights that its copy has had, and keeps it on disk."""

    def __init__(self, name: str, network: keras.Model, path: Path, best_by: str) -> None:
        super().__init__()
        self.name, self.network, self.path, self.best_by = name, network, path, best_by
        self.unfinished = path.with_name(f"unfinished-{path.name}")
        self.sign = 1 if best_by.endswith("accuracy") else -1
        self.best_score, self.best_epoch = -math.inf, 0
        self.saved_epoch, self.saved_at = 0, -math.inf

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)  # of an earlier run: it would pass for this one's
        self.unfinished.unlink(missing_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        scores = logs or {}
        if not (math.isfinite(scores["loss"]) and math.isfinite(scores["val_loss"])):
            raise DivergenceError(
                f"{self.name}: the loss is not a number after epoch {epoch + 1}. Training has "
                f"diverged; lower {self.name.split()[0]}.training.learning_rate."
            )
        best_by = "val_probabilities_accuracy" if self.best_by not in scores else self.best_by
        score = self.sign * scores[best_by]
        if score > self.best_score:
            engine.hand_over(self.model, self.network)
            self.best_score, self.best_epoch = score, epoch + 1
            if time.monotonic() - self.saved_at > SAVE_EVERY_SECONDS:
                self.save()

    def save(self) -> None:
        """Write the best network, unless it is on disk."""
        if self.best_epoch > self.saved_epoch:
            # Under another name first: an interruption must not leave half a network.
            self.network.save(self.unfinished)
            os.replace(self.unfinished, self.path)  # noqa: PTH105
            self.saved_epoch, self.saved_at = self.best_epoch, time.monotonic()


def _where_watched() -> dict[str, Any]:
    """Arguments of `tqdm`: a bar on a terminal and in a notebook, none in a file."""
    if type(sys.stdout).__module__ == "ipykernel.iostream":  # a notebook, which is no terminal
        # On standard output, where the lines of the log are: a bar elsewhere would split them.
        return {"file": sys.stdout, "ncols": 80}
    return {"disable": None}


class _Progress(keras.callbacks.Callback):
    """A bar while somebody watches; one line an epoch in any case, so that logs stay readable."""

    def __init__(self, name: str, epochs: int, n_images: int, batch_size: int) -> None:
        super().__init__()
        self.name, self.epochs, self.n_images = name, epochs, n_images
        self.batches = math.ceil(n_images / batch_size)
        self.rows: list[dict[str, float]] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        title = f"{self.name} {epoch + 1}/{self.epochs}"
        self.bar = tqdm(
            total=self.batches, desc=title, unit="batch", leave=False, **_where_watched()
        )
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.bar.update()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.train_seconds = time.perf_counter() - self.started

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.bar.close()
        seconds = time.perf_counter() - self.started
        rate = float(self.model.optimizer.learning_rate)
        # Of several outputs, only one has an accuracy.
        scores = {
            name.replace("probabilities_accuracy", "accuracy"): value
            for name, value in (logs or {}).items()
            if name != "learning_rate"
        }
        per_second = self.n_images / self.train_seconds
        row = {"epoch": epoch + 1, **scores, "learning_rate": rate, "seconds": seconds,
               "images_per_second": per_second}  # fmt: skip
        self.rows.append(row)
        logger.info(
            "%s epoch %*d/%d  %s  %.1f s, training %s images/s",
            *(self.name, len(str(self.epochs)), epoch + 1, self.epochs),
            "  ".join(f"{name} {scores[name]:.4g}" for name in LOGGED if name in scores),
            *(seconds, f"{per_second:,.0f}"),
            extra={"network": self.name, "epoch": row},  # for whoever records curves as they grow
        )
