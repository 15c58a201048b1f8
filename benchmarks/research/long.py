"""What a long study costs: CPU time and memory a trial, as the study grows, and its journal.

    python -m crosstune.benchmarks.research.long

Every trial makes 20 reports and asks after each whether to stop. Beside each engine the same study
runs on Optuna's own random sampler without crosstune. The cost of a stretch is that of its trials;
memory is that of the process, above what it was before the study. Each study has a process of its
own.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import optuna

import crosstune
from crosstune.study.storage import open_storage

LIBRARIES = ("crosstune", "optuna", "hyperopt", "keras-tuner")
PLAIN = "optuna, plain"
ENGINES = ("optuna:random", "hyperopt:rand", "keras_tuner:random", "crosstune:random")
REPORTS = 20
SPACE = {
    "rate": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
    "units": {"type": "int", "low": 1, "high": 512},
    "kind": {"type": "choice", "values": ["a", "b", "c"]},
    "momentum": {"type": "float", "low": 0, "high": 1, "when": {"kind": "a"}},
}


@dataclass
class Grown:
    """The figures of a study at each mark.

    Attributes:
        cpu: seconds of the process.
        memory: its resident bytes.
        journal: bytes of its file; 0 in memory.
    """

    cpu: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    journal: list[int] = field(default_factory=list)


def train(trial: optuna.Trial) -> float:
    """Twenty reports of a curve, without a cost of its own."""
    value = trial.suggest_float("rate", 1e-5, 1.0, log=True)
    value += trial.suggest_int("units", 1, 512) / 512
    if trial.suggest_categorical("kind", ["a", "b", "c"]) == "a":
        value += trial.suggest_float("momentum", 0.0, 1.0)
    for step in range(REPORTS):
        trial.report(value + 1 / (1 + step), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return value


def grow(engine: str, marks: list[int], place: str | None) -> Grown:
    """Run one study, and measure it at each mark.

    Args:
        engine: backend and sampler, or `PLAIN` for Optuna alone.
        marks: numbers of trials, ascending.
        place: path of the journal; None for in memory.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = _study(engine, place)
    grown = Grown()
    before = _resident()
    for last, mark in zip([0, *marks], marks, strict=False):
        gc.collect()
        start = time.process_time()
        study.optimize(train, n_trials=mark - last)
        grown.cpu.append(time.process_time() - start)
        gc.collect()
        grown.memory.append(_resident() - before)
        grown.journal.append(Path(place).stat().st_size if place else 0)
    return grown


def _study(engine: str, place: str | None) -> optuna.Study:
    pruner = optuna.pruners.NopPruner()
    if engine == PLAIN:
        return optuna.create_study(
            storage=open_storage(place),
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=pruner,
        )
    backend, sampler = engine.split(":")
    study = crosstune.create_study(
        {"space": SPACE, "seed": 0}, backend=backend, sampler=sampler, storage=place
    )
    study.pruner = pruner
    return study


def _resident() -> int:
    """Resident bytes now, or the maximum so far if the system does not report it."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _in_a_process(call: Callable[..., Grown], *arguments: object) -> Grown:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(call, arguments)


def table(marks: list[int], by_engine: dict[str, Grown]) -> Iterator[str]:
    """Milliseconds of CPU time per trial in each stretch, and kilobytes per trial in all."""
    stretches = [f"{low}-{mark}" for low, mark in zip([0, *marks], marks, strict=False)]
    heads = "".join(f"{stretch:>13}" for stretch in stretches)
    yield f"{'ms a trial':<22}{heads}{'kB a trial':>12}"
    for engine, grown in by_engine.items():
        counts = [mark - low for low, mark in zip([0, *marks], marks, strict=False)]
        cells = [1000 * cpu / count for cpu, count in zip(grown.cpu, counts, strict=True)]
        kilobytes = grown.memory[-1] / marks[-1] / 1000
        yield f"{engine:<22}" + "".join(f"{cell:>13.2f}" for cell in cells) + f"{kilobytes:>12.1f}"


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--marks", nargs="+", type=int, default=[1_000, 5_000, 10_000])
    parser.add_argument("--engines", nargs="+", default=[PLAIN, *ENGINES])
    parser.add_argument("--journal-trials", type=int, default=1_000)
    options = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"python {platform.python_version()}, {versions}; {REPORTS} reports a trial, in memory")
    by_engine = {
        engine: _in_a_process(grow, engine, options.marks, None) for engine in options.engines
    }
    print("\n".join(table(options.marks, by_engine)))
    with tempfile.TemporaryDirectory() as folder:
        print(f"\njournal, after {options.journal_trials} trials: kB a trial")
        for engine in options.engines:
            place = str(Path(folder) / f"{len(engine)}-{hash(engine)}.journal")
            grown = _in_a_process(grow, engine, [options.journal_trials], place)
            print(f"{engine:<22}{grown.journal[-1] / options.journal_trials / 1000:>10.2f}")


if __name__ == "__main__":
    main()
