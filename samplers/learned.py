"""The search of a space that is not declared, but learnt from the trials.

Parameters that all trials so far share are searched together; any other parameter has an engine of
its own. Such a search is labelled "not native", since no library is called like this by hand.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.base import Busy, Engine, Exhausted
from crosstune.engines.seeds import derived_seed
from crosstune.samplers.ask_order import begun
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.learned_space import LearnedSpace, parameters_of
from crosstune.samplers.reconcile import Follower
from crosstune.space.parameters import Parameter

NOTE = "the space is learnt from the trials"
"""The note in the record of a study."""


class LearnedSearch:
    """The search of one study.

    One engine searches the parameters that all trials share, and one searches each other parameter.

    Args:
        source: makes the engines.
        whole: see `EngineSource.follower`.
    """

    native: Any = None
    """There is no single native object."""
    asked = 0
    """A copy does not count the proposals: its engines depend on the parameters' names."""

    def __init__(self, source: EngineSource, *, whole: bool = True):
        self._source = source
        self._whole = whole
        self._followers: dict[Hashable, tuple[LearnedSpace, Follower]] = {}
        self._parameters: dict[Hashable, dict[str, Parameter]] = {}
        """By search space, the parameters that an engine can search."""
        self._common: Hashable = None
        self._intersection = IntersectionSearchSpace(include_pruned=True)

    @property
    def penalises(self) -> bool:
        """True if an engine was made anew because trials have constraints."""
        return any(follower.penalises for _, follower in self._followers.values())

    def distributions(self, study: Study) -> dict[str, BaseDistribution]:
        """The distributions that all trials so far share, without those of a single value."""
        common = self._intersection.calculate(study)
        return {name: one for name, one in common.items() if not one.single()}

    def propose(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values for all parameters of a search space, as the ledger stores them.

        Args:
            study: of the trial.
            trial: a running one.
            search_space: distributions by name.
        """
        key = _key(search_space)
        if key not in self._parameters:
            self._parameters[key] = parameters_of(search_space)
        parameters = self._parameters[key]
        drawn = self._proposed(study, trial, search_space, parameters) if parameters else {}
        for name, one in search_space.items():
            if name not in drawn:
                fallback = optuna.samplers.RandomSampler(seed=self._source.number(trial, name))
                drawn[name] = fallback.sample_independent(study, trial, name, one)
        return drawn

    def propose_alone(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        """A parameter that not all trials share, by an engine of its own.

        Args:
            study: of the trial.
            trial: a running one.
            name: of the parameter.
            distribution: of the parameter.
        """
        return self.propose(study, trial, {name: distribution})[name]

    def lasts(self, study: Study) -> float:
        """Infinity: later trials may have other parameters."""
        return math.inf

    def has_point(self, study: Study) -> bool | None:
        """Always True."""
        return True

    def freeze(self) -> dict[str, Any] | None:
        """None: the search is rebuilt from the trials."""
        return None

    def thaw(self, study: Study, frozen: Mapping[str, Any]) -> None:
        """Do nothing: nothing was frozen."""

    def _proposed(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: Mapping[str, BaseDistribution],
        parameters: Mapping[str, Parameter],
    ) -> dict[str, Any]:
        """Values for those parameters of a search space that an engine can search."""
        searched = {name: search_space[name] for name in parameters}
        trials, number = self._history(study, trial)
        space, follower = self._follower(study, searched, parameters)
        engine = follower.engine
        fixed = begun(trial)
        if engine.distinct:
            self._source.ask_order.wait(study, trial)
            trials, number = self._history(study, trial)
        _note_parts(engine, trials, searched)
        try:
            point = follower.propose(trials, number)
        except (Exhausted, Busy):
            point = space.space.sample(self._source.rng(trial, *searched))
        drawn = space.write(point)
        if engine.distinct:
            running = [
                begun(other)
                for other in trials
                if other.state == TrialState.RUNNING and other.number != trial.number
            ]
            drawn = space.apart(drawn, fixed, running, self._source.rng(trial, *searched))
            self._source.ask_order.publish(study, trial, {**fixed, **drawn})
        return drawn

    def _history(self, study: Study, trial: FrozenTrial) -> tuple[Sequence[FrozenTrial], int]:
        """The trials that the engines are told of, and the number of this one among them."""
        return _optuna.all_trials(study), trial.number

    def _follower(
        self,
        study: Study,
        searched: Mapping[str, BaseDistribution],
        parameters: Mapping[str, Parameter],
    ) -> tuple[LearnedSpace, Follower]:
        """The space behind some distributions and its engine, made at the first call."""
        key = _key(searched)
        if key not in self._followers:
            if len(searched) > 1:
                # The shared parameters only become fewer: the larger space will not come back.
                self._followers.pop(self._common, None)
                self._common = key
            space, seed = LearnedSpace(searched, parameters), self._source.seed
            if seed is not None:
                seed = derived_seed(seed, *space.space)
            self._followers[key] = (
                space,
                self._source.follower(
                    study, space.space, space.read, seed, strict=False, whole=self._whole
                ),
            )
        return self._followers[key]


def _key(search_space: Mapping[str, BaseDistribution]) -> Hashable:
    """Equal for equal search spaces; a distribution may have choices that are not hashable."""
    return tuple((name, repr(one)) for name, one in search_space.items())


def _note_parts(
    engine: Engine, trials: Sequence[FrozenTrial], searched: Mapping[str, BaseDistribution]
) -> None:
    """Set `engine.part` if trials have further parameters."""
    engine.part = engine.part or any(
        name not in searched and not one.single()
        for trial in trials
        if not trial.distributions.keys() <= searched.keys()
        for name, one in trial.distributions.items()
    )
