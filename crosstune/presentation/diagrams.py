"""A figure as strokes, dots and labels on a sheet, which the page and matplotlib draw alike."""

from __future__ import annotations

from dataclasses import dataclass

INK, MUTED, LINE = "ink", "muted", "line"
"""The tones of what has no series: text, remarks and frames."""


@dataclass(frozen=True)
class Stroke:
    """A line through points.

    Attributes:
        points: x and y on the sheet.
        series: determines the colour and the dashes; None takes the tone.
        width: in pixels.
        tone: of a stroke without a series.
        opacity: 0 to 1.
        words: the tooltip.
    """

    points: tuple[tuple[float, float], ...]
    series: str | None = None
    width: float = 1.0
    tone: str = INK
    opacity: float = 1.0
    words: str = ""


@dataclass(frozen=True)
class Spot:
    """A dot, or a ring if it is hollow, with its tooltip.

    Attributes:
        x, y: on the sheet.
        series: determines the colour.
        words: the tooltip.
        hollow: whether it is drawn as a ring.
        opacity: 0 to 1.
        size: the radius in pixels.
    """

    x: float
    y: float
    series: str
    words: str = ""
    hollow: bool = False
    opacity: float = 1.0
    size: float = 4.0


@dataclass(frozen=True)
class TextLabel:
    """Text at a point; `anchor` is "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    tone: str = INK


@dataclass(frozen=True)
class Diagram:
    """Strokes, dots and labels on a sheet, whose y grows downwards.

    Attributes:
        name: of its files.
        title: its text for screen readers.
        width, height: of the sheet, in pixels.
        caption: shown above it; empty for none.
        key: the series that the legend explains.
    """

    name: str
    title: str
    width: float
    height: float
    strokes: tuple[Stroke, ...]
    labels: tuple[TextLabel, ...]
    spots: tuple[Spot, ...] = ()
    caption: str = ""
    key: tuple[str, ...] = ()
