"""Share of the epochs against loss: each method a point with its interval, one panel per engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosstune.benchmarks.research.curves.losses import EngineLosses
from crosstune.errors import RequestError
from crosstune.presentation.numbers import counted

KINDS = (
    ("oracles", "tab:gray", "s"),
    ("i-Epoch", "tab:blue", "o"),
    ("pruners", "tab:orange", "D"),
    ("schedulers", "tab:green", "^"),
    ("to the end", "black", "*"),
)
"""In the order of `kind`: label, colour and marker."""
TICKS = (-0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.5, 1, 2)
WIDTH, LINE = 100, 9
"""Room for a name, in points."""


def kind(method: str) -> int:
    """The index in `KINDS` of a method."""
    if method == "knows-the-end" or "told=ends" in method:
        return 0
    if method.startswith("i-epoch"):
        return 1
    if method.startswith("scheduler:"):
        return 3
    return 4 if method.startswith("none") else 2


def draw(panels: Sequence[EngineLosses], target: Path) -> None:
    """Write the figure.

    Args:
        panels: one per engine.
        target: ends in .svg or .png.

    Raises:
        RequestError: another ending.
    """
    if target.suffix not in (".svg", ".png"):
        raise RequestError(f"a figure is .svg or .png, not {target.name!r}")
    with matplotlib.rc_context(
        {"svg.hashsalt": "crosstune", "svg.fonttype": "none", "font.size": 8}
    ):
        figure = Figure(figsize=(6.4 * len(panels), 4.2), layout="constrained")
        for axes, of in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _points(axes, of)
            axes.set_xscale("log")
            axes.set_xticks([0.1, 0.2, 0.4, 1], ["0.1", "0.2", "0.4", "1"])
            axes.minorticks_off()
            axes.set_xlim(0.05, 2)
            # Most methods lose a little and a few lose much.
            axes.set_yscale("symlog", linthresh=0.3, linscale=2)
            bottom, top = axes.get_ylim()
            axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
            axes.set_ylim(max(bottom, -0.3), top)
            axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
            axes.set_xlabel("share of the epochs")
            axes.set_ylabel("loss; 1 = from the best to the median of 200 random points")
            seeds = counted(len(of.seeds), "seed")
            axes.set_title(f"{of.engine}: {len(of.sets)} sets, {seeds}, 95 % intervals")
            axes.legend(frameon=False, loc="upper right")
            _labels(axes, of)
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


def _points(axes: Axes, of: EngineLosses) -> None:
    used = set()
    for method, row in of.estimates.items():
        label, colour, marker = KINDS[kind(method)]
        loss = row["loss"]
        low, high = loss.interval.low, loss.interval.high
        axes.errorbar(
            row["share"].mean,
            loss.mean,
            yerr=[[max(loss.mean - low, 0)], [max(high - loss.mean, 0)]],
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1,
            label=None if label in used else label,
        )
        used.add(label)


def _labels(axes: Axes, of: EngineLosses) -> None:
    """Name each point at its right, above the names that would be in the way."""
    scale = 72 / axes.figure.dpi
    places: list[tuple[float, float]] = []
    for method, row in sorted(of.estimates.items(), key=lambda item: item[1]["loss"].mean):
        point = row["share"].mean, row["loss"].mean
        x, y = axes.transData.transform(point) * scale
        height = y
        while any(abs(x - at) < WIDTH and abs(height - level) < LINE for at, level in places):
            height += 1
        places.append((x, height))
        axes.annotate(
            method.removeprefix("scheduler:"),
            point,
            xytext=(6, height - y + 1),
            textcoords="offset points",
            fontsize=7,
        )
