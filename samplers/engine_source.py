"""Makes the engines of one sampler, and its random numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.engines.base import Adapter, Algorithm, Engine, seed_in_32_bits
from crosstune.engines.pruner_record import described
from crosstune.engines.record import PRUNER, amend_record, leave_record, records, run_record
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

    def follower(
        self, study: Study, space: Space, read_point: ReadPoint, seed: int | None, *, strict: bool
    ) -> Follower:
        """A new engine that follows a study.

        The engine of a copy gets another seed, so that it does not repeat the original. A grid
        keeps its order and leaves out evaluated points.

        Args:
            study: to follow.
            space: to search.
            seed: the sampler's seed for this space.
            read_point, strict: see `Follower`.
        """
        seed = seed if self.algorithm.exhaustive else self._lineage.seed(seed)
        maximize = [one == StudyDirection.MAXIMIZE for one in study.directions]
        engine = self._engine(space, seed, maximize)
        return Follower(engine, space, read_point, strict=strict)

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
        def single(seed: int | None) -> Engine:
            more = maximize[0] if len(maximize) == 1 else False
            return self._adapter.engine(
                self._algorithm, space, seed=seed, maximize=more, options=self._native
            )

        rule = self.scalarisation(len(maximize))
        if rule is not None:
            return ScalarisedEngine(space, single, maximize, rule, seed)
        if len(maximize) > 1 and self.algorithm.objectives:
            return self._adapter.engine_for(
                self._algorithm, space, seed=seed, maximize=maximize, options=self._native
            )
        return single(seed)

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

    def number(self, trial: FrozenTrial, *names: str) -> int | None:
        """A seed for the draw of some parameters of a trial."""
        if self.seed is None:
            return None
        seed = self.seed if self._lineage.reseeded is None else self._lineage.seed(self.seed)
        return derived_seed(seed, trial.number, *names)

    def rng(self, trial: FrozenTrial, *names: str) -> np.random.Generator:
        """Random numbers for the draw of some parameters of a trial."""
        return np.random.default_rng(seed_in_32_bits(self.number(trial, *names)))
