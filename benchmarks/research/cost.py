"""What a trial costs in crosstune, beside the same search called by hand: CPU time, in memory.

    python -m crosstune.benchmarks.research.cost

Runs alternate in one process (by hand, crosstune, crosstune, by hand, ...), so that a slow
machine or a busy neighbour hits both alike, and only ratios within a pair are judged.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import numpy as np
import optuna
from rich.console import Console
from rich.table import Table

from crosstune.benchmarks.research import by_hand
from crosstune.engines import registry as adapters
from crosstune.engines.base import Adapter
from crosstune.errors import CrosstuneError
from crosstune.space.space import Params
from crosstune.spec.spec import Spec
from crosstune.tuning.tune import tune

ByHand = Callable[[int, int, Path], list[Params]]


@dataclass(frozen=True)
class Claim:
    """What is claimed of one sampler: CPU time in crosstune over CPU time by hand, at most.

    Attributes:
        limit: the ratio. The claim holds when the whole 95 % interval is below it.
        writes: whether the search by hand writes files.
    """

    backend: str
    sampler: str
    run: ByHand
    limit: float
    words: str
    writes: bool = False

    @property
    def name(self) -> str:
        """Backend and sampler, as written on the command line."""
        return f"{self.backend}:{self.sampler}"


CLAIMS = {
    claim.name: claim
    for claim in (
        Claim("optuna", "tpe", by_hand.optuna_tpe, 1.05, "within 5 % of study.optimize"),
        Claim("hyperopt", "tpe", by_hand.hyperopt_tpe, 1.0, "below fmin"),
        Claim(
            "keras_tuner",
            "random",
            by_hand.keras_tuner_random,
            0.5,
            "at least 2 times cheaper",
            True,
        ),
        Claim(
            "keras_tuner", "grid", by_hand.keras_tuner_grid, 0.5, "at least 2 times cheaper", True
        ),
    )
}


@dataclass
class Measured:
    """One claim at one size: CPU seconds of each run, in pairs.

    Attributes:
        folder: where the search by hand writes its files.
        engine, watched: of the runs under a clock, the engine's own share and the whole.
        identical: pairs in which both sides evaluated the same points in the same order.
    """

    claim: Claim
    trials: int
    folder: Path
    by_hand: list[float] = field(default_factory=list)
    crosstune: list[float] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)
    watched: list[float] = field(default_factory=list)
    identical: int = 0

    @property
    def name(self) -> str:
        """Backend and sampler, and where it writes by hand."""
        return self.claim.name + (f", files in {self.folder}" if self.claim.writes else "")

    @property
    def ratios(self) -> list[float]:
        """Crosstune over by hand, one a pair."""
        return [ours / theirs for ours, theirs in zip(self.crosstune, self.by_hand, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the pairs."""
        return statistics.median(self.ratios)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % percentile-bootstrap interval of the median, over pairs."""
        rng = np.random.default_rng(0)
        drawn = rng.choice(self.ratios, size=(10_000, len(self.ratios)))
        low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
        return float(low), float(high)

    @property
    def holds(self) -> bool:
        """Whether the claim does: for every ratio in the interval, by the same suggestions."""
        return self.interval[1] < self.claim.limit and self.identical == len(self.ratios)

    def per_trial(self, seconds: Sequence[float]) -> float:
        """The median of some runs, in milliseconds a trial."""
        return statistics.median(seconds) / self.trials * 1e3

    @property
    def host(self) -> list[float]:
        """What is not the engine's own: Optuna as the host, and crosstune."""
        return [
            whole - of_engine for whole, of_engine in zip(self.watched, self.engine, strict=True)
        ]

    @property
    def verdict(self) -> str:
        """The claim, what was found, and whether it holds."""
        low, high = self.interval
        ratio = f"ratio {self.ratio:.3f} ({low:.3f} to {high:.3f})"
        if self.claim.limit <= 0.5:
            ratio = f"{1 / self.ratio:.2f} times ({1 / high:.2f} to {1 / low:.2f})"
        note = ""
        if low < self.claim.limit <= high:
            note = "; more seeds may tell, since the interval reaches across the limit"
        pairs = len(self.ratios)
        same = f"suggestions identical in {self.identical} of {pairs} pairs"
        word = "holds" if self.holds else "falls short"
        return (
            f"{self.name}, {self.trials} trials, {self.claim.words}: {word}. {ratio}{note}; {same}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {
            "backend": self.claim.backend,
            "sampler": self.claim.sampler,
            "claim": self.claim.words,
            "limit": self.claim.limit,
            "trials": self.trials,
            "folder": str(self.folder) if self.claim.writes else None,
            "ratio": self.ratio,
            "interval": self.interval,
            "holds": self.holds,
            "pairs": len(self.ratios),
            "identical": self.identical,
            "by_hand_ms": [s / self.trials * 1e3 for s in self.by_hand],
            "crosstune_ms": [s / self.trials * 1e3 for s in self.crosstune],
            "engine_ms": [s / self.trials * 1e3 for s in self.engine],
            "host_ms": [s / self.trials * 1e3 for s in self.host],
        }


