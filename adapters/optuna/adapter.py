"""Optuna: spaces as distributions, searches as samplers on the ledger or on a mirror of it.

What this backend does differently:

- If every parameter is a native distribution, Optuna's sampler runs on the ledger itself.
- Ordered choices, weights, stepped floats, log with step and normals have no native
  distribution with the right values and prior. They are searched by index or quantile in an
  in-memory mirror of the ledger, which is told every report, state and constraint.
- A conditional parameter is suggested after its parents, or not at all.
- `grid` and `brute-force` evaluate each point once, so they run on the mirror too. A grid takes
  every value of a finite parameter and `points` quantiles of any other.
- `grid` repeats points that differ only in inactive parameters, so it is refused for a space
  with conditions.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from optuna import samplers
from optuna.distributions import BaseDistribution

from crosstune.adapters.optuna.compile import exact
from crosstune.adapters.optuna.laws import law_of
from crosstune.adapters.optuna.literal import literal, notes
from crosstune.adapters.optuna.read import read
from crosstune.adapters.optuna.sampler import check_finite, check_no_function, native_sampler
from crosstune.adapters.optuna.search import LEARNS_CONSTRAINTS, OptunaEngine
from crosstune.engines import study_values as ledger
from crosstune.engines import user_samplers
from crosstune.engines.base import Adapter, Algorithm, Drawn
from crosstune.engines.compiled import Compiled
from crosstune.space.space import Space


class _Algorithms(dict[str, Algorithm]):
    """The algorithms by name, and a user's sampler by ``module:Class``."""

    def __missing__(self, name: str) -> Algorithm:
        if not user_samplers.is_name(name):
            raise KeyError(name)
        return Algorithm("your own sampler", lambda: user_samplers.maker(name), objectives=True)


def _grid_options(points: int = 10) -> None:
    """The options of `grid`."""


class OptunaAdapter(Adapter):
    """Optuna 4.8 to 5."""

    name: ClassVar[str] = "optuna"
    distribution: ClassVar[str] = "optuna"
    roles: ClassVar[Mapping[str, str]] = {"random": "random", "grid": "grid", "bayesian": "tpe"}
    algorithms: ClassVar[Mapping[str, Algorithm]] = _Algorithms(
        {
            "tpe": Algorithm(
                "tree-structured Parzen estimator",
                lambda: samplers.TPESampler,
                constraints=LEARNS_CONSTRAINTS,
                objectives=True,
            ),
            "tpe-v4": Algorithm(
                "TPE with the defaults of Optuna 4",
                lambda: samplers.TPESampler,
                constraints=LEARNS_CONSTRAINTS,
                objectives=True,
            ),
            "gp": Algorithm(
                "Gaussian process",
                lambda: samplers.GPSampler,
                needs=(("torch", "scipy"), "torch"),
                constraints=LEARNS_CONSTRAINTS,
                objectives=True,
            ),
            "cmaes": Algorithm(
                "CMA-ES; numeric parameters, the others at random",
                lambda: samplers.CmaEsSampler,
                needs=(("cmaes",), "optuna"),
                keeps_state=True,
                one_scalar="its state is in its own generations, whose values may not change "
                "later. Use tpe or nsga2",
            ),
            "nsga2": Algorithm(
                "genetic algorithm NSGA-II",
                lambda: samplers.NSGAIISampler,
                keeps_state=True,
                constraints=LEARNS_CONSTRAINTS,
                objectives=True,
            ),
            "nsga3": Algorithm(
                "genetic algorithm NSGA-III, for three objectives and more",
                lambda: samplers.NSGAIIISampler,
                constraints=LEARNS_CONSTRAINTS,
                objectives=True,
            ),
            "qmc": Algorithm(
                "quasi-random Sobol or Halton points",
                lambda: samplers.QMCSampler,
                needs=(("scipy",), "optuna"),
                keeps_state=True,
                objectives=True,
                learns=False,
            ),
            "random": Algorithm(
                "random search",
                lambda: samplers.RandomSampler,
                keeps_state=True,
                objectives=True,
                learns=False,
            ),
            "grid": Algorithm(
                "every point of a grid once",
                lambda: _grid_options,
                exhaustive=True,
                objectives=True,
            ),
            "brute-force": Algorithm(
                "every point of a finite space once",
                lambda: samplers.BruteForceSampler,
                exhaustive=True,
                objectives=True,
            ),
        }
    )

    def algorithm(self, name: str) -> str:
        """The native name of a role or an algorithm; that of a user's sampler is its own."""
        if user_samplers.is_name(name):
            user_samplers.found_by(name)  # raises
            return name
        return super().algorithm(name)

    def compile(self, space: Space, *, mode: str = "exact") -> dict[str, BaseDistribution]:
        """A distribution for each searched parameter, in the order of the space."""
        self.check_mode(mode)
        return Compiled(literal(space) if mode == "literal" else exact(space), space, mode)

    def read(self, native: Mapping[str, BaseDistribution]) -> Space:
        """The space of distributions by name; those of `compile` remember theirs."""
        if isinstance(native, Compiled):
            again = self.compile(native.space, mode=native.mode)
            if dict(native) == dict(again):
                return native.space
        return read(native)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the distribution."""
        distribution, item = self.compile(space, mode=mode)[name], space[name]
        law, differences = law_of(distribution), notes(item, mode)
        if mode == "literal":
            return Drawn(law, None, differences)
        if distribution == ledger.distribution(item):
            return Drawn(law, partial(ledger.read, item), differences)
        return Drawn(law, item.decode, differences)

    def sampler(
        self, algorithm: str, space: Space | None, *, seed: int | None, options: Mapping[str, Any]
    ) -> samplers.BaseSampler | None:
        """Optuna's own sampler if it can run on the ledger itself.

        Raises:
            Unsupported: see `engine`.
        """
        self.algorithms[algorithm].check_options(f"optuna:{algorithm}", options)
        compiled: Mapping[str, BaseDistribution] = {} if space is None else self.compiled(space)
        direct = space is None or compiled == {
            name: ledger.distribution(item) for name, item in space.searched.items()
        }
        if not direct or (space is not None and self.algorithms[algorithm].exhaustive):
            check_no_function(algorithm, options)
            return None
        return native_sampler(algorithm, space, compiled, seed, options)

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> OptunaEngine:
        """Optuna's sampler on a study of its own; see `engine_for`."""
        return self.engine_for(algorithm, space, seed=seed, maximize=[maximize], options=options)

    def engine_for(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: Sequence[bool],
        options: Mapping[str, Any],
    ) -> OptunaEngine:
        """Optuna's sampler on a study of its own.

        Raises:
            Unsupported: a `constraints_func`, which would get the trials of that study.
        """
        check_no_function(algorithm, options)
        compiled = self.compiled(space)
        if algorithm == "brute-force":
            check_finite(compiled)
        self.algorithms[algorithm].check_options(f"optuna:{algorithm}", options)
        native = native_sampler(algorithm, space, compiled, seed, options)
        exhaustive = self.algorithms[algorithm].exhaustive
        return OptunaEngine(space, compiled, native, maximize, exhaustive=exhaustive)

    def engine_behind(self, sampler: samplers.BaseSampler, space: Space) -> OptunaEngine:
        """A copy of the sampler, as it is now, on a study of its own."""
        exhaustive = isinstance(sampler, samplers.GridSampler | samplers.BruteForceSampler)
        again = copy.deepcopy(sampler)
        return OptunaEngine(space, self.compiled(space), again, [False], exhaustive=exhaustive)
