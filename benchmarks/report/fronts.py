"""The fronts of a match with several metrics: the pooled one, and median attainment surfaces.

A median attainment surface is the border of what half of a contender's runs reach or beat
(Grunert da Fonseca, Fonseca and Hall 2001).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import About, Evaluation, Results
from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.benchmarks.statistics.fronts import is_finite, losses
from crosstune.engines.feasibility import beaten
from crosstune.presentation.axes import Axis, Frame, axis_of
from crosstune.presentation.diagrams import Diagram, Spot, Stroke
from crosstune.presentation.tables import Column, ReportTable, number, plain, table, text
from crosstune.system.extras import needing
from crosstune.system.filenames import as_own_file_name


@dataclass(frozen=True)
class FrontPoint:
    """A feasible trial with several metrics, and where it is."""

    contender: str
    seed: int
    trial: Evaluation


def points(results: Results, problem: str, contender: str) -> list[FrontPoint]:
    """The feasible trials of a contender under the seeds that are compared.

    Args:
        results: the match.
        problem, contender: names in the match.
    """
    return [
        FrontPoint(contender, seed, trial)
        for seed in results.seeds_of(problem)
        for trial in results.runs[problem, contender, seed].evaluations
        if trial.counts and trial.values and is_finite(trial)
    ]


def pooled(results: Results, problem: str) -> list[FrontPoint]:
    """The trials of all contenders that no other one beats, by the first metric; equals once."""
    metrics = results.about(problem).metrics
    everywhere = [
        point for name in results.settings.contenders for point in points(results, problem, name)
    ]
    once = list({point.trial.values: point for point in reversed(everywhere)}.values())
    at = losses((point.trial.values for point in once), metrics)
    on_front = [point for point, no in zip(once, beaten(at), strict=True) if not no]
    return sorted(on_front, key=lambda point: point.trial.values)


def surface(results: Results, problem: str, contender: str) -> NDArray[np.float64]:
    """The corners of a contender's median attainment surface, in the units of the two metrics.

    Args:
        results: the match.
        problem, contender: names in the match.

    Returns:
        Shape (n, 2), by the first metric; empty if fewer than half of the runs have a feasible
        trial.
    """
    metrics = results.about(problem).metrics
    feasible = points(results, problem, contender)
    seeds = results.seeds_of(problem)
    if not feasible:
        return np.empty((0, 2))
    at = losses((point.trial.values for point in feasible), metrics)
    # A run without a feasible trial takes part with a point that is worse than all.
    nowhere = at.max(axis=0) + np.maximum(np.ptp(at, axis=0), 1.0)
    rows, sets = [*at], [point.seed for point in feasible]
    missing = [seed for seed in seeds if seed not in sets]
    rows += [nowhere] * len(missing)
    with needing("the fronts of a match", "crosstune[compare]", "moocore"):
        import moocore
    corners = moocore.eaf(np.array(rows), sets=np.array([*sets, *missing]), percentiles=[50])
    corners = corners[(corners[:, :2] < nowhere).all(axis=1), :2]
    signs = losses([(1.0, 1.0)], metrics)
    return np.asarray(corners[np.argsort(corners[:, 0])] * signs)


def picture(results: Results, problem: str) -> Diagram | None:
    """The pooled front as dots, and the median attainment surfaces as lines; two metrics only."""
    about = results.about(problem)
    if len(about.metrics) != 2:
        return None
    best = pooled(results, problem)
    if not best:
        return None
    names = results.settings.contenders
    surfaces = {name: surface(results, problem, name) for name in names}
    corners = np.vstack([*surfaces.values(), [point.trial.values for point in best]])
    frame = Frame(_axis(corners[:, 0]), _axis(corners[:, 1]), height=400.0)
    first, second = (plain(metric.name) for metric in about.metrics)
    strokes, labels = frame.drawn(first, second)
    for name, corners in surfaces.items():
        if len(corners):
            line = tuple(frame.at(x, y) for x, y in _staircase(corners, about, frame))
            words = f"{plain(name)}: half of its runs reach this line"
            strokes.append(Stroke(line, name, 1.8, words=words))
    spots = tuple(_spot(point, about, frame) for point in best)
    title = f"Median attainment surfaces and the pooled front on {plain(problem)}"
    return Diagram(
        f"front-{as_own_file_name(problem)}",
        title,
        frame.width,
        frame.height,
        tuple(strokes),
        tuple(labels),
        spots,
        caption=f"{plain(problem)}: {first} and {second}",
        key=tuple(names),
    )


def _axis(values: NDArray[np.float64]) -> Axis:
    return axis_of(
        values.tolist(), log=bool(values.min() > 0 and values.max() > 100 * values.min())
    )


def _staircase(
    corners: NDArray[np.float64], about: About, frame: Frame
) -> Iterator[tuple[float, float]]:
    """The line through the corners, to the worse ends of both axes."""
    worst = [
        axis.low if metric.direction == "maximize" else axis.high
        for axis, metric in zip((frame.x, frame.y), about.metrics, strict=True)
    ]
    up = worst[1]
    for x, y in corners.tolist():
        yield x, up
        yield x, y
        up = y
    yield worst[0], up


def _spot(point: FrontPoint, about: About, frame: Frame) -> Spot:
    values = point.trial.values
    measured = ", ".join(
        f"{plain(metric.name)} {value:.4g}"
        for metric, value in zip(about.metrics, values, strict=True)
    )
    where = f"{plain(point.contender)}, seed {point.seed}, trial {point.trial.number}"
    return Spot(*frame.at(values[0], values[1]), point.contender, f"{measured}; {where}")


def pooled_table(results: Results, problem: str) -> ReportTable:
    """The pooled front of a problem, one row per trial."""
    metrics = results.about(problem).metrics

    def column(i: int) -> tuple[Column, object]:
        name = metrics[i].name
        return Column(name, (name,)), lambda point: number(
            point.trial.values[i], f"{point.trial.values[i]:.4g}"
        )

    return table(
        f"front-{as_own_file_name(problem)}",
        f"The pooled front on {problem}",
        pooled(results, problem),
        [
            *(column(i) for i in range(len(metrics))),  # type: ignore[list-item]
            (CONTENDER, lambda point: text(point.contender)),
            (PROBLEM, lambda _: text(problem)),
            (Column("seed", ("seed",)), lambda point: number(point.seed)),
            (Column("trial", ("trial",)), lambda point: number(point.trial.number)),
        ],
    )
