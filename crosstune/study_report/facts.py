"""The tables of a study: best trials, all trials, space, failures, runs."""

from __future__ import annotations

import datetime
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

from crosstune.engines.record import BUDGET, PRUNER
from crosstune.engines.record_names import BEGAN, ERROR, PREFIX
from crosstune.presentation.numbers import NONE, duration, percent
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
from crosstune.study_report.content import FAIL, NAMES, StudyContent, brief
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


def runs(content: StudyContent) -> ReportTable | None:
    """What ran: one row per run of crosstune; None if it did not run the study."""
    records = content.records
    if not records:
        return None
    ends = [int(record.get("first_trial", 0)) for record in records[1:]] + [len(content.trials)]
    rows = list(zip(records, ends, strict=True))

    def first(record: Mapping[str, Any]) -> int:
        return int(record.get("first_trial", 0))

    def engine(row: tuple[dict[str, Any], int]) -> TableCell:
        return text(f"{row[0].get('backend')}:{row[0].get('sampler')}")

    def begun(row: tuple[dict[str, Any], int]) -> TableCell:
        starts = [trial.datetime_start for trial in content.trials[first(row[0]) : row[1]]]
        return text(moment(next((start for start in starts if start), None)))

    def trials_of(row: tuple[dict[str, Any], int]) -> TableCell:
        last = row[1] - 1
        return text(f"{first(row[0])} to {last}" if last >= first(row[0]) else NONE)

    return table(
        "runs",
        "What ran",
        rows,
        [
            (Column("engine", ("engine",), "text"), engine),
            (Column("seed", ("seed",)), lambda row: text(row[0].get("seed", NONE))),
            (Column("trials", ("trials",), "text"), trials_of),
            (Column("began", ("began",), "text"), begun),
            (Column("native", ("native",), "text"), lambda row: text(_yes(row[0].get("native")))),
            (Column("options", ("options",), "text"), lambda row: _options(row[0].get("options"))),
            (Column("pruner", ("pruner",), "text"), lambda row: text(_pruner(row[0]))),
            (Column("budget", ("budget",), "text"), lambda row: _options(row[0].get(BUDGET))),
        ],
    )


def versions(content: StudyContent) -> ReportTable | None:
    """The versions and the machine of each run; None without records."""
    facts: dict[str, list[str]] = {}
    for record in content.records:
        for name, value in {**record.get("versions", {}), **record.get("made_on", {})}.items():
            seen = facts.setdefault(str(name), [])
            if str(value) not in seen:
                seen.append(str(value))
    if not facts:
        return None
    columns = (Column("of", ("what",), "fact"), Column("version", ("version",), "text"))
    cells = tuple((text(name), text(", then ".join(seen))) for name, seen in facts.items())
    return ReportTable("versions", "Versions and machine", columns, cells)


def times(content: StudyContent) -> ReportTable:
    """When the trials ran, and how long they took."""
    starts = [trial.datetime_start for trial in content.trials if trial.datetime_start]
    ends = [trial.datetime_complete for trial in content.trials if trial.datetime_complete]
    took = sorted(seconds for trial in content.trials if (seconds := _seconds(trial)) is not None)
    facts: dict[str, str] = {}
    if starts:
        facts["first trial began"] = moment(min(starts))
    if ends:
        facts["last trial ended"] = moment(max(ends))
    if took:
        facts["time in trials"] = duration(sum(took))
        facts["median trial"] = duration(took[len(took) // 2])
        facts["longest trial"] = duration(took[-1])
    where = Counter(str(w) for trial in content.trials if (w := trial.user_attrs.get(BEGAN)))
    facts.update({f"trials of {worker}": str(count) for worker, count in where.items()})
    columns = (Column("time", ("what",), "fact"), Column("value", ("value",), "text"))
    cells = tuple((text(name), text(value)) for name, value in facts.items())
    return ReportTable("times", "Times", columns, cells)


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


def _share(name: str, shares: Mapping[str, float]) -> TableCell:
    return number(shares.get(name), percent(shares.get(name)))


def moment(time: datetime.datetime | None) -> str:
    """A time as text, to the second."""
    return NONE if time is None else time.strftime("%Y-%m-%d %H:%M:%S")


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
    seconds = _seconds(trial)
    return number(seconds, duration(seconds))


def _seconds(trial: FrozenTrial) -> float | None:
    return None if trial.duration is None else max(0.0, trial.duration.total_seconds())


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


def _options(options: object) -> TableCell:
    if not isinstance(options, Mapping):
        return text(NONE)
    parts = [f"{name} {shortened(plain(v), 60)}" for name, v in options.items() if v is not None]
    return text(", ".join(parts) or NONE)


def _pruner(record: Mapping[str, Any]) -> str:
    pruner = record.get(PRUNER)
    if not isinstance(pruner, Mapping):
        return NONE
    options = pruner.get("options") or pruner.get("parameters") or {}
    words = [f"{name} {value}" for name, value in options.items()]
    return " ".join([str(pruner.get("name") or pruner.get("class")), ", ".join(words)]).strip()


def _yes(value: object) -> str:
    return NONE if value is None else "yes" if value else "no"
