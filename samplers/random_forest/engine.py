"""The search: a forest that is renewed as trials come, and what it proposes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from crosstune.adapters.base import Exhausted
from crosstune.samplers.gaussian_process.acquisition import log_expected_improvement
from crosstune.samplers.gaussian_process.belief import BETA, Beliefs
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.engine import LISTED, START, GaussianProcessEngine
from crosstune.samplers.gaussian_process.search import IsNew, Search
from crosstune.samplers.gaussian_process.targets import FLOORS
from crosstune.samplers.random_forest.forest import Forest
from crosstune.space import Space

PENDING = 256
"""How many running trials are looked at."""


class RandomForestEngine(GaussianProcessEngine):
    """Proposals by a random forest; see `RandomForestSampler`.

    How it is asked and told, its first points and its targets are those of the Gaussian process;
    the model is another.
    """

    def __init__(
        self,
        space: Space,
        *,
        startup: int = START,
        prior: Mapping[str, Any] | None = None,
        seed: int | None = None,
        maximize: bool = False,
    ):
        super().__init__(space, startup=startup, prior=prior, seed=seed, maximize=maximize)
        self._forest = Forest(self._encoding)

    def _modelled(self) -> Numbers:
        rows = np.array([each.row for each in self._observed])
        held = self._targets(FLOORS[0])
        pending = np.array([*self._open.values(), *self._elsewhere][-PENDING:])
        self._forest.learn(rows, held, pending, self._rng)
        power = BETA / len(self._observed)
        search = ForestSearch(
            self._encoding, self._forest, self._is_new, self._rng, self._beliefs, power
        )
        if self._encoding.size <= LISTED:
            listed = search.of(self._listed)
            if listed is None:
                raise Exhausted
            return listed
        row = search.near(rows[np.argsort(held.values, kind="stable")])
        return self._drawn() if row is None else row


class ForestSearch(Search):
    """One maximisation of the acquisition, by a forest. There is no slope to follow."""

    def __init__(
        self,
        encoding: Encoding,
        forest: Forest,
        is_new: IsNew,
        rng: np.random.Generator,
        beliefs: Beliefs | None,
        power: float,
    ):
        # What asks the model is replaced below.
        super().__init__(encoding, forest, is_new, rng, beliefs, power)  # type: ignore[arg-type]
        self._forest = forest

    def score(self, rows: Numbers) -> Numbers:
        """(m,) the acquisition."""
        mean, deviation = self._forest.predict(rows)
        found = log_expected_improvement(mean, deviation, self._forest.smallest)
        return found if self._beliefs is None else found + self._power * self._beliefs.logs(rows)

    def _polish(self, row: Numbers, score: float) -> Numbers:
        return row
