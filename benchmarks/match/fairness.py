"""Whether a match would be fair: the same space, exactly, for every contender."""

from __future__ import annotations

import math

from crosstune.benchmarks.match.contender import Contender
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import CrosstuneError, RequestError
from crosstune.proofs.certificate import check
from crosstune.space.verdicts import EXACT
from crosstune.tuning.front import settle


def check_fairness(
    problems: tuple[Problem, ...], contenders: tuple[Contender, ...], limits: RunLimits
) -> None:
    """Refuse what cannot be a fair match, before anything is evaluated.

    Raises:
        RequestError: a contender cannot search a space exactly as stated, an objective cannot
            be found, or a limit makes no sense.
    """
    if limits.trials is limits.seconds is limits.epochs is None:
        raise RequestError("a match needs a budget: trials, seconds or epochs")
    for name in ("trials", "seconds", "epochs", "workers"):
        given = getattr(limits, name)
        if given is not None and not 0 < given < math.inf:
            raise RequestError(f"{name} has to be above 0, not {given!r}")
    if limits.first < 0:
        raise RequestError(f"the shared first design has 0 points or more, not {limits.first}")
    if len({problem.name for problem in problems}) < len(problems):
        raise RequestError("two problems have the same name")
    refusals = [
        refusal
        for problem in problems
        for each in contenders
        if (refusal := _refusal(problem, each, limits)) is not None
    ]
    if refusals:
        raise RequestError("the match would not be fair:\n" + "\n".join(refusals))
    for problem in problems:
        _ = problem.prepared


def _refusal(problem: Problem, each: Contender, limits: RunLimits) -> str | None:
    """Why a contender cannot take part on a problem; None where it can."""
    where = f"  {each.label} on {problem.name}: "
    try:
        engine = settle(each.request(problem.spec, engine_seed(0), limits.trials)).engine
    except CrosstuneError as error:
        return where + str(error)
    certificate = check(problem.space, backends=[each.backend])
    off = [
        f"{name!r} is {verdict}"
        for held in certificate.verdicts.values()
        for name, verdict in held.items()
        if verdict.kind != EXACT
    ]
    if off:
        return where + ", ".join(off)
    if limits.workers is None:
        return None
    if problem.duration is None:
        return where + "a simulated clock needs recorded times, and this has none"
    pruner = each.pruner or problem.spec.pruner
    if pruner is not None and pruner.name != "none":
        return where + "trials cannot be pruned on a simulated clock"
    algorithm = engine.adapter.algorithms.get(engine.algorithm)
    if algorithm is not None and algorithm.scheduler and limits.workers > 1:
        return where + "it waits for running trials, so it has one worker"
    return None
