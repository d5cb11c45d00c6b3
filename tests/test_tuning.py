import json
import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mnist_pipeline import fitting, tuning
from mnist_pipeline.errors import DivergenceError, UserError
from mnist_pipeline.families import EVERY_FAMILY, FAMILIES
from mnist_pipeline.parameters import (
    LabelTraining,
    Range,
    TuningSettings,
    check_parameters,
)
from mnist_pipeline.preprocessing import NormalizedImages, one_hot
from mnist_pipeline.tuning import Search, TrainingDigits, best_row, run_trials
from tests.conftest import load_parameters

MLP = next(family for family in FAMILIES if family.name == "mlp")
SPACE = {
    "model.dropout": Range(low=0.0, high=0.5),
    "model.hidden_units": Range(choices=[[16], [4]]),
    "training.learning_rate": Range(low=0.0003, high=0.1, log=True),
    "training.batch_size": Range(low=16, high=48, step=16),
}


@pytest.fixture
def search(tmp_path):
    """For the settings of a small MLP that learns quickly."""
    values = load_parameters("test")["mlp"]
    changes = {"epochs": 4, "batch_size": 16, "learning_rate": 0.01}
    changes["checkpoint"] = str(tmp_path / "mlp/checkpoint.keras")
    training = LabelTraining(**{**values["training"], **changes})
    return Search(MLP, values["model"], training, SPACE, 3, startup_trials=3, warmup_epochs=1)


@pytest.fixture
def digits(bundled):
    """120 real digits that train, and 30 that validate."""
    some = bundled.take(np.arange(150))
    targets = {"one_hot_labels": one_hot(some.labels, 10)}
    return TrainingDigits(
        NormalizedImages(some.images), targets, np.arange(120), np.arange(120, 150)
    )


@pytest.fixture
def run(digits, tmp_path):
    """Runs a search in the storage of this test."""

    def run(search, n_trials, study_name="a"):
        storage = tmp_path / "tuning/trials.db"
        return run_trials(search, digits, n_trials=n_trials, storage=storage, study_name=study_name)

    return run


def without_times(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture
def quick(monkeypatch):
    """Training by a formula: the loss falls with the epochs, and is lowest for a rate of 0.01."""

    def build_and_fit(build, model, *_, settings, name, after_epoch, **__):
        Path(settings.checkpoint).parent.mkdir(exist_ok=True)
        Path(settings.checkpoint).touch()
        if settings.learning_rate > 1:
            raise DivergenceError(f"{name}: the loss is not a number")
        floor = abs(math.log10(settings.learning_rate) + 2) + model["dropout"]
        losses = [floor + 1 / epoch for epoch in range(1, settings.epochs + 1)]
        history = pd.DataFrame({"val_loss": losses, "val_accuracy": np.exp(-np.array(losses))})
        for epoch, row in enumerate(history.to_dict("records"), start=1):
            after_epoch(epoch, row)
        return fitting.Fit(None, history, settings.epochs, 1.0)

    monkeypatch.setattr(fitting, "build_and_fit", build_and_fit)


@pytest.fixture
def interrupted(quick, monkeypatch):
    """Makes the third training end like Ctrl-C after its first epoch."""
    train, n_trained = fitting.build_and_fit, []

    def build_and_fit(*arguments, after_epoch, **others):
        n_trained.append(1)

        def after(epoch, scores):
            after_epoch(epoch, scores)
            if len(n_trained) == 3:
                raise KeyboardInterrupt

        return train(*arguments, after_epoch=after, **others)

    monkeypatch.setattr(fitting, "build_and_fit", build_and_fit)


def test_the_same_seed_gives_the_same_trials_also_after_an_interruption(
    search, run, interrupted, caplog
):
    with pytest.raises(KeyboardInterrupt):
        run(search, 6, "interrupted")
    assert "mlp: 2 of 6 trials are kept; the same command goes on" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.INFO):
        continued = run(search, 6, "interrupted")
    assert "mlp: 2 of 6 trials were finished by an earlier run" in caplog.text
    assert "mlp trial 2/6:" not in caplog.text
    uninterrupted = run(search, 6, "uninterrupted")
    assert without_times(continued) == without_times(uninterrupted)
    assert [row["trial"] for row in continued] == [1, 2, 3, 4, 5, 6]
    assert best_row(search, continued)["settings"] == best_row(search, uninterrupted)["settings"]


