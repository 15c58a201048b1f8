"""Hyperopt's own TPE, without the work that it repeats at every suggestion.

The code of `tpe.suggest` is the library's own. It runs with other helpers:

- The graph of the posterior is built once, and sorted once into the order in which `rec_eval`
  evaluates it, so that random numbers are drawn in the same order.
- The history is stored by parameter, and only new trials are added to it.
- The losses are sorted once per suggestion, not once per parameter.
- The density of a quantised mixture is computed for all components at once, for each value once;
  the components are added in the library's order.

The library itself is not modified. The suggestions are the same bit for bit on the versions in
PROVED, where this is tested. The library's own code runs on any other version, and in a search
whose trials come from another one (`from_tid`).
"""

from __future__ import annotations

import operator
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
    """The draws so far by parameter, as arrays; a replacement of `miscs_to_idxs_vals`.

    The values of a trial are considered unchanged while its dictionary is the same object.
    """

    def __init__(self) -> None:
        self._seen: list[dict[str, Any]] = []

    def __call__(
        self, miscs: Sequence[Mapping[str, Any]], keys: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The ids of the trials in which each parameter is active, and its values in them."""
        draws = [misc["vals"] for misc in miscs]
        first = len(self._seen)
        if first == 0 or not all(map(operator.is_, self._seen, draws)) or len(draws) < first:
            first = 0
            self._idxs = {key: np.array([], int) for key in keys}
            self._vals: dict[str, Any] = {key: np.array([]) for key in keys}
        self._seen = draws
        for key in keys:
            idxs = [i for misc in miscs[first:] for i in misc["idxs"][key]]
            if idxs:
                vals = [v for misc in miscs[first:] for v in misc["vals"][key]]
                # Not appended to the empty array of floats, which would make floats of integers.
                old = [self._vals[key]] if len(self._vals[key]) else []
                self._vals[key] = np.concatenate([*old, vals])
                self._idxs[key] = np.concatenate([self._idxs[key], idxs])
        return self._idxs, self._vals


class Split:
    """The values of the good trials and those of the others; replaces `ap_split_trials`."""

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

    `switch`, of which `rec_eval` evaluates one branch, is not supported: Hyperopt's posteriors are
    made for many points at once, and have other nodes instead.

    Args:
        expression: to evaluate.
        inputs: the nodes whose values are passed at each call.
    """

    def __init__(self, expression: Any, inputs: Sequence[Any]) -> None:
        self._inputs = inputs
        self._initial: list[Any] = [None] * len(inputs)
        self._steps: list[tuple[Any, list[int], list[tuple[str, int]], int]] = []
        called = _functions()
        slots = {node: slot for slot, node in enumerate(inputs)}
        todo = [pyll.as_apply(expression)]
        while todo:
            node = todo.pop()
            if node in slots:
                continue
            waiting = [item for item in node.inputs() if item not in slots]
            if waiting:
                todo += [node, *waiting]
                continue
            slots[node] = len(self._initial)
            if isinstance(node, pyll.Literal):
                self._initial.append(node.obj)
                continue
            self._initial.append(None)
            args = [slots[item] for item in node.pos_args]
            named = [(name, slots[item]) for name, item in node.named_args]
            self._steps.append((called[node.name], args, named, slots[node]))

    def __call__(self, memo: Mapping[Any, Any]) -> Any:
        """The value of the expression."""
        values = self._initial.copy()
        for slot, node in enumerate(self._inputs):
            values[slot] = memo[node]
        for function, args, named, slot in self._steps:
            values[slot] = function(*[values[i] for i in args], **{n: values[i] for n, i in named})
        return values[-1]


def _functions() -> dict[str, Callable[..., Any]]:
    """The functions of a posterior's nodes by name, with ours in place of some."""
    return {
        **functions(),
        "ap_split_trials": Split(),
        "GMM1_lpdf": gmm1_lpdf,
        "LGMM1_lpdf": lgmm1_lpdf,
        # The library's own returns a node, which would have to be evaluated too.
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
    """`tpe.GMM1_lpdf`: log-density of samples under a mixture of normals, cut to [low, high].

    Args:
        samples: shape (n,).
        weights, mus, sigmas: of the components, shape (k,) each.
        low, high: the bounds; None for none.
        q: the samples are multiples of it; None for real numbers.

    Returns:
        Shape (n,).
    """
    if q is None or samples.size == 0:
        return tpe.GMM1_lpdf(samples, weights, mus, sigmas, low=low, high=high, q=q)
    edges = _edges(samples, q, low, high)
    return _quantised(samples, edges, weights, mus, sigmas, low, high)


def lgmm1_lpdf(
    samples: Any,
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: Any = None,
    high: Any = None,
    q: Any = None,
) -> Any:
    """`tpe.LGMM1_lpdf`: the same for a mixture of lognormals.

    Args:
        samples: shape (n,).
        weights, mus, sigmas: of the components' logarithms, shape (k,) each.
        low, high: logarithms of the bounds; None for none.
        q: the samples are multiples of it; None for real numbers.

    Returns:
        Shape (n,).
    """
    if q is None or samples.size == 0:
        return tpe.LGMM1_lpdf(samples, weights, mus, sigmas, low=low, high=high, q=q)
    ends = (None if end is None else np.exp(end) for end in (low, high))
    upper, lower = _edges(samples, q, *ends)
    edges = [np.log(np.maximum(edge, tpe.EPS)) for edge in (upper, np.maximum(0, lower))]
    return _quantised(samples, edges, weights, mus, sigmas, low, high)


def _edges(samples: Any, q: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """The upper and lower edges of the samples' cells, cut to the bounds, (n,) each."""
    upper, lower = samples + q / 2, samples - q / 2
    return (
        upper if high is None else np.minimum(upper, high),
        lower if low is None else np.maximum(lower, low),
    )


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
    # Components are added one by one, as in the library: a pairwise sum has other last bits.
    mass = np.add.accumulate(upper - lower)[-1]
    return np.log(mass[where]) - np.log(accepted)
