"""Hyperopt: spaces as `hp` expressions, searches as `hyperopt.Trials`.

What this backend does differently:

- A condition is a `scope.switch` on the parent's index, nested for several parents. In the
  native space an inactive parameter has the value None.
- An ordered index is `hp.quniform(name, -0.5, n - 0.5, 1)`; `hp.uniformint` and a plain
  `hp.quniform` would halve the odds of both ends.
- Hyperopt minimises: the loss of a study that maximises is the negated value.
- A failed trial is told as STATUS_FAIL without a loss. A pruned one is told as STATUS_FAIL with
  its last report as the loss: the algorithms learn from it, `Trials.best_trial` ignores it.
- A running trial counts as a bad one, so parallel trials get different points.
- A space of Hyperopt's own objects is searched as it is.
- tpe, also as part of mix, repeats less work than `tpe.suggest` and suggests the same.
  `fast: false` switches this off.
- There is no grid: `crosstune.samplers.GridSampler` has this role.
- atpe is refused: it ignores its seed and fails on a failed or pending trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from crosstune.adapters.hyperopt.compile import exact
from crosstune.adapters.hyperopt.laws import drawn
from crosstune.adapters.hyperopt.library import anneal, pyll, rand, tpe
from crosstune.adapters.hyperopt.literal import literal, notes
from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.adapters.hyperopt.read import read
from crosstune.adapters.hyperopt.search import HyperoptEngine, native_suggest
from crosstune.engines.base import Adapter, Algorithm, Drawn
from crosstune.engines.compiled import Compiled
from crosstune.engines.fast_path import FAST
from crosstune.space.space import Space

_SUGGEST_ARGUMENTS = ("new_ids", "domain", "trials", "seed", "verbose")


class HyperoptAdapter(Adapter):
    """Hyperopt 0.3."""

    name: ClassVar[str] = "hyperopt"
    distribution: ClassVar[str] = "hyperopt"
    roles: ClassVar[Mapping[str, str]] = {"random": "rand", "bayesian": "tpe"}
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "tpe": Algorithm(
            "tree-structured Parzen estimator",
            lambda: tpe.suggest,
            _SUGGEST_ARGUMENTS,
            ours=(FAST,),
        ),
        "rand": Algorithm(
            "random search",
            lambda: rand.suggest,
            _SUGGEST_ARGUMENTS,
            keeps_state=True,
            learns=False,
        ),
        "anneal": Algorithm("simulated annealing", lambda: anneal.suggest, _SUGGEST_ARGUMENTS),
        "mix": Algorithm("a random one of rand, anneal and tpe a trial", ours=(FAST,)),
        "atpe": Algorithm(
            "adaptive TPE",
            refused="it ignores its seed, and raises on a failed or a pending trial. Use 'tpe'",
        ),
    }

    def compile(self, space: Space, *, mode: str = "exact") -> dict[str, Any]:
        """A dictionary with one `hp` expression per parameter, in the spec's values.

        For a space that was read from Hyperopt's own objects, these objects are returned.
        """
        self.check_mode(mode)
        if isinstance(space, HyperoptSpace):
            return space.native  # type: ignore[no-any-return]
        return Compiled(literal(space) if mode == "literal" else exact(space), space, mode)

    def read(self, native: Any) -> Space:
        """The space of `hp` expressions; those of `compile` remember theirs."""
        if isinstance(native, Compiled):
            again = self.compile(native.space, mode=native.mode)
            if str(pyll.as_apply(dict(native))) == str(pyll.as_apply(dict(again))):
                return native.space
        return read(native)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the draw under the label."""
        draw = drawn(self.compile(space, mode=mode), name)
        return Drawn(draw.law, draw.decode, notes(space[name], mode))

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> HyperoptEngine:
        """A search by tpe, rand, anneal or mix."""
        self.algorithms[algorithm].check_options(f"hyperopt:{algorithm}", options)
        return HyperoptEngine(
            space, self.compiled(space), native_suggest(algorithm, options), seed, maximize
        )
