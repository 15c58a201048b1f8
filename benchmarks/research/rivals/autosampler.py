"""The rule of OptunaHub's AutoSampler, for one objective and up to 250 trials.

AutoSampler itself is downloaded from OptunaHub when it is used, and no package index has it. Its
authors describe what it chooses: TPE where the space has categorical or conditional parameters, and
else a Gaussian process, until CMA-ES takes over after 250 trials. TPE is multivariate, and takes
open trials for bad ones. That is rebuilt here on Optuna's own samplers, and it differs in two ways:

- the space is declared, so it is known before the first trial. AutoSampler draws that one at
  random, and sees a condition only once two trials differ;
- beyond 250 trials it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler

from crosstune.benchmarks.research.rivals.adapter import OURS, TRIALS, no_random
from crosstune.engines import registry as adapters
from crosstune.engines.base import Adapter, Algorithm, Drawn, Engine
from crosstune.errors import Unsupported
from crosstune.space.space import Space

MOST_TRIALS = 250
"""After so many AutoSampler turns to CMA-ES."""


class AutoSamplerAdapter(Adapter):
    """One of Optuna's samplers, by the rule."""

    name: ClassVar[str] = "autosampler"
    distribution: ClassVar[str] = "optuna"
    roles: ClassVar[Mapping[str, str]] = {"random": "random", "bayesian": "rule"}
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "rule": Algorithm(
            "TPE or a Gaussian process, as AutoSampler would choose",
            ours=OURS,
            needs=(("torch", "scipy"), "torch"),
        ),
        "random": no_random("autosampler"),
    }

    def compile(self, space: Space, *, mode: str = "exact") -> Any:
        """Optuna's."""
        return adapters.get("optuna").compile(space, mode=mode)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """Optuna's."""
        return adapters.get("optuna").drawn(space, name, mode=mode)

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> Engine:
        """A search by the sampler that is chosen."""
        self._check(options)
        chosen, its_options = choice(space)
        return adapters.get("optuna").engine(
            chosen, space, seed=seed, maximize=maximize, options=its_options
        )

    def sampler(
        self, algorithm: str, space: Space | None, *, seed: int | None, options: Mapping[str, Any]
    ) -> BaseSampler | None:
        """The sampler that is chosen, where it can run on the study itself.

        Raises:
            Unsupported: the space is not declared, or there are more than 250 trials.
        """
        self._check(options)
        if space is None:
            raise Unsupported("autosampler:rule chooses by the space, which has to be declared")
        chosen, its_options = choice(space)
        return adapters.get("optuna").sampler(chosen, space, seed=seed, options=its_options)

    def _check(self, options: Mapping[str, Any]) -> None:
        self.algorithms["rule"].check_options("autosampler:rule", options)
        trials = options.get("trials", TRIALS)
        if trials > MOST_TRIALS:
            raise Unsupported(
                f"autosampler:rule is rebuilt for {MOST_TRIALS} trials or fewer, not {trials}: "
                "AutoSampler turns to CMA-ES then"
            )


def choice(space: Space) -> tuple[str, dict[str, Any]]:
    """The name of the sampler that the rule chooses, and its options.

    >>> from crosstune import Choice, Float
    >>> choice(Space({"x": Float(0.0, 1.0)}))
    ('gp', {})
    >>> choice(Space({"x": Choice(["a", "b"])}))[0]
    'tpe'
    """
    categorical = any(
        isinstance(distribution, CategoricalDistribution)
        for distribution in adapters.get("optuna").compile(space).values()
    )
    if categorical or any(space.conditions.values()):
        return "tpe", {"multivariate": True, "constant_liar": True}
    return "gp", {}
