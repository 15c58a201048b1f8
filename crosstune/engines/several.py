"""What an algorithm can do with several objectives, or with constraints, by its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crosstune.engines.base import Adapter, Algorithm

NATIVE, SCALARISED, REFUSED = "native", "scalarised", "refused"

SCHEDULES = "it decides by one value how far each trial is trained"
BLIND = "its points depend on no outcome"


@dataclass(frozen=True)
class Support:
    """How an algorithm takes several objectives, or constraints.

    Attributes:
        kind: "native", "scalarised" or "refused".
        reason: why it is refused, or a remark; "" if there is none.
    """

    kind: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}" if self.reason else self.kind


def support(algorithm: Algorithm | None, *, objectives: int, constraints: bool) -> Support:
    """How an algorithm takes a number of objectives, and constraints.

    Args:
        algorithm: its declaration; None for crosstune's own grid in place of a library's.
        objectives: their number.
        constraints: whether there are some.

    >>> from crosstune import adapters
    >>> tpe = adapters.get("hyperopt").algorithms["tpe"]
    >>> str(support(tpe, objectives=2, constraints=False))
    'scalarised'
    """
    if algorithm is None or (algorithm.exhaustive and algorithm.refused is None):
        return Support(NATIVE, BLIND)
    if algorithm.refused is not None:
        return Support(REFUSED, algorithm.refused)
    if not algorithm.learns:
        return Support(NATIVE, BLIND)
    if algorithm.scheduler:
        return Support(REFUSED, SCHEDULES)
    if objectives == 1 and not constraints:
        return Support(NATIVE)
    if (objectives == 1 or algorithm.objectives) and (algorithm.constraints or not constraints):
        return Support(NATIVE)
    if algorithm.one_scalar is not None:
        return Support(REFUSED, algorithm.one_scalar)
    return Support(SCALARISED)


def in_words(adapter: Adapter, objectives: int, *, constraints: bool) -> str:
    """What each algorithm of a backend does with metrics and constraints, as a sentence.

    Args:
        adapter: the backend.
        objectives: their number.
        constraints: whether there are some.

    >>> from crosstune import adapters
    >>> in_words(adapters.get("crosstune"), 2, constraints=True)
    '2 metrics with constraints: scalarised by gp; native by random, grid'
    """
    texts: dict[str, list[str]] = {}
    for name, able in supports(adapter, objectives, constraints=constraints).items():
        if able.kind == REFUSED:
            texts.setdefault("refused by", []).append(f"{name} ({able.reason})")
        else:
            texts.setdefault(f"{able.kind} by", []).append(name)
    metrics = f"{objectives} metrics" if objectives > 1 else ""
    what = " with ".join(filter(None, (metrics, "constraints" if constraints else "")))
    return f"{what}: " + "; ".join(f"{how} {', '.join(names)}" for how, names in texts.items())


CASES: Mapping[str, tuple[int, bool]] = {
    "two objectives": (2, False),
    "three objectives": (3, False),
    "constraints": (1, True),
}
"""The cases of the table of what each algorithm can do: objectives, and whether constraints."""


def supports(adapter: Adapter, objectives: int, *, constraints: bool) -> Mapping[str, Support]:
    """By algorithm of a backend, how it takes a number of objectives, and constraints.

    Args:
        adapter: the backend.
        objectives: their number.
        constraints: whether there are some.
    """
    return {
        name: support(algorithm, objectives=objectives, constraints=constraints)
        for name, algorithm in adapter.algorithms.items()
    }
