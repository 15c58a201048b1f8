"""The options of an engine for a spec with several metrics or constraints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosstune.engines.base import Adapter, Algorithm
from crosstune.engines.several import BLIND, REFUSED, SCALARISED, support
from crosstune.errors import RequestError, Unsupported, no_such
from crosstune.samplers.scalarisation import (
    CHEBYSHEV,
    NOTE,
    SCALARISE,
    WEIGHTS,
    of_options,
)
from crosstune.spec.spec import Spec


def with_scalarisation(
    adapter: Adapter, algorithm: str, options: Mapping[str, Any], spec: Spec, *, ours: bool
) -> tuple[Mapping[str, Any], list[str]]:
    """The options of a sampler for the metrics and constraints of a spec, and notes for the user.

    An algorithm that takes them itself keeps its options. Any other gets a scalarisation, or is
    refused.

    Args:
        adapter, algorithm: of the engine.
        options: of the sampler.
        spec: with the metrics and constraints.
        ours: whether crosstune's own grid runs.

    Raises:
        RequestError: the algorithm cannot take them, or the options ask for a scalarisation that is
            not possible.
    """
    label = f"{adapter.name}:{algorithm}"
    declared = None if ours else adapter.algorithms[algorithm]
    count = len(spec.objectives)
    options = _with_list_of_weights(options, spec)
    _, rule = of_options(options)
    if rule is not None:
        _check_asked(label, declared)
        rule.drawn(count, 0, 0)  # the weights are as many as the metrics
        return options, [NOTE]
    if not spec.metrics and not spec.constraints:
        return options, []
    able = support(declared, objectives=count, constraints=bool(spec.constraints))
    if able.kind == REFUSED:
        what = f"several metrics, and the spec has {count}" if spec.metrics else "constraints"
        raise Unsupported(f"{label} does not take {what}: {able.reason}")
    if able.kind == SCALARISED:
        return {**options, SCALARISE: CHEBYSHEV}, [NOTE]
    return options, []


def _with_list_of_weights(options: Mapping[str, Any], spec: Spec) -> Mapping[str, Any]:
    """The options with weights by metric as a list in the order of the metrics."""
    weights = options.get(WEIGHTS)
    if SCALARISE not in options or not isinstance(weights, Mapping):
        return options
    names = [metric.name for metric in spec.objectives]
    for name in weights:
        if name not in names:
            raise RequestError(no_such("metric with a weight", str(name), names))
    missing = [name for name in names if name not in weights]
    if missing:
        raise RequestError(f"the weights have none for the metric {missing[0]!r}")
    return {**options, WEIGHTS: [weights[name] for name in names]}


def _check_asked(label: str, declared: Algorithm | None) -> None:
    """Raise RequestError if a scalarisation that was asked for is not possible."""
    if declared is None or declared.exhaustive or not declared.learns:
        raise Unsupported(f"there is nothing to {SCALARISE} for {label}: {BLIND}")
    if declared.scheduler or declared.one_scalar is not None:
        able = support(declared, objectives=2, constraints=True)
        raise Unsupported(f"{label} cannot be scalarised: {able.reason}")
