"""What a match is about: a space, an objective, and what is known of the optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crosstune.objectives import Prepared, prepare
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.system.scalars import plain


@dataclass(frozen=True)
class Problem:
    """Something to tune, the same for every contender.

    Attributes:
        name: such as ``tables/vehicle``; for a spec, the spec's own.
        spec: its space, metric, start points and pruner. Seed, backend and budget are the match's.
        objective: of any dialect; None for the one that the spec names. A match with several jobs
            sends it to other processes, so it holds no open file, lock or connection.
        optimum: the best value that there is, or that is known, in the metric's units; None where
            nobody knows.
        duration: which metric, of those that the objective returns, says how many seconds an
            evaluation took when it was recorded; None where it takes the time that it takes.

    A score on data that tuning never sees is, in this order: the metric ``test_<metric>`` that the
    objective returns, or what its attribute `test(params)` returns under the metric's name.
    """

    name: str
    spec: Spec
    objective: Callable[..., Any] | str | None = None
    optimum: float | None = None
    duration: str | None = None

    def __post_init__(self) -> None:
        for name in ("name", "optimum", "duration"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    @property
    def space(self) -> Space:
        """What is searched."""
        return self.spec.space

    @property
    def metric(self) -> str:
        """The name of what is measured."""
        return self.spec.metric.name

    @property
    def maximize(self) -> bool:
        """Whether more is better."""
        return self.spec.metric.direction == "maximize"

    @cached_property
    def prepared(self) -> Prepared:
        """The objective as Optuna's `f(trial)`.

        Raises:
            RequestError: there is none, it does not import, or it is of no dialect.
        """
        return prepare(self.spec, self.objective, None)

    def __getstate__(self) -> dict[str, Any]:
        # Prepared anew where it arrives: data that it has loaded stay behind.
        return {key: value for key, value in self.__dict__.items() if key != "prepared"}
