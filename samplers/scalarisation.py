"""Several objectives and constraints as one number for each trial.

An algorithm with one objective then searches for several: before each proposal a vector of weights
is drawn, and the value of every finished trial is computed under it (ParEGO, Knowles 2006, "ParEGO:
a hybrid algorithm with on-line landscape approximation for expensive multiobjective optimization
problems"). Other weights lead to other parts of the front.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from crosstune.engines.base import Outcome
from crosstune.engines.feasibility import satisfied, total_violations
from crosstune.engines.seeds import derived_seed
from crosstune.errors import RequestError, UnknownName, no_such
from crosstune.space.parameters import shown
from crosstune.space.parameters.checks import is_number

Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

CHEBYSHEV, WEIGHTED = "chebyshev", "weighted"
RULES = (CHEBYSHEV, WEIGHTED)
SCALARISE, WEIGHTS = "scalarise", "weights"
"""The options of a sampler: the rule, and fixed weights instead of drawn ones."""
AUGMENTED = 0.05
"""The share of the weighted sum in the augmented Chebyshev value, as in ParEGO."""
NOTE = (
    "the metrics and constraints of each trial become one value, for an engine that searches by one"
)
"""The note in the record of a study."""
MARGIN = 0.1
"""How much worse than the worst feasible trial the least violated one is, in the range of the
feasible trials' values."""


@dataclass(frozen=True)
class Scalarisation:
    """How several objectives become one number.

    Attributes:
        rule: "chebyshev", the augmented Chebyshev value, or "weighted", the weighted sum. Of one
            objective, either is the objective itself.
        weights: of the objectives, fixed; None draws a vector for each proposal, uniformly among
            those with the sum 1.
    """

    rule: str = CHEBYSHEV
    weights: tuple[float, ...] | None = None

    def drawn(self, count: int, seed: int | None, proposal: int) -> Numbers:
        """The weights of a proposal, with the sum 1.

        Args:
            count: of objectives.
            seed: of the study; None for random weights.
            proposal: its number.

        Raises:
            RequestError: the fixed weights are of another number of objectives.
        """
        if self.weights is None:
            derived = None if seed is None else derived_seed(seed, WEIGHTS, proposal)
            return np.random.default_rng(derived).dirichlet(np.ones(count))
        if len(self.weights) != count:
            raise RequestError(
                f"there are {len(self.weights)} weights, and the study has {count} objectives"
            )
        return np.array(self.weights) / sum(self.weights)

    def scalars(
        self, outcomes: Sequence[Outcome], maximize: Sequence[bool], weights: Numbers
    ) -> list[Outcome]:
        """The outcomes with one value each, to be minimized, and without constraints.

        A single objective keeps its values and its direction.

        Args:
            outcomes: of trials. Only a complete one gets a new value.
            maximize: of each objective, whether more is better.
            weights: of the objectives.
        """
        complete = [i for i, outcome in enumerate(outcomes) if outcome.state == "complete"]
        single = len(maximize) == 1
        signs = np.where(maximize, -1.0, 1.0)
        losses = np.array(
            [outcomes[i].values or (outcomes[i].value,) for i in complete], float
        ).reshape(-1, len(maximize))
        values = self._combined(losses * signs, weights)
        feasible = np.array([satisfied(outcomes[i].constraints.values()) for i in complete], bool)
        values = _penalized(values, feasible, [outcomes[i].constraints for i in complete])
        if single:
            values = values * signs[0]
        scalars = [replace(outcome, values=(), constraints={}) for outcome in outcomes]
        for i, value, ok in zip(complete, values.tolist(), feasible.tolist(), strict=True):
            scalars[i] = replace(scalars[i], value=value, penalised=not ok)
        return scalars

    def _combined(self, losses: Numbers, weights: Numbers) -> Numbers:
        if losses.shape[1] == 1:
            return losses[:, 0]
        shares = weights * _normalized(losses)
        if self.rule == WEIGHTED:
            return np.asarray(shares.sum(axis=1))
        return np.asarray(shares.max(axis=1, initial=0.0) + AUGMENTED * shares.sum(axis=1))


def _normalized(losses: Numbers) -> Numbers:
    """Each objective in the range seen so far, 0 to 1; infinite ones are one range beyond it."""
    scaled = np.zeros_like(losses)
    for column, values in enumerate(losses.T):
        finite = values[np.isfinite(values)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        spread = high - low if 0 < high - low < np.inf else 1.0
        bounded = np.clip(values, low - spread, high + spread)
        scaled[:, column] = (bounded - low) / spread
    return scaled


def _penalized(
    values: Numbers, feasible: Flags, constraints: Sequence[Mapping[str, float]]
) -> Numbers:
    """The values, with those of infeasible trials above all others, in the order of violation."""
    if feasible.all():
        return values
    violations = np.array(total_violations(constraints))
    if not feasible.any():
        return violations
    finite = values[feasible & np.isfinite(values)]
    spread = finite.max() - finite.min() if finite.size else 0.0
    worst = values[feasible].max()
    if not spread > 0:
        spread = max(abs(worst), 1.0) if np.isfinite(worst) else 1.0
    return np.where(feasible, values, worst + spread * (MARGIN + violations))


def of_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], Scalarisation | None]:
    """The options of the algorithm itself, and the scalarisation that the others ask for, if any.

    Args:
        options: of a sampler. `weights` belongs to the algorithm unless there is `scalarise`.

    Raises:
        RequestError: there is no such rule, or the weights are no weights.
    """
    if SCALARISE not in options:
        return dict(options), None
    rule, weights = options[SCALARISE], options.get(WEIGHTS)
    if rule not in RULES:
        raise UnknownName(no_such("scalarisation", str(rule), RULES))
    native = {key: item for key, item in options.items() if key not in (SCALARISE, WEIGHTS)}
    return native, Scalarisation(rule, None if weights is None else checked_weights(weights))


def with_listed_weights(options: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """The options with weights by metric as a list in the order of the metrics.

    Args:
        options: of a sampler.
        names: of the metrics.

    Raises:
        RequestError: a metric has no weight, or there is a weight of no metric.
    """
    weights = options.get(WEIGHTS)
    if SCALARISE not in options or not isinstance(weights, Mapping):
        return options
    for name in weights:
        if name not in names:
            raise RequestError(no_such("metric with a weight", str(name), names))
    missing = [name for name in names if name not in weights]
    if missing:
        raise RequestError(f"the weights have none for the metric {missing[0]!r}")
    return {**options, WEIGHTS: [weights[name] for name in names]}


def checked_weights(weights: Any) -> tuple[float, ...]:
    """Weights as numbers of 0 or more, one of them above 0.

    Raises:
        RequestError: they are something else.
    """
    items = list(weights) if isinstance(weights, list | tuple) else []
    numbers = all(is_number(item) and 0 <= item < np.inf for item in items)
    if not items or not numbers or not sum(items) > 0:
        raise RequestError(
            "weights are a list with a number of 0 or more for each objective, not all 0, not "
            f"{shown(weights)}"
        )
    return tuple(float(item) for item in items)
