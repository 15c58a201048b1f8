"""The importance of each parameter, from the trials of a contender."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.benchmarks.report.tables import Column, ReportTable, TableCell, text
from crosstune.benchmarks.statistics.precision import percent
from crosstune.engines import study_values as ledger
from crosstune.errors import CrosstuneError
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.study.internal import own_study

FEWEST = 50
"""The fewest complete trials for an estimate: Optuna advises five among the best tenth."""


@dataclass(frozen=True)
class Importance:
    """The share of each parameter, 0 to 1 with sum 1; or the reason why there are none."""

    shares: Mapping[str, float] = field(default_factory=dict)
    why: str = ""


def importance(results: Results, problem: str, contender: str) -> Importance:
    """PED-ANOVA (Watanabe et al., 2023) by Optuna, on the feasible trials of all seeds.

    A share tells how much a parameter decides whether a trial is among the best tenth of this
    contender's trials. Optuna before 5 omits parameters that are not in every trial.

    Args:
        results: the match.
        problem, contender: names in the match.
    """
    about = results.about(problem)
    try:
        space = Spec(**dict(about.spec)).space
    except CrosstuneError as error:
        return Importance(why=f"the spec cannot be read: {error}")
    trials = [
        evaluation
        for (on, by, _), run in results.runs.items()
        if (on, by) == (problem, contender)
        for evaluation in run.evaluations
        if evaluation.counts and evaluation.value is not None and math.isfinite(evaluation.value)
    ]
    if len(trials) < FEWEST:
        return Importance(why=f"{len(trials)} complete trials; {FEWEST} are needed")
    if len({evaluation.value for evaluation in trials}) == 1:
        return Importance(why="every trial has the same value")
    with _quiet(), own_study():
        study = optuna.create_study(direction="maximize" if about.maximize else "minimize")
        try:
            study.add_trials(
                [_trial(space, evaluation.params, evaluation.value) for evaluation in trials]
            )
        except (CrosstuneError, ValueError, KeyError) as error:
            return Importance(why=f"a trial is no point of the spec's space: {error}")
        return Importance(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))


def importance_table(problem: str, by_contender: Mapping[str, Importance]) -> ReportTable:
    """The shares, with one row per parameter and one column per contender."""
    totals: Counter[str] = Counter()
    for estimate in by_contender.values():
        totals.update(estimate.shares)
    params = [name for name, _ in totals.most_common()]
    rows = [
        (
            text(name),
            *(
                TableCell(percent(share := estimate.shares.get(name)), (share,))
                for estimate in by_contender.values()
            ),
        )
        for name in params
    ]
    long = ReportTable(
        "importance",
        "",
        (
            PROBLEM,
            CONTENDER,
            Column("parameter", ("parameter",)),
            Column("", ("importance", "why")),
        ),
        tuple(
            (text(problem), text(contender), text(name), TableCell("", (share, estimate.why)))
            for contender, estimate in by_contender.items()
            for name, share in _shares(estimate)
        ),
    )
    columns = (
        Column("parameter", ("parameter",), "text"),
        *(Column(name, (name,), "setting") for name in by_contender),
    )
    return ReportTable("importance", f"Importance on {problem}", columns, tuple(rows), long=long)


def _shares(estimate: Importance) -> list[tuple[str, float | None]]:
    """The parameters and their shares; one without a name if there are none."""
    return list(estimate.shares.items()) or [("", None)]


def _trial(
    space: Space, params: Mapping[str, object], value: float | None
) -> optuna.trial.FrozenTrial:
    searched = {name: setting for name, setting in params.items() if name in space.searched}
    distributions = ledger.distributions(space)
    return optuna.trial.create_trial(
        value=value,
        params=ledger.write_point(space, searched),
        distributions={name: distributions[name] for name in searched},
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Optuna's log of a new study, and its warnings about few trials."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
