"""Any Optuna sampler as an oracle, for people who stay in `keras_tuner.Tuner`.

- The sampler is asked for every active hyperparameter, in Keras Tuner's order, so its points are
  those of `study.optimize` on the same define-by-run space.
- A hyperparameter that appears while a model is built has its default in that trial, as in Keras
  Tuner, and is searched from the next trial on.
- A point that the sampler proposes twice is evaluated twice. The search ends when every point of a
  finite space was tried, or after 20 repeats in a row (Keras Tuner's own number).
- One name under two conditions is refused: Keras Tuner loses its value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial, TrialState

from crosstune.adapters.keras_tuner.distributions import searched_under
from crosstune.adapters.keras_tuner.library import TrueSeed, keras_tuner
from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle
from crosstune.adapters.keras_tuner.read import check_names
from crosstune.engines import study_values as ledger
from crosstune.system.scalars import plain_arguments

if TYPE_CHECKING:
    from crosstune.study.storage import Place

MAX_REPEATS = 20
"""The number of repeated points in a row that ends a search, as in Keras Tuner."""


class Oracle(LedgerOracle):
    """An Optuna sampler as the oracle of any `keras_tuner.Tuner`.

    `oracle.study` is the `optuna.Study` with the trials.

    Args:
        sampler: an Optuna sampler, including crosstune's; or a name such as "hyperopt",
            "optuna:gp" or "keras_tuner:bayesian"; None is Optuna's TPE.
        objective, max_trials, hyperparameters, allow_new_entries, tune_new_entries,
            max_retries_per_trial, max_consecutive_failed_trials: as in `keras_tuner.Oracle`.
            Several objectives become one value, their signed sum, as there.
        seed: of a sampler by name. A sampler instance has its own.
        pruner: an Optuna pruner, or a name from `crosstune.pruners`. It is used by `report` and
            `should_prune`, which `crosstune.KerasTuner` calls each epoch.
        storage: None for memory, a path for a journal file, a database URL, or a storage. An
            existing study is continued.
        study_name: the study's; Hyperband's brackets depend on it.
        more: `options` of a sampler by name, and `new=True` to refuse a study that has trials.

    After a reload a sampler gets a new random state, so it does not repeat its first points.

    Raises:
        RequestError: the sampler, the pruner, the storage or its study cannot be used.

    >>> import optuna
    >>> oracle = Oracle(optuna.samplers.TPESampler(seed=0), "val_loss", max_trials=5)
    >>> oracle.study.direction.name
    'MINIMIZE'
    """

    @plain_arguments()
    def __init__(
        self,
        sampler: optuna.samplers.BaseSampler | str | None = None,
        objective: Any = "val_loss",
        max_trials: int | None = 10,
        *,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        seed: int | None = None,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        pruner: optuna.pruners.BasePruner | str | Mapping[str, Any] | None = None,
        storage: Place = None,
        study_name: str | None = None,
        **more: Any,
    ):
        # The names of samplers stand in a layer above the adapters.
        from crosstune.adapters.keras_tuner.tuner.oracle_study import StudyKeeper
        from crosstune.engines.budget import SearchBudget

        keeper = StudyKeeper(
            sampler,
            seed=seed,
            pruner=pruner,
            storage=storage,
            study_name=study_name,
            objective=objective,
            **more,
        )
        super().__init__(
            keeper.open,
            keeper.resume,
            keeper.run,
            SearchBudget(max_trials),
            objective=objective,
            max_trials=max_trials,
            hyperparameters=hyperparameters,
            allow_new_entries=allow_new_entries,
            tune_new_entries=tune_new_entries,
            seed=None if seed is None else TrueSeed(seed),
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        self._repeats = 0
        self.constants: dict[str, Any] = {}
        """Values of every trial in addition to those that are searched."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The sampler's proposal; Keras Tuner calls it for each new trial.

        Raises:
            Unsupported: a hyperparameter that Optuna cannot search.
        """
        check_names(self.hyperparameters)
        if self._stopped_by_sampler or self._repeats >= MAX_REPEATS or not self._has_new_point():
            return {"status": "STOPPED", "values": None}
        trial = self._begin(trial_id)
        try:
            values = self._ask(trial)
        except optuna.TrialPruned:  # the sampler has no point left
            self._drop(trial_id, TrialState.PRUNED)
            return {"status": "STOPPED", "values": None}
        except BaseException:
            self._drop(trial_id, TrialState.FAIL)
            raise
        self._repeats = self._repeats + 1 if _key(values) in self._tried() else 0
        return {"status": "RUNNING", "values": {**values, **self.constants}}

    def _ask(self, trial: Trial) -> dict[str, Any]:
        point = keras_tuner.HyperParameters()
        for construct in self.hyperparameters.space:
            name = construct.name
            point.merge([construct])
            if point.is_active(construct):
                point.values[name] = ledger.suggest(trial, name, searched_under(construct))
        return dict(point.values)

    def _drop(self, trial_id: str, state: TrialState) -> None:
        self._live.pop(trial_id)
        self._tell(self._numbers.pop(trial_id), state)

    def _tried(self) -> set[Any]:
        return {
            _key({k: v for k, v in trial.hyperparameters.values.items() if k not in self.constants})
            for trial in self.trials.values()
        }

    def _has_new_point(self) -> bool:
        """True if a point is left that no trial had, found within one more point than trials."""
        if not self.trials:
            return True
        tried = self._tried()
        return any(
            point is None or _key(point) not in tried
            for point in _points(self.hyperparameters.space)
        )


def _key(values: Mapping[str, Any]) -> Any:
    return tuple(sorted((name, repr(value)) for name, value in values.items()))


def _points(space: list[Any]) -> Iterator[dict[str, Any] | None]:
    """The points of a space one by one; None for infinitely many."""
    finite = {construct.name: _values(construct) for construct in space}

    def walk(i: int, point: keras_tuner.HyperParameters) -> Iterator[dict[str, Any] | None]:
        if i == len(space):
            yield dict(point.values)
            return
        name = space[i].name
        if not point.is_active(space[i]):
            yield from walk(i + 1, point)
            return
        values = finite[name]
        if values is None:
            yield None
            return
        for value in values:
            point.values[name] = value
            yield from walk(i + 1, point)
        del point.values[name]

    return walk(0, keras_tuner.HyperParameters())


def _values(construct: Any) -> list[Any] | range | None:
    match searched_under(construct):
        case CategoricalDistribution(choices=choices):
            return list(choices)
        case IntDistribution(log=False) as law:
            return range(law.low, law.high + 1, law.step)
        case IntDistribution() as law:
            return range(law.low, law.high + 1)
        case FloatDistribution() as law if law.step is not None:
            n = round((law.high - law.low) / law.step)
            # In Optuna's arithmetic of stepped values.
            return [min(law.low + i * law.step, law.high) for i in range(n + 1)]
        case FloatDistribution() as law if law.low == law.high:
            return [law.low]
    return None
