"""Matches that look like real ones, with the figures that statistics would give of them."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import (
    About,
    Evaluation,
    MatchRun,
    Results,
    Settings,
    best_evaluation,
)
from crosstune.benchmarks.statistics.verdicts import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    IncumbentCurve,
    Interval,
    Pair,
    Ranking,
    Standing,
    Summary,
)
from crosstune.spec.spec import Spec

SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
    "units": {"type": "int", "low": 16, "high": 256, "step": 16},
    "optimizer": {"type": "choice", "values": ["sgd", "adam", "rmsprop"]},
    "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
    "dropout": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
}
HTML = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
FORMULA = "=HYPERLINK(1)"


def about(name: str, *, metric: str = "accuracy", maximize: bool = True) -> About:
    direction = "maximize" if maximize else "minimize"
    spec = {"name": name, "metric": {"name": metric, "direction": direction}, "space": SPACE}
    return About(name, metric, maximize, Spec(**spec).space.fingerprint(), spec)


def quality(params: dict[str, Any]) -> float:
    """How good a point is, 0 to about 0.97."""
    good = 0.97 - 0.06 * abs(np.log10(params["lr"]) + 2.7) ** 1.2
    good -= 0.02 * abs(params["dropout"] - 0.2) + 0.02 * (params["optimizer"] == "rmsprop")
    return float(good - 0.0003 * abs(params["units"] - 160))


def a_run(
    problem: About,
    rng: np.random.Generator,
    *,
    skill: float,
    trials: int,
    cost: float,
    test: bool,
    fail: float,
    flat: bool,
) -> MatchRun:
    """Random points that draw in on the best so far, the faster the higher the skill."""
    space = Spec(**problem.spec).space
    evaluations: list[Evaluation] = []
    best: tuple[float, dict[str, Any]] | None = None
    clock = 0.0
    for number in range(trials):
        params = dict(space.sample(rng))
        if best and rng.random() < skill:
            near = best[1]["lr"] * 10 ** rng.normal(0, 0.3)
            lr = float(np.clip(near, 1e-5, 1e-1))
            units = int(np.clip(best[1]["units"] + 16 * rng.integers(-3, 4), 16, 256))
            params = {**best[1], "lr": lr, "units": units}
        seconds, sampler = float(rng.gamma(4, 0.6)), float(cost * rng.gamma(3, 1 / 3))
        clock += seconds + sampler
        times = {"seconds": seconds, "sampler_seconds": sampler, "ended": clock}
        if rng.random() < fail:
            error = "Traceback\nValueError: <b>loss</b> is NaN"
            evaluations.append(Evaluation(number, "failed", None, params, error=error, **times))
            continue
        good = 0.5 if flat else quality(params) + rng.normal(0, 0.004)
        value = good if problem.maximize else 1 - good
        unseen = good - 0.006 - rng.gamma(1.5, 0.004)
        unseen = unseen if problem.maximize else 1 - unseen
        state = "pruned" if number > 5 and rng.random() < 0.08 else "complete"
        evaluations.append(
            Evaluation(number, state, value, params, unseen if test else None, epochs=5, **times)
        )
        if state == "complete" and (best is None or good > best[0]):
            best = (good, params)
    return MatchRun(tuple(evaluations), "done")


def results(
    problems: list[About],
    contenders: dict[str, tuple[float, float]],
    *,
    seeds: int = 20,
    trials: int = 50,
    test: bool = False,
    fail: float = 0.0,
    flat: bool = False,
) -> Results:
    """A match; `contenders` gives the skill and the seconds of a suggestion."""
    runs = {}
    for p, problem in enumerate(problems):
        for c, (name, (skill, cost)) in enumerate(contenders.items()):
            for seed in range(seeds):
                rng = np.random.default_rng((p, c, seed))
                runs[problem.name, name, seed] = a_run(
                    problem, rng, skill=skill, trials=trials, cost=cost, test=test, fail=fail,
                    flat=flat,
                )  # fmt: skip
    settings = Settings(
        problems=tuple(problems),
        contenders=tuple(contenders),
        seeds=seeds,
        trials=trials,
        first=3,
        versions={"python": "3.11.7", "crosstune": "0.1.0", "optuna": "5.0.0"},
        machine={"processor": "a processor", "cores": "2", "system": "Linux"},
        command=f"crosstune compare it.yaml --contenders {','.join(contenders)} --seeds {seeds}",
    )
    return Results(settings, runs)


def interval(values: NDArray[np.float64]) -> Interval | None:
    if len(values) < 2:
        return None
    half = 2.1 * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return Interval(float(np.mean(values)) - half, float(np.mean(values)) + half)


def _incumbents(run: MatchRun, trials: int, *, maximize: bool) -> NDArray[np.float64]:
    """The best feasible value after each of the first `trials` trials, shape (trials,).

    NaN before the first one. A run that ended early keeps its best to the end.
    """
    worst = -np.inf if maximize else np.inf
    found = np.full(trials, worst)
    for each in run.evaluations:
        if each.counts and each.number < trials:
            found[each.number] = each.value
    best = np.maximum.accumulate(found) if maximize else np.minimum.accumulate(found)
    best[best == worst] = np.nan
    return best


def summary(held: Results, margin: float = 0.003) -> Summary:
    """Means with plain intervals. The statistics have better ones; the report does not mind."""
    settings = held.settings
    names = settings.contenders
    trials = settings.trials or 0
    paths = {
        (about.name, name): np.array(
            [
                _incumbents(held.runs[about.name, name, seed], trials, maximize=about.maximize)
                for seed in range(settings.seeds)
            ]
        )
        for about in settings.problems
        for name in names
    }
    best = {
        about.name: float((np.nanmax if about.maximize else np.nanmin)(
            [paths[about.name, name] for name in names]
        ))
        for about in settings.problems
    }  # fmt: skip
    curves: dict[str, dict[str, dict[str, IncumbentCurve]]] = {}
    by_problem: dict[str, tuple[Standing, ...]] = {}
    final: dict[tuple[str, str], NDArray[np.float64]] = {}
    for about in settings.problems:
        reference = np.nanmean(paths[about.name, names[-1]][:, -1])
        width = abs(reference - best[about.name]) or 1.0
        lines = []
        curves[about.name] = {}
        regret = {name: abs(paths[about.name, name] - best[about.name]) / width for name in names}
        ends = np.array([regret[name][:, -1] for name in names])
        ranks = np.argsort(np.argsort(ends, axis=0), axis=0).mean(axis=1) + 1
        for c, name in enumerate(names):
            path = paths[about.name, name]
            runs = [held.runs[about.name, name, seed] for seed in range(settings.seeds)]
            mean = path.mean(axis=0)
            half = 2.1 * path.std(axis=0) / settings.seeds**0.5
            if settings.seeds == 1:
                half = np.full(trials, np.nan)
            ended = np.mean([[e.ended for e in run.evaluations] for run in runs], axis=0)
            budget = np.arange(1.0, trials + 1)
            area = float(np.nanmean(regret[name]))
            curves[about.name][name] = {
                "trials": IncumbentCurve(budget, mean, mean - half, mean + half, area),
                "seconds": IncumbentCurve(ended, mean, mean - half, mean + half),
            }
            final[about.name, name] = regret[name][:, -1]
            tests = [
                found.test
                for run in runs
                if (found := best_evaluation(run, maximize=about.maximize)) and found.test
            ]
            every = [each for run in runs for each in run.evaluations]
            sign = 1 if about.maximize else -1
            lines.append(
                Standing(
                    contender=name,
                    score=float(mean[-1]),
                    interval=interval(path[:, -1]),
                    test=float(np.mean(tests)) if tests else None,
                    test_interval=interval(np.array(tests)) if tests else None,
                    gap=sign * float(mean[-1] - np.mean(tests)) if tests else None,
                    regret=float(np.mean(regret[name][:, -1])),
                    area=area,
                    rank=float(ranks[c]),
                    runs=settings.seeds,
                    failed=sum(run.end == "failed" for run in runs),
                    ended_early=0,
                    trials=len(every),
                    failed_trials=sum(each.state == "failed" for each in every),
                    pruned_trials=sum(each.state == "pruned" for each in every),
                    sampler_seconds=float(np.mean([each.sampler_seconds for each in every])),
                    objective_seconds=float(np.mean([each.seconds for each in every])),
                )
            )
        by_problem[about.name] = tuple(sorted(lines, key=lambda each: each.rank))
    several = len(settings.problems) > 1
    over_all = over(by_problem, final, names) if several else by_problem[settings.problems[0].name]
    rankings = [ranking(held, over_all, final, "normalised regret" if several else "", margin)]
    if not several and over_all[0].test is not None:
        rankings.append(ranking(held, over_all, final, "", margin, unseen=True))
    return Summary(
        rankings=tuple(rankings),
        standings=over_all,
        by_problem=by_problem,
        curves=curves,
        scale={about.name: (1.0, "random search") for about in settings.problems},
        best_known=best,
        notes=("Intervals are of the mean over the seeds.",) if settings.seeds > 1 else (
            "There is one seed: no interval can be given, and nothing is decided.",
        ),
    )  # fmt: skip


def over(
    by_problem: dict[str, tuple[Standing, ...]],
    final: dict[tuple[str, str], NDArray[np.float64]],
    names: tuple[str, ...],
) -> tuple[Standing, ...]:
    """The standings over several problems."""
    lines = []
    for name in names:
        of = [each for rows in by_problem.values() for each in rows if each.contender == name]
        means = np.array([final[problem, name].mean() for problem in by_problem])
        lines.append(
            Standing(
                contender=name,
                score=float(means.mean()),
                interval=interval(means),
                test=None,
                test_interval=None,
                gap=None,
                regret=float(means.mean()),
                area=float(np.mean([each.area for each in of])),
                rank=float(np.mean([each.rank for each in of])),
                runs=sum(each.runs for each in of),
                failed=sum(each.failed for each in of),
                ended_early=0,
                trials=sum(each.trials for each in of),
                failed_trials=sum(each.failed_trials for each in of),
                pruned_trials=sum(each.pruned_trials for each in of),
                sampler_seconds=float(np.mean([each.sampler_seconds for each in of])),
                objective_seconds=float(np.mean([each.objective_seconds for each in of])),
            )
        )
    return tuple(sorted(lines, key=lambda each: each.rank))


def ranking(
    held: Results,
    standings: tuple[Standing, ...],
    final: dict[tuple[str, str], NDArray[np.float64]],
    measure: str,
    margin: float,
    *,
    unseen: bool = False,
) -> Ranking:
    """Pairs, decided by whether their interval leaves the margin."""
    about = held.settings.problems[0]
    sign = 1 if measure or not about.maximize else -1
    values = final
    if not measure:
        values = {}
        for name in held.settings.contenders:
            found = [
                best_evaluation(held.runs[about.name, name, seed], maximize=about.maximize)
                for seed in range(held.settings.seeds)
            ]
            values[about.name, name] = np.array(
                [(each.test if unseen else each.value) if each else np.nan for each in found],
                dtype=float,
            )
    pairs = []
    for a, b in combinations([each.contender for each in standings], 2):
        ahead = np.concatenate(
            [sign * (values[key.name, b] - values[key.name, a]) for key in held.settings.problems]
        )
        wins = float(np.mean((ahead > 0) + 0.5 * (ahead == 0)))
        within = interval(ahead)
        verdict, more = UNDECIDED, 12
        if within and within.low > 0:
            verdict, more = BETTER, None
        elif within and -margin < within.low and within.high < margin:
            verdict, more = EQUIVALENT, None
        p = None if within is None else float(np.clip(1 - wins, 0.0004, 1))
        pairs.append(Pair(a, b, verdict, len(ahead), float(ahead.mean()), within, wins, p, p, more))
    leader = standings[0].contender
    better = [pair.b for pair in pairs if pair.a == leader and pair.verdict == BETTER]
    where = " on unseen data" if unseen else ""
    sentence = (
        f"{leader} is better than {' and '.join(better)}{where}."
        if better
        else f"{leader} is ahead{where}, but there are not enough seeds to say so."
    )
    several = len(held.settings.problems) > 1
    return Ranking(
        measure=measure or about.metric,
        unseen=unseen,
        margin=margin,
        level=0.05,
        leader=leader,
        pairs=tuple(pairs),
        sentence=sentence,
        friedman=0.0004 if several else None,
        critical_distance=1.7 if several else None,
    )


THREE = {"optuna:tpe": (0.75, 0.008), "hyperopt:tpe": (0.6, 0.02), "optuna:random": (0.0, 0.0004)}
FIVE = {
    "optuna:gp": (0.9, 0.15),
    "optuna:tpe": (0.75, 0.008),
    "hyperopt:tpe": (0.7, 0.02),
    "keras_tuner:bayesian": (0.4, 2.6),
    "optuna:random": (0.0, 0.0004),
}


def one_problem(**keys: Any) -> Results:
    """Three contenders on one problem with a test score."""
    return results([about("digits")], THREE, test=True, **keys)


def several_problems(**keys: Any) -> Results:
    """Five contenders on six problems."""
    names = ("vehicle", "segment", "credit_g", "protein", "cifar100", "kc1")
    problems = [
        about(f"tables/{name}", metric="loss" if i % 2 else "accuracy", maximize=not i % 2)
        for i, name in enumerate(names)
    ]
    return results(problems, FIVE, **keys)


def hostile(**keys: Any) -> Results:
    """Names that would do harm where they are not escaped, and failures."""
    contenders = {
        HTML: (0.7, 0.01),
        SCRIPT: (0.6, 0.02),
        FORMULA: (0.1, 0.001),
        "_$\\frac$|`": (0, 0),
    }
    problem = about("../../<b>up</b>", metric="<i>loss</i>", maximize=False)
    return results([problem], contenders, **{"seeds": 4, "trials": 20, "fail": 0.1, **keys})
