"""The layout of the critical-difference diagram (Demšar, 2006)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from crosstune.benchmarks.statistics.verdicts import Ranking, Standing
from crosstune.presentation.diagrams import Diagram, Stroke, TextLabel
from crosstune.presentation.tables import plain, shortened

LABEL = 190.0
"""The width reserved for names on either side."""

LONGEST = 24
"""The largest number of letters of a name."""


def groups(ranks: Sequence[float], distance: float) -> list[tuple[int, int]]:
    """The maximal runs of sorted ranks within a distance, as first and last positions.

    >>> groups([1.0, 1.5, 3.0, 3.2], 1.6)
    [(0, 1), (1, 2), (2, 3)]
    >>> groups([1.0, 1.5, 3.0, 3.2], 0.1)
    []
    """
    bars: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(i for i in range(first, len(ranks)) if ranks[i] - ranks[first] < distance)
        if last > first and (not bars or last > bars[-1][1]):
            bars.append((first, last))
    return bars


def diagram(rows: Sequence[Standing], ranking: Ranking, width: float = 760.0) -> Diagram | None:
    """The diagram of mean ranks; None for one problem, which has no critical distance.

    Args:
        rows: one per contender, in any order.
        ranking: has the critical distance.
        width: of the sheet, in pixels.
    """
    distance = ranking.critical_distance
    ranked = sorted(
        (standing for standing in rows if not math.isnan(standing.rank)),
        key=lambda standing: standing.rank,
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
    bars = groups([standing.rank for standing in ranked], distance)
    below = axis + 14
    for i, (first, last) in enumerate(bars):
        y = axis + 10 + 7 * i
        ends_of_bar = ((at(ranked[first].rank) - 4, y), (at(ranked[last].rank) + 4, y))
        strokes.append(Stroke(ends_of_bar, width=4))
        below = y + 16
    middle = (len(ranked) + 1) // 2
    for i, standing in enumerate(ranked):
        row = i if i < middle else len(ranked) - 1 - i
        y = below + 12 + 22 * row
        x, end = at(standing.rank), left - 8 if i < middle else right + 8
        strokes.append(Stroke(((x, axis), (x, y), (end, y)), standing.contender, 1.5))
        name = shortened(plain(standing.contender), LONGEST)
        words = f"{name}  {standing.rank:.1f}" if i < middle else f"{standing.rank:.1f}  {name}"
        side = ("end", end - 4) if i < middle else ("start", end + 4)
        labels.append(TextLabel(side[1], y + 4, words, side[0]))
    height = below + 12 + 22 * middle
    said = ", ".join(f"{plain(standing.contender)} {standing.rank:.1f}" for standing in ranked)
    title = f"Mean ranks: {said}; critical distance {distance:.2f}"
    return Diagram("ranks", title, width, height, tuple(strokes), tuple(labels))
