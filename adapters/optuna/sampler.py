"""Optuna's own samplers by name, and checks of spaces that some of them cannot search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from optuna import samplers
from optuna.distributions import BaseDistribution, FloatDistribution

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines import user_samplers
from crosstune.engines.base import seed_in_32_bits
from crosstune.errors import Unsupported
from crosstune.space.space import Space

Distributions: TypeAlias = Mapping[str, BaseDistribution]

_QUIET = {"warn_independent_sampling": False}
MAX_GRID = 1_000_000
"""The largest grid; Optuna's sampler keeps all of it in memory."""


def native_sampler(
    algorithm: str,
    space: Space | None,
    compiled: Distributions,
    seed: int | None,
    options: Mapping[str, Any],
) -> samplers.BaseSampler:
    """Optuna's own sampler.

    Args:
        algorithm: one of `OptunaAdapter.algorithms`.
        space, compiled: to search, and its distributions; None and empty if none is declared.
        seed: any integer; None for a random one.
        options: keyword arguments of the sampler, checked.

    Raises:
        Unsupported: a grid without a space, or over one that is too large or has conditions.
    """
    seed = seed_in_32_bits(seed)
    if user_samplers.is_name(algorithm):
        return user_samplers.made(algorithm, seed, options)
    make: dict[str, Callable[..., samplers.BaseSampler]] = {
        "tpe": samplers.TPESampler,
        "gp": samplers.GPSampler,
        "cmaes": samplers.CmaEsSampler,
        "nsga2": samplers.NSGAIISampler,
        "nsga3": samplers.NSGAIIISampler,
        "qmc": samplers.QMCSampler,
        "random": samplers.RandomSampler,
        "brute-force": samplers.BruteForceSampler,
    }
    with _optuna.unwarned():  # the user has named it
        if algorithm == "grid":
            if space is None:
                raise Unsupported("optuna:grid has to know the space before the first trial")
            return samplers.GridSampler(_grid(space, compiled, **options), seed=seed)
        if algorithm == "tpe-v4":
            defaults = {"multivariate": False, "constant_liar": False}
            return samplers.TPESampler(**{**defaults, **options}, seed=seed)
        quiet = _QUIET if algorithm in ("gp", "cmaes", "qmc") else {}
        return make[algorithm](**{**quiet, **options}, seed=seed)


def check_no_function(algorithm: str, options: Mapping[str, Any]) -> None:
    """Raise Unsupported for a `constraints_func`, which would get the trials of a mirror."""
    if "constraints_func" in options:
        raise Unsupported(
            f"optuna:{algorithm} searches this space on a copy of the study, whose trials a "
            "constraints_func cannot read: their parameters are positions, and they have no "
            "attributes. Call trial.set_constraint in the objective (Optuna 5)"
        )


def check_finite(compiled: Distributions) -> None:
    """Raise Unsupported for a space that is not finite."""
    for name, distribution in compiled.items():
        if isinstance(distribution, FloatDistribution):
            raise Unsupported(
                f"optuna's brute-force needs a finite space, and {name!r} is searched as a real "
                "number. Give it a step, or use 'grid'"
            )


def _grid(space: Space, compiled: Distributions, points: int = 10) -> dict[str, list[Any]]:
    """The grid's values of each parameter, as Optuna draws them."""
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
        native = compiled[name] == ledger.distribution(item)
        values[name] = [
            ledger.write(item, item.decode(raw)) if native else raw for raw in coordinates
        ]
    return values