def test_the_first_trial_has_the_present_settings_and_another_seed_proposes_others(
    quick, search, run
):
    first, second = run(search, 2)
    assert first["settings"] == {
        "model.dropout": 0.2, "model.hidden_units": [16],
        "training.learning_rate": 0.01, "training.batch_size": 16,
    }  # fmt: skip
    other_first, other_second = run(replace(search, seed=4), 2, "b")
    assert other_first["settings"] == first["settings"]
    assert other_second["settings"] != second["settings"] != first["settings"]
    for row in (second, other_second):
        assert all(value in SPACE[name] for name, value in row["settings"].items())


def test_asking_for_fewer_trials_gives_the_first_ones_and_trains_none(
    quick, search, run, monkeypatch
):
    rows = run(search, 2)
    monkeypatch.delattr(fitting, "build_and_fit")
    assert run(search, 1) == rows[:1]


def poor(search, **changes):
    """The search with settings of which most are far worse than the present ones."""
    rates = {"training.learning_rate": Range(choices=[0.01, 1e-6, 1e-7, 1e-8])}
    return replace(search, space=rates, **changes)


def test_a_trial_that_lags_behind_is_broken_off_after_the_warm_up(quick, search, run):
    rows = run(poor(search, startup_trials=1), 5)
    pruned = [row for row in rows if row["state"] == "pruned"]
    assert pruned
    assert {row["epochs_run"] for row in pruned} == {2}  # one to warm up, of four
    best = best_row(search, rows)
    assert best["state"] == "complete"
    assert all(row["score"] > best["score"] for row in pruned)


def test_no_trial_is_broken_off_before_enough_have_been_trained_to_their_end(quick, search, run):
    rows = run(poor(search, startup_trials=3), 3)
    assert [row["state"] for row in rows] == ["complete"] * 3


def diverging(search):
    """The search with rates that no network survives."""
    return replace(search, space={"training.learning_rate": Range(choices=[0.01, 1e30, 1e31])})


def test_a_trial_that_diverges_has_failed_and_the_search_goes_on(quick, search, run, caplog):
    with caplog.at_level(logging.INFO):
        rows = run(diverging(search), 4)
    states = [row["state"] for row in rows]
    assert states[0] == "complete"
    assert "failed" in states[1:]
    failed = rows[states.index("failed")]
    assert math.isnan(failed["score"])
    assert failed["settings"]["training.learning_rate"] > 1e29
    assert f"mlp trial {failed['trial']}/4: diverged; best so far" in caplog.text


def test_a_search_in_which_every_trial_diverges_ends_with_advice(quick, search, run):
    bad = diverging(search)
    training = bad.training.model_copy(update={"learning_rate": 1e30})
    message = r"mlp: every trial has diverged.*tuning\.spaces\.mlp\.training\.learning_rate"
    with pytest.raises(UserError, match=message):
        run(replace(bad, training=training), 1)


def test_trials_leave_the_checkpoint_of_the_family_alone_and_none_of_their_own(
    quick, search, tmp_path, run
):
    path = tmp_path / "mlp/checkpoint.keras"
    path.parent.mkdir()
    path.write_bytes(b"of the family")
    run(diverging(search), 3)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == b"of the family"


def test_a_storage_that_is_no_database_is_refused(search, run, tmp_path):
    (tmp_path / "tuning").mkdir()
    (tmp_path / "tuning/trials.db").write_text("no database, though it has its name")
    with pytest.raises(UserError, match=r"tuning\.storage = .*trials\.db.*Move it away"):
        run(search, 1)


def test_where_accuracy_decides_more_is_better_and_the_first_of_equals_wins(search):
    rows = [
        {"trial": n, "state": state, "score": score, "settings": {}}
        for n, (state, score) in enumerate(
            [("complete", 0.5), ("complete", 0.9), ("pruned", 0.95), ("failed", math.nan),
             ("complete", 0.9)], start=1,
        )
    ]  # fmt: skip
    assert best_row(search, rows)["trial"] == 1
    training = search.training.model_copy(update={"best_by": "val_accuracy"})
    assert best_row(replace(search, training=training), rows)["trial"] == 2
    assert best_row(search, rows[2:4]) is None


