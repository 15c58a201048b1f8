"""crosstune's own algorithms as a backend, so that a spec and a match can name them.

- The space is crosstune's, so nothing is compiled and nothing differs from the spec.
- `random` draws from the reference prior.
- `grid` is the algorithm of `GridSampler`, `gp` that of `GaussianProcessSampler`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from crosstune.engines.base import Adapter, Algorithm, Drawn, Engine, Outcome, seed_in_32_bits
from crosstune.samplers.grid import GridEngine
from crosstune.space.prior import coordinate_law
from crosstune.space.space import Params, Space
from crosstune.study.warm_start import finished


class CrosstuneAdapter(Adapter):
    """crosstune's own algorithms."""

    name: ClassVar[str] = "crosstune"
    distribution: ClassVar[str] = "crosstune"
    roles: ClassVar[Mapping[str, str]] = {"random": "random", "grid": "grid", "bayesian": "gp"}
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "gp": Algorithm(
            "Gaussian process with log expected improvement, conditions modelled",
            lambda: _gaussian_process(),
            ("space", "seed", "maximize"),
            needs=(("scipy", "threadpoolctl"), "optuna"),
            reads_curves=True,
        ),
        "random": Algorithm("random search", keeps_state=True, learns=False),
        "grid": Algorithm(
            "every point of a grid once", lambda: GridEngine, ("space", "seed"), exhaustive=True
        ),
    }

    def compile(self, space: Space, *, mode: str = "exact") -> Space:
        """The space itself, in either mode."""
        self.check_mode(mode)
        return space

    def read(self, native: Space) -> Space:
        """The space itself."""
        return native

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the parameter's coordinate."""
        self.check_mode(mode)
        coordinate = space[name].coordinate
        assert coordinate is not None
        return Drawn(coordinate_law(coordinate), space[name].decode)

    def options_of(
        self, algorithm: str, options: Mapping[str, Any], record_format: int
    ) -> Mapping[str, Any]:
        """Those of the earlier formats were made by a Gaussian process with fewer mechanisms.

        Format 1 had none of those that can be switched off, format 2 no `curves`, and none before
        format 5 had `plain`.
        """
        if algorithm != "gp" or record_format > 4:
            return options
        if record_format == 1:
            options = {"startup": 4, "without": ["additive", "edges", "hedge"], **options}
        without = options.get("without", [])
        without = [without] if isinstance(without, str) else [*without]
        lacking = ["curves", "plain"] if record_format < 3 else ["plain"]
        return {**options, "without": [*without, *lacking]}

    def plain_options(self, algorithm: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options, with earlier studies replaced by their trials."""
        if "warm_start" not in options:
            return options
        return {**options, "warm_start": finished(options["warm_start"])}

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> Engine:
        """A search by one of the algorithms."""
        self.algorithms[algorithm].check_options(f"crosstune:{algorithm}", options)
        if algorithm == "grid":
            return GridEngine(space, seed=seed, **options)
        if algorithm == "random":
            return RandomEngine(space, seed=seed)
        engine: Engine = _gaussian_process()(space, seed=seed, maximize=maximize, **options)
        return engine


class RandomEngine(Engine):
    """Draws from the reference prior."""

    def __init__(self, space: Space, *, seed: int | None = None):
        self._space = space
        self.native = np.random.default_rng(seed_in_32_bits(seed))

    def ask(self, trial: int) -> Params:
        """The next draw."""
        return self._space.sample(self.native)

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Random search does not learn."""

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Random search does not learn."""

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Random search does not learn."""


def _gaussian_process() -> Any:
    # scipy takes a second to import, and random and grid do not need it.
    from crosstune.samplers.gaussian_process.engine import GaussianProcessEngine

    return GaussianProcessEngine
