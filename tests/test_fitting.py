import functools
import gc
import io
import logging
import os
import signal
import weakref
from pathlib import Path

import numpy as np
import pytest

from mnist_pipeline import fitting
from mnist_pipeline.errors import UserError
from mnist_pipeline.lazy import keras
from mnist_pipeline.models.cnn import build_cnn
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.models.multitask_unet import build_multitask_unet
from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.preprocessing import NormalizedImages, normalize, one_hot
from tests.conftest import load_parameters
from tests.forked import run_module


def settings_in(folder, **changes):
    values = {
        "loss": "categorical_crossentropy",
        "epochs": 3,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": 0.01,
        "schedule": "constant",
        "warmup_fraction": 0.25,
        "validation_fraction": 0.1,
        "validation_split": "stratified",
        "early_stopping_patience": None,
        "reduce_lr_patience": None,
        "reduce_lr_factor": 0.5,
        "augmentation": None,
        "precision": "float32",
        "best_by": "val_loss",
        "checkpoint": str(folder / "checkpoints/best.keras"),
    }
    return TrainingSettings(**{**values, **changes})


@pytest.fixture
def settings(tmp_path):
    return functools.partial(settings_in, tmp_path)


def fit(bundled, settings, seed=0, hidden_units=(16,), show=normalize):
    """Train a small MLP on 200 real digits, validate on 50 others."""
    keras.utils.set_random_seed(seed)
    return fitting.fit(
        build_mlp((28, 28, 1), (10,), hidden_units=list(hidden_units), dropout=0.1),
        show(bundled.images[:250]),
        {"one_hot_labels": one_hot(bundled.labels[:250], 10)},
        train_indices=np.arange(200),
        validation_indices=np.arange(200, 250),
        settings=settings,
        name="mlp",
        seed=seed,
    )


@pytest.fixture(scope="module")
def plain(bundled, tmp_path_factory):
    """A training with the usual settings. Shared: do not change it."""
    return fit(bundled, settings_in(tmp_path_factory.mktemp("plain")))


def test_training_learns(bundled, settings):
    result = fit(bundled, settings(epochs=10))
    assert result.history["val_accuracy"].iloc[-1] > 0.7  # chance is 0.1
    assert result.history["loss"].iloc[-1] < result.history["loss"].iloc[0] / 5


def test_a_network_trained_in_bfloat16_learns_and_is_saved_in_float32(bundled, settings, plain):
    result = fit(bundled, settings(epochs=10, precision="bfloat16"))
    assert result.history["val_accuracy"].iloc[-1] > 0.7
    assert {layer.compute_dtype for layer in result.model.layers} == {"float32"}
    assert abs(result.history["loss"][0] / plain.history["loss"][0] - 1) > 1e-6  # not the same


