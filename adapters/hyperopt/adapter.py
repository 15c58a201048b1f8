"""Hyperopt: spaces as `hp` expressions, searches as `hyperopt.Trials`.

What this backend does differently:

- A condition is a `scope.switch` on the parent's index, nested for several parents. In the
  native space an inactive parameter has the value None.
- An ordered index is `hp.quniform(name, -0.5, n - 0.5, 1)`; `hp.uniformint` and a plain
  `hp.quniform` would halve the odds of both ends.
- Hyperopt minimises: the loss of a study that maximises is the negated value.
- A failed trial is told as STATUS_FAIL without a loss. A pruned one is told as STATUS_FAIL with
  its last report as the loss: the algorithms learn from it, `Trials.best_trial` leaves it out.
- A running trial counts as a bad one, so trials in parallel keep apart.
- A space of Hyperopt's own objects is searched as it is.
- tpe, and the tpe in mix, repeat less work than `tpe.suggest` does, and suggest the same.
  `fast: false` switches that off.
- There is no grid. The role is served by `crosstune.samplers.GridSampler`.
- atpe is refused: it ignores its seed and fails on a failed or pending trial.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from crosstune.adapters.hyperopt import literal as native_hyperopt
from crosstune.adapters.hyperopt.fast_tpe import PROVED, quick_suggest
from crosstune.adapters.hyperopt.library import (
    JOB_STATE_DONE,
    JOB_STATE_RUNNING,
    Domain,
    anneal,
    coarse_utcnow,
    hp,
    hyperopt,
    mix,
    pyll,
    rand,
    scope,
    tpe,
)
from crosstune.adapters.hyperopt.read import HyperoptSpace
from crosstune.engines.base import Adapter, Algorithm, Drawn, Engine, Outcome, seed_in_32_bits
from crosstune.engines.compiled import Compiled
from crosstune.engines.fast_path import FAST, is_fast
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Choice, Float, Parameter
from crosstune.space.space import Params, Space

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
        "rand": Algorithm("random search", lambda: rand.suggest, _SUGGEST_ARGUMENTS),
        "anneal": Algorithm("simulated annealing", lambda: anneal.suggest, _SUGGEST_ARGUMENTS),
        "mix": Algorithm("a random one of rand, anneal and tpe a trial", ours=(FAST,)),
        "atpe": Algorithm(
            "adaptive TPE",
            refused="it ignores its seed, and raises on a failed or a pending trial. Use 'tpe'",
        ),
    }

    def compile(self, space: Space, *, mode: str = "exact") -> dict[str, Any]:
        """A dictionary of `hp` expressions, one a parameter, in the spec's values.

        A space that was read from Hyperopt's own objects is handed back as it was.
        """
        self.check_mode(mode)
        if isinstance(space, HyperoptSpace):
            return space.native  # type: ignore[no-any-return]
        if mode == "literal":
            return Compiled(native_hyperopt.literal(space), space, mode)
        draws = {name: _draw(name, item) for name, item in space.searched.items()}
        native: dict[str, Any] = {}
        for name, item in space.items():
            value = _value(draws[name], item) if name in draws else item.only
            for parent, allowed in reversed(space.conditions[name].items()):
                value = _guard(value, draws[parent], space[parent], allowed)
            native[name] = value
        return Compiled(native, space, mode)

    def read(self, native: Any) -> Space:
        """The space behind `hp` expressions; those of `compile` remember theirs."""
        if isinstance(native, Compiled):
            again = self.compile(native.space, mode=native.mode)
            if str(pyll.as_apply(dict(native))) == str(pyll.as_apply(dict(again))):
                return native.space
        return native_hyperopt.read(native)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the draw under the label."""
        held = native_hyperopt.drawn(self.compile(space, mode=mode), name)
        return Drawn(held.law, held.decode, native_hyperopt.notes(space[name], mode))

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
            space, self.compile(space), native_suggest(algorithm, options), seed, maximize
        )


