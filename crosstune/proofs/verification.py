"""The proof of the second promise: crosstune suggests the same points as each library by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crosstune.engines import registry as adapters
from crosstune.errors import MissingLibrary, RequestError, no_such
from crosstune.proofs.processes import pack, run_here, run_in_processes
from crosstune.proofs.side_by_side import Difference, SeedRun, SeedTask
from crosstune.spec.spec import Spec, load
from crosstune.system.main_guard import check_guarded

TRIALS = 60
SEEDS = 5


@dataclass(frozen=True)
class Proof:
    """One sampler of one backend, over all seeds.

    Attributes:
        identical, suggestions: number of identical suggestions, and of all suggestions.
        ratio: CPU time in crosstune over CPU time by hand, all seeds together.
        refused: why it was not run; None if it was.
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
        """Whether every suggestion is identical."""
        return self.refused is None and self.identical == self.suggestions


@dataclass(frozen=True)
class Progress:
    """The progress of `verify`.

    Attributes:
        done, total: number of runs. A run is one sampler under one seed, by hand and through
            crosstune. A sampler that refuses the space has one run.
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
    """Search the spec's space with each library by hand and through crosstune, and compare.

    The objective is a smooth function of the point, so that only the engines take time.

    Args:
        spec: its space is searched, for as many metrics as it has, and under a constraint if it has
            some.
        backends, samplers: names; empty for all that are installed.
        seeds: number of seeds, from 1 on (Keras Tuner treats 0 as no seed).
        trials: number of suggestions per seed.
        jobs: number of runs at a time, each in its own process. Everything happens in this process
            if there is one job or one run, or if the space cannot be pickled.
        progress: called at the start and after each run.

    Yields:
        A proof for each sampler, in the order of the backends.

    Raises:
        RequestError: no such backend or sampler, or the main script would start the processes
            again in each of them.
        RunError: a process died.
    """
    loaded = load(spec)
    space = loaded.space
    measures = (len(loaded.objectives), bool(loaded.constraints))
    proofs = list(_planned(backends, samplers))
    names = [(proof.backend, proof.sampler) for proof in proofs if proof.refused is None]
    # The first seed of every sampler comes first, to estimate how long the others will take.
    first = [SeedTask(*name, 1, trials, *measures) for name in names]
    others = [
        SeedTask(*name, seed, trials, *measures) for name in names for seed in range(2, seeds + 1)
    ]
    tasks = [*first, *others]
    jobs = max(1, min(jobs, len(tasks)))
    packed = pack(space) if jobs > 1 else None
    if packed is None:
        jobs = 1
        runs = run_here(tasks, space)
    else:
        check_guarded("crosstune verify with several jobs")
        runs = run_in_processes(tasks, packed, jobs)
    finished: dict[tuple[str, str], list[SeedRun]] = {name: [] for name in names}
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
        available = [name for name, a in adapter.algorithms.items() if a.refused is None]
        wanted = [adapter.roles.get(name, name) for name in samplers] or available
        for algorithm in dict.fromkeys(wanted):
            if algorithm in available:
                yield Proof(backend, algorithm)
            elif backends:
                raise RequestError(no_such(f"{backend} sampler", algorithm, available))


def _wanted(runs: Sequence[SeedRun], seeds: int) -> int:
    """The number of runs of a sampler: one for each seed, unless it refuses."""
    return len(runs) if any(run.refused is not None for run in runs) else seeds


def _progress(
    finished: Collection[Sequence[SeedRun]], seeds: int, jobs: int, passed: float
) -> Progress:
    """The progress; the time left is estimated from the mean time of each sampler's runs."""
    done = sum(map(len, finished))
    total = sum(_wanted(runs, seeds) for runs in finished)
    if not all(finished):
        return Progress(done, total, None)
    work = sum(
        _wanted(runs, seeds) * sum(run.seconds for run in runs) / len(runs) for runs in finished
    )
    return Progress(done, total, max(0.0, work / jobs - passed))


def _summary(proof: Proof, runs: Sequence[SeedRun]) -> Proof:
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
