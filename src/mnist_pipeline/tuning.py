"""A search for settings: a family is trained many times, each time with other settings.

Trial 1 takes the present settings, so "better" means better than these. The next ones are random;
after them a tree-structured Parzen estimator (Bergstra et al. 2011) proposes what resembles the
better trials and not the others. A trial that lags behind the median of the finished ones is broken
off (pruned). All trials train and validate on the same digits with the same seed, and are compared
by the score that the family keeps its best epoch by. Every trial is on disk as soon as it is
finished; the same search, begun again, goes on where it was interrupted, and ends with the same
trials.

Each trial that finishes is a line of the log, whose record has it as data, `record.trial`: a dict
of `kind, family, number, state, score, score_name, epochs_run, fit_seconds, settings`.
"""

import json
import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mnist_pipeline.errors import DivergenceError, UserError
from mnist_pipeline.families import EVERY_FAMILY, Family
from mnist_pipeline.parameters import (
    Range,
    TrainingSettings,
    TuningSettings,
    check_search,
)
from mnist_pipeline.preprocessing import TrainingDigits

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

Row = dict[str, Any]

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
"""What a finished trial is, by Optuna's names: trained to its end, broken off, or diverged."""


@dataclass(frozen=True)
class Search:
    """What is searched, and how.

    model, training: the present settings of the family.
    space: what may be tried for `model.<setting>` and `training.<setting>`; the rest stays.
    seed: of every training; what is proposed follows from it too.
    startup_trials, warmup_epochs: explained in `conf/base/parameters/tuning.yml`.
    """

    family: Family
    model: dict[str, Any]
    training: TrainingSettings
    space: dict[str, Range]
    seed: int
    startup_trials: int
    warmup_epochs: int

    @property
    def score_name(self) -> str:
        """What trials are compared by: `val_loss` or `val_accuracy`."""
        return self.training.best_by

    @property
    def is_higher_better(self) -> bool:
        return self.score_name == "val_accuracy"

    @property
    def present(self) -> dict[str, Any]:
        """The present value of every setting that is searched."""
        groups = {"model": self.model, "training": self.training.model_dump()}
        split = {name: name.split(".") for name in self.space}
        return {name: groups[group][setting] for name, (group, setting) in split.items()}

    def with_settings(self, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """All settings of the family, `model` and `training`, with these instead of the present."""
        groups = {"model": dict(self.model), "training": self.training.model_dump()}
        for name, value in settings.items():
            group, setting = name.split(".")
            groups[group][setting] = value
        return groups


def plan(settings: TuningSettings, parameters: dict[str, Any]) -> Search:
    """The search that the parameters ask for.

    parameters: all of them. Raises UserError when no family is named, when it has no space, when
    its present settings are outside of the space, and when Optuna is not installed.
    """
    if find_spec("optuna") is None:
        raise UserError("The search needs Optuna: pip install 'mnist-pipeline[tune]'")
    if settings.family is None:
        raise UserError(
            "Whose settings are to be searched? Name the family: "
            "kedro run --pipeline=tuning --params=tuning.family=cnn"
        )
    groups = settings.spaces.get(settings.family, {})
    space = {f"{group}.{name}": of[name] for group, of in groups.items() for name in of}
    if not space:
        raise UserError(
            f"tuning.spaces.{settings.family} is missing: write into "
            "conf/base/parameters/tuning.yml which settings may be tried (those of mlp are a "
            "pattern)."
        )
    check_search(settings.family, space, parameters)
    (family,) = (f for f in EVERY_FAMILY if f.name == settings.family)
    present = parameters[family.name]
    return Search(
        family,
        present["model"],
        TrainingSettings.model_validate(present["training"]),
        space,
        parameters["seed"],
        settings.startup_trials,
        settings.warmup_epochs,
    )


def run_trials(
    search: Search, digits: TrainingDigits, *, n_trials: int, storage: Path, study_name: str
) -> list[Row]:
    """Run trials until there are `n_trials`, those included that are finished already.

    storage: SQLite file for finished trials. study_name: the same for trials that can be compared.
    Returns of each trial `trial` (its number, from 1), `state` (one of `STATES`), `score` (of its
    best epoch; NaN where it diverged), `epochs_run` (those with a score), `seconds` (building the
    network included) and `settings`.
    Raises UserError when every trial diverged, and when the storage cannot be used. A trial that
    is interrupted is begun anew.
    """
    study = _open_study(search, storage, study_name)
    rows = _rows(search, study)[:n_trials]
    if rows:
        logger.info(
            "%s: %d of %d trials were finished by an earlier run with these very settings (%s)",
            *(search.family.name, len(rows), n_trials, storage),
        )
    for number in range(len(rows) + 1, n_trials + 1):
        try:
            _run_trial(search, study, digits, number, n_trials)
        except KeyboardInterrupt:
            logger.warning(
                "%s: %d of %d trials are kept; the same command goes on with the others (%s)",
                *(search.family.name, number - 1, n_trials, storage),
            )
            raise
        rows = _rows(search, study)
        _log_trial(search, rows, n_trials)
    if best_row(search, rows) is None:
        raise UserError(
            f"{search.family.name}: every trial has diverged. Lower the range "
            f"tuning.spaces.{search.family.name}.training.learning_rate."
        )
    return rows


def best_row(search: Search, rows: list[Row]) -> Row | None:
    """The best of the trials that were trained to their end, the first one of equals."""
    complete = [row for row in rows if row["state"] == "complete"]
    sign = -1 if search.is_higher_better else 1
    return min(complete, key=lambda row: sign * row["score"], default=None)


def tabulate(rows: list[Row]) -> pd.DataFrame:
    """A row per trial, as `run_trials` describes it, with a column for each setting."""
    return pd.DataFrame(
        [{k: v for k, v in row.items() if k != "settings"} | row["settings"] for row in rows]
    )


def compare_with_present(search: Search, rows: list[Row]) -> str:
    """Which settings won, beside the present ones, as text for the terminal."""
    first, best = rows[0], best_row(search, rows)
    if best is None or best is first:
        return f"{search.family.name}: none of {len(rows)} trials beats the present settings."
    columns = {"present": first, "best": best}
    table = pd.DataFrame(
        {
            name: row["settings"] | {search.score_name: row["score"]}
            for name, row in columns.items()
        },
        dtype=object,
    ).map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
    return (
        f"{search.family.name}: trial {best['trial']} of {len(rows)} is the best, on validation "
        f"digits\n{table.to_string()}"
    )


def distribution(range_: Range) -> "optuna.distributions.BaseDistribution":
    """A range in Optuna's words. Choices are JSON texts: Optuna stores only plain values."""
    from optuna import distributions

    if range_.choices is not None:
        return distributions.CategoricalDistribution([json.dumps(c) for c in range_.choices])
    if range_.is_whole:
        return distributions.IntDistribution(
            range_.low, range_.high, log=range_.log, step=range_.step or 1
        )
    return distributions.FloatDistribution(range_.low, range_.high, log=range_.log)


def _open_study(search: Search, storage: Path, study_name: str) -> "optuna.Study":
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage.parent.mkdir(parents=True, exist_ok=True)
    try:
        return optuna.create_study(
            storage=f"sqlite:///{storage}",
            study_name=study_name,
            load_if_exists=True,
            direction="maximize" if search.is_higher_better else "minimize",
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=search.startup_trials,
                n_warmup_steps=search.warmup_epochs + 1,  # Optuna judges from this step on
            ),
        )
    except (SQLAlchemyError, RuntimeError) as error:  # the latter: of another version of Optuna
        reason = str(error).splitlines()[0]
        raise UserError(
            f"tuning.storage = {storage}: trials cannot be kept in this file ({reason}). Move it "
            "away, or name another one."
        ) from error