class EngineClock:
    """CPU seconds spent in an engine's own ask and tell.

    Where Optuna's sampler works on the ledger itself, that sampler is the engine.
    """

    ENGINE = ("ask", "tell", "replace", "insert")
    SAMPLER = (
        "before_trial",
        "infer_relative_search_space",
        "sample_relative",
        "sample_independent",
        "after_trial",
    )

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def on(self, adapter: Adapter) -> Iterator[None]:
        """Time every engine and every sampler that the adapter makes in here."""
        make_engine, make_sampler = adapter.engine, adapter.sampler

        def engine(*args: Any, **options: Any) -> Any:
            return self._watched(make_engine(*args, **options), self.ENGINE)

        def sampler(*args: Any, **options: Any) -> Any:
            return self._watched(make_sampler(*args, **options), self.SAMPLER)

        with patch.object(adapter, "engine", engine), patch.object(adapter, "sampler", sampler):
            yield

    def _watched(self, thing: Any, methods: Sequence[str]) -> Any:
        if thing is not None:
            for name in methods:
                setattr(thing, name, self._timed(getattr(thing, name)))
        return thing

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            before = time.process_time()
            try:
                return function(*args, **options)
            finally:
                self.seconds += time.process_time() - before

        return timed


def with_crosstune(claim: Claim, trials: int, seed: int) -> list[Params]:
    """The points that `crosstune.tune` evaluates in the search of a claim.

    Args:
        claim: names the engine.
        trials: the number of trials.
        seed: of the search.
    """
    points: list[Params] = []

    def objective(params: Params) -> float:
        points.append(params)
        return by_hand.loss(params)

    tune(
        Spec(space=by_hand.SPACE),
        objective,
        backend=claim.backend,
        sampler=claim.sampler,
        trials=trials,
        seed=seed,
    )
    return points


def measure(
    claim: Claim, trials: int, folder: Path, seeds: Sequence[int], watched: int
) -> Measured:
    """A pair of runs for each seed; the order alternates.

    Args:
        seeds: one a pair; a repeated seed is a repeated pair.
        watched: how many of them to run once more under an `EngineClock`.
    """
    measured = Measured(claim, trials, folder)
    for i, seed in enumerate(seeds):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            sides = {
                "hand": partial(claim.run, trials, seed, Path(place)),
                "ours": partial(with_crosstune, claim, trials, seed),
            }
            order = ("hand", "ours") if i % 2 == 0 else ("ours", "hand")
            timed = {side: _timed(sides[side]) for side in order}
        measured.by_hand.append(timed["hand"][0])
        measured.crosstune.append(timed["ours"][0])
        measured.identical += timed["hand"][1] == timed["ours"][1]
        if i < watched:
            clock = EngineClock()
            with clock.on(adapters.get(claim.backend)):
                measured.watched.append(_timed(sides["ours"])[0])
            measured.engine.append(clock.seconds)
    return measured


def _timed(run: Callable[[], list[Params]]) -> tuple[float, list[Params]]:
    gc.collect()
    before = time.process_time()
    points = run()
    return time.process_time() - before, points


def _folders() -> list[Path]:
    """The folder for temporary files, and one in memory."""
    memory = Path("/dev/shm")
    folders = [Path(tempfile.gettempdir())]
    return [*folders, memory] if os.access(memory, os.W_OK) and memory not in folders else folders


