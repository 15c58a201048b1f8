"""How a worker joins a study: the existing one, or a new one."""

from __future__ import annotations

from dataclasses import replace

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study

from crosstune.engines.pruner_record import described
from crosstune.engines.record import PRUNER, leave_record, records
from crosstune.engines.record_names import SPACE
from crosstune.resume.agreement import agreed_pruner, is_same_engine
from crosstune.study.evaluated import agree
from crosstune.study.internal import own_study
from crosstune.tuning.opening import check_same, open_study
from crosstune.tuning.request import Plan


def joined(plan: Plan, storage: BaseStorage) -> Study:
    """The study of a plan: the existing one, or a new one.

    Args:
        plan: of the study.
        storage: the shared one.

    Raises:
        RequestError: it was made with another space, direction or pruner, or evaluated on other
            data.
    """
    assert plan.function is not None
    note = "made by several workers, with a seed for each trial of the study's seed and its "
    engine = plan.engine
    engine = replace(engine, native=False, notes=(*engine.notes, note + "number"))
    name = plan.study_name
    study: Study | None
    try:
        with own_study():
            study = optuna.load_study(study_name=name, storage=storage, sampler=plan.sampler)
    except KeyError:
        study = None
    if study is None or SPACE not in study.user_attrs:
        return open_study(replace(plan, engine=engine, storage=storage, budget=None))
    check_same(study, plan.spec)
    evaluated = plan.function.evaluated()
    if evaluated is not None:
        agree(study, evaluated, begun=bool(study.get_trials(deepcopy=False)))
    runs = records(study)
    study.pruner = agreed_pruner(name, runs, plan.pruner)
    recorded = runs[-1].get(PRUNER, described(study.pruner))
    same = is_same_engine(runs[-1], engine.adapter.name, engine.algorithm)
    if not same or recorded != described(study.pruner):
        first = len(study.get_trials(deepcopy=False))
        leave_record(study, engine.record(), first_trial=first)
    return study
