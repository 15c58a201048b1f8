"""Searches by Optuna's samplers on a study of their own that mirrors the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna import samplers
from optuna.distributions import BaseDistribution
from optuna.trial import Trial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.base import Engine, Exhausted, Outcome, fewest_grid_points
from crosstune.space.space import Params, Space
from crosstune.study.internal import own_study

_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
LEARNS_CONSTRAINTS = hasattr(Trial, "set_constraint")
"""Optuna 5's samplers learn from constraints that an objective sets; Optuna 4 cannot set them."""


class OptunaEngine(Engine):
    """An Optuna sampler on an in-memory study that mirrors the ledger.

    Args:
        space, compiled: to search, and its distributions.
        sampler: used by this engine only.
        maximize: of each objective, whether higher values are better.
        exhaustive: whether the sampler evaluates each point once.
    """

    def __init__(
        self,
        space: Space,
        compiled: Mapping[str, BaseDistribution],
        sampler: samplers.BaseSampler,
        maximize: Sequence[bool],
        *,
        exhaustive: bool = False,
    ):
        self.space = space
        self.exhaustive = exhaustive
        if exhaustive:
            self.lasts = fewest_grid_points(space, 1)
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            with own_study():
                self.native = optuna.create_study(
                    sampler=sampler,
                    study_name="crosstune mirror",
                    directions=["maximize" if more else "minimize" for more in maximize],
                )
        finally:
            optuna.logging.set_verbosity(verbosity)
        self._compiled = dict(compiled)
        declared = ledger.distributions(space)
        self._latent = {name for name, law in self._compiled.items() if law != declared[name]}
        self._asked: dict[int, Trial] = {}
        self._stopped = False

    def ask(self, trial: int) -> Params:
        """One `ask`, followed by a suggestion for each active parameter."""
        if self._stopped:
            raise Exhausted
        mirrored = self.native.ask()
        params: Params = {}
        for name, item in self.space.items():
            if not self.space.is_active(name, params):
                continue
            if name in self._compiled:
                drawn = ledger.suggest(mirrored, name, self._compiled[name])
                params[name] = self._value(name, drawn)
            else:
                params[name] = item.only
        self._asked[trial] = mirrored
        return params

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Report, constrain and tell the trial as in the ledger."""
        mirrored = self._asked.pop(trial)
        for step, value in outcome.reports.items():
            mirrored.report(value, step)
        _optuna.constrain(mirrored, outcome.constraints)
        try:
            self.native.tell(
                mirrored,
                (outcome.values or outcome.value) if outcome.state == "complete" else None,
                state=_STATES[outcome.state],
            )
        except RuntimeError:
            # Grid and brute force call study.stop() from tell() at their end, which Optuna
            # allows inside optimize() only. The trial is told nevertheless.
            if not self.exhaustive:
                raise
            self._stopped = True

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Fail the proposed trial, which samplers then ignore, and add the evaluated one."""
        self.tell(trial, Outcome("failed"))
        self.insert(params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Add a finished trial."""
        searched = {name: value for name, value in params.items() if name in self._compiled}
        extra: dict[str, Any] = {}
        if outcome.constraints and LEARNS_CONSTRAINTS:
            extra["constraints"] = dict(outcome.constraints)
        elif outcome.constraints:  # those of a `constraints_func`
            extra["system_attrs"] = {"constraints": list(outcome.constraints.values())}
        self.native.add_trial(
            optuna.trial.create_trial(
                state=_STATES[outcome.state],
                value=None if outcome.values else outcome.value,
                values=outcome.values or None,
                params={name: self._coordinate(name, v) for name, v in searched.items()},
                distributions={name: self._compiled[name] for name in searched},
                intermediate_values=dict(outcome.reports),
                **extra,
            )
        )

    def _value(self, name: str, drawn: Any) -> Any:
        item = self.space[name]
        return item.decode(drawn) if name in self._latent else ledger.read(item, drawn)

    def _coordinate(self, name: str, value: Any) -> Any:
        item = self.space[name]
        return item.encode(value) if name in self._latent else ledger.write(item, value)
