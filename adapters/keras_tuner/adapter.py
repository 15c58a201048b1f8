"""Keras Tuner: spaces as `HyperParameters`, searches as oracles.

What this backend does differently:

- Seeds: Keras Tuner reads 0 as "no seed"; here 0 is a seed like any other.
- An integer on a log scale is a `Float` on [low - 1/2, high + 1/2], rounded, since `Int` with
  log sampling has other odds. Nothing can be conditional on it, nor on a weighted choice, which is
  a `Float` too: conditions are equalities.
- A choice of one type is a `Choice`, of several types an `Int` index. Either way the Bayesian
  oracle sees an order, since Keras Tuner has no unordered type.
- `random`, and the first points of `bayesian`, are drawn without replacement, so branches with
  few points run dry. When no new point is found the oracle stops, and the study says so.
- `grid` takes the lowest value and ten middles of a continuous range. Points that were evaluated
  outside the grid are not evaluated again.
- A pruned trial is COMPLETED with its last report; a failed or infinite one is FAILED, which the
  Bayesian oracle ignores.
- `hyperband` is a scheduler: each rung is a trial of its own with the same parameters, whose
  `crosstune.budget(trial)` gives the epochs and the trial that it continues. The oracle sets the
  number of trials, and the study's `trials` is a cap. It waits for running trials, so it is
  refused with several jobs.
- The predictions of `bayesian` are made without scikit-learn's validation of their input, and are
  the same. `fast: false` switches this off.
- Oracles write no files, print nothing, and are released with the study.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from crosstune.adapters.keras_tuner.compile import compiled_from, decode, exact, remember
from crosstune.adapters.keras_tuner.laws import law_of
from crosstune.adapters.keras_tuner.library import TrueSeed as TrueSeed
from crosstune.adapters.keras_tuner.library import keras_tuner, oracles
from crosstune.adapters.keras_tuner.literal import literal, notes
from crosstune.adapters.keras_tuner.read import read
from crosstune.adapters.keras_tuner.search import OBJECTIVE, Declared, KerasTunerEngine
from crosstune.engines.base import Adapter, Algorithm, Drawn, seed_in_32_bits
from crosstune.engines.fast_path import FAST, is_fast
from crosstune.space.space import Space

_ORACLE_ARGUMENTS = (
    "seed",
    "objective",
    "hyperparameters",
    "max_trials",
    "allow_new_entries",
    "tune_new_entries",
    "max_retries_per_trial",
    "max_consecutive_failed_trials",
)
_NO_LIMIT = sys.maxsize


class KerasTunerAdapter(Adapter):
    """Keras Tuner 1.4."""

    name: ClassVar[str] = "keras_tuner"
    distribution: ClassVar[str] = "keras-tuner"
    roles: ClassVar[Mapping[str, str]] = {name: name for name in ("random", "grid", "bayesian")}
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "bayesian": Algorithm(
            "Gaussian process with upper confidence bound",
            lambda: oracles.BayesianOptimizationOracle,
            _ORACLE_ARGUMENTS,
            ours=(FAST,),
            needs=(("sklearn", "scipy"), "keras-tuner"),
        ),
        "random": Algorithm(
            "random search without replacement",
            lambda: oracles.RandomSearchOracle,
            _ORACLE_ARGUMENTS,
            keeps_state=True,
            learns=False,
        ),
        "grid": Algorithm(
            "every point of a grid once",
            lambda: oracles.GridSearchOracle,
            _ORACLE_ARGUMENTS,
            exhaustive=True,
        ),
        "hyperband": Algorithm(
            "random search with successive halving of the epochs",
            lambda: oracles.HyperbandOracle,
            _ORACLE_ARGUMENTS,
            scheduler=True,
        ),
    }

    cautions: ClassVar[Sequence[str]] = (
        "random, and the first points of bayesian, are drawn without replacement: a branch with "
        "few points is left once they are tried",
    )

    def compile(self, space: Space, *, mode: str = "exact") -> keras_tuner.HyperParameters:
        """`HyperParameters` with each searched parameter, in the order of the space."""
        self.check_mode(mode)
        return remember(literal(space) if mode == "literal" else exact(space), space, mode)

    def read(self, native: keras_tuner.HyperParameters) -> Space:
        """The space of `HyperParameters`; those of `compile` remember theirs."""
        return compiled_from(native, self.compile) or read(native)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the hyperparameter."""
        constructs = {made.name: made for made in self.compile(space, mode=mode).space}
        item, law = space[name], law_of(constructs[name])
        decoded = partial(decode, item) if mode == "exact" else None
        return Drawn(law, decoded, notes(item, mode))

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> KerasTunerEngine:
        """A search by the Bayesian, the random or the grid oracle."""
        chosen = self.algorithms[algorithm]
        chosen.check_options(f"keras_tuner:{algorithm}", options)
        native_seed = seed_in_32_bits(seed)
        oracle_class, native_options = oracle_of(algorithm, options)
        oracle = oracle_class(
            objective=keras_tuner.Objective(OBJECTIVE, "max" if maximize else "min"),
            hyperparameters=Declared.of(self.compiled(space)),
            seed=None if native_seed is None else TrueSeed(native_seed),
            max_consecutive_failed_trials=_NO_LIMIT,
            **({} if chosen.scheduler else {"max_trials": None}),
            **native_options,
        )
        return KerasTunerEngine(space, oracle, exhaustive=chosen.exhaustive)


def oracle_of(algorithm: str, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The class of an algorithm's oracle, and the options that its constructor takes.

    Raises:
        SpecError: `fast` is neither true nor false.
    """
    chosen = KerasTunerAdapter.algorithms[algorithm]
    assert chosen.options is not None
    native_options = {name: value for name, value in options.items() if name not in chosen.ours}
    if FAST in chosen.ours:
        # Imports scikit-learn, which the other oracles do not need.
        from crosstune.adapters.keras_tuner import fast_bayesian as quick

        if is_fast(f"keras_tuner:{algorithm}", options, quick.PROVED):
            return quick.QuickBayesianOracle, native_options
    return chosen.options(), native_options