def _run_trial(
    search: Search, study: "optuna.Study", digits: TrainingDigits, number: int, n_trials: int
) -> None:
    """Train once with settings that the study proposes, and tell it the score.

    If training is interrupted the study hears nothing, and the trial does not count.
    """
    import optuna
    from optuna.trial import TrialState

    from mnist_pipeline.fitting import build_and_fit  # TensorFlow: not before it is needed

    trial = _ask(search, study, number)
    groups = search.with_settings(_settings(search, trial.params))
    settings = TrainingSettings.model_validate(groups["training"])
    training = settings.with_checkpoint_of("trial")

    def report(epoch: int, scores: dict[str, float]) -> None:
        trial.report(scores[search.score_name], epoch)
        if epoch < training.epochs and trial.should_prune():
            raise optuna.TrialPruned

    state, score = TrialState.COMPLETE, None
    name = f"{search.family.name} trial {number}/{n_trials}"
    try:
        fit = build_and_fit(
            search.family.build,
            groups["model"],
            digits.inputs,
            digits.targets,
            seed=search.seed,
            train_indices=digits.train_indices,
            validation_indices=digits.validation_indices,
            settings=training,
            name=name,
            after_epoch=report,
        )
        score = float(fit.history[search.score_name].iloc[fit.best_epoch - 1])
    except optuna.TrialPruned:
        state = TrialState.PRUNED
    except DivergenceError:
        state = TrialState.FAIL
    Path(training.checkpoint).unlink(missing_ok=True)
    study.tell(trial, score, state)


