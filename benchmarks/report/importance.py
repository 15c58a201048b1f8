"""The importance of each parameter, from the trials of a contender."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import partial

import optuna

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.engines import study_values as ledger
from crosstune.errors import CrosstuneError
from crosstune.presentation.numbers import percent
from crosstune.presentation.tables import Column, ReportTable, TableCell, number, table, text
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.study.internal import own_study
from crosstune.study_report.importance import FEWEST, Importance, measured, quiet


def importance(results: Results, problem: str, contender: str) -> Importance:
    """PED-ANOVA (Watanabe et al., 2023) by Optuna, on the feasible trials of all seeds.

    A share tells how much a parameter decides whether a trial is among the best tenth of this
    contender's trials. Optuna before 5 omits parameters that are not in every trial.

    Args:
        results: the match.
        problem, contender: names in the match.
    """
    about = results.about(problem)
    if about.metrics:
        return Importance(why="it is about one metric, and there are several")
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
    with quiet(), own_study():
        study = optuna.create_study(direction="maximize" if about.maximize else "minimize")
        try:
            study.add_trials(
                [_trial(space, evaluation.params, evaluation.value) for evaluation in trials]
            )
        except (CrosstuneError, ValueError, KeyError) as error:
            return Importance(why=f"a trial is no point of the spec's space: {error}")
        return measured(study)


def importance_table(problem: str, by_contender: Mapping[str, Importance]) -> ReportTable:
    """The shares, with one row per parameter and one column per contender."""
    totals: Counter[str] = Counter()
    for estimate in by_contender.values():
        totals.update(estimate.shares)
    nothing: list[tuple[str, float | None]] = [("", None)]
    shares = [
        (contender, *share, estimate.why)
        for contender, estimate in by_contender.items()
        for share in list(estimate.shares.items()) or nothing
    ]
    long = table(
        "importance",
        "",
        shares,
        [
            (PROBLEM, lambda _: text(problem)),
            (CONTENDER, lambda row: text(row[0])),
            (Column("parameter", ("parameter",)), lambda row: text(row[1])),
            (Column("", ("importance", "why")), lambda row: TableCell("", row[2:])),
        ],
    )

    def cell(name: str, contender: str) -> TableCell:
        share = by_contender[contender].shares.get(name)
        return number(share, percent(share))

    return table(
        "importance",
        f"Importance on {problem}",
        [name for name, _ in totals.most_common()],
        [
            (Column("parameter", ("parameter",), "text"), text),
            *(
                (Column(who, (who,), "setting"), partial(cell, contender=who))
                for who in by_contender
            ),
        ],
        long,
    )


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
