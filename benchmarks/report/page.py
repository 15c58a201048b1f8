"""The report of a match as one page that needs no network.

Names come from users; jinja2 escapes them in the text and in the data of the script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import standings
from crosstune.benchmarks.report.plots import Curves
from crosstune.benchmarks.report.sections import MatchSection, asked
from crosstune.benchmarks.statistics.precision import between, half
from crosstune.benchmarks.statistics.verdicts import IncumbentCurve, Pair, Ranking, Summary
from crosstune.presentation.numbers import percent, rounded
from crosstune.presentation.page import rendered
from crosstune.presentation.palette import looks
from crosstune.presentation.tables import plain

MOST_POINTS = 400
"""The largest number of points of a curve on the page; the CSV file has all."""

SYMBOLS = {"better": "▲", "worse": "▼", "equivalent": "=", "not enough seeds": "?"}


def page(results: Results, summary: Summary, sections: Sequence[MatchSection]) -> str:
    """The text of report.html.

    Args:
        results, summary: the match and its statistics.
        sections: as `sections.sections` returns them.
    """
    here = files("crosstune.benchmarks.report")
    contenders = results.settings.contenders
    pictures = [picture for section in sections for picture in section.pictures]
    return rendered(
        (here / "page.html").read_text("utf-8"),
        looks=looks(contenders),
        script=(here / "page.js").read_text("utf-8"),
        summary=summary,
        asked=asked(results.settings),
        verdict=standings.verdict(summary),
        sections=sections,
        numbers={name: i for i, name in enumerate(contenders)},
        data=curve_data([p for p in pictures if isinstance(p, Curves)], list(contenders)),
        matrix=matrix,
        percent=percent,
        rounded=lambda pair: rounded(pair.advantage, half(pair.interval)),
        between=between,
        symbols=SYMBOLS,
    )


def matrix(ranking: Ranking, order: list[str]) -> list[list[Pair | None]]:
    """The square of pairs, as seen by the contender of the row; None on the diagonal."""
    square = ([ranking.between(a, b) for b in order] for a in order)
    return [[p and p.seen_from(a) for p in row] for a, row in zip(order, square, strict=True)]


def curve_data(pictures: list[Curves], contenders: list[str]) -> dict[str, Any]:
    """The data of the script, without NaN, which JSON does not have."""
    numbers = {name: i for i, name in enumerate(contenders)}
    styles = looks(contenders)
    axes = dict.fromkeys(axis for picture in pictures for axis in picture.lines)
    return {
        "axes": list(axes),
        "contenders": [
            {
                "name": plain(name),
                "colour": styles[name].colour,
                "dash": " ".join(map(str, styles[name].dash)),
            }
            for name in contenders
        ],
        "problems": [
            {
                "name": plain(picture.problem),
                "metric": plain(picture.metric),
                "way": "higher" if picture.maximize else "lower",
                "best": picture.best_known,
                "lines": {
                    axis: [{"c": numbers[name], **_points(curve)} for name, curve in lines.items()]
                    for axis, lines in picture.lines.items()
                },
            }
            for picture in pictures
        ],
    }


def _points(curve: IncumbentCurve) -> dict[str, list[float | None]]:
    n = len(curve.budget)
    step = max(1, math.ceil(n / MOST_POINTS))
    indices = sorted({*range(0, n, step), n - 1} if n else ())
    return {
        key: [_short(float(values[i])) for i in indices]
        for key, values in (
            ("x", curve.budget),
            ("m", curve.mean),
            ("l", curve.low),
            ("h", curve.high),
        )
    }


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
