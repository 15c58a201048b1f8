"""A match from studies that exist: each is a run, and the studies of one engine are its seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.benchmarks.match.results import About, Evaluation, MatchRun, Results, Settings
from crosstune.engines.record_names import ERROR, EVALUATED
from crosstune.errors import RequestError
from crosstune.exchange.draft import draft
from crosstune.exchange.study_data import read_study
from crosstune.presentation.numbers import counted
from crosstune.space.space import Space
from crosstune.study_report import source
from crosstune.study_report.content import FAIL, NAMES, StudyContent

_NAMED = re.compile(r"([\w .+:()-]+)=(.+)", re.DOTALL)
"""A contender's name before the place of a study; a URL has a slash before any ``=``."""

PROBLEM = "studies"
"""The name of the problem if the studies do not share one."""


@dataclass(frozen=True)
class _Entry:
    """A study with the name of its contender."""

    contender: str
    content: StudyContent

    @property
    def where(self) -> str:
        return f"{self.content.study.study_name!r} in {self.content.place}"

    @property
    def seed(self) -> float:
        """The recorded seed of its first run; infinity if none is known."""
        seeds = [run.get("seed") for run in self.content.records[:1]]
        return float(seeds[0]) if seeds and isinstance(seeds[0], int) else math.inf

    @property
    def tells_metric(self) -> bool:
        """Whether the study has a name for its objective."""
        return bool(self.content.study.metric_names or self.content.records)

    @property
    def finished(self) -> list[FrozenTrial]:
        return [trial for trial in self.content.trials if trial.state.is_finished()]