def environment() -> dict[str, Any]:
    """What the figures depend on: machine, versions."""
    versions = {"python": platform.python_version()}
    libraries = "crosstune optuna hyperopt keras-tuner keras jax torch numpy scipy scikit-learn"
    for library in libraries.split():
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return {"cpu": _cpu(), "cores": os.cpu_count(), "load": os.getloadavg(), "versions": versions}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def table(results: Sequence[Measured]) -> Table:
    """The figures, a row for each claim and size."""
    shown = Table(
        title="CPU ms per trial, medians over pairs of runs",
        title_justify="left",
        caption="engine: its own ask and tell, within crosstune. host: Optuna and crosstune.",
        caption_justify="left",
    )
    for heading in ("search", "trials", "pairs", "by hand", "crosstune", "engine", "host"):
        shown.add_column(heading, justify="left" if heading == "search" else "right")
    shown.add_column("ratio (95 %)", justify="right", no_wrap=True)
    shown.add_column("identical", justify="right")
    for row in results:
        low, high = row.interval
        split = [f"{row.per_trial(part):.3f}" if part else "" for part in (row.engine, row.host)]
        shown.add_row(
            row.name,
            str(row.trials),
            str(len(row.ratios)),
            f"{row.per_trial(row.by_hand):.3f}",
            f"{row.per_trial(row.crosstune):.3f}",
            *split,
            f"{row.ratio:.3f} ({low:.3f} to {high:.3f})",
            f"{row.identical} of {len(row.ratios)}",
        )
    return shown


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
\b
How to read it:
  by hand    a loop as the library's users write it (crosstune/benchmarks/by_hand.py)
  crosstune  all of crosstune.tune: making the study, and every trial
  engine     of that, the library's own ask and tell
  host       the rest: Optuna as the host, and crosstune
  ratio      crosstune over by hand, the median over pairs of runs that alternate, with a
             95 % bootstrap interval. A claim holds when the whole interval keeps it.
  identical  pairs in which both sides evaluated the same points in the same order

\b
Keras Tuner by hand writes its files, as it always does. What that costs depends on the
disk and on what else writes to it, so it is measured in the folder for temporary files and,
where there is one, in memory (/dev/shm), which is as cheap as it gets.

\b
Examples:
  python -m crosstune.benchmarks.research.cost
  python -m crosstune.benchmarks.research.cost --search optuna:tpe --trials 300 --seeds 30
  python -m crosstune.benchmarks.research.cost --json cost.json
""",
)
@click.option(
    "-s",
    "--search",
    "searches",
    multiple=True,
    type=click.Choice(list(CLAIMS)),
    help="What to measure; may be given several times. Default: all.",
)
@click.option(
    "-n",
    "--trials",
    "sizes",
    multiple=True,
    type=click.IntRange(1),
    default=(100, 300),
    show_default=True,
    help="Trials of a run; may be given several times.",
)
@click.option(
    "--seeds", type=click.IntRange(1), default=8, show_default=True, help="Seeds, from 1 on."
)
@click.option(
    "--repeats", type=click.IntRange(1), default=1, show_default=True, help="Pairs for each seed."
)
@click.option(
    "--watched",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="Further runs, under a clock that tells the engine's time from the host's.",
)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False, writable=True),
    help="Where Keras Tuner by hand writes its files; may be given several times.",
)
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write every figure to this file.",
)
def main(
    searches: Sequence[str],
    sizes: Sequence[int],
    seeds: int,
    repeats: int,
    watched: int,
    folders: Sequence[Path],
    file: Path | None,
) -> None:
    """Measure the CPU time of a trial in crosstune and in the same search by hand.

    The study is in memory, the objective costs next to nothing, and the space has ten
    parameters with two levels of conditions. Exit status 0, whether the claims hold or not.
    """
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}", param_hint="--json")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("hyperopt").setLevel(logging.ERROR)
    started = time.monotonic()
    progress, out = Console(stderr=True, highlight=False), Console(highlight=False)
    if not out.is_terminal:
        out = Console(highlight=False, width=120)
    watched = min(watched, seeds * repeats)
    pairs = [seed for seed in range(1, seeds + 1) for _ in range(repeats)]
    results: list[Measured] = []
    for name in searches or CLAIMS:
        claim = CLAIMS[name]
        try:
            adapters.get(claim.backend)
        except CrosstuneError as error:
            raise click.UsageError(str(error)) from error
        places = list(folders) or _folders()
        measure(claim, 15, places[0], [1], 1)  # Imports and first calls are not part of a trial.
        for trials in sizes:
            for folder in places if claim.writes else places[:1]:
                progress.print(f"{name}, {trials} trials, {len(pairs)} pairs ...")
                results.append(measure(claim, trials, folder, pairs, watched))
    about = {
        **environment(),
        "seeds": list(range(1, seeds + 1)),
        "repeats": repeats,
        "watched": watched,
        "seconds": time.monotonic() - started,
    }
    out.print(table(results))
    for result in results:
        out.print(result.verdict, soft_wrap=True)
    libraries = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    load = ", ".join(f"{value:.1f}" for value in about["load"])
    out.print(f"{about['cpu']}, {about['cores']} cores, load {load}; {libraries}", soft_wrap=True)
    out.print(
        f"Seeds 1 to {seeds}, {repeats} a seed; {watched} runs under the engine's clock; "
        f"{about['seconds']:.0f} s in all"
    )
    if file is not None:
        about["results"] = [result.to_dict() for result in results]
        file.write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
