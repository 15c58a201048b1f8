"""Keeps an engine up to date with the ledger: the one rule of reconciliation.

Before each proposal the engine is told every finished trial, by number, with the values that were
really evaluated. A proposal that was evaluated at other values is replaced by them; a trial that
the engine never proposed is inserted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.base import Budget, Busy, Engine, Outcome
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.errors import SpecError
from crosstune.samplers.ask_order import begun, takes_turns
from crosstune.space.space import Params, Space

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_MADE = ("engine", "_space", "_read_point", "_strict", "_penalised")
"""Attributes that a follower is made with and that do not change."""
_logger = logging.getLogger("crosstune")

ReadPoint: TypeAlias = Callable[[Mapping[str, Any]], Params]
"""From a trial's params to a point of the space; raises SpecError if they are not one."""


class Follower:
    """An engine, its proposals, and how much of the ledger it was told.

    Args:
        engine: a fresh one.
        space: the engine's.
        read_point: decodes the ledger's values.
        strict: warn if a trial is not a point of the space. Off for a learnt space, where this is
            normal.
        penalised: returns the engine that takes over when a trial has constraints, and is told
            every trial; None if the engine stays.

    Attributes:
        penalises: whether that engine has taken over.
    """

    def __init__(
        self,
        engine: Engine,
        space: Space,
        read_point: ReadPoint,
        *,
        strict: bool,
        penalised: Callable[[], Engine] | None = None,
    ):
        self.engine = engine
        self.penalises = False
        self._penalised = penalised
        self._space = space
        self._read_point = read_point
        self._strict = strict
        self.asked = 0
        self._proposed: dict[int, tuple[int, Params]] = {}
        self._waiting: list[tuple[int, Params]] = []
        """Proposals that no trial got yet, or that a trial got and did not use."""
        self._elsewhere: dict[tuple[tuple[str, type, Any], ...], Outcome] = {}
        """Outcomes of points that were not proposed, for an engine that repeats no point."""
        self._budget: dict[int, Budget] = {}
        self._number: dict[int, int] = {}
        """The trial of each proposal, if the engine sets budgets."""
        self._told: set[int] = set()
        self._first_open = 0

    def propose(self, trials: Sequence[FrozenTrial], number: int) -> Params:
        """The point for the trial `number`, after telling the engine the finished `trials`.

        Raises:
            Exhausted: the engine has no point left.
            Busy: the engine has no point until a running trial has ended.
        """
        self.catch_up(trials)
        elsewhere = self._elsewhere_now(trials, number)
        if self._waiting and takes_turns(self.engine):
            self._drop_taken(elsewhere)
        if not self._waiting:
            self.engine.running(elsewhere)
            self._waiting.append(self._ask(elsewhere))
        key, params = self._waiting.pop(0)
        self._proposed[number] = key, params
        self._budgets(key, number)
        return params

    def freeze(self) -> dict[str, Any]:
        """The state of the follower and its engine, for `thaw`; not a copy."""
        state = {name: value for name, value in vars(self).items() if name not in _MADE}
        return {**state, "engine": self.engine.freeze()}

    def thaw(self, frozen: Mapping[str, Any]) -> None:
        """Restore a frozen state."""
        if frozen.get("penalises"):
            self._hand_over()
        vars(self).update({name: value for name, value in frozen.items() if name != "engine"})
        self.engine.thaw(frozen["engine"])

    def budget(self, number: int) -> Budget | None:
        """The budget of a trial that was just proposed."""
        return self._budget.pop(number, None)

    def aside(self, number: int) -> Mapping[str, Any]:
        """The engine's draws for a trial that was just proposed; see `Engine.aside`."""
        return self.engine.aside(self._proposed[number][0])

    def _budgets(self, key: int, number: int) -> None:
        budget = self.engine.budget(key)
        if budget is not None:
            self._number[key] = number
            parent = None if budget.resume_from is None else self._number[budget.resume_from]
            self._budget[number] = replace(budget, resume_from=parent)

    def look_ahead(self, trials: Sequence[FrozenTrial]) -> bool:
        """Make sure that there is a point for the next trial; False while there is none.

        An engine is not asked if it is guaranteed to have one, or if the next trial is queued: it
        learns from that trial first.

        Raises:
            Exhausted: no point is left.
        """
        elsewhere = len(self._elsewhere) if self.engine.exhaustive else 0
        used = max(self.asked + elsewhere, len(trials))
        if used < self.engine.lasts or self._waiting:
            return True
        if not any(trial.state == TrialState.WAITING for trial in trials):
            self.catch_up(trials)
            try:
                key, params = self._ask(self._elsewhere_now(trials))
            except Busy:
                return False
            if self.engine.exhaustive and any(
                params == proposed for _, proposed in self._proposed.values()
            ):
                # Optuna's grid proposes points again that are still running.
                self.engine.tell(key, Outcome("failed"))
                return False
            self._waiting.append((key, params))
        return True

    def catch_up(self, trials: Sequence[FrozenTrial]) -> None:
        """Tell the engine every finished trial that it was not told yet."""
        if self._penalised is not None and not self.penalises:
            ended = (trial for trial in trials[self._first_open :] if trial.state.is_finished())
            if any(map(_optuna.constraints, ended)):
                self._hand_over()
        for trial in trials[self._first_open :]:
            if trial.number not in self._told and trial.state.is_finished():
                self._told.add(trial.number)
                self._tell(trial)
        while self._first_open in self._told:
            self._told.discard(self._first_open)
            self._first_open += 1

    def _hand_over(self) -> None:
        """Replace the engine by the one that penalises, which knows nothing yet."""
        assert self._penalised is not None
        before, self.engine = self.engine, self._penalised()
        self.engine.part = before.part
        before.close()
        self.penalises = True
        self._proposed.clear()  # what still runs is a point of elsewhere to the new engine
        self._waiting.clear()
        self._elsewhere.clear()
        self._told.clear()
        self._first_open = 0

    def _elsewhere_now(
        self, trials: Sequence[FrozenTrial], number: int | None = None
    ) -> list[Params]:
        """The points of running trials that the engine did not propose."""
        points = []
        for trial in trials[self._first_open :]:
            ours = trial.number == number or trial.number in self._proposed
            params = begun(trial)
            if trial.state == TrialState.RUNNING and params and not ours:
                with suppress(SpecError):  # not a point of this space
                    points.append(self._read_point(params))
        return [params for params in points if self._is_complete(params)]

    def _drop_taken(self, elsewhere: Sequence[Params]) -> None:
        """Drop waiting proposals that another process has evaluated, or is evaluating."""
        running = {_frozen(params) for params in elsewhere}
        for key, params in list(self._waiting):
            point = _frozen(params)
            if point in running or point in self._elsewhere:
                self._waiting.remove((key, params))
                if self.engine.exhaustive:  # it does not learn from it
                    self.engine.tell(key, self._elsewhere.get(point, Outcome("failed")))

    def _ask(self, elsewhere: Sequence[Params]) -> tuple[int, Params]:
        """The engine's next point; an exhaustive one skips points evaluated elsewhere."""
        running = {_frozen(params) for params in elsewhere} if self.engine.exhaustive else ()
        while True:
            key = self.asked
            self.asked += 1
            params = self.engine.ask(key)
            outcome = self._elsewhere.get(_frozen(params)) if self.engine.exhaustive else None
            if outcome is None and running and _frozen(params) in running:
                outcome = Outcome("failed")  # an exhaustive engine does not learn from it
            if outcome is None:
                return key, params
            self.engine.tell(key, outcome)

    def _tell(self, trial: FrozenTrial) -> None:
        outcome = _outcome(trial)
        proposed = self._proposed.pop(trial.number, None)
        params = self._params(trial, outcome)
        if proposed is None:
            if params is not None and self._is_complete(params):
                self._insert(params, outcome)
            return
        key, wanted = proposed
        if params is None:
            self.engine.tell(key, Outcome("failed"))
        elif all(name in wanted and wanted[name] == value for name, value in params.items()):
            self.engine.tell(key, outcome)
        elif self.engine.exhaustive:
            self._waiting.append(proposed)
            if self._is_complete(params):
                self._insert(params, outcome)
        elif self._is_complete(params):
            self.engine.replace(key, params, outcome)
        else:
            self.engine.tell(key, Outcome("failed"))

    def _params(self, trial: FrozenTrial, outcome: Outcome) -> Params | None:
        try:
            return self._read_point(trial.params)
        except SpecError as error:
            if self._strict:
                _logger.warning(
                    "trial %d is outside the space, so the engine does not learn from it: %s",
                    trial.number,
                    error,
                )
            return None

    def _is_complete(self, params: Params) -> bool:
        return all(name in params for name in self._space if self._space.is_active(name, params))

    def _insert(self, params: Params, outcome: Outcome) -> None:
        self.engine.insert(params, outcome)
        if takes_turns(self.engine):
            self._elsewhere[_frozen(params)] = outcome


def _outcome(trial: FrozenTrial) -> Outcome:
    values = trial.values or ()
    return Outcome(
        state=_STATES[trial.state],
        value=values[0] if values else None,
        reports=trial.intermediate_values,
        constraints=_optuna.constraints(trial),
        values=tuple(values) if len(values) > 1 else (),
        epochs=_epochs(trial.user_attrs.get(TRIAL_BUDGET, {})),
    )


def _epochs(planned: Mapping[str, Any]) -> int | None:
    """The epochs of a whole training, if a budget ends before; else None."""
    most = planned.get("max_epochs")
    return most if most is not None and planned["epochs"] < most else None


def _frozen(params: Params) -> tuple[tuple[str, type, Any], ...]:
    return tuple((name, type(value), value) for name, value in params.items())
