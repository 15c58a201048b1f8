"""Optuna: spaces as distributions, searches as samplers on the ledger or on a mirror of it.

What this backend does differently:

- Where every parameter is a native distribution, Optuna's sampler runs on the ledger itself.
- Ordered choices, weights, stepped floats, log with step and normals have no native
  distribution with the right values and prior. They are searched by index or quantile in an
  in-memory mirror of the ledger, which is told every report, state and constraint.
- A condition is a parameter that is suggested, or not, after its parents.
- `grid` and `brute-force` evaluate each point once, so they run on the mirror too. A grid takes
  every value of a finite parameter and `points` quantiles of any other.
- `grid` repeats points that differ in inactive parameters alone, so it is refused for a space
  with conditions.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import optuna
from optuna import samplers
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial, TrialState

from crosstune import _optuna
from crosstune.adapters.optuna import literal as native_optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.base import (
    Adapter,
    Algorithm,
    Drawn,
    Engine,
    Exhausted,
    Outcome,
    fewest_grid_points,
    seed_in_32_bits,
)
from crosstune.engines.compiled import Compiled
from crosstune.errors import Unsupported
from crosstune.space.coordinates import Continuous, Index
from crosstune.space.parameters import Parameter
from crosstune.space.space import Params, Space
from crosstune.study.internal import own_study

_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
_CONSTRAINTS = hasattr(Trial, "set_constraint")
"""Optuna 5's samplers learn from the constraints that an objective sets; Optuna 4 has no such."""
_QUIET = {"warn_independent_sampling": False}
MAX_GRID = 1_000_000
"""The longest grid; Optuna's sampler holds all of it in memory."""


def _grid_options(points: int = 10) -> None:
    """The options of `grid`."""


