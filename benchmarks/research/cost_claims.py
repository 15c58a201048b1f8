"""What is claimed of the cost of a trial, and what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from crosstune.benchmarks.research import by_hand
from crosstune.space.space import Params

ByHand = Callable[[int, int, Path], list[Params]]


@dataclass(frozen=True)
class Claim:
    """What is claimed of one sampler: CPU time in crosstune over CPU time by hand, at most.

    Attributes:
        limit: the ratio. The claim holds when the whole 95 % interval is below it.
        writes: whether the search by hand writes files.
    """

    backend: str
    sampler: str
    run: ByHand
    limit: float
    words: str
    writes: bool = False

    @property
    def name(self) -> str:
        """Backend and sampler, as written on the command line."""
        return f"{self.backend}:{self.sampler}"


CLAIMS = {
    claim.name: claim
    for claim in (
        Claim("optuna", "tpe", by_hand.optuna_tpe, 1.05, "within 5 % of study.optimize"),
        Claim("hyperopt", "tpe", by_hand.hyperopt_tpe, 1.0, "below fmin"),
        Claim(
            "keras_tuner",
            "random",
            by_hand.keras_tuner_random,
            0.5,
            "at least 2 times cheaper",
            True,
        ),
        Claim(
            "keras_tuner", "grid", by_hand.keras_tuner_grid, 0.5, "at least 2 times cheaper", True
        ),
    )
}


@dataclass
class Measured:
    """One claim at one size: CPU seconds of each run, in pairs.

    Attributes:
        folder: where the search by hand writes its files.
        engine, watched: of the runs under a clock, the engine's own share and the whole.
        identical: pairs in which both sides evaluated the same points in the same order.
    """

    claim: Claim
    trials: int
    folder: Path
    by_hand: list[float] = field(default_factory=list)
    crosstune: list[float] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)
    watched: list[float] = field(default_factory=list)
    identical: int = 0

    @property
    def name(self) -> str:
        """Backend and sampler, and where it writes by hand."""
        return self.claim.name + (f", files in {self.folder}" if self.claim.writes else "")

    @property
    def ratios(self) -> list[float]:
        """Crosstune over by hand, one a pair."""
        return [ours / theirs for ours, theirs in zip(self.crosstune, self.by_hand, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the pairs."""
        return statistics.median(self.ratios)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % percentile-bootstrap interval of the median, over pairs."""
        rng = np.random.default_rng(0)
        drawn = rng.choice(self.ratios, size=(10_000, len(self.ratios)))
        low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
        return float(low), float(high)

    @property
    def holds(self) -> bool:
        """Whether the claim does: for every ratio in the interval, by the same suggestions."""
        return self.interval[1] < self.claim.limit and self.identical == len(self.ratios)

    def per_trial(self, seconds: Sequence[float]) -> float:
        """The median of some runs, in milliseconds a trial."""
        return statistics.median(seconds) / self.trials * 1e3

    @property
    def host(self) -> list[float]:
        """What is not the engine's own: Optuna as the host, and crosstune."""
        return [
            whole - of_engine for whole, of_engine in zip(self.watched, self.engine, strict=True)
        ]

    @property
    def verdict(self) -> str:
        """The claim, what was found, and whether it holds."""
        low, high = self.interval
        ratio = f"ratio {self.ratio:.3f} ({low:.3f} to {high:.3f})"
        if self.claim.limit <= 0.5:
            ratio = f"{1 / self.ratio:.2f} times ({1 / high:.2f} to {1 / low:.2f})"
        note = ""
        if low < self.claim.limit <= high:
            note = "; more seeds may tell, since the interval reaches across the limit"
        pairs = len(self.ratios)
        same = f"suggestions identical in {self.identical} of {pairs} pairs"
        word = "holds" if self.holds else "falls short"
        return (
            f"{self.name}, {self.trials} trials, {self.claim.words}: {word}. {ratio}{note}; {same}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {
            "backend": self.claim.backend,
            "sampler": self.claim.sampler,
            "claim": self.claim.words,
            "limit": self.claim.limit,
            "trials": self.trials,
            "folder": str(self.folder) if self.claim.writes else None,
            "ratio": self.ratio,
            "interval": self.interval,
            "holds": self.holds,
            "pairs": len(self.ratios),
            "identical": self.identical,
            "by_hand_ms": [s / self.trials * 1e3 for s in self.by_hand],
            "crosstune_ms": [s / self.trials * 1e3 for s in self.crosstune],
            "engine_ms": [s / self.trials * 1e3 for s in self.engine],
            "host_ms": [s / self.trials * 1e3 for s in self.host],
        }