def from_studies(
    places: Sequence[str], *, same_objective: bool = False, command: str = ""
) -> tuple[Results, list[str]]:
    """The results of studies, and notes for the reader.

    All runs are cut to the number of finished trials of the shortest study, and all contenders to
    the number of studies of the one that has fewest.

    Args:
        places: journal files and URLs, each perhaps after ``NAME=``, the name of its contender;
            by default it is that of the engine on record. All studies of a storage take part.
        same_objective: compare them although their records say that they were evaluated on
            different data or code.
        command: that the report shows.

    Raises:
        RequestError: one cannot be read, or they cannot be compared: they differ in metric,
            direction, space or data, or there are fewer than two contenders.
    """
    entries = [entry for place in places for entry in _entries(place)]
    groups: dict[str, list[_Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.contender, []).append(entry)
    if len(groups) < 2:
        names = ", ".join(groups) or "none"
        raise RequestError(
            f"two contenders or more are needed, and the studies are of {names}. Name them: "
            "NAME=STUDY"
        )
    about = _about(entries, same_objective=same_objective)
    seeds = min(map(len, groups.values()))
    trials = min(len(entry.finished) for entry in entries)
    if trials == 0:
        empty = next(entry for entry in entries if not entry.finished)
        raise RequestError(f"the study {empty.where} has no finished trial")
    notes = _notes(groups, seeds, trials)
    runs = {}
    for contender, group in groups.items():
        group.sort(key=lambda entry: entry.seed)
        for seed, entry in enumerate(group[:seeds]):
            runs[about.name, contender, seed] = _run(entry, trials)
    versions: dict[str, str] = {}
    for entry in entries:
        for record in entry.content.records:
            versions.update(record.get("versions", {}))
    settings = Settings(
        (about,), tuple(groups), seeds, trials=trials, versions=versions, command=command
    )
    return Results(settings, runs), notes


def _entries(text: str) -> Iterator[_Entry]:
    """Every study at a place, with the name of its contender."""
    match = None if Path(text).exists() else _NAMED.fullmatch(text)
    name, place = (match[1], match[2]) if match else (None, text)
    try:
        contents = [source.read(place)]
    except RequestError as error:
        if "several studies" not in str(error):
            raise
        contents = [source.read(place, study_name=study) for study in source.names_at(place)]
    for content in contents:
        yield _Entry(name or _label(content), content)


def _label(content: StudyContent) -> str:
    """The engines on record, with the pruner; the name of the study if there is no record."""
    labels = dict.fromkeys(
        f"{run.get('backend')}:{run.get('sampler')}" + _plus(run.get("pruner"))
        for run in content.records
    )
    return ", then ".join(labels) or content.study.study_name


def _plus(pruner: object) -> str:
    return f"+{pruner['name']}" if isinstance(pruner, Mapping) and "name" in pruner else ""


def _about(entries: Sequence[_Entry], *, same_objective: bool) -> About:
    """What the studies share.

    Raises:
        RequestError: they differ; the message says in what.
    """
    first = entries[0]
    for entry in entries:
        if entry.content.several:
            raise RequestError(
                f"the study {entry.where} has {len(entry.content.metrics)} objectives, and the "
                "verdict is on one"
            )
    told = [entry for entry in entries if entry.tells_metric]
    _check_same(told, "metric", lambda entry: entry.content.metrics[0])
    _check_same(
        entries,
        "direction",
        lambda entry: "maximize" if entry.content.maximize[0] else "minimize",
    )
    spaces = [_space(entry) for entry in entries]
    for entry, space in zip(entries, spaces, strict=True):
        if space != spaces[0]:
            raise _different(first, entry, _difference(spaces[0], space))
    if not same_objective:
        for entry in entries:
            one, other = (item.content.attrs.get(EVALUATED) for item in (first, entry))
            if one is not None and other is not None and one != other:
                differing = [k for k in {**one, **other} if one.get(k) != other.get(k)]
                raise _different(
                    first,
                    entry,
                    f"what they were evaluated on: {', '.join(differing)}. If they measure the "
                    "same, add --same-objective",
                )
    names = dict.fromkeys(entry.content.study.study_name for entry in entries)
    name = next(iter(names)) if len(names) == 1 else PROBLEM
    metric, maximize = (told or entries)[0].content.metrics[0], first.content.maximize[0]
    direction = "maximize" if maximize else "minimize"
    plain = spaces[0].to_dict()
    spec = {"name": name, "metric": {"name": metric, "direction": direction}, "space": plain}
    return About(name, metric, maximize, spaces[0].fingerprint(), spec)


def _check_same(entries: Sequence[_Entry], what: str, of: Any) -> None:
    for entry in entries:
        one, other = of(entries[0]), of(entry)
        if one != other:
            raise _different(entries[0], entry, f"the {what}, {one} and {other}")


def _space(entry: _Entry) -> Space:
    """The declared space of a study, or that of its distributions, without guessed conditions."""
    declared = entry.content.space
    if declared is not None:
        return declared
    keys = draft(read_study(entry.content.study)).keys["space"]
    return Space(
        {name: {k: v for k, v in item.items() if k != "when"} for name, item in keys.items()}
    )


def _difference(one: Space, other: Space) -> str:
    """The first difference of two spaces in words."""
    plain, others = one.to_dict(), other.to_dict()
    for name in {**plain, **others}:
        if plain.get(name) != others.get(name):
            words = [
                str(item) if item else "absent" for item in (plain.get(name), others.get(name))
            ]
            return f"the space: {name} is {words[0]} in one and {words[1]} in the other"
    return "the order of the space"


def _different(one: _Entry, other: _Entry, what: str) -> RequestError:
    return RequestError(
        f"the studies {one.where} and {other.where} cannot be compared: they differ in {what}"
    )


def _notes(groups: Mapping[str, Sequence[_Entry]], seeds: int, trials: int) -> list[str]:
    """What a reader has to know about studies that nobody made as a match."""
    notes = [
        "The studies were not made as a match: that they had the same objective, data, start "
        "points and machine is taken from their records where they have one, and else on trust. "
        "The time of the samplers is not known."
    ]
    entries = [entry for group in groups.values() for entry in group]
    most = max(len(entry.finished) for entry in entries)
    if most > trials:
        notes.append(f"All were cut to the first {trials} finished trials; the longest has {most}.")
    for name, group in groups.items():
        if len(group) > seeds:
            notes.append(
                f"{name} has {counted(len(group), 'study', 'studies')}, of which the first {seeds} "
                "by their seeds take part."
            )
    recorded = [tuple(sorted(e.seed for e in group)[:seeds]) for group in groups.values()]
    if len(set(recorded)) > 1 or math.inf in recorded[0]:
        notes.append(
            "The contenders did not have the same seeds, so pairs of studies are in no more than "
            "their order alike."
        )
    running = [entry.where for entry in entries if entry.content.counts.get("running")]
    if running:
        notes.append(f"Not over yet: {', '.join(running)}.")
    return notes


def _run(entry: _Entry, trials: int) -> MatchRun:
    """The first finished trials of a study, in the order in which they began."""
    content = entry.content
    evaluations = []
    elapsed = 0.0
    for number, trial in enumerate(entry.finished[:trials]):
        seconds = 0.0 if trial.duration is None else max(0.0, trial.duration.total_seconds())
        elapsed += seconds
        reports = tuple(sorted(trial.intermediate_values.items()))
        error = trial.user_attrs.get(ERROR) if trial.state is FAIL else None
        evaluations.append(
            Evaluation(
                number,
                NAMES[trial.state],
                content.objective(trial, 0),
                content.point(trial),
                reports=reports,
                epochs=len(reports) or 1,
                error=None if trial.state is not FAIL else str(error or "no message"),
                seconds=seconds,
                sampler_seconds=math.nan,
                ended=elapsed,
                constraints=dict(_optuna.constraints(trial)) or None,
            )
        )
    return MatchRun(tuple(evaluations), end="done")
