"""The contents of a study for every format, and the way back into a study."""

from __future__ import annotations

import copy
import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from crosstune import _optuna
from crosstune.engines import record_names
from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import is_feasible
from crosstune.engines.record_names import IMPORTED, RUNS, TRIAL_BUDGET
from crosstune.errors import SpecError
from crosstune.space.space import Space

__all__ = ["IMPORTED", "Contents", "frozen", "hull", "observed", "read_study", "write_study"]


@dataclass(frozen=True)
class Contents:
    """A study without its storage.

    Attributes:
        directions: "minimize" or "maximize", one per objective.
        space: as declared; None if none was declared.
        distributions: one per parameter that any trial has; a range is the hull of all its ranges.
        trials: all trials, in any state.
        attrs: the user attributes of the study, without the space.
        metric_names: those of the study; None if it has none.
    """

    name: str
    directions: tuple[str, ...]
    space: Space | None
    distributions: Mapping[str, BaseDistribution]
    trials: Sequence[FrozenTrial]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    metric_names: Sequence[str] | None = None

    @property
    def finished(self) -> list[FrozenTrial]:
        """The complete, pruned and failed trials."""
        return [trial for trial in self.trials if trial.state.is_finished()]

    @property
    def infeasible(self) -> list[FrozenTrial]:
        """The complete trials that violate a constraint."""
        complete = (trial for trial in self.trials if trial.state is TrialState.COMPLETE)
        return [trial for trial in complete if not is_feasible(trial)]

    @property
    def searched(self) -> dict[str, BaseDistribution]:
        """The parameters that are not constants of the space."""
        space = self.space
        fixed = set() if space is None else space.keys() - space.searched
        return {name: item for name, item in self.distributions.items() if name not in fixed}

    @property
    def maximize(self) -> bool:
        """True if the only objective is maximised."""
        return self.directions == ("maximize",)

    @property
    def seed(self) -> int:
        """The seed of the first run; 0 if none is known."""
        runs = self.attrs.get(RUNS) or [{}]
        return int(runs[0].get("seed") or 0)

    def values(self, trial: FrozenTrial) -> dict[str, Any]:
        """The parameters of a trial in the types of the space."""
        return ledger.values(self.space, trial.params)


def read_study(study: Study) -> Contents:
    """The contents of a study."""
    trials = study.get_trials(deepcopy=False)
    attrs = study.user_attrs
    space = ledger.space_of(study)
    merged = dict(ledger.distributions(space)) if space is not None else {}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            merged[name] = hull(merged[name], distribution) if name in merged else distribution
    return Contents(
        name=study.study_name,
        directions=tuple(direction.name.lower() for direction in study.directions),
        space=space,
        distributions=merged,
        trials=trials,
        attrs={key: value for key, value in attrs.items() if key != record_names.SPACE},
        metric_names=study.metric_names,
    )


def without_pickles(contents: Contents) -> tuple[Contents, list[str]]:
    """The contents without the attributes that a sampler would unpickle, and notes.

    CMA-ES stores its optimizer as a pickle in the system attributes of trials. Without it the
    sampler begins with a new one.
    """
    pickled = [trial for trial in contents.trials if any(map(_is_pickle, trial.system_attrs))]
    if not pickled:
        return contents, []
    trials = [_without_pickles(trial) for trial in contents.trials]
    note = f"the state of CMA-ES is left out in {len(pickled)} trials, since it is a pickle"
    return dataclasses.replace(contents, trials=trials), [note]


def _is_pickle(key: str) -> bool:
    return key.partition(":")[2].startswith("optimizer")  # of cma, sepcma and cmawm


def _without_pickles(trial: FrozenTrial) -> FrozenTrial:
    left = copy.copy(trial)
    left.system_attrs = {k: v for k, v in trial.system_attrs.items() if not _is_pickle(k)}
    return left