def test_the_score_is_that_of_the_epoch_whose_weights_are_kept(search, run, caplog):
    """Here with real trainings."""
    training = search.training.model_copy(update={"best_by": "val_accuracy", "learning_rate": 0.1})
    with caplog.at_level(logging.INFO):
        (row,) = run(replace(search, training=training), 1)
    epochs = [line for line in caplog.text.splitlines() if " epoch " in line]
    accuracies = [float(line.partition("val_accuracy ")[2].split()[0]) for line in epochs]
    assert row["score"] == pytest.approx(max(accuracies), abs=1e-4)
    assert row["epochs_run"] == len(epochs) == 4


def test_every_trial_is_a_record_of_the_log(quick, search, run, caplog):
    with caplog.at_level(logging.INFO):
        rows = run(search, 2)
    records = [record.trial for record in caplog.records if hasattr(record, "trial")]
    assert [record["number"] for record in records] == [1, 2]
    assert records[1] == {
        "kind": "trial", "family": "mlp", "number": 2, "state": rows[1]["state"],
        "score": rows[1]["score"], "score_name": "val_loss", "epochs_run": rows[1]["epochs_run"],
        "fit_seconds": rows[1]["seconds"], "settings": rows[1]["settings"],
    }  # fmt: skip
    assert json.dumps(records)


def test_the_table_has_a_row_per_trial_and_a_column_per_setting(search):
    row = {"trial": 1, "state": "complete", "score": 0.1, "epochs_run": 2, "seconds": 1.5}
    table = tuning.tabulate([row | {"settings": search.present}])
    assert list(table) == [*row, *SPACE]
    assert table["model.hidden_units"].tolist() == [[16]]


def test_the_best_settings_stand_beside_the_present_ones(search):
    first = {"trial": 1, "state": "complete", "score": 0.2, "settings": {"model.dropout": 0.2}}
    best = first | {"trial": 2, "score": 0.1, "settings": {"model.dropout": 0.123456}}
    text = tuning.compare_with_present(search, [first, best])
    assert text.startswith("mlp: trial 2 of 2 is the best")
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["present", "best"], ["model.dropout", "0.2", "0.1235"], ["val_loss", "0.2", "0.1"]
    ]  # fmt: skip
    text = tuning.compare_with_present(search, [first])
    assert text == "mlp: none of 1 trials beats the present settings."


def test_settings_take_the_place_of_the_present_ones_and_the_others_stay(search):
    groups = search.with_settings({"model.dropout": 0.4, "training.batch_size": 48})
    assert groups["model"] == {"hidden_units": [16], "dropout": 0.4}
    assert groups["training"] == search.training.model_dump() | {"batch_size": 48}
    assert search.model["dropout"] == 0.2


@pytest.mark.parametrize(
    ("range_", "inside", "outside"),
    [
        (Range(low=0.0, high=0.5), [0.0, 0, 0.25, 0.5], [0.6, -0.1, [0.2], None, "0.2"]),
        (Range(low=2, high=4), [2, 3, 4], [2.5, 5, True]),
        (Range(low=3, high=7, step=2), [3, 5, 7], [4, 9]),
        (Range(choices=[[1, 2], None, "a"]), [[1, 2], None, "a"], [[1], 2, "b"]),
    ],
)
def test_a_range_holds_what_it_says(range_, inside, outside):
    assert all(value in range_ for value in inside)
    assert not any(value in range_ for value in outside)


def with_range(family, key, range_):
    """The parameters with that range in the space of a family."""
    parameters = load_parameters()
    group, setting = key.split(".")
    parameters["tuning"]["spaces"].setdefault(family, {}).setdefault(group, {})[setting] = range_
    return parameters


