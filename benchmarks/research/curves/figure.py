"""Share of the epochs against loss: each method a point with its interval, one panel per engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from crosstune.benchmarks.research.curves.losses import Losses
from crosstune.errors import RequestError

KINDS = (
    ("oracles", "tab:gray", "s"),
    ("i-Epoch", "tab:blue", "o"),
    ("pruners", "tab:orange", "D"),
    ("schedulers", "tab:green", "^"),
    ("to the end", "black", "*"),
)
"""In the order of `kind`: label, colour and marker."""


def kind(method: str) -> int:
    """The index in `KINDS` of a method."""
    if method == "knows-the-end" or "told=ends" in method:
        return 0
    if method.startswith("i-epoch"):
        return 1
    if method.startswith("scheduler:"):
        return 3
    return 4 if method.startswith("none") else 2


def draw(panels: Sequence[Losses], target: Path) -> None:
    """Write the figure.

    Args:
        panels: one per engine.
        target: ends in .svg or .png.

    Raises:
        RequestError: another ending.
    """
    if target.suffix not in (".svg", ".png"):
        raise RequestError(f"a figure is .svg or .png, not {target.name!r}")
    with matplotlib.rc_context({"svg.hashsalt": "crosstune", "font.size": 8}):
        figure = Figure(figsize=(6.4 * len(panels), 4.2), layout="constrained")
        for axes, of in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            used = set()
            for method, row in of.estimates.items():
                label, colour, marker = KINDS[kind(method)]
                share, loss = row["share"].mean, row["loss"]
                low, high = loss.interval.low, loss.interval.high
                axes.errorbar(
                    share,
                    loss.mean,
                    yerr=[[max(loss.mean - low, 0)], [max(high - loss.mean, 0)]],
                    color=colour,
                    marker=marker,
                    markersize=5,
                    linewidth=1,
                    label=None if label in used else label,
                )
                used.add(label)
                axes.annotate(
                    method.removeprefix("scheduler:"),
                    (share, loss.mean),
                    xytext=(5, 3),
                    textcoords="offset points",
                )
            axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
            axes.set_xscale("log")
            axes.set_xticks([0.1, 0.2, 0.4, 1], ["0.1", "0.2", "0.4", "1"])
            axes.minorticks_off()
            axes.set_xlabel("share of the epochs")
            axes.set_ylabel("loss; 1 = from the best to the median of 200 random points")
            axes.set_title(f"{of.engine}: {len(of.sets)} sets, {len(of.seeds)} seeds")
            axes.legend(frameon=False)
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)
