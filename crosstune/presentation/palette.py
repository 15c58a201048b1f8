"""One colour per contender, the same in every figure, also for colour-blind readers.

The eight colours of M. Okabe and K. Ito, "Color Universal Design" (2008). They repeat with dashes
from the ninth contender on. Black and yellow change with the page's background, on which one of
them could not be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#b8aa00")
"""On white. The last is yellow, darkened."""

ON_DARK = {"#0072b2": "#2f97d6", "#000000": "#f2f2f2", "#b8aa00": "#f0e442"}
"""Replacements of colours on a dark page."""

DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 2), (8, 3, 2, 3), (12, 3))
"""Lengths of line and gap, for the first eight contenders, the next eight and so on."""


@dataclass(frozen=True)
class Look:
    """The style of a contender: the number of its colour, and its dashes."""

    colour: int
    dash: tuple[int, ...] = ()

    @property
    def on_white(self) -> str:
        """The colour, as #rrggbb."""
        return COLOURS[self.colour]

    @property
    def on_dark(self) -> str:
        """The colour on a dark page."""
        return ON_DARK.get(self.on_white, self.on_white)


def looks(contenders: Sequence[str]) -> dict[str, Look]:
    """The look of each contender, by its place in the match.

    >>> looks(["optuna:tpe", "random"])["random"].on_white
    '#d55e00'
    """
    return {
        name: Look(i % len(COLOURS), DASHES[i // len(COLOURS) % len(DASHES)])
        for i, name in enumerate(contenders)
    }
