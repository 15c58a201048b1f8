"""Hyperopt's own TPE, without the work that it repeats at every suggestion.

`tpe.suggest` is the library's own code here too. It is run with other helpers:

- The graph of the posterior is built once, and put once into the order in which `rec_eval` walks
  it, so that no random number is drawn in another place.
- The history is kept by parameter, and only new trials are added to it.
- The losses are sorted once a suggestion, not once a parameter.
- The density of a quantised mixture is computed for all components at once, for each value once;
  the components are added in the library's order.

The library itself is left as it is. The suggestions are the same bit for bit on the versions of
PROVED, where that is tested; any other version runs untouched, and so does a search whose trials
were taken over from another one (`from_tid`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
from hyperopt import pyll, tpe
from hyperopt.pyll import stochastic

from crosstune.adapters.hyperopt.private import functions
from crosstune.engines.fast_path import say_once

PROVED = {"hyperopt": ("0.3.0",)}
"""The versions on which identity is tested."""


def quick_suggest() -> Callable[..., list[dict[str, Any]]]:
    """A `tpe.suggest` for one search."""
    programs: dict[int, tuple[Any, Program]] = {}

    def evaluate(posterior: Any, memo: Mapping[Any, Any], **_: Any) -> Any:
        if id(posterior) not in programs:
            programs[id(posterior)] = posterior, Program(posterior, list(memo))
        return programs[id(posterior)][1](memo)

    helpers = {
        **vars(tpe),
        "build_posterior_wrapper": cache(tpe.build_posterior_wrapper),
        "miscs_to_idxs_vals": History(),
        "pyll": SimpleNamespace(**{**vars(pyll), "rec_eval": evaluate}),
    }
    quick = FunctionType(tpe.suggest.__code__, helpers, "suggest", tpe.suggest.__defaults__)

    def suggest(
        new_ids: Any, domain: Any, trials: Any, seed: Any, **options: Any
    ) -> list[dict[str, Any]]:
        if any("from_tid" in doc["misc"] for doc in trials.trials):
            say_once("hyperopt:tpe runs without its fast path", "its trials have a from_tid")
            return tpe.suggest(new_ids, domain, trials, seed, **options)  # type: ignore[no-any-return]
        return quick(new_ids, domain, trials, seed, **options)  # type: ignore[no-any-return]

    return suggest


class History:
    """What was drawn so far, a parameter: the arrays that `miscs_to_idxs_vals` would give as lists.

    The values of a trial are taken for the same as long as the dictionary is the same one.
    """

    def __init__(self) -> None:
        self._seen: list[dict[str, Any]] = []

    def __call__(
        self, miscs: Sequence[Mapping[str, Any]], keys: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The ids of the trials in which each parameter is active, and its values in them."""
        held = [misc["vals"] for misc in miscs]
        known = len(self._seen)
        if known == 0 or not all(map(_is, self._seen, held)) or len(held) < known:
            known = 0
            self._idxs = {key: np.array([], int) for key in keys}
            self._vals: dict[str, Any] = {key: np.array([]) for key in keys}
        self._seen = held
        for key in keys:
            idxs = [i for misc in miscs[known:] for i in misc["idxs"][key]]
            if idxs:
                vals = [v for misc in miscs[known:] for v in misc["vals"][key]]
                # Not appended to the empty array of floats, which would make floats of integers.
                old = [self._vals[key]] if len(self._vals[key]) else []
                self._vals[key] = np.concatenate([*old, vals])
                self._idxs[key] = np.concatenate([self._idxs[key], idxs])
        return self._idxs, self._vals


def _is(one: Any, other: Any) -> bool:
    return one is other


class Split:
    """The values of the good trials and those of the others, as `ap_split_trials` has them."""

    def __init__(self) -> None:
        self._losses: Any = None

    def __call__(
        self,
        idxs: Any,
        vals: Any,
        tids: Sequence[int],
        losses: Sequence[float],
        gamma: float,
        gamma_cap: int = tpe.DEFAULT_LF,
    ) -> tuple[Any, Any]:
        """Values below and above; `losses` is one list for all parameters of a suggestion."""
        if losses is not self._losses:
            self._losses = losses
            n_below = min(int(np.ceil(gamma * np.sqrt(len(losses)))), gamma_cap)
            self._is_good = np.zeros(max(tids, default=-1) + 1, bool)
            self._is_good[np.array(tids, int)[np.argsort(losses)[:n_below]]] = True
        good = self._is_good[idxs]
        return vals[good], vals[~good]


