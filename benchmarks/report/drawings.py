"""The figures of a match as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure as Canvas

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report.figures import curves
from crosstune.benchmarks.report.plots import Curves
from crosstune.benchmarks.report.sections import Picture
from crosstune.benchmarks.statistics.verdicts import Summary
from crosstune.presentation.drawings import key, line_style, painted, save, short
from crosstune.presentation.palette import Look, looks

_GREY = "#666666"


def draw(picture: Picture, looks: Mapping[str, Look], folder: Path) -> list[Path]:
    """Write a figure as PNG, SVG and PDF, and return the paths.

    Args:
        picture: its name is that of the files.
        looks: the colour and the dashes of each contender.
        folder: has to exist.
    """

    def paint() -> Canvas:
        if isinstance(picture, Curves):
            return _curves(picture, looks)
        return painted(picture, looks)

    return save(picture.name, folder, paint)


def curves_of(results: Results, summary: Summary, problem: str) -> Canvas:
    """The curves of a problem as a figure of matplotlib.

    Args:
        results, summary: the match and its statistics.
        problem: a name in the match.
    """
    return _curves(curves(results, summary, problem), looks(results.settings.contenders))


def _curves(picture: Curves, looks: Mapping[str, Look]) -> Canvas:
    axes = list(picture.lines)
    canvas = Canvas(figsize=(7.0, 3.8 * max(len(axes), 1)), layout="constrained")
    for place, axis in enumerate(axes, start=1):
        plot = canvas.add_subplot(len(axes), 1, place)
        for contender, curve in picture.lines[axis].items():
            style = line_style(looks[contender])
            plot.step(curve.budget, curve.mean, where="post", lw=1.8, **style)
            plot.fill_between(
                curve.budget,
                curve.low,
                curve.high,
                step="post",
                color=style["color"],
                alpha=0.14,
                lw=0,
            )
        if picture.best_known is not None:
            plot.axhline(picture.best_known, color=_GREY, lw=0.8, ls=":")
        plot.set_xlabel(axis)
        plot.set_ylabel(short(picture.metric))
        if place == 1:
            plot.set_title(short(picture.problem), loc="left", fontweight="bold")
    key(canvas, {name: looks[name] for lines in picture.lines.values() for name in lines})
    return canvas
