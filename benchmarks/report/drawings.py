"""The figures as PNG and SVG, by matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from crosstune.benchmarks.report.palette import Look
from crosstune.benchmarks.report.plots import Curves, Dots
from crosstune.benchmarks.report.ranks import Diagram
from crosstune.benchmarks.report.sections import Picture
from crosstune.benchmarks.report.tables import plain, shortened

_LONGEST = 40
_GREY = "#666666"
_STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "font.size": 9,
    "svg.hashsalt": "crosstune",  # makes files reproducible
    "text.parse_math": False,  # a name may contain a dollar sign
}


def draw(picture: Picture, looks: Mapping[str, Look], folder: Path) -> list[Path]:
    """Write a figure as PNG and as SVG, and return the paths.

    Args:
        picture: its name is that of the files.
        looks: the colour and the dashes of each contender.
        folder: has to exist.
    """
    with mpl.rc_context(_STYLE):
        match picture:
            case Curves():
                canvas = _curves(picture, looks)
            case Dots():
                canvas = _dots(picture, looks)
            case Diagram():
                canvas = _diagram(picture, looks)
        paths = [folder / f"{picture.name}.{kind}" for kind in ("png", "svg")]
        for path in paths:
            metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {}
            canvas.savefig(path, dpi=160, metadata=metadata)
    return paths


def _curves(picture: Curves, looks: Mapping[str, Look]) -> Canvas:
    axes = list(picture.lines)
    canvas = Canvas(figsize=(7.0, 3.8 * max(len(axes), 1)), layout="constrained")
    for place, axis in enumerate(axes, start=1):
        plot = canvas.add_subplot(len(axes), 1, place)
        for contender, curve in picture.lines[axis].items():
            style = _line(looks[contender])
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
        plot.set_ylabel(_short(picture.metric))
        if place == 1:
            plot.set_title(_short(picture.problem), loc="left", fontweight="bold")
    _key(canvas, {name: looks[name] for lines in picture.lines.values() for name in lines})
    return canvas


def _dots(picture: Dots, looks: Mapping[str, Look]) -> Canvas:
    canvas = Canvas(figsize=(7.0, 1.3 + 0.32 * len(picture.rows)), layout="constrained")
    plot = canvas.add_subplot()
    names = dict.fromkeys(label for label, _ in picture.rows)
    for y, (_, marks) in enumerate(picture.rows):
        if picture.joined:
            ends = [mark.value for mark in marks]
            plot.plot(ends, [y] * len(ends), color=_GREY, lw=0.8, zorder=1)
        for mark in marks:
            if picture.place(mark.value) is None:
                continue
            colour = looks[mark.contender].on_white if mark.contender else _GREY
            if mark.low is not None and mark.high is not None:
                plot.plot([mark.low, mark.high], [y, y], color=colour, lw=1.6, alpha=0.6)
            face = "white" if mark.hollow else colour
            plot.plot(mark.value, y, "o", ms=6, mfc=face, mec=colour, mew=1.6)
    if picture.zone:
        plot.axvspan(*picture.zone, color="#999999", alpha=0.15, lw=0)
    if picture.zero:
        plot.axvline(0, color=_GREY, lw=0.9)
    if picture.log:
        plot.set_xscale("log")
    plot.set_xlim(*picture.domain)
    plot.set_xticks([at for at, _ in picture.ticks], [words for _, words in picture.ticks])
    plot.set_yticks(range(len(picture.rows)), [_short(label) for label, _ in picture.rows])
    plot.set_ylim(len(picture.rows) - 0.5, -0.5)
    plot.grid(axis="y", visible=False)
    plot.set_xlabel(_short(picture.unit))
    plot.set_title(picture.title, loc="left", fontweight="bold")
    shown = dict.fromkeys(m.contender for _, marks in picture.rows for m in marks if m.contender)
    if not set(shown) <= set(names):
        _key(canvas, {name: looks[name] for name in shown})
    if picture.legend:
        rings = [
            Line2D([], [], marker="o", ls="", mfc=face, mec=_GREY, mew=1.6)
            for face in (_GREY, "white")
        ]
        canvas.legend(rings, picture.legend, loc="outside upper right", ncols=2, frameon=False)
    return canvas


def _diagram(picture: Diagram, looks: Mapping[str, Look]) -> Canvas:
    canvas = Canvas(figsize=(picture.width / 96, picture.height / 96))
    plot = canvas.add_axes((0, 0, 1, 1))
    plot.set_axis_off()
    plot.set_xlim(0, picture.width)
    plot.set_ylim(picture.height, 0)
    for stroke in picture.strokes:
        colour = looks[stroke.contender].on_white if stroke.contender else "#222222"
        xs, ys = zip(*stroke.points, strict=True)
        plot.plot(xs, ys, color=colour, lw=stroke.width * 0.75, solid_capstyle="butt")
    for label in picture.labels:
        side = {"start": "left", "end": "right", "middle": "center"}[label.anchor]
        plot.text(label.x, label.y, label.text, ha=side, va="baseline")
    return canvas


def _line(look: Look) -> dict[str, Any]:
    return {"color": look.on_white, "ls": (0, look.dash) if look.dash else "-"}


def _key(canvas: Canvas, looks: Mapping[str, Look]) -> None:
    """A legend under the figure."""
    handles = [Line2D([], [], lw=2, **_line(look)) for look in looks.values()]
    # matplotlib omits names that begin with an underscore.
    names = [f"\N{ZERO WIDTH SPACE}{_short(name)}" for name in looks]
    canvas.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)


def _short(name: str) -> str:
    return shortened(plain(name), _LONGEST)