class Program:
    """An expression as a list of calls, in the order in which `rec_eval` makes them.

    It has no `switch`, of which `rec_eval` evaluates one branch: Hyperopt's posteriors are made for
    many points at once, and have other nodes in its place.

    Args:
        expression: what is evaluated.
        given: the nodes whose values are handed over at each call.
    """

    def __init__(self, expression: Any, given: Sequence[Any]) -> None:
        self._given = given
        self._held: list[Any] = [None] * len(given)
        self._steps: list[tuple[Any, list[int], list[tuple[str, int]], int]] = []
        called = _functions()
        slots = {node: slot for slot, node in enumerate(given)}
        todo = [pyll.as_apply(expression)]
        while todo:
            node = todo.pop()
            if node in slots:
                continue
            waiting = [item for item in node.inputs() if item not in slots]
            if waiting:
                todo += [node, *waiting]
                continue
            slots[node] = len(self._held)
            if isinstance(node, pyll.Literal):
                self._held.append(node.obj)
                continue
            self._held.append(None)
            args = [slots[item] for item in node.pos_args]
            named = [(name, slots[item]) for name, item in node.named_args]
            self._steps.append((called[node.name], args, named, slots[node]))

    def __call__(self, memo: Mapping[Any, Any]) -> Any:
        """The value of the expression."""
        held = self._held.copy()
        for slot, node in enumerate(self._given):
            held[slot] = memo[node]
        for function, args, named, slot in self._steps:
            held[slot] = function(*[held[i] for i in args], **{n: held[i] for n, i in named})
        return held[-1]


def _functions() -> dict[str, Callable[..., Any]]:
    """What the nodes of a posterior call, by name; a table of our own."""
    return {
        **functions(),
        "ap_split_trials": Split(),
        "GMM1_lpdf": gmm1_lpdf,
        "LGMM1_lpdf": lgmm1_lpdf,
        # The library's own gives a node, which is to be evaluated in turn.
        "randint_via_categorical": stochastic.categorical,
    }


def gmm1_lpdf(
    samples: Any,
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: Any = None,
    high: Any = None,
    q: Any = None,
) -> Any:
    """`tpe.GMM1_lpdf`: log-density of samples under a mixture of normals, cut to [low, high]."""
    if q is None or samples.size == 0:
        return tpe.GMM1_lpdf(samples, weights, mus, sigmas, low=low, high=high, q=q)
    upper, lower = samples + q / 2, samples - q / 2
    if high is not None:
        upper = np.minimum(upper, high)
    if low is not None:
        lower = np.maximum(lower, low)
    return _quantised(samples, (upper, lower), weights, mus, sigmas, low, high)


def lgmm1_lpdf(
    samples: Any,
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: Any = None,
    high: Any = None,
    q: Any = None,
) -> Any:
    """`tpe.LGMM1_lpdf`: the same of lognormals; `low` and `high` are logarithms."""
    if q is None or samples.size == 0:
        return tpe.LGMM1_lpdf(samples, weights, mus, sigmas, low=low, high=high, q=q)
    upper, lower = samples + q / 2, samples - q / 2
    if high is not None:
        upper = np.minimum(upper, np.exp(high))
    if low is not None:
        lower = np.maximum(lower, np.exp(low))
    edges = [np.log(np.maximum(edge, tpe.EPS)) for edge in (upper, np.maximum(0, lower))]
    return _quantised(samples, edges, weights, mus, sigmas, low, high)


def _quantised(
    samples: Any, edges: Any, weights: Any, mus: Any, sigmas: Any, low: Any, high: Any
) -> Any:
    """Log of a mixture's mass between the two edges (upper, lower) of each sample, (n,)."""
    if low is None and high is None:
        accepted = 1
    else:
        inside = tpe.normal_cdf(high, mus, sigmas) - tpe.normal_cdf(low, mus, sigmas)
        accepted = np.sum(weights * inside)
    _, first, where = np.unique(samples, return_index=True, return_inverse=True)
    weights, mus, sigmas = (column[:, None] for column in (weights, mus, sigmas))
    upper, lower = (weights * tpe.normal_cdf(edge[first], mus, sigmas) for edge in edges)
    # One component after the other, as the library adds them: a sum in pairs has other last bits.
    mass = np.add.accumulate(upper - lower)[-1]
    return np.log(mass[where]) - np.log(accepted)
