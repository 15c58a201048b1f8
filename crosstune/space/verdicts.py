"""The verdict on a parameter on an engine: exact, approximate with its distance, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EXACT = "exact"
APPROXIMATE = "approximate"
REFUSED = "refused"

TOLERANCE = 1e-8
"""Laws closer than this count as equal: fewer than one draw in 10**8 differs. It is above the 2e-9
by which a normal without bounds is cut."""


@dataclass(frozen=True)
class Verdict:
    """How faithfully an engine draws a parameter, or how faithfully a native one is read.

    Attributes:
        kind: "exact", "approximate" or "refused".
        distance: the total variation between the draws and the prior; None if refused.
        reason: why it is refused.
        notes: differences under the same law, such as a lost order.
        elsewhere: if refused, the engines that do not refuse the parameter.

    >>> Verdict.of(0.0).kind, str(Verdict.of(0.071))
    ('exact', 'approximate (0.071 off)')
    """

    kind: str
    distance: float | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @classmethod
    def of(cls, distance: float, notes: tuple[str, ...] = ()) -> Verdict:
        """The verdict on a distance."""
        if distance <= TOLERANCE:
            return cls(EXACT, 0.0, notes=notes)
        return cls(APPROXIMATE, distance, notes=notes)

    @classmethod
    def refusal(cls, reason: str) -> Verdict:
        """A refusal with its reason."""
        return cls(REFUSED, reason=reason)

    def __str__(self) -> str:
        if self.kind == APPROXIMATE:
            return f"approximate ({self.distance:.2g} off)"
        return self.kind

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, without entries that do not apply."""
        lists = {"notes": list(self.notes), "elsewhere": list(self.elsewhere)}
        plain = {"verdict": self.kind, "distance": self.distance, "reason": self.reason, **lists}
        return {key: value for key, value in plain.items() if value not in (None, "", [])}
