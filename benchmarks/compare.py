"""`crosstune.compare`: a match from request to verdict."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from crosstune.benchmarks.match.contender import REFERENCE, Contender, Entry, contender
from crosstune.benchmarks.match.contender import contenders as all_contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.from_studies import from_studies
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match, Progress
from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.match.start import with_start
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines import budget as budgets
from crosstune.errors import RequestError
from crosstune.spec.spec import Spec, load
from crosstune.system.extras import needing, require
from crosstune.system.scalars import plain_arguments

LIBRARIES = ("scipy", "matplotlib", "jinja2")

with needing("a match", "crosstune[compare]", *LIBRARIES):
    from crosstune.benchmarks.comparison import Comparison
    from crosstune.benchmarks.statistics import summarize
    from crosstune.benchmarks.statistics.rankings import Rule
    from crosstune.benchmarks.statistics.sequential import Sequential

SEEDS = 10
TRIALS = 50
ROUND = 5
"""The number of seeds that `until_decided` adds at a time."""
CAP = 40
"""The largest number of seeds of `until_decided`."""

Subject: TypeAlias = Spec | str | Path | Mapping[str, Any] | Problem | Sequence[Problem]


@plain_arguments("spec")
def compare(
    spec: Subject,
    objective: Callable[..., Any] | str | None = None,
    *,
    contenders: Iterable[Entry] | str | None = None,
    seeds: int = SEEDS,
    trials: int | None = None,
    seconds: float | None = None,
    epochs: int | None = None,
    first: int = 0,
    start: str | Iterable[Mapping[str, Any] | str] | None = None,
    workers: int | None = None,
    jobs: int = 1,
    until_decided: bool = False,
    max_seeds: int = CAP,
    margin: float = 0.1,
    within: float | None = None,
    level: float = 0.05,
    out: str | Path | None = None,
    tensorboard: str | Path | None = None,
    progress: Progress | None = None,
    command: str = "",
    retry_failed: bool = False,
    same_objective: bool = False,
) -> Comparison:
    """Compare engines on a model in a match, with a statistical verdict.

    Each contender tunes the same space, under each seed, with the same budget. The k-th trial of
    every contender at a seed has the same `crosstune.trial_seed`.

    Args:
        spec: a spec in any form, a `Problem`, or several.
        objective: as for `tune`; defaults to the objective that the spec names.
        contenders: such as ``["optuna:tpe", "hyperopt:tpe+median"]``, or one string with commas;
            a class of Optuna samplers, or ``optuna:module:Class``, is one of your own.
            Defaults to the bayesian sampler of every installed engine, and random search.
        seeds: the number of runs of each contender on each problem.
        trials, seconds, epochs: the budget of a run, whichever is reached first. Defaults to
            the budget of the spec, or 50 trials. `seconds` count objective and sampler.
        first: the number of points, drawn once for all contenders, that come first.
        start: points that every contender evaluates before these; "defaults", alone or among
            them, is the objective's own default values. None: those of the spec.
        workers: run this many trials at once on a simulated clock, where times are recorded.
        jobs: the number of runs at once, in processes.
        until_decided: add seeds, five at a time, until every pair with the leader is decided, or
            `max_seeds` is reached. `seeds` is then ignored.
        margin: differences below this share of what random search leaves to gain count as none.
        within: the margin in the metric's units, for a match on one problem.
        level: the allowed chance of a false verdict, below 0.5.
        out: a folder for the results, from which a match resumes. None keeps them in memory.
        tensorboard: where to log every study.
        progress: called with the number of finished runs and of all runs.
        command: the command that the report shows.
        retry_failed: with `out`: repeat each run from its first failed trial.
        same_objective: with `out`: keep the results in the folder although the objective's code
            or data have changed, because it still measures the same.

    Raises:
        RequestError: the match cannot be fair, the folder holds another one or results of another
            objective, or a library is missing.
        RunError: a run could not continue. Results on file are kept.

    >>> space = {"x": {"type": "float", "low": -1, "high": 1}}
    >>> comparison = compare(
    ...     {"space": space},
    ...     lambda params: params["x"] ** 2,
    ...     contenders=["optuna:tpe", "optuna:random"],
    ...     seeds=2,
    ...     trials=5,
    ... )
    >>> comparison.summary.verdict.measure
    'value'
    """
    require("a match", "crosstune[compare]", *LIBRARIES)
    problems = tuple(with_start(problem, start) for problem in _problems(spec, objective))
    budget = (trials, seconds, epochs)
    if budget == (None, None, None):
        budget = _budget(problems)
    limits = RunLimits(*budget, first=first, workers=workers)
    if any(problem.spec.metrics for problem in problems):
        require("a match with several metrics", "crosstune[compare]", "moocore")
    log_dir = None if tensorboard is None else Path(tensorboard)
    parties = _contenders(contenders, problems)
    rounds = (ROUND, max_seeds) if until_decided else None
    match = Match(problems, parties, limits, log_dir, command, rounds)
    if jobs < 1:
        raise RequestError(f"a match has 1 job or more, not {jobs}")
    if max_seeds < ROUND and until_decided:
        raise RequestError(f"until decided takes {ROUND} seeds or more, not {max_seeds}")
    Rule(margin, within, level).check(len(problems))
    match.check(max_seeds if until_decided else seeds)
    rule = None if rounds is None else Sequential(*rounds, level, margin, within)
    with _folder(out) as folder, folder.alone():
        match = match.as_recorded(folder.settings())
        for look in [seeds] if rule is None else rule.looks():
            results = match.run(
                folder,
                look,
                jobs=jobs,
                progress=progress,
                retry_failed=retry_failed,
                same_objective=same_objective,
            )
            retry_failed = False
            if rule is not None:
                decision = rule.judge(results)
                summary = decision.summary
                if decision.done:
                    break
        if rule is None:
            summary = summarize(results, margin=margin, within=within, level=level)
            _note_look(folder, results)
    return Comparison(results, summary, None if out is None else Path(out))


@plain_arguments()
def read(
    folder: str | Path, *, margin: float = 0.1, within: float | None = None, level: float = 0.05
) -> Comparison:
    """Read a comparison from a folder, without evaluating anything.

    A match that was decided in rounds is judged by the same rule.

    Args:
        folder: the `out` of the match.
        margin, within, level: as in `compare`.

    Raises:
        RequestError: the folder holds no match.
    """
    results = MatchFolder(Path(folder)).read()
    if results.settings.rounds is not None:
        rule = Sequential(*results.settings.rounds, level, margin, within)
        summary = rule.judge(results).summary
    else:
        summary = summarize(results, margin=margin, within=within, level=level)
    return Comparison(results, summary, Path(folder))


@plain_arguments()
def compare_studies(
    places: Sequence[str],
    *,
    margin: float = 0.1,
    within: float | None = None,
    level: float = 0.05,
    out: str | Path | None = None,
    same_objective: bool = False,
    command: str = "",
) -> Comparison:
    """Compare studies that exist; nothing is evaluated.

    Args:
        places: journal files and URLs of databases, each perhaps after ``NAME=``. The studies of
            one name, by default of one engine on record, are the seeds of a contender.
        margin, within, level: as in `compare`.
        out: the folder of the report; None for none.
        same_objective: compare studies whose records say that they were evaluated on different
            data or code.
        command: the command that the report shows.

    Raises:
        RequestError: a study cannot be read, or the studies cannot be compared.
    """
    require("a match", "crosstune[compare]", *LIBRARIES)
    results, notes = from_studies(places, same_objective=same_objective, command=command)
    axes = ("trials", "epochs") if _reports(results) else ("trials",)
    summary = summarize(results, margin=margin, within=within, level=level, axes=axes)
    summary = replace(summary, notes=(*notes, *summary.notes))
    return Comparison(results, summary, None if out is None else Path(out))


def _reports(results: Results) -> bool:
    """True if any trial reported more than once."""
    runs = results.runs.values()
    return any(evaluation.epochs > 1 for run in runs for evaluation in run.evaluations)


def _problems(spec: Subject, objective: Callable[..., Any] | str | None) -> Iterator[Problem]:
    if isinstance(spec, Problem):
        yield spec
    elif isinstance(spec, Sequence) and not isinstance(spec, str):
        for item in spec:
            yield from _problems(item, objective)
    else:
        loaded = load(spec)
        yield Problem(loaded.name, loaded, objective)


def _contenders(
    entries: Iterable[Entry] | str | None, problems: Sequence[Problem]
) -> tuple[Contender, ...]:
    """The contenders; several problems also need random search, as a common measure."""
    parties = all_contenders(entries)
    if len(problems) > 1 and not any(party.is_random for party in parties):
        parties = (*parties, contender(REFERENCE))
    return parties


def _budget(problems: Sequence[Problem]) -> tuple[int | None, float | None, None]:
    """The budget of the spec of a single problem, or the default.

    A grid gets the default too, because all contenders have the same budget.
    """
    spec = problems[0].spec if len(problems) == 1 else None
    budget = budgets.settle(spec, ends_by_itself=False, default=TRIALS)
    return budget.trials, budget.seconds, None


@contextmanager
def _folder(out: str | Path | None) -> Iterator[MatchFolder]:
    """The folder of the results; a temporary one without `out`."""
    if out is not None:
        yield MatchFolder(Path(out))
        return
    with tempfile.TemporaryDirectory(prefix="crosstune-") as path:
        yield MatchFolder(Path(path))


def _note_look(folder: MatchFolder, results: Results) -> None:
    """Record that a verdict was requested at this number of seeds."""
    looks = results.settings.looks
    if results.settings.seeds not in looks:
        looks = (*looks, results.settings.seeds)
        folder.write_settings(replace(results.settings, looks=looks))
