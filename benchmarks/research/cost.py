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
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click
import optuna
from rich.console import Console
from rich.table import Table

from crosstune.benchmarks.research import by_hand
from crosstune.benchmarks.research.cost_claims import CLAIMS, Claim, Measured
from crosstune.benchmarks.research.engine_clock import EngineClock
from crosstune.engines import registry as adapters
from crosstune.errors import CrosstuneError
from crosstune.space.space import Params
from crosstune.spec.spec import Spec
from crosstune.tuning.tune import tune


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
