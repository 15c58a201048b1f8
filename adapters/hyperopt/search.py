"""Searches as `hyperopt.Trials`, asked and told as by `hyperopt.fmin`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from crosstune.adapters.hyperopt.fast_tpe import PROVED, quick_suggest
from crosstune.adapters.hyperopt.library import (
    JOB_STATE_DONE,
    JOB_STATE_RUNNING,
    Domain,
    anneal,
    coarse_utcnow,
    hyperopt,
    mix,
    rand,
    tpe,
)
from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.engines.base import Engine, Outcome, seed_in_32_bits
from crosstune.engines.fast_path import FAST, is_fast
from crosstune.space.space import Params, Space


class HyperoptEngine(Engine):
    """The steps of `hyperopt.fmin` between two evaluations, draw for draw.

    Args:
        space: to search.
        native_space: its `hp` expressions.
        suggest: as the `algo` of `fmin`.
        seed: any integer; None for a random one.
        maximize: whether higher values are better.
    """

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
            return self.space.params({name: val[0] for name, val in drawn.items() if val})
        params: Params = {}
        for name, item in self.space.items():
            if name not in drawn:
                if self.space.is_active(name, params):
                    params[name] = item.only
            elif len(drawn[name]):
                params[name] = item.decode(drawn[name][0])
        return params

    def aside(self, trial: int) -> Mapping[str, Any]:
        """Draws that are not the study's value: a normal beyond its cut, a negative zero."""
        if not isinstance(self.space, HyperoptSpace):
            return {}
        vals = self._docs[trial]["misc"]["vals"]
        return self.space.aside({name: val[0] for name, val in vals.items() if val})

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
    """The `algo` of `fmin` for an algorithm."""
    if algorithm in ("rand", "anneal"):
        return partial({"rand": rand.suggest, "anneal": anneal.suggest}[algorithm], **options)
    chosen = quick_suggest() if is_fast(f"hyperopt:{algorithm}", options, PROVED) else tpe.suggest
    if algorithm == "mix":
        drawn_from = [(0.1, rand.suggest), (0.2, anneal.suggest), (0.7, chosen)]
        return partial(mix.suggest, p_suggest=drawn_from)
    native = {name: value for name, value in options.items() if name != FAST}
    return partial(chosen, verbose=False, **native)


def _never_called(_: Any) -> float:
    """The objective of a Domain, which is never called: trials are evaluated elsewhere."""
    raise AssertionError
