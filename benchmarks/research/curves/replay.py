"""What a pruner saves, and what it costs: studies replayed on recorded learning curves.

    python -m crosstune.benchmarks.research.curves.replay digits --backend optuna

A trial draws a setting of the grid, and its reports are the curve that was recorded for it. Every
pruner has the same seeds, and a seed's difference to the study without a pruner is one
observation; the intervals are Student's, 95 %. Two cores need a quarter of a minute for the
twenty seeds of a set. With Keras Tuner's Bayesian search one study alone takes minutes; `--out`
keeps each, so that a later call goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial, TrialState
from scipy import stats

import crosstune
from crosstune.benchmarks.research.curves.grids import EPOCHS, GRIDS, settings

LIBRARIES = ("crosstune", "optuna", "hyperopt", "keras-tuner")
SAMPLERS = {"optuna": "tpe", "hyperopt": "tpe", "keras_tuner": "bayesian"}
PRUNERS: dict[str, Mapping[str, Any]] = {
    "none": {"name": "none"},
    "median": {"name": "median"},
    "successive-halving": {"name": "successive-halving"},
    "hyperband": {"name": "hyperband", "max_resource": EPOCHS},
    "foresight": {"name": "none"},
    "curve": {"name": "curve"},
    "curve, level 0.2": {"name": "curve", "level": 0.2},
    "curve, level 0.3": {"name": "curve", "level": 0.3},
}
"""The last two are for a comparison with successive halving at the epochs that this spends.
`foresight` is none that could be: it knows where each curve ends, and stops at the second report
what would not become the best. What it loses, it loses because the sampler learns less.
"""
FREE = 3
"""How many complete trials come first with `foresight`, as with `curve`."""


LEVEL = "curve, level "


@dataclass(frozen=True)
class ReplayResult:
    """The result of one study.

    Attributes:
        share: of the epochs that were spent, of those without a pruner, in (0, 1].
        final: the best value of the complete trials.
        complete: the number of trials that were not pruned.
        milliseconds: mean time of a decision.
    """

    share: float
    final: float
    complete: int
    milliseconds: float


@cache
def curves(name: str) -> dict[tuple[Any, ...], list[float]]:
    """The curve of each setting of a set."""
    recorded = np.load(Path(__file__).with_name(f"{name}.npz"))["curves"].astype(float).tolist()
    return dict(zip((tuple(setting.values()) for setting in settings(name)), recorded, strict=True))


@dataclass(frozen=True)
class ReplaySetting:
    """One study; `versions` are those of the libraries."""

    name: str
    backend: str
    pruner: str
    seed: int
    trials: int
    versions: str


def carry_out(plan: ReplaySetting) -> tuple[ReplaySetting, ReplayResult]:
    """Replay a study."""
    return plan, replay(plan.name, plan.backend, plan.pruner, plan.seed, plan.trials)


def read(path: Path) -> dict[ReplaySetting, ReplayResult]:
    """The studies in a file; an incomplete line is left out."""
    results = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        with suppress(ValueError):
            plan, outcome = json.loads(line)
            results[ReplaySetting(**plan)] = ReplayResult(**outcome)
    return results


def replay(name: str, backend: str, pruner: str, seed: int, trials: int) -> ReplayResult:
    """The result of one study on recorded curves.

    Args:
        name: of the curves, a key of `GRIDS`.
        backend: a key of `SAMPLERS`.
        pruner: as for `options`.
        seed: of the study.
        trials: the number of trials.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    recorded = curves(name)
    spent, deciding = 0, 0.0
    ends: list[float] = []

    def train(params: dict[str, Any], trial: Trial) -> float:
        nonlocal spent, deciding
        curve = recorded[tuple(params[key] for key in GRIDS[name])]
        for epoch, value in enumerate(curve, 1):
            spent += 1
            trial.report(value, epoch)
            before = time.perf_counter()
            pruned = trial.should_prune() or (
                pruner == "foresight"
                and epoch == 2
                and len(ends) >= FREE
                and curve[-1] >= min(ends)
            )
            deciding += time.perf_counter() - before
            if pruned:
                raise optuna.TrialPruned
        ends.append(curve[-1])
        return curve[-1]

    study = crosstune.tune(
        {"name": f"{name}-{seed}", "metric": "value", "space": space(name)},
        train,
        backend=backend,
        sampler=SAMPLERS[backend],
        pruner=options(pruner),
        trials=trials,
        seed=seed,
    )
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return ReplayResult(
        spent / (EPOCHS * trials), study.best_value, len(complete), 1000 * deciding / spent
    )


