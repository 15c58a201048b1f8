"""The options of an engine for a spec with several metrics or constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crosstune.engines.base import Adapter, Algorithm
from crosstune.engines.several import BLIND, REFUSED, SCALARISED, support
from crosstune.errors import Unsupported
from crosstune.samplers.scalarisation import (
    CHEBYSHEV,
    NOTE,
    SCALARISE,
    of_options,
    with_listed_weights,
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
    if SCALARISE in options:
        return asked_for(label, declared, options, [metric.name for metric in spec.objectives])
    if not spec.metrics and not spec.constraints:
        return options, []
    able = support(declared, objectives=count, constraints=bool(spec.constraints))
    if able.kind == REFUSED:
        what = f"several metrics, and the spec has {count}" if spec.metrics else "constraints"
        raise Unsupported(f"{label} does not take {what}: {able.reason}")
    if able.kind == SCALARISED:
        return {**options, SCALARISE: CHEBYSHEV}, [NOTE]
    return options, []


def asked_for(
    label: str, declared: Algorithm | None, options: Mapping[str, Any], metrics: Sequence[str]
) -> tuple[Mapping[str, Any], list[str]]:
    """The options of a sampler with a scalarisation that was asked for, and notes for the user.

    Args:
        label: backend and algorithm.
        declared: the algorithm; None for crosstune's own grid.
        options: of the sampler.
        metrics: their names.

    Raises:
        RequestError: the scalarisation is not possible.
    """
    options = with_listed_weights(options, metrics)
    _, rule = of_options(options)
    assert rule is not None
    if declared is None or declared.exhaustive or not declared.learns:
        raise Unsupported(f"there is nothing to {SCALARISE} for {label}: {BLIND}")
    if declared.scheduler or declared.one_scalar is not None:
        able = support(declared, objectives=2, constraints=True)
        raise Unsupported(f"{label} cannot be scalarised: {able.reason}")
    rule.drawn(len(metrics), 0, 0)  # the weights are as many as the metrics
    return options, [NOTE]