@pytest.mark.parametrize(
    ("key", "range_", "message"),
    [
        ("model.dropout", {"low": 0.5, "high": 0.1}, ": low = 0.5 should be below high = 0.1."),
        ("model.dropout", {"low": 0.5, "high": 0.5}, ": low = 0.5 should be below high = 0.5."),
        ("model.dropout", {"low": 0.0, "high": 1.0}, ": dropout = 1.0: input should be less than"),
        ("model.dropout", {"choices": [0.1, "x"]}, ": dropout = 'x': input should be a valid numb"),
        ("model.dropout", {"choices": [0.1]}, ".choices = [0.1]: list should have at least 2"),
        ("model.dropout", {"low": 0.1}, ": write {low: ..., high: ...} or {choices: [...]}."),
        ("model.dropout", {"low": "a", "high": 1}, ".low = 'a': input should be a number."),
        ("model.dropout", {"lo": 0.1, "high": 1}, ".lo = 0.1: there is no such key; did you mean"),
        ("model.dropout", {"choices": [0, 0.1], "low": 0}, ": choices go without low."),
        ("model.dropout", {"low": 0, "high": 0.5, "log": True}, ": a logarithmic range starts abo"),
        ("model.dropout", {"low": 0, "high": 0.5, "step": 1}, ": step is for whole numbers witho"),
        ("model.dropout", 0.5, " = 0.5: input should be {setting: value, ...}."),
        ("model.dropot", {"low": 0, "high": 0.5}, "there is no such key; did you mean dropout?"),
        ("modl.dropout", {"low": 0, "high": 0.5}, "there is no such key; did you mean model?"),
        ("training.batch_size", {"low": 0, "high": 9}, ": batch_size = 0: input should be greater"),
        ("training.batch_size", {"low": 1.5, "high": 9}, ": batch_size = 1.5: input should be a v"),
        ("training.batch_size", {"low": 1, "high": 9, "step": 3}, ": step = 3 does not lead from"),
        ("training.best_by", {"choices": ["val_loss", "val_accuracy"]}, ": it decides what a scor"),
        ("training.validation_fraction", {"low": 0.1, "high": 0.2}, ": it decides what a score me"),
    ],
)  # fmt: skip
def test_a_range_that_cannot_be_meant_is_refused_by_its_key(key, range_, message):
    group = key.split(".")[0]
    with pytest.raises(UserError) as refused:
        check_parameters(with_range("mlp", key, range_))
    assert message in refused.value.message
    assert f"tuning.spaces.mlp.{key if group != 'modl' else group}" in refused.value.message


def test_a_family_that_does_not_exist_is_refused():
    parameters = load_parameters()
    parameters["tuning"] |= {"family": "cn"}
    with pytest.raises(UserError, match=r"tuning\.family = 'cn': input should be 'mlp', 'cnn'"):
        check_parameters(parameters)


def plan(parameters, family="mlp"):
    check_parameters(parameters)
    settings = TuningSettings(**{**parameters["tuning"], "family": family})
    return tuning.plan(settings, parameters)


def test_null_takes_a_setting_out_of_the_search():
    space = plan(with_range("mlp", "model.dropout", None)).space
    assert "model.dropout" not in space
    assert "model.hidden_units" in space


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("env", ["base", "best", "demo", "quick", "test"])
def test_every_family_has_a_space_that_holds_its_present_settings(env, family):
    search = plan(load_parameters(env), family.name)
    assert search.family is family
    assert "training.learning_rate" in search.space
    for name, value in search.present.items():
        assert value in search.space[name]


def test_a_search_without_a_family_is_refused_with_a_command():
    with pytest.raises(UserError, match=r"kedro run --pipeline=tuning --params=tuning\.family=cnn"):
        plan(load_parameters(), None)


def test_a_family_without_a_space_is_refused_with_where_to_write_it():
    assert "noisy_lenet5" in {family.name for family in EVERY_FAMILY}
    message = r"tuning\.spaces\.noisy_lenet5 is missing: write into conf/base/parameters/tuning"
    with pytest.raises(UserError, match=message):
        plan(load_parameters(), "noisy_lenet5")


@pytest.mark.parametrize(
    ("key", "range_", "message"),
    [
        ("model.dropout", {"low": 0.3, "high": 0.5}, "mlp.model.dropout = 0.2: the first trial"),
        ("training.batch_size", {"low": 32, "high": 64}, "tuning.spaces.mlp.training.batch_size"),
        (
            "model.dropout",
            {"choices": [0.2, [0.1, 0.2, 0.3]]},
            "tuning.spaces: mlp.model.dropout = [0.1, 0.2, 0.3] has 3 entries, but model.hidden",
        ),
        (
            "training.schedule",
            {"choices": ["constant", "one_cycle"]},
            "reduce_lr_patience = 3 cannot be followed; write null in mlp.training, or take",
        ),
    ],
)
def test_a_space_that_does_not_go_with_the_present_settings_is_refused(key, range_, message):
    with pytest.raises(UserError) as refused:
        plan(with_range("mlp", key, range_))
    assert message in refused.value.message


def test_without_optuna_the_search_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tuning, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'mnist-pipeline\[tune\]'"):
        plan(load_parameters())
