"""The proof of the second promise: each library by hand and crosstune, side by side."""

from __future__ import annotations

import importlib
import math
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from crosstune.engines import registry as adapters
from crosstune.engines.record import RUNS
from crosstune.errors import CrosstuneError, MissingLibrary, RequestError, Unsupported, no_such
from crosstune.proofs.by_hand import Loss, Suggestion
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Parameter, Scalar
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Spec, load
from crosstune.study.trials import budget
from crosstune.tuning.loop import tune

TRIALS = 60
SEEDS = 5


@dataclass(frozen=True)
class Difference:
    """Where two runs part: the first trial that is not the same, from 0."""

    seed: int
    trial: int
    by_hand: Suggestion | None
    crosstune: Suggestion | None


@dataclass(frozen=True)
class Proof:
    """One sampler of one backend, over all seeds.

    Attributes:
        identical, suggestions: how many suggestions are the same, of how many.
        ratio: CPU time in crosstune over CPU time by hand, all seeds together.
        refused: why it was not run; None when it was.
    """

    backend: str
    sampler: str
    identical: int = 0
    suggestions: int = 0
    ratio: float = math.nan
    first_difference: Difference | None = None
    refused: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every suggestion is the same."""
        return self.refused is None and self.identical == self.suggestions


def verify(
    spec: Spec | str | Path | dict[str, Any],
    *,
    backends: Sequence[str] = (),
    samplers: Sequence[str] = (),
    seeds: int = SEEDS,
    trials: int = TRIALS,
) -> Iterator[Proof]:
    """Run each library by hand on the spec's space, and crosstune beside it.

    The objective is a smooth function of the point, so that only the engines take time.

    Args:
        spec: its space is searched.
        backends, samplers: which ones; empty for all that are installed.
        seeds: how many, from 1 on (Keras Tuner takes 0 for none).
        trials: how many suggestions a seed.

    Yields:
        A proof for each sampler as it is done.

    Raises:
        RequestError: no such backend or sampler.
    """
    space = load(spec).space
    for backend in backends or adapters.names():
        try:
            adapter = adapters.get(backend)
        except MissingLibrary as error:
            if backends:
                raise
            yield Proof(backend, "", refused=str(error))
            continue
        known = [name for name, a in adapter.algorithms.items() if a.refused is None]
        wanted = [adapter.roles.get(name, name) for name in samplers] or known
        for algorithm in dict.fromkeys(wanted):
            if algorithm in known:
                yield _prove(backend, algorithm, space, seeds, trials)
            elif backends:
                raise RequestError(no_such(f"{backend} sampler", algorithm, known))


def _prove(backend: str, algorithm: str, space: Space, seeds: int, trials: int) -> Proof:
    measure = smooth(space)
    identical = suggestions = 0
    cost = {"by hand": 0.0, "crosstune": 0.0}
    first: Difference | None = None
    try:
        by_hand = _by_hand(backend)
        adapters.get(backend).algorithm(algorithm)
        # Libraries import parts of themselves at the first suggestion.
        _through(backend, algorithm, space, 1, 2, measure)
        by_hand(algorithm, space, seed=1, trials=2, loss=measure)
        for seed in range(1, seeds + 1):
            start = time.process_time()
            ours = _through(backend, algorithm, space, seed, trials, measure)
            middle = time.process_time()
            theirs = by_hand(algorithm, space, seed=seed, trials=trials, loss=measure)
            cost["crosstune"] += middle - start
            cost["by hand"] += time.process_time() - middle
            same, difference = _compare(theirs, ours, seed)
            identical += same
            suggestions += max(len(theirs), len(ours))
            first = first or difference
    except (Unsupported, MissingLibrary) as error:
        return Proof(backend, algorithm, refused=str(error))
    ratio = cost["crosstune"] / cost["by hand"] if cost["by hand"] else math.nan
    return Proof(backend, algorithm, identical, suggestions, ratio, first)


def _by_hand(backend: str) -> Callable[..., list[Suggestion]]:
    try:
        module = importlib.import_module(f"crosstune.proofs.by_hand.{backend}")
    except ModuleNotFoundError as error:
        raise Unsupported(f"nobody has written how {backend} is called by hand") from error
    search: Callable[..., list[Suggestion]] = module.search
    return search


def _through(
    backend: str, algorithm: str, space: Space, seed: int, trials: int, measure: Loss
) -> list[Suggestion]:
    made: list[Suggestion] = []

    def objective(params: Params, trial: optuna.Trial) -> float:
        planned = budget(trial)
        made.append(Suggestion(params, None if planned is None else planned.epochs))
        return measure(made[-1])

    study = tune(
        Spec(space=space, seed=seed, name="verify"),
        objective,
        backend=backend,
        sampler=algorithm,
        trials=trials,
        dialect="crosstune",
    )
    (record,) = study.user_attrs[RUNS]
    if not record["native"]:
        raise Unsupported("; ".join(record["notes"]))
    return made


def _compare(
    theirs: list[Suggestion], ours: list[Suggestion], seed: int
) -> tuple[int, Difference | None]:
    """How many are the same, number by number, and where the first is not."""
    same = 0
    first: Difference | None = None
    for i in range(max(len(theirs), len(ours))):
        a = theirs[i] if i < len(theirs) else None
        b = ours[i] if i < len(ours) else None
        if repr(a) == repr(b):
            same += 1
        elif first is None:
            first = Difference(seed, i, a, b)
    return same, first


def smooth(space: Space) -> Loss:
    """A function of a suggestion: squared distances of the coordinates from a point inside.

    Every parameter has its say, and more epochs bring a smaller value.
    """
    targets = {name: zlib.crc32(name.encode()) / 2**32 for name in space}

    def measure(suggestion: Suggestion) -> float:
        value = sum(
            (_place(space[name], held) - targets[name]) ** 2
            for name, held in suggestion.params.items()
        )
        return value + 1 / (suggestion.epochs or 1)

    return measure


def _place(item: Parameter, value: Scalar) -> float:
    """Where a value stands in its range, 0 to 1."""
    coordinate = item.coordinate
    if coordinate is None:
        return 0.0
    raw = item.encode(value)
    match coordinate:
        case Index(n):
            return raw / (n - 1)
        case LogInteger(low, high) | Continuous(low, high, log=True):
            return math.log(raw / low) / math.log(high / low)
        case Continuous(low, high):
            return (raw - low) / (high - low)
    raise CrosstuneError(f"no place for {item!r}")
