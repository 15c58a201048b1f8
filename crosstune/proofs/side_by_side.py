"""One sampler under one seed: its library called by hand, and through crosstune."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import optuna

from crosstune.engines import registry as adapters
from crosstune.engines.record_names import RUNS
from crosstune.errors import CrosstuneError, MissingLibrary, Unsupported
from crosstune.proofs.by_hand import Loss, Suggestion
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Parameter, Scalar
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Spec
from crosstune.study.trials import budget
from crosstune.tuning.tune import tune


@dataclass(frozen=True)
class Difference:
    """The first trial, counted from 0, at which two runs differ."""

    seed: int
    trial: int
    by_hand: Suggestion | None
    crosstune: Suggestion | None


@dataclass(frozen=True)
class SeedTask:
    """A sampler under one seed."""

    backend: str
    sampler: str
    seed: int
    trials: int

    @property
    def name(self) -> tuple[str, str]:
        """The backend and the sampler."""
        return self.backend, self.sampler


@dataclass(frozen=True)
class SeedRun:
    """The result of a task.

    Attributes:
        by_hand, crosstune: CPU seconds.
        seconds: wall time, all included.
    """

    seed: int
    identical: int = 0
    suggestions: int = 0
    by_hand: float = 0.0
    crosstune: float = 0.0
    seconds: float = 0.0
    first_difference: Difference | None = None
    refused: str | None = None


def run_task(task: SeedTask, space: Space) -> SeedRun:
    """Search a space with a sampler by hand and through crosstune, and compare."""
    backend, algorithm, seed, trials = task.backend, task.sampler, task.seed, task.trials
    measure = smooth(space)
    begin = time.monotonic()
    try:
        by_hand = _by_hand(backend)
        adapters.get(backend).algorithm(algorithm)
        # Libraries import parts of themselves at the first suggestion.
        _through(backend, algorithm, space, 1, 2, measure)
        by_hand(algorithm, space, seed=1, trials=2, loss=measure)
        start = time.process_time()
        ours = _through(backend, algorithm, space, seed, trials, measure)
        middle = time.process_time()
        theirs = by_hand(algorithm, space, seed=seed, trials=trials, loss=measure)
        end = time.process_time()
    except (Unsupported, MissingLibrary) as error:
        return SeedRun(seed, seconds=time.monotonic() - begin, refused=str(error))
    same, difference = _compare(theirs, ours, seed)
    return SeedRun(
        seed,
        identical=same,
        suggestions=max(len(theirs), len(ours)),
        by_hand=end - middle,
        crosstune=middle - start,
        seconds=time.monotonic() - begin,
        first_difference=difference,
    )


def _by_hand(backend: str) -> Callable[..., list[Suggestion]]:
    target = adapters.find(backend).by_hand
    if not target:
        raise Unsupported(f"nobody has written how {backend} is called by hand")
    search: Callable[..., list[Suggestion]] = adapters.imported(target)
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
    """The number of identical suggestions, and the first difference."""
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
    """A function of a suggestion: squared distances of the coordinates from a point in the space.

    It depends on every parameter, and decreases with the epochs.
    """
    targets = {name: zlib.crc32(name.encode()) / 2**32 for name in space}

    def measure(suggestion: Suggestion) -> float:
        value = sum(
            (_place(space[name], param) - targets[name]) ** 2
            for name, param in suggestion.params.items()
        )
        return value + 1 / (suggestion.epochs or 1)

    return measure


def _place(item: Parameter, value: Scalar) -> float:
    """The relative position of a value in its range, 0 to 1."""
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
