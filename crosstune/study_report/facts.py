"""The tables of a study: best trials, all trials, space, failures, importance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from crosstune.engines.record_names import ERROR, PREFIX
from crosstune.presentation.numbers import NONE, duration, moment, percent
from crosstune.presentation.tables import (
    Column,
    ReportTable,
    TableCell,
    number,
    plain,
    shortened,
    table,
    text,
)
from crosstune.study_report.content import FAIL, NAMES, StudyContent, brief, seconds_of
from crosstune.study_report.importance import Importance

MOST_TRIALS = 1000
"""The largest number of trials in the table on the page; the CSV file has all."""

LONGEST = 300
"""The largest number of letters of an error."""


def best(content: StudyContent, rows: int = 5) -> ReportTable:
    """The best trials, or those on the front, with one column for each."""
    top = content.top[:rows]
    points = [content.point(trial) for trial in top]
    attrs = [_further(trial) for trial in top]
    lines: list[tuple[TableCell, ...]] = [
        (text(name), *(number(trial.values[index], brief(trial.values[index])) for trial in top))
        for index, name in enumerate(content.metrics)
    ]
    for name in dict.fromkeys(name for values in attrs for name in values):
        lines.append((text(name), *(_cell(values.get(name)) for values in attrs)))
    for name in dict.fromkeys(name for point in points for name in point):
        lines.append((text(name), *(_cell(point.get(name)) for point in points)))
    heads = [Column("trial", ("name",), "fact")]
    heads += [Column(f"trial {trial.number}", (f"trial_{trial.number}",)) for trial in top]
    every = "All" if rows >= len(content.top) > 5 else "The"
    caption = f"{every} trials on the front" if content.several else "The best trials"
    return ReportTable("best", caption, tuple(heads), tuple(lines))


def trials(content: StudyContent) -> ReportTable:
    """All trials, with their values, parameters and times."""

    def param(trial: FrozenTrial, name: str) -> TableCell:
        return _cell(content.point(trial).get(name))

    def value(trial: FrozenTrial, index: int) -> TableCell:
        return _cell(content.objective(trial, index))

    params = [
        (Column(name, (f"params_{name}",), "text"), partial(param, name=name))
        for name in content.distributions
    ]
    values = [
        (Column(metric, (metric,)), partial(value, index=index))
        for index, metric in enumerate(content.metrics)
    ]
    columns: list[tuple[Column, Callable[[FrozenTrial], TableCell]]] = [
        (Column("trial", ("number",)), lambda trial: number(trial.number)),
        (Column("state", ("state",), "text"), lambda trial: text(NAMES[trial.state])),
        *values,
        *params,
        (Column("began", ("began",), "text"), lambda trial: text(moment(trial.datetime_start))),
        (Column("took", ("seconds",)), _took),
    ]
    caption = f"All {len(content.trials)} trials"
    long = table("trials", caption, content.trials, columns)
    if len(content.trials) <= MOST_TRIALS:
        return long
    caption = f"The last {MOST_TRIALS} of {len(content.trials)} trials"
    return table("trials", caption, content.trials[-MOST_TRIALS:], columns, long)


def space(content: StudyContent) -> ReportTable:
    """The parameters: what they range over, and how many trials have them."""
    total = len(content.trials)
    present = Counter(name for trial in content.trials for name in trial.params)

    def row_of(name: str) -> TableCell:
        declared = None if content.space is None else content.space.get(name)
        if declared is None:
            return text(_range(content.distributions[name]))
        keys = {key: value for key, value in declared.to_dict().items() if key != "when"}
        kind = keys.pop("type")
        return text(f"{kind}: " + ", ".join(f"{key} {value}" for key, value in keys.items()))

    def condition(name: str) -> TableCell:
        declared = None if content.space is None else content.space.get(name)
        when = {} if declared is None else declared.to_dict().get("when", {})
        return text(", ".join(f"{key} = {value}" for key, value in when.items()) or NONE)

    return table(
        "space",
        "The search space",
        content.distributions,
        [
            (Column("parameter", ("parameter",), "text"), text),
            (Column("range", ("range",), "text"), row_of),
            (Column("only when", ("when",), "text"), condition),
            (Column("in trials", ("trials",)), lambda name: _part(present[name], total)),
        ],
    )


def failures(content: StudyContent) -> ReportTable | None:
    """The errors of failed trials, the most frequent first; None if none failed."""
    errors: dict[str, list[int]] = {}
    for trial in content.trials:
        if trial.state is FAIL:
            said = trial.user_attrs.get(ERROR) or trial.user_attrs.get("message")
            error = shortened(plain(said or "no message"), LONGEST)
            errors.setdefault(error, []).append(trial.number)
    if not errors:
        return None
    return table(
        "failures",
        "Failed trials by error",
        sorted(errors.items(), key=lambda item: -len(item[1])),
        [
            (Column("error", ("error",), "text"), lambda item: text(item[0])),
            (Column("trials", ("count",)), lambda item: number(len(item[1]))),
            (Column("numbers", ("numbers",), "text"), lambda item: text(_numbers(item[1]))),
        ],
    )


def importances(estimates: Mapping[str, Importance]) -> ReportTable | None:
    """The share of each parameter for each objective; None without any."""
    totals: Counter[str] = Counter()
    for estimate in estimates.values():
        totals.update(estimate.shares)
    if not totals:
        return None
    columns = [
        (
            Column(metric, (f"importance_{metric}",)),
            lambda name, shares=estimate.shares: number(
                shares.get(name), percent(shares.get(name))
            ),
        )
        for metric, estimate in estimates.items()
    ]
    parameter = (Column("parameter", ("parameter",), "text"), text)
    names = [name for name, _ in totals.most_common()]
    return table("importance", "Importance", names, [parameter, *columns])


def _further(trial: FrozenTrial) -> dict[str, Any]:
    """The attributes that the objective has set."""
    return {
        name: value
        for name, value in trial.user_attrs.items()
        if not name.startswith(PREFIX) and isinstance(value, int | float | str)
    }


def _cell(value: object) -> TableCell:
    if value is None:
        return TableCell(NONE, (None,))
    if isinstance(value, bool | str):
        return text(value)
    return TableCell(brief(value), (value,)) if isinstance(value, int | float) else text(value)


def _took(trial: FrozenTrial) -> TableCell:
    seconds = seconds_of(trial)
    return number(seconds, duration(seconds))


def _part(some: int, every: int) -> TableCell:
    return TableCell(f"{some} of {every}", (some,))


def _numbers(numbers: Iterable[int], most: int = 10) -> str:
    every = list(numbers)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(map(str, every[:most])) + more


def _range(distribution: BaseDistribution) -> str:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return f"one of {', '.join(map(brief, choices))}"
        case FloatDistribution() | IntDistribution():
            kind = "int" if isinstance(distribution, IntDistribution) else "float"
            usual = 1 if isinstance(distribution, IntDistribution) else None
            step = "" if distribution.step in (None, usual) else f", step {distribution.step:g}"
            scale = ", log" if distribution.log else ""
            return f"{kind}: {brief(distribution.low)} to {brief(distribution.high)}{step}{scale}"
    return type(distribution).__name__
