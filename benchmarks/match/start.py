"""The start points of a match, the same for every contender."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError
from crosstune.objectives.default_start import with_defaults
from crosstune.space.space import Params, Space

_logger = logging.getLogger("crosstune")


def with_start(problem: Problem, start: str | Iterable[Mapping[str, Any] | str] | None) -> Problem:
    """The problem with start points that are all values, which the settings of a match record.

    Parameters without a default value are drawn once, for all contenders and seeds.

    Args:
        problem: with the objective whose default values "defaults" means.
        start: as for `tune`; None is that of the problem's spec.

    Raises:
        RequestError: a point is not in the space, or the objective has no default values.
    """
    spec = problem.spec
    if start is not None:
        spec = spec.with_start(start)
    try:
        spec, default_point = with_defaults(spec, lambda: problem.prepared.defaults())
    except RequestError as error:
        raise RequestError(f"{problem.name}: {error}") from error
    if spec is problem.spec:
        return problem
    if default_point is not None:
        for sentence in default_point.sentences():
            _logger.warning("%s: %s", problem.name, sentence)
        whole = _completed(spec.space, default_point.params)
        points = (whole if item is default_point.params else item for item in spec.start)
        spec = spec.model_copy(update={"start": tuple(points)})
    return problem.with_start(spec)


def _completed(space: Space, params: Params) -> Params:
    """A point whose missing active parameters are drawn from the prior."""
    rng = np.random.default_rng(engine_seed(0))
    point: Params = {}
    for name, item in space.items():
        if space.is_active(name, point):
            point[name] = params[name] if name in params else item.sample(rng)
    return point
