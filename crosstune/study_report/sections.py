"""The sections of a study's report, in the order of reading."""

from __future__ import annotations

from collections.abc import Mapping

from crosstune.engines.feasibility import ranked, why_no_best
from crosstune.engines.record_names import IMPORTED
from crosstune.presentation.dots import Dots, Mark
from crosstune.presentation.numbers import counted, percent
from crosstune.presentation.sections import Section
from crosstune.presentation.tables import plain
from crosstune.study_report import charts, facts, what_ran
from crosstune.study_report.content import StudyContent, brief
from crosstune.study_report.importance import Importance, importance_of
from crosstune.study_report.parallel_coordinates import MOST_AXES, parallel_coordinates


def headline(content: StudyContent) -> str:
    """The outcome in a sentence."""
    finished = sum(content.counts.get(name, 0) for name in ("complete", "pruned", "failed"))
    trials = counted(finished, "finished trial")
    name = plain(content.study.study_name)
    if content.several:
        on = counted(len(content.top), "trial is", "trials are")
        metrics = " and ".join(map(plain, content.metrics))
        return f"{name}: {on} on the front of {metrics}, of {trials}"
    if not content.top:
        return f"{name}: {why_no_best(content.study)}, of {trials}"
    best = content.top[0]
    return (
        f"{name}: the best {plain(content.metrics[0])} of {trials} is {brief(best.values[0])}, "
        f"by trial {best.number}"
    )


def subline(content: StudyContent) -> str:
    """What was tuned, by what, and the number of trials by state, in one line."""
    runs = content.records
    engines = dict.fromkeys(f"{run.get('backend')}:{run.get('sampler')}" for run in runs)
    what = [", then ".join(engines) or "no record of crosstune's"]
    ways = ["maximize" if way else "minimize" for way in content.maximize]
    pairs = zip(ways, content.metrics, strict=True)
    what += [f"{way} {plain(metric)}" for way, metric in pairs]
    what += [f"{count} {state}" for state, count in content.counts.items()]
    return " · ".join([*what, content.place])


def state(content: StudyContent) -> str:
    """A sentence about a study that is not over; empty if it is."""
    running = content.counts.get("running", 0)
    if content.driver:
        return (
            f"This study is running: {content.driver} has it open. The page shows what was there "
            "when it was made."
        )
    if running:
        return (
            f"This study may be running: {counted(running, 'trial')} had begun and not ended when "
            "the page was made, or the process was killed."
        )
    return ""


def sections(content: StudyContent) -> list[Section]:
    """All sections after the headline, in order."""
    estimates = {
        metric: importance_of(content, index) for index, metric in enumerate(content.metrics)
    }
    parts = [
        _history(content),
        _front(content),
        _importance(content, estimates),
        _parallel(content, estimates),
        _learning(content),
        _failures(content),
        _trials(content),
        _record(content),
        _reproduce(content),
    ]
    return [section for section in parts if section is not None]


def _history(content: StudyContent) -> Section:
    drawn = [charts.history(content, index) for index in range(len(content.metrics))]
    constrained = len(ranked(content.study)) if not content.several else len(content.complete)
    barred = len(content.complete) - constrained
    remarks = [f"{counted(barred, 'complete trial')} of {len(content.complete)} are infeasible."]
    return Section(
        "history",
        "History",
        "Each dot is a trial, and the line is the best value so far. A ring is a pruned trial at "
        "its last report, or a failed one on the bottom line.",
        pictures=tuple(picture for picture in drawn if picture is not None),
        remarks=tuple(remarks) if barred > 0 else (),
    )


def _front(content: StudyContent) -> Section | None:
    if not content.several:
        return None
    picture = charts.front(content)
    more = len(content.metrics) - 2
    return Section(
        "front",
        "The front",
        "No other trial is better in one objective and at least as good in the others. Which of "
        "these to take is your choice.",
        pictures=() if picture is None else (picture,),
        folded=(facts.best(content, rows=len(content.top)),) if content.top else (),
        remarks=(f"{counted(more, 'more objective')} not in the figure.",) if more > 0 else (),
    )


