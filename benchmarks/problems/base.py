"""The problem of a match: a space, an objective, and the optimum if known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from crosstune.objectives import Prepared, prepare
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.system.scalars import plain

HYPERVOLUME_REGRET = "hypervolume regret"
"""The measure of a match with several metrics."""


@dataclass(frozen=True)
class Problem:
    """Something to tune, the same for every contender.

    Attributes:
        name: such as ``tables/vehicle``; that of the spec for a user's spec.
        spec: its space, metric, start points and pruner. The match sets seed, backend and budget.
        objective: of any dialect; None for the one that the spec names. A match with several jobs
            sends it to other processes, so it cannot have an open file, lock or connection.
        optimum: the best possible or best known value, in the metric's units, or None.
        duration: the metric of the objective with the recorded seconds of an evaluation; None
            if the evaluation is timed.
        kind: what is special about it, such as ``noisy``; a label for reports.
        batch: the number of trials that are proposed and evaluated together, 1 or more.
        front: the best possible or best known points with several metrics, in the order and the
            units of the metrics; empty if they are not known.
        truth: `truth(params)` is the expected value at a point, without noise, in the metric's
            units; None if it is not known. A function of a module, so that it can be pickled.

    A score on data that tuning never sees is the metric ``test_<metric>`` that the objective
    returns or, without it, the metric in the mapping that its attribute `test(params)` returns. Of
    a problem with a truth it is the truth at the point that `crosstune.recommend` chooses.
    """

    name: str
    spec: Spec
    objective: Callable[..., Any] | str | None = None
    optimum: float | None = None
    duration: str | None = None
    kind: str = ""
    batch: int = 1
    truth: Callable[..., float] | None = None
    front: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        for name in ("name", "optimum", "duration", "kind", "batch"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    @property
    def space(self) -> Space:
        """The space of the spec."""
        return self.spec.space

    @property
    def metric(self) -> str:
        """The name of the measure that a match scores."""
        return HYPERVOLUME_REGRET if self.spec.metrics else self.spec.metric.name

    @property
    def maximize(self) -> bool:
        """True if more of the measure is better."""
        return not self.spec.metrics and self.spec.metric.direction == "maximize"

    @cached_property
    def prepared(self) -> Prepared:
        """The objective as Optuna's `f(trial)`.

        Raises:
            RequestError: there is no objective, it does not import, or no dialect fits it.
        """
        return prepare(self.spec, self.objective, None)

    def with_start(self, spec: Spec) -> Problem:
        """The problem with the start points of a spec, which differs in nothing else."""
        changed = replace(self, spec=spec)
        if "prepared" in self.__dict__:
            changed.__dict__["prepared"] = self.prepared  # Its data may take long to load.
        return changed

    def __getstate__(self) -> dict[str, Any]:
        # The receiver prepares it again, so loaded data are not sent.
        return {key: value for key, value in self.__dict__.items() if key != "prepared"}