def _ask(search: Search, study: "optuna.Study", number: int) -> "optuna.Trial":
    """The next trial. Its proposal follows from the seed, its number and the finished trials, so
    that a search that was interrupted ends as one that was not.
    """
    from optuna.samplers import TPESampler

    space = {name: distribution(range_) for name, range_ in search.space.items()}
    seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    study.sampler = TPESampler(n_startup_trials=search.startup_trials, seed=seed)
    if number == 1:
        present = search.present
        study.enqueue_trial(
            {n: present[n] if r.choices is None else json.dumps(present[n])
             for n, r in search.space.items()}
        )  # fmt: skip
    return study.ask(space)


def _finished(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Trials with a result, in their order. One that was interrupted has none, and is left out."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]


def _rows(search: Search, study: "optuna.Study") -> list[Row]:
    return [_row(search, trial, n) for n, trial in enumerate(_finished(study), start=1)]


def _row(search: Search, trial: "optuna.trial.FrozenTrial", number: int) -> Row:
    """A finished trial in plain words, as `run_trials` describes it, its settings in a dict."""
    scores = trial.intermediate_values.values()
    state = STATES[trial.state.name]
    best = max if search.is_higher_better else min
    assert trial.duration is not None  # it is finished
    return {
        "trial": number,
        "state": state,
        "score": float("nan") if state == "failed" else best(scores),
        "epochs_run": len(scores),
        "seconds": trial.duration.total_seconds(),
        "settings": _settings(search, trial.params),
    }


def _settings(search: Search, params: dict[str, Any]) -> dict[str, Any]:
    """What Optuna proposes, as settings."""
    return {
        name: params[name] if range_.choices is None else json.loads(params[name])
        for name, range_ in search.space.items()
    }


def _log_trial(search: Search, rows: list[Row], n_trials: int) -> None:
    """Log the last trial, and the best so far."""
    row, best = rows[-1], best_row(search, rows)
    score = f"{search.score_name} {row['score']:.4g}"
    outcome = {
        "complete": score,
        "pruned": f"{score}, broken off after {row['epochs_run']} epochs",
        "failed": "diverged",
    }
    so_far = f"; best so far {best['score']:.4g} (trial {best['trial']})" if best else ""
    logger.info(
        "%s trial %d/%d: %s%s",
        *(search.family.name, row["trial"], n_trials, outcome[row["state"]], so_far),
        extra={
            "trial": {
                "kind": "trial",
                "family": search.family.name,
                "number": row["trial"],
                "state": row["state"],
                "score": row["score"],
                "score_name": search.score_name,
                "epochs_run": row["epochs_run"],
                "fit_seconds": row["seconds"],
                "settings": row["settings"],
            }
        },
    )