def _importance(content: StudyContent, estimates: Mapping[str, Importance]) -> Section:
    table = facts.importances(estimates)
    remarks, pictures = [], []
    for index, (metric, estimate) in enumerate(estimates.items()):
        if estimate.why:
            remarks.append(f"None for {plain(metric)}: {estimate.why}.")
            continue
        name = "importance" if not content.several else f"importance-{index}"
        rows = tuple(
            (param, (Mark(share, f"{plain(param)}: {percent(share)}", None, 0.0, share),))
            for param, share in estimate.shares.items()
        )
        title = f"Importance for {plain(metric)}, by {estimate.method}"
        pictures.append(Dots(name, title, "share, 0 to 1", rows, zero=True))
        if estimate.method == "fANOVA":
            remarks.append(
                f"{counted(estimate.trials, 'trial')} are few: take the order as a hint."
            )
        left = [name for name in content.distributions if name not in estimate.shares]
        if left:
            remarks.append(f"Not measured, as not in every trial or constant: {', '.join(left)}.")
    return Section(
        "importance",
        "Which parameters mattered",
        "PED-ANOVA says how much a parameter decides whether a trial is among the best tenth; "
        "fANOVA how much of the variance of the values it explains. A sampler tries more where it "
        "sees promise, and so hides the importance of what it has settled.",
        pictures=tuple(pictures),
        tables=() if table is None else (table,),
        remarks=tuple(dict.fromkeys(map(plain, remarks))),
    )


def _parallel(content: StudyContent, estimates: Mapping[str, Importance]) -> Section | None:
    order = list(dict.fromkeys(name for item in estimates.values() for name in item.shares))
    picture = parallel_coordinates(content, order)
    if picture is None:
        return None
    left = len(content.distributions) - MOST_AXES
    return Section(
        "parallel-coordinates",
        "Parallel coordinates",
        "Each line is a complete trial, from its parameters to its value. Where the coloured lines "
        "meet, the good trials agree.",
        pictures=(picture,),
        remarks=(f"{counted(left, 'parameter')} left out of the figure.",) if left > 0 else (),
    )


def _learning(content: StudyContent) -> Section | None:
    picture = charts.learning_curves(content)
    if picture is None:
        return None
    return Section(
        "learning-curves",
        "Learning curves",
        "What the trials reported while they ran. A pruned trial ends early.",
        pictures=(picture,),
    )


def _failures(content: StudyContent) -> Section | None:
    table = facts.failures(content)
    if table is None:
        return None
    return Section("failures", "Failures", "What failed, by its error.", tables=(table,))


def _trials(content: StudyContent) -> Section:
    return Section(
        "trials",
        "Trials and space",
        "What was searched, and every trial.",
        tables=(facts.space(content),),
        folded=(facts.trials(content),),
    )


def _record(content: StudyContent) -> Section:
    tables = (what_ran.runs(content), what_ran.versions(content), what_ran.times(content))
    notes = [plain(note) for record in content.records for note in record.get("notes", ())]
    imported = content.attrs.get(IMPORTED)
    if isinstance(imported, Mapping):
        notes.append(f"Imported from {imported.get('from')}: {imported.get('source')}.")
        notes += [plain(note) for note in imported.get("notes", ())]
    if not content.records:
        notes.append("There is no record: the study was not run by crosstune.")
    return Section(
        "record",
        "What ran where",
        "Each run has a row; a run that was resumed with the same engine keeps its own. Native "
        "means that the suggestions are those of the library called by hand.",
        tables=tuple(table for table in tables if table is not None and table.rows),
        remarks=tuple(dict.fromkeys(notes)),
    )


def _reproduce(content: StudyContent) -> Section | None:
    if content.attrs.get(IMPORTED) or "***" in content.place:
        return None
    place, name = content.place, content.study.study_name
    if "://" in place:
        storage = f"storage = {place!r}"
        lines = ["import optuna", "", storage]
    else:
        lines = [
            "import optuna",
            "from optuna.storages import JournalStorage",
            "from optuna.storages.journal import JournalFileBackend",
            "",
            f"storage = JournalStorage(JournalFileBackend({place!r}))",
        ]
    lines.append(f"study = optuna.load_study(study_name={name!r}, storage=storage)")
    return Section(
        "load",
        "How to load it",
        "The study is an Optuna study: its trials, plots and dashboard are yours.",
        code=(("In Python", "\n".join(lines)),),
    )
