"""The proof of the second promise: each library by hand and crosstune, side by side."""

from __future__ import annotations

import logging
import math
import pickle
import time
import zlib
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna

from crosstune.engines import registry as adapters
from crosstune.engines.record_names import RUNS
from crosstune.errors import (
    CrosstuneError,
    MissingLibrary,
    RequestError,
    RunError,
    Unsupported,
    no_such,
)
from crosstune.proofs.by_hand import Loss, Suggestion
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Parameter, Scalar
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Spec, load
from crosstune.study.trials import budget
from crosstune.system.child_processes import Children, Died
from crosstune.system.cores import shared_cores
from crosstune.system.main_guard import check_guarded
from crosstune.tuning.tune import tune

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


@dataclass(frozen=True)
class Progress:
    """How far `verify` is.

    Attributes:
        done, total: runs. A run is one sampler under one seed, by hand and through crosstune. A
            sampler that refuses the space has one run.
        seconds_left: an estimate; None until each sampler has finished a run.
    """

    done: int
    total: int
    seconds_left: float | None


def verify(
    spec: Spec | str | Path | dict[str, Any],
    *,
    backends: Sequence[str] = (),
    samplers: Sequence[str] = (),
    seeds: int = SEEDS,
    trials: int = TRIALS,
    jobs: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[Proof]:
    """Run each library by hand on the spec's space, and crosstune beside it.

    The objective is a smooth function of the point, so that only the engines take time.

    Args:
        spec: its space is searched.
        backends, samplers: which ones; empty for all that are installed.
        seeds: how many, from 1 on (Keras Tuner takes 0 for none).
        trials: how many suggestions a seed.
        jobs: how many runs at a time, each in a process. With 1, or a single run, everything
            happens in this process. It does so too if the space cannot be pickled.
        progress: called at the start and after each run.

    Yields:
        A proof for each sampler as it is done, in the order of the backends.

    Raises:
        RequestError: no such backend or sampler, or the main script would start the processes
            again in each of them.
        RunError: a process died.
    """
    space = load(spec).space
    proofs = list(_planned(backends, samplers))
    names = [(proof.backend, proof.sampler) for proof in proofs if proof.refused is None]
    # The first seed of every sampler comes first, since it tells how long the others will take.
    first = [_Task(*name, 1, trials) for name in names]
    others = [_Task(*name, seed, trials) for name in names for seed in range(2, seeds + 1)]
    tasks = [*first, *others]
    jobs = max(1, min(jobs, len(tasks)))
    packed = _packed(space) if jobs > 1 else None
    if packed is None:
        jobs = 1
        runs = _run_here(tasks, space)
    else:
        check_guarded("crosstune verify with several jobs")
        runs = _run_in_processes(tasks, packed, jobs)
    finished: dict[tuple[str, str], list[_Run]] = {name: [] for name in names}
    begin = time.monotonic()
    tell = progress or (lambda _: None)
    tell(Progress(0, len(tasks), None))
    with closing(runs):
        for proof in proofs:
            mine = finished.get((proof.backend, proof.sampler), [])
            while proof.refused is None and len(mine) < _wanted(mine, seeds):
                task, run = next(runs)
                finished[task.name].append(run)
                tell(_progress(finished.values(), seeds, jobs, time.monotonic() - begin))
            yield _summary(proof, mine) if mine else proof


def _planned(backends: Sequence[str], samplers: Sequence[str]) -> Iterator[Proof]:
    """An empty proof for each sampler to run, and one for each backend that is not installed."""
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
                yield Proof(backend, algorithm)
            elif backends:
                raise RequestError(no_such(f"{backend} sampler", algorithm, known))


@dataclass(frozen=True)
class _Task:
    """A sampler under one seed."""

    backend: str
    sampler: str
    seed: int
    trials: int

    @property
    def name(self) -> tuple[str, str]:
        return self.backend, self.sampler


@dataclass(frozen=True)
class _Run:
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


def _run(task: _Task, space: Space) -> _Run:
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
        return _Run(seed, seconds=time.monotonic() - begin, refused=str(error))
    same, difference = _compare(theirs, ours, seed)
    return _Run(
        seed,
        identical=same,
        suggestions=max(len(theirs), len(ours)),
        by_hand=end - middle,
        crosstune=middle - start,
        seconds=time.monotonic() - begin,
        first_difference=difference,
    )


def _packed(space: Space) -> bytes | None:
    """The space for another process, or None if it cannot be sent, as with a local function."""
    try:
        return pickle.dumps(space)
    except Exception:
        return None


def _run_here(tasks: Sequence[_Task], space: Space) -> Generator[tuple[_Task, _Run]]:
    """Each task with its result. A sampler that refuses one seed is not asked again."""
    refused = set()
    for task in tasks:
        if task.name not in refused:
            run = _run(task, space)
            if run.refused is not None:
                refused.add(task.name)
            yield task, run


def _run_in_processes(
    tasks: Sequence[_Task], space: bytes, jobs: int
) -> Generator[tuple[_Task, _Run]]:
    """Each task with its result, as it is done; like `_run_here`, `jobs` at a time."""
    # Threads of numeric libraries that wait for a core burn CPU time.
    with shared_cores(jobs):
        children = Children(jobs, _silence)
        whole = False
        try:
            futures = {children.submit(_run_packed, task, space): task for task in tasks}
            refused = set()
            for future in as_completed(futures):
                task = futures[future]
                if future.cancelled() or task.name in refused:
                    continue
                run = future.result()
                if run.refused is not None:
                    refused.add(task.name)
                    for other, its in futures.items():
                        if its.name == task.name:
                            other.cancel()
                yield task, run
            whole = True
        except Died as error:
            raise RunError(
                "a process of crosstune verify died, perhaps for lack of memory. --jobs 1 runs "
                "everything in one process"
            ) from error
        finally:
            children.end(now=not whole)


def _run_packed(task: _Task, space: bytes) -> _Run:
    loaded: Space = pickle.loads(space)
    return _run(task, loaded)


def _silence() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)


def _wanted(runs: Sequence[_Run], seeds: int) -> int:
    """The number of runs of a sampler: one for each seed, unless it refuses."""
    return len(runs) if any(run.refused is not None for run in runs) else seeds


def _progress(
    finished: Collection[Sequence[_Run]], seeds: int, jobs: int, passed: float
) -> Progress:
    """The time left is estimated by the mean time of each sampler's runs."""
    done = sum(map(len, finished))
    total = sum(_wanted(runs, seeds) for runs in finished)
    if not all(finished):
        return Progress(done, total, None)
    work = sum(
        _wanted(runs, seeds) * sum(run.seconds for run in runs) / len(runs) for runs in finished
    )
    return Progress(done, total, max(0.0, work / jobs - passed))


def _summary(proof: Proof, runs: Sequence[_Run]) -> Proof:
    runs = sorted(runs, key=lambda run: run.seed)
    refused = next((run.refused for run in runs if run.refused is not None), None)
    if refused is not None:
        return replace(proof, refused=refused)
    by_hand = sum(run.by_hand for run in runs)
    differences = [run.first_difference for run in runs if run.first_difference is not None]
    return replace(
        proof,
        identical=sum(run.identical for run in runs),
        suggestions=sum(run.suggestions for run in runs),
        ratio=sum(run.crosstune for run in runs) / by_hand if by_hand else math.nan,
        first_difference=differences[0] if differences else None,
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
