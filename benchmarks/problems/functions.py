"""Functions with a known optimum, continuous and mixed-integer, from COCO's suites.

`bbob-f10-d5` is function 10 of the suite bbob in 5 dimensions, and `mixint-f10-d5` that of
bbob-mixint. The instance is 1; `function` gives other functions, dimensions and instances.
All are minimised and without noise.

The selection has two or more of bbob's 24 functions from each of its five groups (separable,
moderate conditioning, high conditioning, multimodal with global structure, multimodal with weak
structure), in 2 to 10 dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import UnknownName, no_such
from crosstune.space.parameters import Float, Int, Parameter, Scalar
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

INSTANCE = 1

_BBOB = (
    (1, 2),  # sphere
    (3, 10),  # Rastrigin, separable
    (6, 5),  # attractive sector
    (8, 5),  # Rosenbrock
    (10, 5),  # ellipsoid, rotated
    (13, 10),  # sharp ridge
    (14, 3),  # sum of different powers
    (15, 5),  # Rastrigin, rotated
    (17, 10),  # Schaffer's F7
    (20, 3),  # Schwefel
    (21, 5),  # Gallagher's 101 peaks
    (24, 10),  # Lunacek's double Rastrigin
)
_MIXINT = ((3, 5), (6, 10), (8, 5), (10, 5), (15, 10), (21, 5))

NAMES = (
    *(f"bbob-f{number}-d{dimension}" for number, dimension in _BBOB),
    *(f"mixint-f{number}-d{dimension}" for number, dimension in _MIXINT),
)

_SCALES = (
    # f1 to f24
    *(1, 1e-3, 1e-1, 1e-1, 1),
    *(1e-2, 1, 1e-2, 1e-2, 1e-3),
    *(1e-2, 1e-4, 1e-1, 1, 1e-1),
    *(1, 10, 1, 10, 1e-1),
    *(1, 1, 10, 1e-1),
)
"""The factors of bbob-mixint for the functions of bbob (Tusar, Brockhoff and Hansen 2019)."""

_NUMBERS = range(1, 25)
_DIMENSIONS = {"bbob": (2, 3, 5, 10, 20, 40), "mixint": (5, 10, 20, 40)}
"""The dimensions with a known optimum; larger ones of bbob-mixint use other functions."""

_INSTANCES = range(1, 16)


@dataclass(frozen=True)
class Function:
    """The objective of a function; an unpickled copy builds the function again.

    Args:
        family: "bbob" or "mixint".
        number: of the function, 1 to 24.
        dimension: the number of parameters.
        instance: the shift and rotation.

    >>> Function("bbob", 1, 2, 1)({"x0": 0.0, "x1": 0.0})
    80.88...
    """

    family: str
    number: int
    dimension: int
    instance: int

    def __call__(self, params: Mapping[str, Scalar]) -> float:
        """The value at a point."""
        coco_problem, names = _built(self)
        return float(coco_problem([params[name] for name in names]))


def problem(name: str) -> Problem:
    """The problem of a name of `NAMES`.

    Raises:
        MissingLibrary: coco-experiment is not installed.

    >>> problem("bbob-f10-d5").optimum
    -54.94
    """
    family, number, dimension = name.split("-")
    return function(family, int(number[1:]), int(dimension[1:]))


def function(family: str, number: int, dimension: int, instance: int = INSTANCE) -> Problem:
    """The problem of any function of the two suites.

    Args:
        family: "bbob", or "mixint" for bbob-mixint.
        number: of the function, 1 to 24.
        dimension: 2, 3, 5, 10, 20 or 40 for bbob; 5, 10, 20 or 40 for mixint.
        instance: 1 to 15; each has another optimum.

    Raises:
        UnknownName: the suite has no such function, dimension or instance.
        MissingLibrary: coco-experiment is not installed.

    >>> function("mixint", 10, 20, instance=3).name
    'functions/mixint-f10-d20-i3'
    """
    objective = Function(family, number, dimension, instance)
    _built(objective)
    full = f"functions/{family}-f{number}-d{dimension}"
    full += f"-i{instance}" if instance != INSTANCE else ""
    optimum = float(_cocoex().BareProblem("bbob", number, dimension, instance).best_value())
    if family == "mixint":
        # Its integers are placed so that they include the optimum of the continuous function.
        optimum *= _SCALES[number - 1]
    return Problem(full, Spec(name=full, space=_space(objective)), objective, optimum=optimum)


def _space(objective: Function) -> Space:
    names = _built(objective)[1]
    if objective.family == "bbob":
        return Space({name: Float(-5, 5) for name in names})
    coco_problem = _built(objective)[0]
    integers = coco_problem.number_of_integer_variables
    bounds = zip(
        coco_problem.lower_bounds.tolist(), coco_problem.upper_bounds.tolist(), strict=True
    )
    parameters: dict[str, Parameter] = {
        name: Int(int(low), int(high)) if i < integers else Float(low, high)
        for i, (name, (low, high)) in enumerate(zip(names, bounds, strict=True))
    }
    return Space(parameters)


@cache
def _built(objective: Function) -> tuple[Any, tuple[str, ...]]:
    """The function of the library, and the names of its parameters."""
    _check(objective)
    coco = _cocoex()
    point = (objective.number, objective.dimension, objective.instance)
    names = tuple(f"x{i}" for i in range(objective.dimension))
    if objective.family == "bbob":
        return coco.BareProblem("bbob", *point), names
    return _mixint(objective.instance).get_problem_by_function_dimension_instance(*point), names


@cache
def _mixint(instance: int) -> Any:
    """The suite bbob-mixint, which has to live as long as its problems."""
    return _cocoex().Suite("bbob-mixint", f"instances:{instance}", "")


def _check(objective: Function) -> None:
    """Raise if the suite has no such function, for which the library would end the process."""
    if objective.family not in _DIMENSIONS:
        raise UnknownName(no_such("family of functions", objective.family, _DIMENSIONS))
    dimensions = _DIMENSIONS[objective.family]
    for what, value, allowed in (
        ("function", objective.number, _NUMBERS),
        ("dimension", objective.dimension, dimensions),
        ("instance", objective.instance, _INSTANCES),
    ):
        if value not in allowed:
            raise UnknownName(
                f"{objective.family} has no {what} {value}. Known: {', '.join(map(str, allowed))}"
            )


def _cocoex() -> Any:
    with needing("the suite of functions", "crosstune[problems]", "cocoex"):
        import cocoex
    return cocoex