class OptunaAdapter(Adapter):
    """Optuna 4.8 to 5."""

    name: ClassVar[str] = "optuna"
    distribution: ClassVar[str] = "optuna"
    roles: ClassVar[Mapping[str, str]] = {"random": "random", "grid": "grid", "bayesian": "tpe"}
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "tpe": Algorithm(
            "tree-structured Parzen estimator",
            lambda: samplers.TPESampler,
            constraints=_CONSTRAINTS,
        ),
        "tpe-v4": Algorithm(
            "TPE with the defaults of Optuna 4",
            lambda: samplers.TPESampler,
            constraints=_CONSTRAINTS,
        ),
        "gp": Algorithm(
            "Gaussian process",
            lambda: samplers.GPSampler,
            needs=(("torch", "scipy"), "torch"),
            constraints=_CONSTRAINTS,
        ),
        "cmaes": Algorithm(
            "CMA-ES; numeric parameters, the others at random",
            lambda: samplers.CmaEsSampler,
            needs=(("cmaes",), "optuna"),
        ),
        "nsga2": Algorithm(
            "genetic algorithm NSGA-II", lambda: samplers.NSGAIISampler, constraints=_CONSTRAINTS
        ),
        "qmc": Algorithm(
            "quasi-random Sobol or Halton points",
            lambda: samplers.QMCSampler,
            needs=(("scipy",), "optuna"),
        ),
        "random": Algorithm("random search", lambda: samplers.RandomSampler),
        "grid": Algorithm("every point of a grid once", lambda: _grid_options, exhaustive=True),
        "brute-force": Algorithm(
            "every point of a finite space once",
            lambda: samplers.BruteForceSampler,
            exhaustive=True,
        ),
    }

    def compile(self, space: Space, *, mode: str = "exact") -> dict[str, BaseDistribution]:
        """A distribution for each searched parameter, in the order of the space."""
        self.check_mode(mode)
        if mode == "literal":
            return Compiled(native_optuna.literal(space), space, mode)
        exact = {name: _compiled(item) for name, item in space.searched.items()}
        return Compiled(exact, space, mode)

    def read(self, native: Mapping[str, BaseDistribution]) -> Space:
        """The space behind distributions by name; those of `compile` remember theirs."""
        if isinstance(native, Compiled):
            again = self.compile(native.space, mode=native.mode)
            if dict(native) == dict(again):
                return native.space
        return native_optuna.read(native)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the distribution."""
        held, item = self.compile(space, mode=mode)[name], space[name]
        notes = native_optuna.notes(item, mode)
        if mode == "literal":
            return Drawn(native_optuna.law_of(held), None, notes)
        if held == ledger.distribution(item):
            return Drawn(native_optuna.law_of(held), partial(ledger.read, item), notes)
        return Drawn(native_optuna.law_of(held), item.decode, notes)

    def sampler(
        self, algorithm: str, space: Space | None, *, seed: int | None, options: Mapping[str, Any]
    ) -> samplers.BaseSampler | None:
        """Optuna's own sampler where it can run on the ledger itself.

        Raises:
            Unsupported: see `engine`.
        """
        if space is None:
            return self._native(algorithm, None, seed, options)
        direct = all(
            held == ledger.distribution(space[name]) for name, held in self.compile(space).items()
        )
        if not direct or self.algorithms[algorithm].exhaustive:
            _check_no_function(algorithm, options)
            return None
        return self._native(algorithm, space, seed, options)

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> OptunaEngine:
        """Optuna's sampler on a study of its own.

        Raises:
            Unsupported: a `constraints_func`, which would be given the trials of that study.
        """
        _check_no_function(algorithm, options)
        if algorithm == "brute-force":
            _check_finite(space)
        native = self._native(algorithm, space, seed, options)
        exhaustive = self.algorithms[algorithm].exhaustive
        return OptunaEngine(space, native, maximize, exhaustive=exhaustive)

    def engine_behind(self, sampler: samplers.BaseSampler, space: Space) -> OptunaEngine:
        """A copy of the sampler, as it is now, on a study of its own."""
        walks = isinstance(sampler, samplers.GridSampler | samplers.BruteForceSampler)
        return OptunaEngine(space, copy.deepcopy(sampler), False, exhaustive=walks)

    def _native(
        self, algorithm: str, space: Space | None, seed: int | None, options: Mapping[str, Any]
    ) -> samplers.BaseSampler:
        self.algorithms[algorithm].check_options(f"optuna:{algorithm}", options)
        seed = seed_in_32_bits(seed)
        make: dict[str, Callable[..., samplers.BaseSampler]] = {
            "tpe": samplers.TPESampler,
            "gp": samplers.GPSampler,
            "cmaes": samplers.CmaEsSampler,
            "nsga2": samplers.NSGAIISampler,
            "qmc": samplers.QMCSampler,
            "random": samplers.RandomSampler,
            "brute-force": samplers.BruteForceSampler,
        }
        with warnings.catch_warnings():
            # The user asked for it by name.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            if algorithm == "grid":
                if space is None:
                    raise Unsupported("optuna:grid has to know the space before the first trial")
                return samplers.GridSampler(_grid(space, **options), seed=seed)
            if algorithm == "tpe-v4":
                defaults = {"multivariate": False, "constant_liar": False}
                return samplers.TPESampler(**{**defaults, **options}, seed=seed)
            quiet = _QUIET if algorithm in ("gp", "cmaes", "qmc") else {}
            return make[algorithm](**{**quiet, **options}, seed=seed)


class OptunaEngine(Engine):
    """An Optuna sampler on an in-memory study that mirrors the ledger."""

    def __init__(
        self,
        space: Space,
        sampler: samplers.BaseSampler,
        maximize: bool,
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
                    direction="maximize" if maximize else "minimize",
                )
        finally:
            optuna.logging.set_verbosity(verbosity)
        self._compiled = {name: _compiled(item) for name, item in space.searched.items()}
        held = ledger.distributions(space)
        self._latent = {name for name in self._compiled if self._compiled[name] != held[name]}
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
        """Report, constrain and tell, as the ledger has it."""
        mirrored = self._asked.pop(trial)
        for step, value in outcome.reports.items():
            mirrored.report(value, step)
        _optuna.constrain(mirrored, outcome.constraints)
        try:
            self.native.tell(
                mirrored,
                outcome.value if outcome.state == "complete" else None,
                state=_STATES[outcome.state],
            )
        except RuntimeError:
            # Grid and brute force call study.stop() from tell() when they are through, which
            # Optuna allows inside optimize() only. The trial is told all the same.
            if not self.exhaustive:
                raise
            self._stopped = True

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Fail the trial that was not evaluated, which samplers leave out, and add the other."""
        self.tell(trial, Outcome("failed"))
        self.insert(params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Add a finished trial."""
        searched = {name: value for name, value in params.items() if name in self._compiled}
        extra: dict[str, Any] = {}
        if outcome.constraints and _CONSTRAINTS:
            extra["constraints"] = dict(outcome.constraints)
        elif outcome.constraints:  # those of a `constraints_func`
            extra["system_attrs"] = {"constraints": list(outcome.constraints.values())}
        self.native.add_trial(
            optuna.trial.create_trial(
                state=_STATES[outcome.state],
                value=outcome.value,
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


def _compiled(item: Parameter) -> BaseDistribution:
    """The distribution with a parameter's values and prior: a native one, or its coordinate's."""
    held = ledger.distribution(item)
    match item.coordinate:
        case Index(n, ordered=True) if not isinstance(held, IntDistribution) or held.log:
            return IntDistribution(0, n - 1)
        case Continuous(low, high, log):
            return FloatDistribution(low, high, log=log)
    return held


def _check_no_function(algorithm: str, options: Mapping[str, Any]) -> None:
    """Raise for a `constraints_func` that would be given the trials of a mirror."""
    if "constraints_func" in options:
        raise Unsupported(
            f"optuna:{algorithm} searches this space on a copy of the study, whose trials a "
            "constraints_func cannot read: their parameters are positions, and they have no "
            "attributes. Call trial.set_constraint in the objective (Optuna 5)"
        )


def _check_finite(space: Space) -> None:
    """Raise for a space that brute force could not come to the end of."""
    for name, held in {name: _compiled(item) for name, item in space.searched.items()}.items():
        if isinstance(held, FloatDistribution):
            raise Unsupported(
                f"optuna's brute-force needs a finite space, and {name!r} is searched as a real "
                "number. Give it a step, or use 'grid'"
            )


def _grid(space: Space, points: int = 10) -> dict[str, list[Any]]:
    """The values that a grid takes from each parameter, as Optuna draws them."""
    if any(space.conditions.values()):
        raise Unsupported(
            "optuna's grid repeats points that differ in inactive parameters alone, and this "
            "space has conditions. Use 'brute-force' where the space is finite"
        )
    values: dict[str, list[Any]] = {}
    size = 1
    for name, item in space.searched.items():
        coordinates = item.grid_points(points)
        size *= len(coordinates)
        if size > MAX_GRID:
            raise Unsupported(
                f"a grid over this space has more than {MAX_GRID} points. Use 'random', or steps"
            )
        native = _compiled(item) == ledger.distribution(item)
        values[name] = [
            ledger.write(item, item.decode(raw)) if native else raw for raw in coordinates
        ]
    return values
