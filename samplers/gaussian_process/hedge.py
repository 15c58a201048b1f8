"""How often each of the two proposers has its turn: by how often it improved on the best value.

A bandit over proposers, as in Hoffman, Brochu and de Freitas 2011, "Portfolio allocation for
Bayesian optimization", with success rates that forget.
"""

from __future__ import annotations

MODEL, PARZEN = "model", "parzen"
"""The proposers: the Gaussian process and the estimator of parzen.py."""

LEAST, MOST = 0.15, 0.67
"""Limits of the estimator's share."""
FORGET = 0.97
"""Factor of the counts per trial."""


class Hedge:
    """The success rates of the proposers."""

    def __init__(self) -> None:
        self._wins = {MODEL: 0.0, PARZEN: 0.0}
        self._tries = {MODEL: 0.0, PARZEN: 0.0}

    @property
    def share(self) -> float:
        """The share of the proposals that the Parzen estimator makes."""
        rates = {
            proposer: (self._wins[proposer] + 0.5) / (self._tries[proposer] + 5.0)
            for proposer in self._wins
        }
        odds = rates[PARZEN] ** 2
        return min(max(odds / (odds + rates[MODEL] ** 2), LEAST), MOST)

    def note(self, proposer: str, improved: bool) -> None:
        """Note the outcome of a proposal.

        Args:
            proposer: `MODEL` or `PARZEN`.
            improved: whether it was better than all earlier ones.
        """
        for counts in (self._wins, self._tries):
            for name in counts:
                counts[name] *= FORGET
        self._tries[proposer] += 1.0
        self._wins[proposer] += improved
