"""The critical-difference diagram (Demšar, 2006), laid out for whoever draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crosstune.benchmarks.report.tables import plain
from crosstune.benchmarks.statistics.verdicts import Ranking, Standing

LABEL = 190.0
"""The width that is kept for names on either side."""

LONGEST = 24
"""How many letters of a name the diagram shows."""


@dataclass(frozen=True)
class Stroke:
    """A line through points; of a contender, or None for what belongs to the frame."""

    points: tuple[tuple[float, float], ...]
    contender: str | None = None
    width: float = 1.0


@dataclass(frozen=True)
class TextLabel:
    """Text at a point; `anchor` is "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Diagram:
    """Strokes and labels on a sheet, whose y grows downwards."""

    name: str
    title: str
    width: float
    height: float
    strokes: tuple[Stroke, ...]
    labels: tuple[TextLabel, ...]


def groups(ranks: Sequence[float], distance: float) -> list[tuple[int, int]]:
    """The largest runs of sorted ranks that lie within a distance: their first and last places.

    >>> groups([1.0, 1.5, 3.0, 3.2], 1.6)
    [(0, 1), (1, 2), (2, 3)]
    >>> groups([1.0, 1.5, 3.0, 3.2], 0.1)
    []
    """
    found: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(i for i in range(first, len(ranks)) if ranks[i] - ranks[first] < distance)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def diagram(rows: Sequence[Standing], ranking: Ranking, width: float = 760.0) -> Diagram | None:
    """The mean ranks on a line; None for one problem, where there is no critical distance."""
    distance = ranking.critical_distance
    ranked = sorted(
        (each for each in rows if not math.isnan(each.rank)), key=lambda each: each.rank
    )
    if distance is None or math.isnan(distance) or len(ranked) < 2:
        return None
    ends = (1.0, float(max(len(ranked), 2)))
    left, right = LABEL, width - LABEL

    def at(rank: float) -> float:
        return left + (rank - ends[0]) / (ends[1] - ends[0]) * (right - left)

    axis = 64.0
    strokes = [Stroke(((left, axis), (right, axis)), width=1.5)]
    labels = []
    step = 1 + len(ranked) // 12
    for rank in range(1, len(ranked) + 1, step):
        strokes.append(Stroke(((at(rank), axis - 6), (at(rank), axis))))
        labels.append(TextLabel(at(rank), axis - 12, str(rank)))
    strokes.append(Stroke(((left, 22), (at(1 + min(distance, ends[1] - 1)), 22)), width=3))
    labels.append(TextLabel(left, 14, f"critical distance {distance:.2f}", "start"))
    bars = groups([each.rank for each in ranked], distance)
    below = axis + 14
    for i, (first, last) in enumerate(bars):
        y = axis + 10 + 7 * i
        ends_of_bar = ((at(ranked[first].rank) - 4, y), (at(ranked[last].rank) + 4, y))
        strokes.append(Stroke(ends_of_bar, width=4))
        below = y + 16
    middle = (len(ranked) + 1) // 2
    for i, each in enumerate(ranked):
        row = i if i < middle else len(ranked) - 1 - i
        y = below + 12 + 22 * row
        x, end = at(each.rank), left - 8 if i < middle else right + 8
        strokes.append(Stroke(((x, axis), (x, y), (end, y)), each.contender, 1.5))
        name = _short(each.contender)
        words = f"{name}  {each.rank:.1f}" if i < middle else f"{each.rank:.1f}  {name}"
        side = ("end", end - 4) if i < middle else ("start", end + 4)
        labels.append(TextLabel(side[1], y + 4, words, side[0]))
    height = below + 12 + 22 * middle
    said = ", ".join(f"{plain(each.contender)} {each.rank:.1f}" for each in ranked)
    title = f"Mean ranks: {said}; critical distance {distance:.2f}"
    return Diagram("ranks", title, width, height, tuple(strokes), tuple(labels))


def _short(name: str) -> str:
    name = plain(name)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