def test_the_history_has_a_row_per_epoch(plain):
    history = plain.history
    assert history["epoch"].tolist() == [1, 2, 3]
    assert set(history) == {
        *("epoch", "loss", "val_loss", "accuracy", "val_accuracy", "learning_rate", "seconds"),
        "images_per_second",
    }


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(bundled, settings):
    first, again, other = (fit(bundled, settings(), seed) for seed in (1, 1, 2))
    numbers = ["loss", "val_loss", "accuracy", "val_accuracy"]
    assert first.history[numbers].equals(again.history[numbers])
    for one, two in zip(first.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not first.history[numbers].equals(other.history[numbers])


def test_pictures_that_stay_bytes_until_a_batch_needs_them_give_the_same_numbers(
    bundled, settings, plain
):
    by_the_batch = fit(bundled, settings(), show=NormalizedImages)
    numbers = ["loss", "val_loss", "accuracy", "val_accuracy"]
    assert plain.history[numbers].equals(by_the_batch.history[numbers])


def test_digits_are_let_go_when_training_is_over(bundled, settings):
    shown = NormalizedImages(bundled.images[:250].copy())
    gone = weakref.ref(shown)
    fit(bundled, settings(epochs=1), show=lambda _, one=[shown]: one.pop())
    del shown
    gc.collect()
    assert gone() is None


def test_the_weights_are_those_of_the_best_epoch(bundled, settings):
    result = fit(bundled, settings(epochs=12, learning_rate=0.3))
    losses = result.history["val_loss"]
    assert result.best_epoch == losses.argmin() + 1 < 12  # the last epoch would show nothing
    images, targets = normalize(bundled.images[200:250]), one_hot(bundled.labels[200:250], 10)
    loss, _ = result.model.evaluate(images, targets, verbose=0)
    assert loss == pytest.approx(losses.min(), rel=1e-5)


def test_the_checkpoint_on_disk_is_the_best_network(bundled, settings):
    chosen = settings(best_by="val_accuracy")
    result = fit(bundled, chosen)
    saved = keras.models.load_model(chosen.checkpoint)
    for kept, loaded in zip(result.model.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, loaded)


def test_short_epochs_do_not_wait_for_the_best_network_to_be_written(
    bundled, settings, monkeypatch
):
    saved = []
    save = keras.Model.save
    monkeypatch.setattr(
        keras.Model, "save", lambda model, path: saved.append(path) or save(model, path)
    )
    result = fit(bundled, settings(epochs=6))
    assert result.best_epoch > 2
    assert len(saved) == 2  # the first one, for whoever interrupts, and the best


def test_an_interrupted_training_leaves_its_best_epoch_also_if_that_was_not_written_yet(
    bundled, settings, monkeypatch
):
    begin = fitting._Progress.on_epoch_begin

    def interrupt(self, epoch, logs=None):
        if epoch == 4:
            raise KeyboardInterrupt
        begin(self, epoch, logs)

    monkeypatch.setattr(fitting._Progress, "on_epoch_begin", interrupt)
    chosen = settings(epochs=6)
    with pytest.raises(KeyboardInterrupt):
        fit(bundled, chosen)
    saved = keras.models.load_model(chosen.checkpoint)
    assert int(saved.optimizer.iterations) == 4 * 7  # each epoch was better, and has 7 batches


def test_an_interrupted_training_leaves_its_checkpoint_and_says_where(
    bundled, settings, monkeypatch, caplog
):
    def interrupt(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(fitting._Progress, "on_epoch_begin", interrupt)
    monkeypatch.setattr(fitting._Progress, "on_train_batch_end", lambda *_, **__: None)
    monkeypatch.setattr(fitting._Progress, "on_test_begin", lambda *_, **__: None)
    monkeypatch.setattr(fitting._Progress, "on_epoch_end", lambda *_, **__: None)
    chosen = settings()
    with pytest.raises(KeyboardInterrupt), caplog.at_level(logging.WARNING):
        fit(bundled, chosen)
    assert keras.models.load_model(chosen.checkpoint).count_params() == 12_730
    assert f"after epoch 1, the best so far, is in {chosen.checkpoint}" in caplog.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_the_end_of_the_batch(bundled, settings, monkeypatch, number):
    batches = []

    def interrupt(self, batch, logs=None):
        if batch == 2:
            os.kill(os.getpid(), number)
        batches.append(batch)

    monkeypatch.setattr(fitting._Progress, "on_train_batch_end", interrupt)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(bundled, settings())
    finally:
        signal.signal(number, before)
    assert batches == [0, 1, 2]


def test_early_stopping_ends_a_training_that_does_not_improve(bundled, settings):
    chosen = settings(epochs=50, learning_rate=3.0, early_stopping_patience=2)
    history = fit(bundled, chosen).history
    assert len(history) == history["val_loss"].argmin() + 1 + 2 < 50


def test_the_learning_rate_is_lowered_when_the_loss_does_not_fall(bundled, settings):
    chosen = settings(epochs=10, learning_rate=3.0, reduce_lr_patience=1, reduce_lr_factor=0.25)
    rates = fit(bundled, chosen).history["learning_rate"]
    assert rates.iloc[0] == 3.0
    assert 0.75 in rates.to_numpy()


def test_one_cycle_goes_up_to_the_learning_rate_and_down_to_zero(bundled, settings):
    chosen = settings(schedule="one_cycle", epochs=8, batch_size=100, learning_rate=0.02)
    rates = fit(bundled, chosen).history["learning_rate"]  # after 2, 4, ... 16 batches
    rising, falling = (
        np.linspace(0.02 / 25, 0.02, 5),
        0.01 * (1 + np.cos(np.pi * np.arange(13) / 12)),
    )
    expected = np.concatenate([rising, falling[1:]])[2::2]
    np.testing.assert_allclose(rates, expected, rtol=1e-4, atol=1e-8)


def test_one_cycle_without_warmup_only_falls(bundled, settings):
    chosen = settings(schedule="one_cycle", warmup_fraction=0.0, epochs=4)
    rates = fit(bundled, chosen).history["learning_rate"].to_numpy()
    assert (np.diff([0.01, *rates]) < 0).all()
    assert rates[-1] == pytest.approx(0)


def test_a_network_trained_with_one_cycle_loads_without_this_package(bundled, settings, tmp_path):
    model = fit(bundled, settings(schedule="one_cycle")).model
    model.save(tmp_path / "model.keras")
    images = normalize(bundled.images[:2])
    np.save(tmp_path / "images.npy", images)
    loaded = run_module("tests.elsewhere", (), tmp_path, dict(os.environ), timeout_s=120)
    assert loaded.returncode == 0, loaded.stdout
    answers = np.load(tmp_path / "answers.npz")["answers"]
    np.testing.assert_allclose(answers, model(images), atol=1e-5)
    assert "CosineDecay" in loaded.stdout


@pytest.mark.parametrize("best_by", ["val_loss", "val_accuracy"])
def test_a_training_that_diverges_is_stopped_with_advice(bundled, settings, best_by):
    chosen = settings(learning_rate=1e30, best_by=best_by)
    with pytest.raises(
        UserError, match=r"not a number after epoch 1.*mlp\.training\.learning_rate"
    ):
        fit(bundled, chosen, hidden_units=(64, 64, 64))


def test_the_checkpoint_of_an_earlier_training_is_not_taken_for_this_one(bundled, settings):
    chosen = settings(learning_rate=1e30)
    Path(chosen.checkpoint).parent.mkdir()
    Path(chosen.checkpoint).write_bytes(b"an earlier network")
    with pytest.raises(UserError):
        fit(bundled, chosen, hidden_units=(64, 64, 64))
    assert not Path(chosen.checkpoint).exists()


def test_the_full_cnn_with_dropout_is_reproducible_to_the_last_bit(bundled, settings):
    histories = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        model = build_cnn((28, 28, 1), (10,), **load_parameters()["cnn"]["model"])
        result = fitting.fit(
            model, normalize(bundled.images), {"one_hot_labels": one_hot(bundled.labels, 10)},
            train_indices=np.arange(400), validation_indices=np.arange(400, 500),
            settings=settings(epochs=1, batch_size=128), name="cnn", seed=5,
        )  # fmt: skip
        histories.append(result.history[["loss", "val_loss"]])
    assert histories[0].equals(histories[1])


def test_each_epoch_is_one_line_in_the_log(bundled, settings, caplog):
    with caplog.at_level(logging.INFO):
        fit(bundled, settings(epochs=2))
    first, *lines = [record.getMessage() for record in caplog.records]
    assert first.startswith("mlp: training in float32 (")
    assert [line.split("  ")[0] for line in lines] == ["mlp epoch 1/2", "mlp epoch 2/2"]
    assert "val_loss" in lines[0]
    assert "images/s" in lines[0]


def test_there_is_a_progress_bar_in_a_notebook_and_none_in_a_file(bundled, settings, monkeypatch):
    notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    for stream, expected in ((notebook(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stdout", stream)
        fit(bundled, settings(epochs=1))
        assert ("1/1: " in stream.getvalue() and "batch/s" in stream.getvalue()) is expected


@pytest.mark.parametrize("n", [0, 1, *(fitting.PREDICT_BATCH_SIZE + k for k in (-1, 0, 1))])
def test_every_digit_gets_its_own_prediction(n):
    one = build_mlp((28, 28, 1), (10,), hidden_units=[], dropout=0.0)
    two = keras.Model(one.input, [one.output, keras.layers.Flatten()(one.input)])
    inputs = np.random.default_rng(0).random((n, 28, 28, 1), dtype=np.float32)
    for network in (one, two):
        expected = network(inputs)
        expected = expected if isinstance(expected, list) else [expected]
        for outputs, these in zip(fitting.predict(network, inputs), expected, strict=True):
            np.testing.assert_allclose(outputs, these, rtol=1e-4, atol=1e-6)


def fit_both(bundled, settings):
    """Train a small U-Net that restores and classifies, and track 30 other digits."""
    keras.utils.set_random_seed(0)
    model = build_multitask_unet(
        (28, 28, 1), (28, 28, 1), (10,), filters=[2, 4], kernel_size_px=3, hidden_units=[8],
        batch_normalization=False, residual=False, dropout=0.0,
    )  # fmt: skip
    images, labels = normalize(bundled.images[:130]), one_hot(bundled.labels[:130], 10)
    result = fitting.fit(
        model, images[:100], {"clean_images": images[:100], "one_hot_labels": labels[:100]},
        train_indices=np.arange(80), validation_indices=np.arange(80, 100),
        test=(images[100:], {"clean_images": images[100:], "one_hot_labels": labels[100:]}),
        settings=settings, name="both", seed=0,
    )  # fmt: skip
    return result, images, labels


BOTH = {
    "loss": {"clean_images": "mse", "one_hot_labels": "categorical_crossentropy"},
    "loss_weights": {"clean_images": 2.0, "one_hot_labels": 0.25},
}


def test_several_losses_are_added_with_their_weights(bundled, settings):
    history = fit_both(bundled, settings(**BOTH))[0].history
    expected = 2 * history["val_restored_loss"] + 0.25 * history["val_probabilities_loss"]
    np.testing.assert_allclose(history["val_loss"], expected, rtol=1e-4)
    assert {"accuracy", "val_accuracy"} <= set(history)


def test_the_test_loss_is_that_of_the_test_digits_after_the_epoch(bundled, settings):
    result, images, labels = fit_both(bundled, settings(**BOTH, epochs=1))
    restored, probabilities = fitting.predict(result.model, images[100:])
    mse = np.square(restored - images[100:]).mean()
    entropy = -np.log((probabilities * labels[100:]).sum(axis=1)).mean()
    assert result.history["test_loss"].iloc[0] == pytest.approx(2 * mse + 0.25 * entropy, rel=1e-4)


def test_the_test_loss_chooses_nothing(bundled, settings):
    """The same training without it ends with the same weights."""
    with_test = fit_both(bundled, settings(**BOTH))[0].model.get_weights()
    original = fitting._TestLoss.on_epoch_end
    try:
        fitting._TestLoss.on_epoch_end = lambda *_, **__: None
        without = fit_both(bundled, settings(**BOTH))[0].model.get_weights()
    finally:
        fitting._TestLoss.on_epoch_end = original
    for one, other in zip(with_test, without, strict=True):
        np.testing.assert_array_equal(one, other)


def epochs_of(settings, x, y, indices, n=2, seed=3):
    """Inputs, and targets, of n epochs, each batch after batch."""
    batches = fitting._training_batches([x, *y.values()], list(y), indices, settings, seed)
    epochs = []
    for _ in range(n):
        parts = [(xs.numpy(), *(target.numpy() for target in ys)) for xs, ys in batches]
        epochs.append([np.concatenate(column) for column in zip(*parts, strict=True)])
    return epochs


def test_an_epoch_sees_every_training_digit_once_in_another_order(settings):
    x = np.arange(100, dtype=np.float32)
    indices = np.arange(0, 100, 2)
    (one, targets), (other, _) = epochs_of(settings(batch_size=8), x, {"y": 10 * x}, indices)
    assert sorted(one) == sorted(other) == indices.tolist()
    assert one.tolist() != other.tolist()
    assert (targets == 10 * one).all()


@pytest.fixture
def point():
    """Forty pictures of a single white pixel in the middle."""
    images = np.zeros((40, 28, 28, 1), np.float32)
    images[:, 14, 14] = 1
    return images


SHIFTS = [{"translate": {"shift_px": 3}}]


def test_augmentation_distorts_every_digit_anew_in_every_epoch(settings, point):
    chosen = settings(batch_size=10, augmentation=SHIFTS)
    labels = {"one_hot_labels": np.eye(40, dtype=np.float32)}
    epochs = epochs_of(chosen, point, labels, np.arange(40))
    places = [images[np.argsort(ids.argmax(axis=1))].argmax(axis=1) for images, ids in epochs]
    assert not np.array_equal(*places)
    assert not point[:, 11].any()  # the digits themselves stay where they are
    for images, _ in epochs:
        rows = {int(np.argwhere(image > 0.9)[0][0]) for image in images}
        assert rows == {11, 17}


def test_augmentation_follows_from_the_seed(settings, point):
    chosen = settings(batch_size=10, augmentation=SHIFTS)
    ((one,), _), ((again,), _), ((other,), _) = (
        epochs_of(chosen, point, {}, np.arange(40), seed=seed) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_picture_to_be_returned_is_moved_as_the_one_that_is_seen_and_gets_no_noise(
    settings, point
):
    chosen = settings(augmentation=[*SHIFTS, {"gaussian_noise": {"std": 0.1}}])
    ((seen, wanted), _) = epochs_of(chosen, point, {"clean_images": point}, np.arange(40))
    assert set(np.unique(wanted)) == {0, 1}
    np.testing.assert_array_equal(seen > 0.5, wanted == 1)
    assert len(np.unique(seen)) > 1000


def test_training_on_augmented_digits_is_another_training_and_as_reproducible(
    bundled, settings, plain
):
    chosen = settings(augmentation=[{"rotate": {"degrees": 20.0}}])
    one, again = fit(bundled, chosen), fit(bundled, chosen)
    numbers = ["loss", "val_loss"]
    assert one.history[numbers].equals(again.history[numbers])
    assert not one.history[numbers].equals(plain.history[numbers])


def test_validation_digits_are_not_augmented(bundled, settings):
    result = fit(bundled, settings(epochs=1, augmentation=[{"contrast": {"factor": 0.0}}]))
    images, targets = normalize(bundled.images[200:250]), one_hot(bundled.labels[200:250], 10)
    loss, _ = result.model.evaluate(images, targets, verbose=0)
    assert result.history["val_loss"].iloc[0] == pytest.approx(loss, rel=1e-5)


def test_the_optimizer_is_the_one_named(bundled, settings):
    names = [
        type(fit(bundled, settings(epochs=1, optimizer=name)).model.optimizer).__name__
        for name in ("adam", "rmsprop")
    ]
    assert names == ["Adam", "RMSprop"]


def test_build_and_fit_follows_from_the_seed_alone(bundled, settings):
    def train(seed):
        return fitting.build_and_fit(
            build_mlp, {"hidden_units": [8], "dropout": 0.2}, normalize(bundled.images[:100]),
            {"one_hot_labels": one_hot(bundled.labels[:100], 10)},
            train_indices=np.arange(80), validation_indices=np.arange(80, 100),
            settings=settings(epochs=1), name="mlp", seed=seed,
        ).history["loss"].iloc[0]  # fmt: skip

    assert train(1) == train(1) != train(2)


def test_a_network_that_cannot_be_built_says_whose_setting_is_wrong(bundled, settings):
    with pytest.raises(UserError, match=r"^noisy_mlp: model\.dropout = \[0\.1\] has 1 entries"):
        fitting.build_and_fit(
            build_mlp, {"hidden_units": [8, 8], "dropout": [0.1]}, normalize(bundled.images[:10]),
            {"one_hot_labels": one_hot(bundled.labels[:10], 10)}, settings=settings(),
            name="noisy_mlp fold 1/5", seed=0,
        )  # fmt: skip


def fit_and_call(bundled, settings, after_epoch):
    """Train a small MLP on 200 real digits, and call after every epoch."""
    return fitting.build_and_fit(
        build_mlp, {"hidden_units": [16], "dropout": 0.1}, normalize(bundled.images[:250]),
        {"one_hot_labels": one_hot(bundled.labels[:250], 10)},
        train_indices=np.arange(200), validation_indices=np.arange(200, 250),
        settings=settings, name="mlp", seed=0, after_epoch=after_epoch,
    )  # fmt: skip


def test_after_every_epoch_its_row_of_the_history_is_handed_on(bundled, settings):
    seen = []
    result = fit_and_call(bundled, settings(), lambda epoch, row: seen.append((epoch, row)))
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert [row for _, row in seen] == result.history.to_dict("records")


def test_a_training_can_be_stopped_after_an_epoch_and_leaves_no_half_a_file(bundled, settings):
    class EnoughError(Exception):
        pass

    def stop(epoch, row):
        chosen_path.with_name("unfinished-best.keras").touch()  # as if it were being written
        raise EnoughError

    chosen = settings()
    chosen_path = Path(chosen.checkpoint)
    with pytest.raises(EnoughError):
        fit_and_call(bundled, chosen, stop)
    assert [path.name for path in chosen_path.parent.iterdir()] == ["best.keras"]
