"""Makes the engines of one sampler, and its random numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.engines.base import Adapter, Algorithm, Engine, seed_in_32_bits
from crosstune.engines.pruner_record import described
from crosstune.engines.record import PRUNER, amend_record, leave_record, records, run_record
from crosstune.engines.record_names import PENALISED_FROM
from crosstune.engines.seeds import derived_seed
from crosstune.engines.several import REFUSED, SCALARISED, support
from crosstune.errors import Unsupported
from crosstune.samplers.ask_order import AskOrder
from crosstune.samplers.copies import Lineage
from crosstune.samplers.reconcile import Follower, ReadPoint
from crosstune.samplers.scalarisation import Scalarisation, of_options
from crosstune.samplers.scalarised import ScalarisedEngine
from crosstune.space.space import Space


class EngineSource:
    """Makes the engines of one sampler.

    Args:
        adapter: the backend.
        algorithm: a native name of the backend.
        seed: any integer; None for a random one.
        options: keyword arguments of the algorithm.
        lineage: of the sampler.

    Attributes:
        ask_order: the turns of the sampler's trials.
        rule: the scalarisation among the options, if any.
    """

    def __init__(
        self,
        adapter: Adapter,
        algorithm: str,
        seed: int | None,
        options: Mapping[str, Any],
        lineage: Lineage,
    ):
        self._adapter = adapter
        self._algorithm = algorithm
        self._options = options
        self._native, self.rule = of_options(options)
        self._lineage = lineage
        self.seed = seed
        self.ask_order = AskOrder()

    @property
    def algorithm(self) -> Algorithm:
        """The backend's declaration of the algorithm."""
        return self._adapter.algorithms[self._algorithm]

    @property
    def label(self) -> str:
        """Backend and algorithm, as written on the command line."""
        return f"{self._adapter.name}:{self._algorithm}"

    @property
    def why_it_ends(self) -> str:
        """A message for the end of the search."""
        if self.algorithm.scheduler:
            return f"{self.label} has completed its schedule"
        return f"{self.label} has no new point"

    def penalises(self, study: Study) -> bool:
        """True if an engine with one objective is made anew once a trial has constraints.

        A study that an earlier version began continues as it did.

        Args:
            study: with its record, if it has one.
        """
        runs = records(study)
        earlier = bool(runs) and runs[-1].get("format", 1) < PENALISED_FROM
        return self.can_penalise and len(study.directions) == 1 and not earlier

    @property
    def can_penalise(self) -> bool:
        """True if the engine has no constraints of its own, and can be made anew with penalties."""
        able = support(self.algorithm, objectives=1, constraints=True)
        return self.rule is None and able.kind == SCALARISED

    def follower(
        self,
        study: Study,
        space: Space,
        read_point: ReadPoint,
        seed: int | None,
        *,
        strict: bool,
        whole: bool = True,
    ) -> Follower:
        """A new engine that follows a study.

        The engine of a copy gets another seed, so that it does not repeat the original. A grid
        keeps its order and leaves out evaluated points.

        Args:
            study: to follow.
            space: to search.
            seed: the sampler's seed for this space.
            read_point, strict: see `Follower`.
            whole: the trials are whole trainings, not parts that a scheduler begins.
        """
        seed = seed if self.algorithm.exhaustive else self._lineage.seed(seed)
        maximize = [one == StudyDirection.MAXIMIZE for one in study.directions]
        engine = self._engine(space, seed, maximize)
        penalised = None
        if whole and self.penalises(study):
            penalised = partial(self._scalarised, space, seed, maximize, Scalarisation())
        return Follower(engine, space, read_point, strict=strict, penalised=penalised)

    def scalarisation(self, objectives: int) -> Scalarisation | None:
        """How a study with a number of objectives becomes one with a single one, if it does.

        Raises:
            Unsupported: the algorithm has one objective and cannot have its history rebuilt.
        """
        if self.rule is not None or objectives == 1:
            return self.rule
        able = support(self.algorithm, objectives=objectives, constraints=False)
        if able.kind == REFUSED:
            raise Unsupported(f"{self.label} searches for one objective alone: {able.reason}")
        return Scalarisation() if able.kind == SCALARISED else None

    def _engine(self, space: Space, seed: int | None, maximize: Sequence[bool]) -> Engine:
        rule = self.scalarisation(len(maximize))
        if rule is not None:
            return self._scalarised(space, seed, maximize, rule)
        if len(maximize) > 1 and self.algorithm.objectives:
            return self._adapter.engine_for(
                self._algorithm, space, seed=seed, maximize=maximize, options=self._native
            )
        return self._single(space, maximize, seed)

    def _single(self, space: Space, maximize: Sequence[bool], seed: int | None) -> Engine:
        """An engine with one objective: that of the study, or the value of a scalarisation."""
        more = maximize[0] if len(maximize) == 1 else False
        return self._adapter.engine(
            self._algorithm, space, seed=seed, maximize=more, options=self._native
        )

    def _scalarised(
        self, space: Space, seed: int | None, maximize: Sequence[bool], rule: Scalarisation
    ) -> Engine:
        return ScalarisedEngine(space, partial(self._single, space, maximize), maximize, rule, seed)

    def leave_record(self, study: Study, notes: Sequence[str]) -> None:
        """Add the sampler's record to a study without one, or if the sampler is a copy.

        In an existing record the pruner is updated, which may have been set since.

        Args:
            study: is changed.
            notes: why its suggestions are not those of the library called by hand.
        """
        runs = records(study)
        first = len(_optuna.all_trials(study)) - 1
        proposals = self._lineage.asked
        if runs and not proposals:
            if first <= runs[-1].get("first_trial", -1):
                amend_record(study, **{PRUNER: described(study.pruner)})
            return
        if proposals:
            notes = [*notes, f"a copy of a sampler after {proposals} proposals"]
        record = run_record(
            self._adapter, self._algorithm, self._options, self.seed, native=not notes, notes=notes
        )
        leave_record(study, record, first_trial=first)

    def add_note(self, study: Study, note: str) -> None:
        """Add to a study's record why suggestions are not those of the library called by hand."""
        notes = records(study)[-1]["notes"]
        if note not in notes:
            amend_record(study, native=False, notes=[*notes, note])

    def number(self, trial: FrozenTrial, *names: str) -> int | None:
        """A seed for the draw of some parameters of a trial."""
        if self.seed is None:
            return None
        seed = self.seed if self._lineage.reseeded is None else self._lineage.seed(self.seed)
        return derived_seed(seed, trial.number, *names)

    def rng(self, trial: FrozenTrial, *names: str) -> np.random.Generator:
        """Random numbers for the draw of some parameters of a trial."""
        return np.random.default_rng(seed_in_32_bits(self.number(trial, *names)))
