"""Check that a match is fair: exactly the same space for every contender."""

from __future__ import annotations

import math

from crosstune.benchmarks.match.contender import Contender
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines.budget import check_repeats
from crosstune.errors import CrosstuneError, RequestError
from crosstune.proofs.certificate import check
from crosstune.space.verdicts import EXACT
from crosstune.study.choice import repeating
from crosstune.tuning.front import settle


def check_fairness(
    problems: tuple[Problem, ...], contenders: tuple[Contender, ...], limits: RunLimits
) -> None:
    """Refuse an unfair match before anything is evaluated.

    Args:
        problems: of the match; their objectives are imported.
        contenders: of the match.
        limits: of a run.

    Raises:
        RequestError: a contender cannot search a space exactly as stated, an objective cannot
            be found, or a limit makes no sense.
    """
    if limits.trials is limits.seconds is limits.epochs is None:
        raise RequestError("a match needs a budget: trials, seconds or epochs")
    for name in ("trials", "seconds", "epochs", "workers"):
        value = getattr(limits, name)
        if value is not None and not 0 < value < math.inf:
            raise RequestError(f"{name} has to be above 0, not {value!r}")
    if limits.first < 0:
        raise RequestError(f"the shared first design has 0 points or more, not {limits.first}")
    if len({problem.name for problem in problems}) < len(problems):
        raise RequestError("two problems have the same name")
    refusals = [
        refusal
        for problem in problems
        for contender in contenders
        if (refusal := _refusal(problem, contender, limits)) is not None
    ]
    if refusals:
        raise RequestError("the match would not be fair:\n" + "\n".join(refusals))
    for problem in problems:
        _ = problem.prepared


def _refusal(problem: Problem, contender: Contender, limits: RunLimits) -> str | None:
    """Why a contender cannot take part on a problem, or None if it can."""
    where = f"  {contender.label} on {problem.name}: "
    try:
        engine = settle(contender.request(problem.spec, engine_seed(0), limits.trials)).engine
        if problem.spec.repeats:
            check_repeats(problem.spec.repeats, limits.trials)
            repeating(engine, problem.spec.repeats)
    except CrosstuneError as error:
        return where + str(error)
    certificate = check(problem.space, backends=[contender.backend])
    off = [
        f"{name!r} is {verdict}"
        for verdicts in certificate.verdicts.values()
        for name, verdict in verdicts.items()
        if verdict.kind != EXACT
    ]
    if off:
        return where + ", ".join(off)
    if engine.scheduler is not None:
        if limits.epochs is None:
            return where + (
                f"{engine.scheduler.name} trains most points in part, so trials are no equal "
                "budget: give the match a number of epochs, as --epochs 500 or epochs=500"
            )
        if limits.workers is not None or problem.batch > 1:
            return where + "batches and a simulated clock have no scheduler"
    if problem.spec.repeats and (limits.workers is not None or problem.batch > 1):
        return where + "batches and a simulated clock have no repeats"
    if limits.workers is None:
        return None
    if problem.duration is None:
        return where + "a simulated clock needs recorded times, and this has none"
    pruner = contender.pruner or problem.spec.pruner
    if pruner is not None and pruner.name != "none":
        return where + "trials cannot be pruned on a simulated clock"
    algorithm = engine.adapter.algorithms.get(engine.algorithm)
    if algorithm is not None and algorithm.scheduler and limits.workers > 1:
        return where + "it waits for running trials, so it has one worker"
    return None