def options(pruner: str) -> Mapping[str, Any]:
    """A pruner of the table as in a spec; any level of the curve pruner is accepted."""
    if pruner not in PRUNERS and pruner.startswith(LEVEL):
        return {"name": "curve", "level": float(pruner.removeprefix(LEVEL))}
    return PRUNERS[pruner]


def space(name: str) -> dict[str, Any]:
    """The grid as the space of a spec: numbers are ordered choices."""
    return {
        key: {"type": "choice", "values": values, "ordered": not isinstance(values[0], str)}
        for key, values in GRIDS[name].items()
    }


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """The mean, and half of its 95 % interval by Student's distribution."""
    error = stats.sem(differences) * stats.t.ppf(0.975, len(differences) - 1)
    return float(np.mean(differences)), float(error)


def table(name: str, backend: str, outcomes: Mapping[str, Sequence[ReplayResult]]) -> Iterator[str]:
    """The lines of a comparison of each pruner with none.

    Args:
        name: of the recorded curves.
        backend: a key of `SAMPLERS`.
        outcomes: by pruner, the results under the same seeds.
    """
    yield f"{name}, {backend}:{SAMPLERS[backend]}"
    heads = (
        f"{'epochs':>8}{'final':>10}{'against none (95 %)':>26}{'worse':>7}{'better':>7}{'ms':>7}"
    )
    yield f"{'pruner':<20}{heads}"
    base = [outcome.final for outcome in outcomes["none"]]
    for pruner, results in outcomes.items():
        differences = [
            result.final - without for result, without in zip(results, base, strict=True)
        ]
        mean, error = interval(differences)
        yield (
            f"{pruner:<20}{np.mean([result.share for result in results]):>8.3f}"
            f"{np.mean([result.final for result in results]):>10.5f}"
            f"{f'{mean:+.5f} ± {error:.5f}':>26}"
            f"{sum(x > 1e-9 for x in differences):>7}{sum(x < -1e-9 for x in differences):>7}"
            f"{np.mean([result.milliseconds for result in results]):>7.2f}"
        )


def main() -> None:
    """Replay each pruner, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(GRIDS))
    parser.add_argument("--backend", choices=sorted(SAMPLERS), default="optuna")
    parser.add_argument("--seeds", type=int, default=20, help="how many (20)")
    parser.add_argument("--first-seed", type=int, default=1, help="they count from it (1)")
    parser.add_argument("--levels", type=float, nargs="+", default=[], help="of the curve pruner")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--jobs", type=int, help="processes; as many as there are cores if absent")
    parser.add_argument("--out", type=Path, help="a file that keeps each study, to go on from")
    parser.add_argument("--pruners", nargs="*", choices=list(PRUNERS), default=list(PRUNERS))
    arguments = parser.parse_args()
    if (
        arguments.seeds < 2
        or (arguments.jobs is not None and arguments.jobs < 1)
        or arguments.trials < 5
    ):
        parser.error("an interval needs 2 seeds or more, a study 5 trials, and a pool 1 job")
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"python {platform.python_version()}, {versions}")
    levels = [f"{LEVEL}{level}" for level in arguments.levels]
    plans = [
        ReplaySetting(arguments.name, arguments.backend, pruner, seed, arguments.trials, versions)
        for pruner in dict.fromkeys(["none", *arguments.pruners, *levels])
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    ]
    done = read(arguments.out) if arguments.out else {}
    left = [plan for plan in plans if plan not in done]
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        for plan, outcome in pool.imap_unordered(carry_out, left):
            done[plan] = outcome
            if arguments.out:
                with arguments.out.open("a") as file:
                    print(json.dumps([asdict(plan), asdict(outcome)]), file=file)
    outcomes: dict[str, list[ReplayResult]] = {}
    for plan in plans:
        outcomes.setdefault(plan.pruner, []).append(done[plan])
    print("\n".join(table(arguments.name, arguments.backend, outcomes)))


if __name__ == "__main__":
    main()