class HyperoptEngine(Engine):
    """What `hyperopt.fmin` does between two evaluations, draw for draw."""

    made: ClassVar[Sequence[str]] = ("space", "_suggest", "_domain")

    def __init__(
        self,
        space: Space,
        native_space: Any,
        suggest: Callable[..., list[dict[str, Any]]],
        seed: int | None,
        maximize: bool,
    ):
        self.space = space
        self.native = hyperopt.Trials()
        self._suggest = suggest
        self._domain = Domain(_never_called, native_space)
        # fmin(rstate=default_rng(seed)); as there, one number is drawn for each suggestion.
        self._rng = np.random.default_rng(seed_in_32_bits(seed))
        self._sign = -1.0 if maximize else 1.0
        self._docs: dict[int, dict[str, Any]] = {}

    def ask(self, trial: int) -> Params:
        """One call of the algorithm."""
        ids = self.native.new_trial_ids(1)
        seed = self._rng.integers(2**31 - 1)
        self.native.insert_trial_docs(self._suggest(ids, self._domain, self.native, seed))
        self.native.refresh()
        doc = self.native.trials[-1]
        doc["state"] = JOB_STATE_RUNNING
        doc["book_time"] = doc["refresh_time"] = coarse_utcnow()
        self._docs[trial] = doc
        return self._params(doc["misc"]["vals"])

    def _params(self, drawn: Mapping[str, Sequence[Any]]) -> Params:
        if isinstance(self.space, HyperoptSpace):
            return self.space.params({name: held[0] for name, held in drawn.items() if held})
        params: Params = {}
        for name, item in self.space.items():
            if name not in drawn:
                if self.space.is_active(name, params):
                    params[name] = item.only
            elif len(drawn[name]):
                params[name] = item.decode(drawn[name][0])
        return params

    def aside(self, trial: int) -> Mapping[str, Any]:
        """Where the study's value is not the draw: a normal beyond its cut, a negative zero."""
        if not isinstance(self.space, HyperoptSpace):
            return {}
        vals = self._docs[trial]["misc"]["vals"]
        return self.space.aside({name: held[0] for name, held in vals.items() if held})

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Write the result into the trial's document."""
        doc = self._docs.pop(trial)
        doc["result"] = self._result(outcome)
        doc["state"] = JOB_STATE_DONE
        doc["refresh_time"] = coarse_utcnow()

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Write the result and the values into the trial's document."""
        misc = self._docs[trial]["misc"]
        misc["idxs"], misc["vals"] = self._encoded(misc["tid"], params)
        self.tell(trial, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Append a finished document."""
        (tid,) = self.native.new_trial_ids(1)
        idxs, vals = self._encoded(tid, params)
        misc = {"tid": tid, "cmd": self._domain.cmd, "workdir": None, "idxs": idxs, "vals": vals}
        (doc,) = self.native.new_trial_docs([tid], [None], [self._result(outcome)], [misc])
        doc["state"] = JOB_STATE_DONE
        doc["book_time"] = doc["refresh_time"] = coarse_utcnow()
        self.native.insert_trial_doc(doc)
        self.native.refresh()

    def _encoded(
        self, tid: int, params: Params
    ) -> tuple[dict[str, list[int]], dict[str, list[float]]]:
        if isinstance(self.space, HyperoptSpace):
            raws = self.space.drawn(params)
            vals = {name: [raws[name]] if name in raws else [] for name in self.space}
        else:
            vals = {
                name: [item.encode(params[name])] if name in params else []
                for name, item in self.space.searched.items()
            }
        return {name: [tid] if val else [] for name, val in vals.items()}, vals

    def _result(self, outcome: Outcome) -> dict[str, Any]:
        status = hyperopt.STATUS_OK if outcome.state == "complete" else hyperopt.STATUS_FAIL
        if outcome.value is None:
            return {"status": status}
        return {"status": status, "loss": self._sign * outcome.value}


def native_suggest(
    algorithm: str, options: Mapping[str, Any]
) -> Callable[..., list[dict[str, Any]]]:
    """What `fmin` takes as `algo`."""
    if algorithm in ("rand", "anneal"):
        return partial({"rand": rand.suggest, "anneal": anneal.suggest}[algorithm], **options)
    chosen = quick_suggest() if is_fast(f"hyperopt:{algorithm}", options, PROVED) else tpe.suggest
    if algorithm == "mix":
        drawn_from = [(0.1, rand.suggest), (0.2, anneal.suggest), (0.7, chosen)]
        return partial(mix.suggest, p_suggest=drawn_from)
    native = {name: value for name, value in options.items() if name != FAST}
    return partial(chosen, verbose=False, **native)


def _never_called(_: Any) -> float:
    """The objective of a Domain: we evaluate trials ourselves."""
    raise AssertionError


def _draw(name: str, item: Parameter) -> Any:
    """The node that draws a parameter's coordinate."""
    match item.coordinate:
        case Continuous(low, high, log=True):
            return hp.loguniform(name, math.log(low), math.log(high))
        case Continuous(low, high):
            return hp.uniform(name, low, high)
        case LogInteger(low, high):
            return hp.qloguniform(name, math.log(low - 0.5), math.log(high + 0.5), 1)
        case Index(n, ordered=False):
            return scope.hyperopt_param(name, scope.randint(n))
        case Index(n):
            return hp.quniform(name, -0.5, n - 0.5, 1)
    raise AssertionError(item)


def _value(draw: Any, item: Parameter) -> Any:
    """The node with the user's value."""
    match item:
        case Choice(weights=None, ordered=False):
            return scope.switch(draw, *item.values)
        case Float(log=False, step=None):
            return draw
    return scope.call(pyll.Literal(item.decode), (draw,))


def position(weights: Sequence[float], raw: float) -> int:
    """Which of the intervals that weights cut out of [0, 1] holds a number."""
    return bisect.bisect_right(list(itertools.accumulate(weights))[:-1], raw)


def _guard(value: Any, draw: Any, parent: Parameter, allowed: frozenset[float]) -> Any:
    """`value` where the parent's coordinate is an allowed one, None elsewhere."""
    coordinate = parent.coordinate
    if isinstance(parent, Choice) and parent.weights is not None:
        chosen = {position(parent.weights, raw) for raw in allowed}
        index = scope.call(pyll.Literal(partial(position, parent.weights)), (draw,))
        options = [value if i in chosen else None for i in range(len(parent.values))]
        return scope.switch(index, *options)
    assert isinstance(coordinate, Index | LogInteger), "only these can be parents"
    first = coordinate.low if isinstance(coordinate, LogInteger) else 0
    unordered = isinstance(coordinate, Index) and not coordinate.ordered
    index = draw if unordered else scope.int(draw) - first
    return scope.switch(
        index, *[value if first + i in allowed else None for i in range(coordinate.n)]
    )
