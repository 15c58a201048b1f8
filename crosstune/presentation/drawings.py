"""Figures as files, by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from crosstune.presentation.diagrams import INK, LINE, MUTED, Diagram
from crosstune.presentation.dots import Dots
from crosstune.presentation.palette import Look
from crosstune.presentation.sections import Figure
from crosstune.presentation.tables import plain, shortened

KINDS = ("png", "svg", "pdf")
"""The suffixes of a figure's files."""

_LONGEST = 40
_GREY = "#666666"
_TONES = {INK: "#222222", MUTED: _GREY, LINE: "#e6e6e6"}
_STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "font.size": 9,
    "pdf.fonttype": 42,  # text that can be searched and edited
    "svg.hashsalt": "crosstune",  # makes files reproducible
    "text.parse_math": False,  # a name may contain a dollar sign
}
_UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def save(name: str, folder: Path, paint: Callable[[], Canvas]) -> list[Path]:
    """Write a figure as PNG, SVG and PDF, and return the paths.

    Args:
        name: of the files, without the suffix.
        folder: has to exist.
        paint: makes the figure; called with the style of all figures set.
    """
    with mpl.rc_context(_STYLE):
        canvas = paint()
        paths = [folder / f"{name}.{kind}" for kind in KINDS]
        for path in paths:
            canvas.savefig(path, dpi=160, metadata=_UNDATED.get(path.suffix[1:], {}))
    return paths


def painted(picture: Dots | Diagram, looks: Mapping[str, Look]) -> Canvas:
    """A figure of the kinds that all reports share.

    Args:
        picture: the content.
        looks: the colour and the dashes of each series.
    """
    return _dots(picture, looks) if isinstance(picture, Dots) else _diagram(picture, looks)


def draw(picture: Figure, looks: Mapping[str, Look], folder: Path) -> list[Path]:
    """Write a figure of the kinds that all reports share to files, and return the paths.

    Args:
        picture: its name is that of the files.
        looks: the colour and the dashes of each series.
        folder: has to exist.
    """
    assert isinstance(picture, Dots | Diagram)
    content = picture
    return save(picture.name, folder, lambda: painted(content, looks))


def key(canvas: Canvas, looks: Mapping[str, Look]) -> None:
    """Put a legend under a figure."""
    handles = [Line2D([], [], lw=2, **line_style(look)) for look in looks.values()]
    # matplotlib omits names that begin with an underscore.
    names = [f"\N{ZERO WIDTH SPACE}{short(name)}" for name in looks]
    canvas.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)


def line_style(look: Look) -> dict[str, Any]:
    """The keywords of matplotlib for a line."""
    return {"color": look.on_white, "ls": (0, look.dash) if look.dash else "-"}


def short(name: str) -> str:
    """A name that fits into a figure."""
    return shortened(plain(name), _LONGEST)


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
            colour = looks[mark.series].on_white if mark.series else _GREY
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
    plot.set_yticks(range(len(picture.rows)), [short(label) for label, _ in picture.rows])
    plot.set_ylim(len(picture.rows) - 0.5, -0.5)
    plot.grid(axis="y", visible=False)
    plot.set_xlabel(short(picture.unit))
    plot.set_title(picture.title, loc="left", fontweight="bold")
    shown = dict.fromkeys(m.series for _, marks in picture.rows for m in marks if m.series)
    if not set(shown) <= set(names):
        key(canvas, {name: looks[name] for name in shown})
    if picture.legend:
        rings = [
            Line2D([], [], marker="o", ls="", mfc=face, mec=_GREY, mew=1.6)
            for face in (_GREY, "white")
        ]
        canvas.legend(rings, picture.legend, loc="outside upper right", ncols=2, frameon=False)
    return canvas


def _diagram(picture: Diagram, looks: Mapping[str, Look]) -> Canvas:
    below = 30.0 if picture.key else 0.0
    height = picture.height + below
    canvas = Canvas(figsize=(picture.width / 96, height / 96))
    plot = canvas.add_axes((0, below / height, 1, picture.height / height))
    plot.set_axis_off()
    plot.set_xlim(0, picture.width)
    plot.set_ylim(picture.height, 0)
    for stroke in picture.strokes:
        style: dict[str, Any] = {"color": _TONES[stroke.tone], "ls": "-"}
        if stroke.series is not None:
            style = line_style(looks[stroke.series])
        xs, ys = zip(*stroke.points, strict=True)
        width = stroke.width * 0.75
        style["solid_capstyle"] = "butt"
        plot.plot(xs, ys, lw=width, alpha=stroke.opacity, **style)
    for spot in picture.spots:
        colour = looks[spot.series].on_white
        face = "white" if spot.hollow else colour
        size = 1.5 * spot.size
        plot.plot(spot.x, spot.y, "o", ms=size, mfc=face, mec=colour, mew=1.2, alpha=spot.opacity)
    for label in picture.labels:
        side = {"start": "left", "end": "right", "middle": "center"}[label.anchor]
        colour = _TONES[label.tone]
        plot.text(label.x, label.y, label.text, ha=side, va="baseline", color=colour)
    if picture.key:
        _key_of(canvas, picture, looks)
    return canvas


def _key_of(canvas: Canvas, picture: Diagram, looks: Mapping[str, Look]) -> None:
    """Put the legend of a diagram at its foot: dots for what is drawn as dots, else lines."""
    shapes = {spot.series: "white" if spot.hollow else None for spot in picture.spots}
    handles = []
    for name in picture.key:
        colour = looks[name].on_white
        if name in shapes:
            face = shapes[name] or colour
            handles.append(Line2D([], [], marker="o", ls="", mfc=face, mec=colour))
        else:
            handles.append(Line2D([], [], lw=2, **line_style(looks[name])))
    canvas.legend(
        handles, list(picture.key), loc="lower center", ncols=len(picture.key), frameon=False
    )
