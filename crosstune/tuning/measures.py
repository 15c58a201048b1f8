"""The metrics and constraints of a study: their names in it, and those of its earlier runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import optuna
from optuna.study import Study

from crosstune import _optuna
from crosstune.engines.record import records
from crosstune.errors import RequestError
from crosstune.samplers.constraints import IN_OBJECTIVE
from crosstune.spec.measures import Metric, plain_measures
from crosstune.spec.spec import Spec


def name_metrics(study: Study, names: Sequence[str]) -> None:
    """Name the metrics of a new study, as dashboards and plots show them, unless by default.

    A study with names or a trial is not changed. The columns of `study.trials_dataframe()` are then
    ``value_NAME``, or ``values_NAME`` if there are several.
    """
    if list(names) == [Metric().name] or study.metric_names is not None:
        return
    if study.get_trials(deepcopy=False):
        return
    with _optuna.unwarned():
        study.set_metric_names(list(names))


def recorded_measures(spec: Spec) -> dict[str, Any]:
    """The part of a run's record on several metrics and on constraints; empty without them."""
    return dict(plain_measures(spec.metrics, spec.constraints))


def check_measures_agree(study: Study, spec: Spec) -> None:
    """Raise RequestError if a study has other directions, metrics or constraints than a spec."""
    stored = [direction.name.lower() for direction in study.directions]
    wanted = [metric.direction for metric in spec.objectives]
    if stored != wanted:
        raise RequestError(
            f"the study {study.study_name!r} was made to {_listed(stored)}, and the spec says "
            f"{_listed(wanted)}"
        )
    runs = records(study)
    if not runs:
        return
    names = [metric["name"] for metric in runs[-1].get("metrics", [])]
    if names and names != [metric.name for metric in spec.metrics]:
        raise RequestError(
            f"the study {study.study_name!r} has the metrics {_listed(names)}, and the spec says "
            f"{_listed([metric.name for metric in spec.metrics])}"
        )
    before = runs[-1].get("constraints", [])
    now = recorded_measures(spec).get("constraints", [])
    if before != now:
        raise RequestError(
            f"the study {study.study_name!r} was made with {_constraints(before)}, and the spec "
            f"has {_constraints(now)}: its trials are feasible by the former. Choose another name "
            "or place for the new study"
        )


def conflicts(
    spec: Spec, *, pruner: object, scheduler: object, repeats: int
) -> Iterator[tuple[str, str]]:
    """What a spec with several metrics or constraints cannot have: the key, and the reason.

    Args:
        spec: of the study.
        pruner: of the study; None for none.
        scheduler: of the study; None for none.
        repeats: of the study.
    """
    if spec.constraints and not IN_OBJECTIVE:
        yield (
            "constraints",
            f"constraints need Optuna 5 or later, and this is Optuna {optuna.__version__}",
        )
    if not spec.metrics:
        return
    if pruner is not None:
        yield (
            "pruner",
            "a pruner compares trials by one value, and the spec has several metrics, of which "
            "Optuna takes no reports. Leave the pruner out",
        )
    if scheduler is not None:
        yield (
            "scheduler",
            "a scheduler compares learning curves of one metric, and the spec has several. "
            "Leave it out",
        )
    if repeats:
        yield (
            "repeats",
            "repeats evaluate the leaders of one metric again, and the spec has several metrics. "
            "Leave them out, and evaluate the front again with crosstune.remeasure(study)",
        )


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items)


def _constraints(limits: Sequence[dict[str, Any]]) -> str:
    """Constraints in words.

    >>> _constraints([{"metric": "memory_mb", "max": 512.0}])
    'the constraints memory_mb <= 512'
    """
    texts = [
        f"{limit['metric']} {sign} {limit[bound]:.12g}"
        for limit in limits
        for bound, sign in (("max", "<="), ("min", ">="))
        if bound in limit
    ]
    return f"the constraints {', '.join(texts)}" if texts else "no constraints"