def write_study(contents: Contents) -> Study:
    """The contents as a study in memory.

    Raises:
        SpecError: a value is not in its range.
    """
    directions = [StudyDirection[direction.upper()] for direction in contents.directions]
    study = optuna.create_study(study_name=contents.name, directions=directions)
    if contents.space is not None:
        study.set_user_attr(record_names.SPACE, contents.space.to_dict())
    for key, value in contents.attrs.items():
        study.set_user_attr(key, value)
    if contents.metric_names is not None:
        with _optuna.unwarned():
            study.set_metric_names(list(contents.metric_names))
    numbers = {trial.number: position for position, trial in enumerate(contents.trials)}
    for trial in contents.trials:
        try:
            study.add_trial(_renumbered(trial, numbers))
        except ValueError as error:
            raise SpecError(f"trial {trial.number} cannot be held: {error}") from error
    return study


def _renumbered(trial: FrozenTrial, numbers: Mapping[int, int]) -> FrozenTrial:
    """A trial whose rung names the new number of the trial it continues, if that has changed."""
    rung = trial.user_attrs.get(TRIAL_BUDGET)
    before = rung.get("resume_from") if isinstance(rung, Mapping) else None
    if rung is None or before is None or numbers.get(before) == before:
        return trial
    again = copy.copy(trial)
    renumbered = {**rung, "resume_from": numbers.get(before)}
    again.user_attrs = {**trial.user_attrs, TRIAL_BUDGET: renumbered}
    return again


def hull(one: BaseDistribution, other: BaseDistribution) -> BaseDistribution:
    """The smallest distribution with the values of both; a categorical cannot change."""
    match one, other:
        case (IntDistribution(), IntDistribution()):
            low, high = min(one.low, other.low), max(one.high, other.high)
            step = one.step if one.step == other.step and one.low == other.low else 1
            log = one.log and other.log
            return IntDistribution(low, high, log=log, step=1 if log else step)
        case (FloatDistribution(), FloatDistribution()):
            start, end = min(one.low, other.low), max(one.high, other.high)
            even = one.step if one.step == other.step and one.low == other.low else None
            both = one.log and other.log
            return FloatDistribution(start, end, log=both, step=None if both else even)
    return one


def observed(drawn: Iterable[Any]) -> BaseDistribution:
    """The smallest distribution with all observed values of a parameter."""
    seen = list(drawn)
    if any(isinstance(value, bool | str | None) for value in seen):
        return CategoricalDistribution(list({(type(v), v): v for v in seen}.values()))
    if all(isinstance(value, int) for value in seen):
        return IntDistribution(min(seen), max(seen))
    return FloatDistribution(float(min(seen)), float(max(seen)))


def frozen(
    number: int,
    *,
    state: TrialState,
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    value: float | None = None,
    user_attrs: Mapping[str, Any] | None = None,
    system_attrs: Mapping[str, Any] | None = None,
    intermediate_values: Mapping[int, float] | None = None,
    start: datetime.datetime | None = None,
    complete: datetime.datetime | None = None,
) -> FrozenTrial:
    """A finished trial.

    Args:
        number: of the trial.
        state: complete, pruned or failed.
        params: by name, as the ledger stores them.
        distributions: by name, of all params at least.
        value: None if it has none.
        user_attrs, system_attrs: of the trial.
        intermediate_values: reports by step.
        start, complete: its times; one replaces the other, and the time of the import both.

    Raises:
        SpecError: a value is not in its range.
    """
    try:
        trial = create_trial(
            state=state,
            value=value,
            params=dict(params),
            distributions={name: distributions[name] for name in params},
            user_attrs=dict(user_attrs or {}),
            system_attrs=dict(system_attrs or {}),
            intermediate_values=dict(intermediate_values or {}),
        )
    except ValueError as error:
        raise SpecError(f"trial {number} cannot be held: {error}") from error
    trial.number = number
    trial.datetime_start = start or complete or trial.datetime_start
    trial.datetime_complete = complete or start or trial.datetime_complete
    return trial
