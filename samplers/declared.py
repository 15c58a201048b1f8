"""The search of a declared space: one engine searches all of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.base import Busy, Engine, Exhausted
from crosstune.engines.record_names import DRAWN, TRIAL_BUDGET
from crosstune.errors import SpecError, Unsupported
from crosstune.samplers.ask_order import takes_turns
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.reconcile import Follower
from crosstune.space.space import Space

_logger = logging.getLogger("crosstune")


class SpaceExhausted(optuna.TrialPruned):
    """The engine has no point left: this trial is pruned without being evaluated."""


class DeclaredSearch:
    """The search of one study.

    Args:
        source: makes the engine.
        space: the declared space.
        whole: see `EngineSource.follower`.

    Attributes:
        follower: the engine and how much of the study it was told; None before the first trial.
    """

    def __init__(self, source: EngineSource, space: Space, *, whole: bool = True):
        self._source = source
        self._space = space
        self._whole = whole
        self.follower: Follower | None = None

    @property
    def engine(self) -> Engine | None:
        """The live engine; None before the first trial."""
        return None if self.follower is None else self.follower.engine

    @property
    def native(self) -> Any:
        """The live native object; None before the first trial."""
        return None if self.follower is None else self.follower.engine.native

    @property
    def penalises(self) -> bool:
        """True if the engine was made anew because trials have constraints."""
        return self.follower is not None and self.follower.penalises

    @property
    def why_it_ends(self) -> str:
        """A message for the end of the search."""
        return self._source.why_it_ends

    @property
    def asked(self) -> int:
        """How many proposals were made."""
        return 0 if self.follower is None else self.follower.asked

    def distributions(self, study: Study) -> dict[str, BaseDistribution]:
        """The distributions of all parameters."""
        return dict(ledger.distributions(self._space))

    def propose(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The engine's proposal: the active parameters, as the ledger stores them.

        Args:
            study: of the trial.
            trial: the running trial that gets the proposal.
            search_space: the result of `distributions`.

        Raises:
            SpaceExhausted: the space has no point left. `study.stop()` was called.
            Unsupported: a running trial has to end first.
        """
        follower = self._follower(study)
        in_turn = takes_turns(follower.engine)
        if in_turn:
            self._source.ask_order.wait(study, trial)
        try:
            point = follower.propose(_optuna.all_trials(study), trial.number)
        except Exhausted:
            self._stop(study, trial)
        except Busy:
            raise Unsupported(
                f"{self._source.label} has no point until a running trial has ended. "
                "Tell its value first"
            ) from None
        budget = follower.budget(trial.number)
        if budget is not None:
            _optuna.set_user_attr(study, trial, TRIAL_BUDGET, budget.plain())
        draws = follower.aside(trial.number)
        if draws:
            _optuna.set_user_attr(study, trial, DRAWN, dict(draws))
        params = ledger.write_point(self._space, point)
        for name, value in params.items():
            if not _optuna.contains(search_space[name], value):  # Optuna would draw it again
                raise AssertionError(
                    f"the engine proposed {name}={value!r}, outside {search_space[name]}"
                )
        if in_turn:
            self._source.ask_order.publish(study, trial, params)
        return params

    def propose_alone(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        """Draw from the prior a parameter whose parents were fixed by hand.

        Args:
            study: of the trial.
            trial: a running one.
            name: of the parameter.
            distribution: the one that the objective suggests from.

        Raises:
            SpecError: the parameter, or its range, is not that of the space.
        """
        if name not in self._space:
            raise SpecError(
                f"the objective asks for {name!r}, which is not in the space: "
                f"{', '.join(self._space)}"
            )
        declared = ledger.distributions(self._space)[name]
        if declared != distribution:
            raise SpecError(
                f"the objective asks for {name!r} in {distribution}, and the space says {declared}"
            )
        drawn = self._space[name].sample(self._source.rng(trial, name))
        return ledger.write(self._space[name], drawn)

    def lasts(self, study: Study) -> float:
        """How many calls of `propose` are guaranteed to return a point."""
        return self._follower(study).engine.lasts

    def has_point(self, study: Study) -> bool | None:
        """True if there is a point now; None if there is none, and none can become free."""
        try:
            return self._follower(study).look_ahead(_optuna.all_trials(study))
        except Exhausted:
            return None

    def freeze(self) -> dict[str, Any] | None:
        """The state of the search, for `thaw`; None before the first trial."""
        return None if self.follower is None else self.follower.freeze()

    def thaw(self, study: Study, frozen: Mapping[str, Any]) -> None:
        """Restore a frozen search."""
        self._follower(study).thaw(frozen)

    def _follower(self, study: Study) -> Follower:
        if self.follower is None:
            read_point = partial(ledger.read_point, self._space)
            self.follower = self._source.follower(
                study,
                self._space,
                read_point,
                self._source.seed,
                strict=True,
                whole=self._whole,
            )
        return self.follower

    def _stop(self, study: Study, trial: FrozenTrial) -> NoReturn:
        message = f"{self.why_it_ends} after {trial.number} trials, so the study stops here"
        _logger.warning(message)
        with suppress(RuntimeError):  # Outside optimize() there is no loop to stop.
            study.stop()
        raise SpaceExhausted(message)
