"""What a backend declares of each of its algorithms."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crosstune.errors import UnknownName, no_such


@dataclass(frozen=True)
class Algorithm:
    """One algorithm of a backend, as `crosstune backends` shows it.

    Attributes:
        summary: what it does, in a few words.
        options: returns the callable that builds it, whose keyword arguments are the options that
            a spec may give.
        reserved: keyword arguments that crosstune sets itself.
        ours: options that crosstune adds, such as `fast` where there is a fast path.
        needs: modules that have to be installed, and the extra that installs them.
        exhaustive: True if it evaluates each point once and then ends.
        scheduler: True if it decides how far each trial is trained and when the search ends.
        constraints: True if it learns from `Outcome.constraints` which points are infeasible.
        refused: why it is not offered; None if it is.
    """

    summary: str
    options: Callable[[], Callable[..., Any]] | None = None
    reserved: tuple[str, ...] = ("seed",)
    ours: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], str] = ((), "")
    exhaustive: bool = False
    scheduler: bool = False
    constraints: bool = False
    refused: str | None = None

    def takes(self, option: str) -> bool:
        """True if the algorithm has an option of this name."""
        return option in self._option_names()

    def check_options(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise UnknownName for an option that the algorithm does not have."""
        names = self._option_names() if options else []
        for option in options:
            if option not in names:
                raise UnknownName(no_such(f"option of {name}", option, names))

    def _option_names(self) -> list[str]:
        names: list[str] = []
        if self.options is not None:
            signature = inspect.signature(self.options())
            names = [
                p.name
                for p in signature.parameters.values()
                if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
                and p.name not in (*self.reserved, "self")
            ]
        return [*names, *self.ours]
