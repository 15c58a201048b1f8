"""The report as one page that needs no network.

Names come from users. jinja2 escapes them in the text and in the data of the script, and the page's
own policy lets nothing run but the script whose hash it holds, and nothing be loaded at all.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import standings
from crosstune.benchmarks.report.figures import Curves, Dots
from crosstune.benchmarks.report.palette import COLOURS, ON_DARK, looks
from crosstune.benchmarks.report.section import Section
from crosstune.benchmarks.report.sections import asked
from crosstune.benchmarks.report.tables import plain
from crosstune.benchmarks.statistics.precision import between, half, percent, rounded
from crosstune.benchmarks.statistics.verdicts import IncumbentCurve, Ranking, Summary

MOST_POINTS = 400
"""Up to how many points of a curve the page holds; the CSV file has all."""

SYMBOLS = {"better": "▲", "worse": "▼", "equivalent": "=", "not enough seeds": "?"}


def page(results: Results, summary: Summary, held: Sequence[Section]) -> str:
    """The text of report.html; `held` is what `sections` gives."""
    here = files("crosstune.benchmarks.report")
    style, script = ((here / f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    digest = hashlib.sha256(script.encode()).digest()
    env = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    contenders = results.settings.contenders
    styles = looks(contenders)
    return env.from_string((here / "page.html").read_text("utf-8")).render(
        summary=summary,
        asked=asked(results.settings),
        verdict=standings.verdict(summary),
        sections=held,
        looks=styles,
        numbers={name: i for i, name in enumerate(contenders)},
        data=curve_data(
            [each for section in held for each in section.pictures if isinstance(each, Curves)],
            list(contenders),
        ),
        matrix=matrix,
        kind=lambda picture: type(picture).__name__,
        place=place,
        plain=plain,
        percent=percent,
        symbols=SYMBOLS,
        colours=[(on_white, ON_DARK.get(on_white, on_white)) for on_white in COLOURS],
        style=style,
        script=script,
        hash=base64.b64encode(digest).decode(),
    )


def place(picture: Dots, value: float | None) -> float | None:
    """Percent from the left, or None where there is nothing to draw."""
    where = None if value is None else picture.place(value)
    return None if where is None else round(100 * where, 2)


def matrix(ranking: Ranking, order: list[str]) -> list[list[dict[str, str] | None]]:
    """The square of pairs: what the row's contender is to the column's; None on the diagonal."""
    rows = []
    for a in order:
        row: list[dict[str, str] | None] = []
        for b in order:
            pair = ranking.between(a, b)
            if pair is None:
                row.append(None)
                continue
            seen = standings.seen_from(pair, a)
            row.append(
                {
                    "verdict": seen.verdict,
                    "words": seen.words,
                    "advantage": rounded(seen.advantage, half(seen.interval)),
                    "interval": between(seen.interval),
                    "wins": percent(seen.wins),
                }
            )
        rows.append(row)
    return rows


def curve_data(pictures: list[Curves], contenders: list[str]) -> dict[str, Any]:
    """What the script draws, without NaN, which JSON does not have."""
    numbers = {name: i for i, name in enumerate(contenders)}
    styles = looks(contenders)
    axes = dict.fromkeys(axis for each in pictures for axis in each.lines)
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
                "name": plain(each.problem),
                "metric": plain(each.metric),
                "way": "higher" if each.maximize else "lower",
                "best": each.best_known,
                "lines": {
                    axis: [{"c": numbers[name], **_points(curve)} for name, curve in lines.items()]
                    for axis, lines in each.lines.items()
                },
            }
            for each in pictures
        ],
    }


def _points(curve: IncumbentCurve) -> dict[str, list[float | None]]:
    n = len(curve.budget)
    step = max(1, math.ceil(n / MOST_POINTS))
    kept = sorted({*range(0, n, step), n - 1} if n else ())
    return {
        key: [_short(float(values[i])) for i in kept]
        for key, values in (
            ("x", curve.budget),
            ("m", curve.mean),
            ("l", curve.low),
            ("h", curve.high),
        )
    }


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
