"""A search for better hyper-parameters: fit on training periods, compare on later ones: see `origins`.

The test periods are not used. The best of many trials looks better than it is, on the rows that it was chosen by:
half of the firms choose, the others tell what it is worth. The study is kept in SQLite and goes on where it was
stopped. Nothing is applied: a gain beyond chance is printed as settings to paste.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import optuna
from sqlalchemy.exc import SQLAlchemyError

from features.errors import InputError
from models.estimators.boosted_trees import boosted_trees, fitted_on
from models.evaluation.records import Difference
from models.evaluation.uncertainty import interval
from models.protocol import DEFAULTS, Hyperparameters
from models.rows.inputs import Input
from models.training.origins import Origin, precisions

# Average precision, and number of trees found, of some hyper-parameters.
Objective = Callable[[Hyperparameters], tuple[float, int]]
# How much better the first hyper-parameters are than the second ones, on firms that they were not chosen by.
Confirm = Callable[[Hyperparameters, Hyperparameters], Difference]
N_ESTIMATORS = "n_estimators"
MOST_ESTIMATORS = 1000
ROUNDS = 50


@dataclass(frozen=True)
class Tuned:
    """The best hyper-parameters of all trials, their average precision, and that of the defaults.

    Of the defaults too, early stopping found the number of trees. gain: of the best over the defaults, on the firms
    that nothing was chosen by; None where the defaults are the best.
    """

    best: Hyperparameters
    value: float
    default_value: float
    trials: int
    gain: Difference | None

    @property
    def is_gain(self) -> bool:
        """Whether the best are better than the defaults beyond chance."""
        return self.gain is not None and self.gain.low > 0

    @property
    def told(self) -> str:
        """What was found, in a sentence."""
        found = f"Average precision {self.value:.4f} on later periods, {self.default_value:.4f} by default"
        if self.gain is None:
            return f"{found}; {self.trials} trials: none was better."
        ends = f"{self.gain.value:+.4f} ({self.gain.low:+.4f} to {self.gain.high:+.4f})"
        return f"{found}; {self.trials} trials. On firms that they were not chosen by: {ends}."

    def as_toml(self) -> str:
        """Lines to paste into weaksignals.toml."""
        lines = [f"{name} = {value:.4g}" for name, value in asdict(self.best).items()]
        return "\n".join([f"# {self.told}", "[hyperparameters]", *lines]) + "\n"


def objective(
    hyperparameters: Hyperparameters, inputs: Sequence[Input], origins: Sequence[Origin], seed: int
) -> tuple[float, int]:
    """The average precision on the later rows, and the number of trees that serve them best: means over the origins."""
    estimator = boosted_trees(inputs, seed, hyperparameters, early_stopping=ROUNDS, pairs=False)
    fits = [fitted_on(estimator, o.earlier, o.later) for o in origins]
    return float(np.mean([f.precision_.max() for f in fits])), round(float(np.mean([f.n_estimators_ for f in fits])))


def confirmed(
    best: Hyperparameters, default: Hyperparameters, inputs: Sequence[Input], origins: Sequence[Origin], seed: int
) -> Difference:
    """The average precision of the first minus that of the second: means over the origins, firms drawn again."""
    found = []
    for hyperparameters in (best, default):
        estimator = boosted_trees(inputs, seed, hyperparameters)
        fits = [fitted_on(estimator, o.earlier) for o in origins]
        margins = [fitted.decision_function(o.later.x) for fitted, o in zip(fits, origins, strict=True)]
        found.append(precisions(margins, origins, seed))
    gain = found[0] - found[1]
    return Difference(float(gain[0]), *interval(gain[1:]), share_worse=float((gain[1:] < 0).mean()))


def tune(
    database: Path,
    name: str,
    evaluate: Objective,
    confirm: Confirm,
    seed: int,
    minutes: float,
    progress: Callable[[str], None],
) -> Tuned:
    """Search until the minutes are over, from where the study `name` in `database` was left.

    name: different wherever values can't be compared: made of table, protocol and seed.
    evaluate: calls `objective` on the rows; confirm: calls `confirmed` on others. The defaults are tried first; an
    interrupted trial doesn't count.
    Raises InputError where the database can't be used.
    """
    with _study(database, name, seed) as study:
        started = time.monotonic()

        def value_of(trial: optuna.Trial) -> float:
            value, trees = evaluate(suggested(trial))
            trial.set_user_attr(N_ESTIMATORS, trees)
            return value

        def report(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
            passed = (time.monotonic() - started) / 60
            progress(
                f"trial {trial.number + 1}: average precision {trial.value:.4f}, best {study.best_value:.4f}; "
                f"{passed:.0f} of {minutes:g} minutes"
            )

        study.optimize(value_of, timeout=60 * minutes, callbacks=[report])
        return _tuned(study, confirm)


def suggested(trial: optuna.Trial) -> Hyperparameters:
    """Hyper-parameters that the trial draws; the number of trees is left to early stopping."""
    return Hyperparameters(
        n_estimators=MOST_ESTIMATORS,
        learning_rate=trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        num_leaves=trial.suggest_int("num_leaves", 4, 63, log=True),
        min_child_samples=trial.suggest_int("min_child_samples", 20, 2000, log=True),
        colsample_bytree=trial.suggest_float("colsample_bytree", 0.1, 1.0),
        subsample=trial.suggest_float("subsample", 0.3, 1.0),
        reg_lambda=trial.suggest_float("reg_lambda", 0.1, 200.0, log=True),
    )


@contextmanager
def _study(database: Path, name: str, seed: int) -> Iterator[optuna.Study]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    database.parent.mkdir(parents=True, exist_ok=True)
    # A connection rather than a URL: a folder's name may hold characters that have a meaning in URLs.
    connection = {"creator": lambda: sqlite3.connect(database, timeout=60, check_same_thread=False)}
    try:
        storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs=connection)
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    except (SQLAlchemyError, sqlite3.Error, optuna.exceptions.StorageInternalError, RuntimeError) as error:
        raise InputError(f"{database} is no study that can go on ({error}). Move it away to start a new one.") from None
    # With the same seed, a study that goes on would draw the same points again.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    study.enqueue_trial(_searched(DEFAULTS), skip_if_exists=True)
    try:
        yield study
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _searched(hyperparameters: Hyperparameters) -> dict[str, float]:
    return {name: value for name, value in asdict(hyperparameters).items() if name != N_ESTIMATORS}


def _tuned(study: optuna.Study, confirm: Confirm) -> Tuned:
    done = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    best, by_default = study.best_trial, next(trial for trial in done if trial.params == _searched(DEFAULTS))
    found, default = (
        Hyperparameters(n_estimators=one.user_attrs[N_ESTIMATORS], **one.params) for one in (best, by_default)
    )
    gain = None if best.params == by_default.params else confirm(found, default)
    return Tuned(found, float(study.best_value), float(by_default.value or 0), len(done), gain)
