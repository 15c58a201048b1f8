"""The tables of what ran where: the runs of a study, their versions and machines, the times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from crosstune.engines.record import BUDGET, PRUNER
from crosstune.engines.record_names import BEGAN
from crosstune.presentation.numbers import NONE, duration, moment
from crosstune.presentation.tables import (
    Column,
    ReportTable,
    TableCell,
    plain,
    shortened,
    table,
    text,
)
from crosstune.study_report.content import StudyContent, seconds_of


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
    took = sorted(seconds for trial in content.trials if (seconds := seconds_of(trial)) is not None)
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
