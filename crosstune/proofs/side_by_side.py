"""One sampler under one seed: its library called by hand, and through crosstune."""

from __future__ import annotations

import inspect
import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna

from crosstune.engines import registry as adapters
from crosstune.engines.record_names import RUNS
from crosstune.errors import CrosstuneError, MissingLibrary, Unsupported
from crosstune.proofs.by_hand import Loss, SeveralLosses, Suggestion
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
    objectives: int = 1
    constrained: bool = False

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
    losses = several(space, task.objectives, constrained=task.constrained)
    begin = time.monotonic()
    try:
        by_hand = _by_hand(backend)
        adapters.get(backend).algorithm(algorithm)
        # Libraries import parts of themselves at the first suggestion.
        more: dict[str, Any] = {}
        if losses is not None and "losses" in inspect.signature(by_hand).parameters:
            more = {"losses": losses}
        _through(backend, algorithm, space, 1, 2, measure, losses)
        by_hand(algorithm, space, seed=1, trials=2, loss=measure, **more)
        start = time.process_time()
        ours = _through(backend, algorithm, space, seed, trials, measure, losses)
        middle = time.process_time()
        theirs = by_hand(algorithm, space, seed=seed, trials=trials, loss=measure, **more)
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
    backend: str,
    algorithm: str,
    space: Space,
    seed: int,
    trials: int,
    measure: Loss,
    losses: SeveralLosses | None,
) -> list[Suggestion]:
    made: list[Suggestion] = []
    measures: dict[str, Any] = {}
    if losses is not None:
        names = [f"f{i}" for i in range(len(losses.objectives))]
        measures = {"metrics": names} if len(names) > 1 else {"metric": names[0]}
        measures["constraints"] = [{"metric": name, "max": 0} for name in losses.constraints]

    def objective(params: Params, trial: optuna.Trial) -> float | dict[str, float]:
        planned = budget(trial)
        made.append(Suggestion(params, None if planned is None else planned.epochs))
        if losses is None:
            return measure(made[-1])
        values = dict(zip(names, (loss(made[-1]) for loss in losses.objectives), strict=True))
        return values | {name: loss(made[-1]) for name, loss in losses.constraints.items()}

    study = tune(
        Spec(space=space, seed=seed, name="verify", **measures),
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


def several(space: Space, objectives: int, *, constrained: bool) -> SeveralLosses | None:
    """Several smooth functions, and a constraint that about half of the space meets.

    Args:
        space: of the suggestions.
        objectives: the number of functions.
        constrained: whether there is the constraint.

    Returns:
        None for one function without a constraint.
    """
    if objectives == 1 and not constrained:
        return None
    limit = len(space.searched) / 6  # about the mean of a smooth function
    far = smooth(space, "c")

    def constraint(suggestion: Suggestion) -> float:
        return far(suggestion) - limit

    functions = [smooth(space, str(i) if i else "") for i in range(objectives)]
    return SeveralLosses(functions, {"c": constraint} if constrained else {})


def smooth(space: Space, salt: str = "") -> Loss:
    """A function of a suggestion: squared distances of the coordinates from a point in the space.

    It depends on every parameter, and decreases with the epochs. Another salt gives another point.
    """
    targets = {name: zlib.crc32(f"{name}{salt}".encode()) / 2**32 for name in space}

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
