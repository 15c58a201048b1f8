"""The sections of the report, in the order of reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crosstune.benchmarks.match.results import Results, Settings
from crosstune.benchmarks.report import figures, findings, fronts, ranks, standings
from crosstune.benchmarks.report.importance import importance, importance_table
from crosstune.benchmarks.report.plots import Curves
from crosstune.benchmarks.statistics.verdicts import Ranking, Summary
from crosstune.presentation.diagrams import Diagram
from crosstune.presentation.dots import Dots
from crosstune.presentation.numbers import chance, counted, duration, rounded
from crosstune.presentation.sections import Section
from crosstune.presentation.tables import Column, ReportTable, plain, text
from crosstune.spec.yaml_text import as_yaml

Picture = Curves | Dots | Diagram


@dataclass(frozen=True)
class MatchSection(Section):
    """A section of the report of a match.

    Attributes:
        pictures: figures of the kinds that `drawings` draws.
        matrix: the ranking whose pairs the page also shows as a square.
    """

    pictures: tuple[Picture, ...] = ()
    matrix: Ranking | None = None


def asked(settings: Settings) -> str:
    """A summary of the request in one line.

    >>> asked(Settings(problems=(), contenders=("a", "b"), seeds=1, trials=50))
    '2 contenders, 0 problems, 1 seed, 50 trials a run'
    """
    budgets = [
        counted(number, unit)
        for number, unit in ((settings.trials, "trial"), (settings.epochs, "epoch"))
        if number is not None
    ]
    if settings.seconds is not None:
        budgets.append(duration(settings.seconds))
    what = [
        counted(len(settings.contenders), "contender"),
        counted(len(settings.problems), "problem"),
        counted(settings.seeds, "seed"),
    ]
    return ", ".join(what) + (f", {' or '.join(budgets)} a run" if budgets else "")


def sections(results: Results, summary: Summary) -> list[MatchSection]:
    """All sections of the report after the verdict, in order."""
    parts = [
        _curves(results, summary),
        _standings(results, summary),
        *_pairs(summary),
        _ranks(summary),
        _gap(results, summary),
        _fronts(results),
        _settings(results),
        _importance(results),
        _cost(summary),
        _failures(results),
        _notes(summary),
        _reproduce(results),
    ]
    return [section for section in parts if section is not None]


def _curves(results: Results, summary: Summary) -> MatchSection:
    pictures = tuple(figures.curves(results, summary, problem) for problem in summary.curves)
    seeds = results.settings.seeds
    band = "The band is the interval of that mean." if seeds > 1 else "One seed has no band."
    every = all(results.about(name).metrics for name in summary.curves)
    some = any(results.about(name).metrics for name in summary.curves)
    what = "hypervolume of the feasible front" if every else "best value"
    what += ", or the hypervolume of the front," if some and not every else ""
    return MatchSection(
        "curves",
        "The front so far" if every else "The best so far",
        f"Each line is the mean over the seeds of the {what} found up to that budget. {band} "
        "A line begins where every seed has a complete trial.",
        pictures=pictures,
    )


def _standings(results: Results, summary: Summary) -> MatchSection:
    # Only one of several problems may have varied.
    alone = (name for name, rows in summary.by_problem.items() if rows is summary.standings)
    only = next(alone, None)
    if only is not None:
        about = results.about(only)
        way = "higher" if about.maximize else "lower"
        score, measure = about.metric, f"{plain(about.metric)}, {way} is better"
        reading = f"The score is the {plain(about.metric)} at the end of a run, mean over the "
        reading += f"seeds; {way} is better. "
        if len(results.settings.problems) > 1:
            reading += f"Of the problems, {plain(only)} alone tells contenders apart. "
    else:
        score, measure = "normalised regret", "normalised regret, lower is better"
        reading = "The score is the normalised regret at the end, mean over the problems. "
    several = any(results.about(name).metrics for name in summary.by_problem)
    zero = "best value or front known, and below 0 beyond it" if several else "best value known"
    reading += (
        f"Regret is 0 at the {zero}; "
        f"{_scale(summary)} is 1. The area is the mean regret along the way. "
        "The mean rank is 1 for one that always comes first."
    )
    caption = f"The contenders by {plain(score)}"
    table = standings.standings(summary.standings, caption, plain(score))
    several = len(results.settings.problems) > 1
    return MatchSection(
        "standings",
        "Standings",
        reading,
        tables=(table,),
        pictures=(figures.scores(summary.standings, measure),),
        folded=(standings.by_problem(summary.by_problem, results),) if several else (),
    )


def _scale(summary: Summary) -> str:
    of = dict.fromkeys(plain(what) for _, what in summary.scale.values())
    return " or ".join(of) or "the start"


def _pairs(summary: Summary) -> list[MatchSection]:
    parts = []
    # The decisive ranking comes first.
    for ranking in sorted(summary.rankings, key=lambda ranking: ranking is not summary.verdict):
        name = "pairs-unseen" if ranking.unseen else "pairs"
        where = " on unseen data" if ranking.unseen else ""
        sentence = "" if ranking is summary.verdict else f"{plain(ranking.sentence)} "
        same = f"That all contenders are the same: p {chance(ranking.friedman)} (Friedman)."
        within = rounded(ranking.margin, ranking.margin) if ranking.margin else "0"
        parts.append(
            MatchSection(
                name,
                f"Pair by pair: {plain(ranking.measure)}{where}",
                f"{sentence}A figure above 0 is the lead of the row's contender over the "
                f"column's. Differences within {within} count as none. Wins is the chance "
                f"that it is ahead under a new seed. At most {100 * ranking.level:g} % of such "
                "tables hold a false verdict.",
                tables=(standings.pairs(ranking, name),),
                pictures=(figures.advantages(ranking, name),),
                remarks=() if ranking.friedman is None else (same,),
                matrix=ranking,
            )
        )
    return parts


def _ranks(summary: Summary) -> MatchSection | None:
    drawn = ranks.diagram(summary.standings, summary.verdict)
    if drawn is None:
        return None
    return MatchSection(
        "ranks",
        "Mean ranks over the problems",
        "The best contender is on the left. A thick bar joins those whose ranks are closer than "
        "the critical distance (Nemenyi): this many problems cannot tell them apart.",
        pictures=(drawn,),
    )


def _gap(results: Results, summary: Summary) -> MatchSection | None:
    table = standings.gaps(summary.by_problem)
    if table is None:
        return None
    pictures = tuple(
        figures.gap(rows, results.about(problem).metric, problem)
        for problem, rows in summary.by_problem.items()
        if any(standing.test is not None for standing in rows)
    )
    return MatchSection(
        "gap",
        "Tuned and unseen",
        "Tuning picks what looks best on its own validation part. The gap is how much better the "
        "tuned part looks than data that tuning never saw; a large one is overfitting.",
        tables=(table,),
        pictures=pictures,
    )


def _fronts(results: Results) -> MatchSection | None:
    problems = [about.name for about in results.settings.problems if about.metrics]
    if not problems:
        return None
    pictures = [fronts.picture(results, name) for name in problems]
    tables = tuple(fronts.pooled_table(results, name) for name in problems)
    return MatchSection(
        "fronts",
        "The fronts",
        "A dot is a feasible trial that no other one of any contender beats; the tooltip has its "
        "values. A line is the median attainment surface: half of the contender's runs have found "
        "a point that is as good as each on it.",
        pictures=tuple(drawn for drawn in pictures if drawn is not None),
        folded=tables,
    )


def _settings(results: Results) -> MatchSection | None:
    contenders = list(results.settings.contenders)
    problems = [about.name for about in results.settings.problems if not about.metrics]
    if not problems:
        return None
    tables = [findings.best_settings(results, name, contenders) for name in problems]
    return MatchSection(
        "settings",
        "Best settings",
        "The parameters of each contender's best trial over all seeds. A dash is a parameter that "
        "was not active. One lucky trial is no recommendation: compare the columns.",
        tables=tuple(tables) if len(tables) == 1 else (),
        folded=tuple(tables) if len(tables) > 1 else (),
    )


def _importance(results: Results) -> MatchSection | None:
    if all(about.metrics for about in results.settings.problems):
        return None
    contenders = list(results.settings.contenders)
    pictures, tables, remarks = [], [], []
    for about in results.settings.problems:
        if about.metrics:
            continue
        by_contender = {name: importance(results, about.name, name) for name in contenders}
        tables.append(importance_table(about.name, by_contender))
        if any(estimate.shares for estimate in by_contender.values()):
            pictures.append(figures.importance(by_contender, about.name))
        reasons: dict[str, list[str]] = {}
        for name, estimate in by_contender.items():
            if estimate.why:
                reasons.setdefault(estimate.why, []).append(name)
        for why, of in reasons.items():
            remarks.append(f"{about.name}: none for {', '.join(of)}: {why}.")
    return MatchSection(
        "importance",
        "Which parameters mattered",
        "How much each parameter decides whether a trial is among the best tenth (PED-ANOVA), by "
        "the trials of each contender. They sample where they see promise, so the shares differ: "
        "trust what several agree on.",
        pictures=tuple(pictures),
        remarks=tuple(plain(remark) for remark in remarks),
        tables=tuple(tables) if len(tables) == 1 else (),
        folded=tuple(tables) if len(tables) > 1 else (),
    )


def _cost(summary: Summary) -> MatchSection:
    return MatchSection(
        "cost",
        "What suggestions cost",
        "The sampler's time covers proposing a trial and learning from earlier ones. It matters "
        "if it is not small beside the objective's. The scale is logarithmic.",
        tables=(standings.cost(summary.standings),),
        pictures=(figures.cost(summary.standings),),
    )


def _failures(results: Results) -> MatchSection:
    table = findings.failures(results)
    return MatchSection(
        "failures",
        "Failures",
        "What failed, by its error. A failed run is included in every count above."
        if table
        else "No trial and no run failed.",
        tables=(table,) if table else (),
    )


def _notes(summary: Summary) -> MatchSection | None:
    if not summary.notes:
        return None
    return MatchSection("notes", "Notes", "Further facts about the match.", remarks=summary.notes)


def _reproduce(results: Results) -> MatchSection:
    settings = results.settings
    rows = {
        "contenders": ", ".join(settings.contenders),
        "seeds": f"0 to {settings.seeds - 1}" if settings.seeds > 1 else "0",
        "trials a run": settings.trials,
        "epochs a run": settings.epochs,
        "seconds a run": settings.seconds,
        "shared first trials": settings.first or None,
        "workers": settings.workers,
        "looks before this one, at seeds": ", ".join(map(str, settings.looks)) or None,
        **{f"fingerprint of {about.name}": about.fingerprint for about in settings.problems},
    }
    asked_for = _facts("settings", "setting", rows)
    machine = _facts("machine", "machine", settings.machine)
    versions = _facts("versions", "version of", settings.versions)
    code = [("The command", settings.command)] if settings.command else []
    code += [
        (f"The spec of {about.name}", as_yaml(dict(about.spec)).rstrip())
        for about in settings.problems
    ]
    return MatchSection(
        "reproduce",
        "How to reproduce it",
        "The same command with the same versions gives the same trials; only times differ.",
        tables=tuple(table for table in (asked_for, versions, machine) if table.rows),
        code=tuple(code),
    )


def _facts(name: str, head: str, facts: Mapping[str, object]) -> ReportTable:
    columns = (Column(head, ("what",), "fact"), Column("value", ("value",), "text"))
    rows = tuple((text(key), text(value)) for key, value in facts.items() if value is not None)
    return ReportTable(name, name.capitalize(), columns, rows)
