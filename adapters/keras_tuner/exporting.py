"""A study as the project folder of a Keras Tuner search.

- Values are stored as in the study. Values that a `Choice` cannot hold (several types, null,
  lists) become JSON text. Constants of the space that are null or a list are left out.
- Ranges, steps and conditions are kept. Weights and normal distributions become even ranges,
  which affects a continued search, but not the data in the folder.
- A complete trial is COMPLETED with its value as the score, a failed one FAILED. A pruned one is
  INVALID with a message, so `get_best_trials` ignores it; so is an infeasible one, which has its
  score. Running and queued ones are left out.
- The objective's history is the trial's reports if the value is the best of them; else it is the
  value alone, and the reports are the metric "reports".
- `kt.RandomSearch`, `kt.BayesianOptimization` and `kt.GridSearch` open it. The first two can
  continue the search; a grid's position is not stored in such a folder. `kt.Hyperband` refuses it.
- There are no checkpoints, so `get_best_models` has nothing to load.
- Data without a place in Keras Tuner is in crosstune.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from crosstune._optuna import constraints
from crosstune.adapters.keras_tuner.library import Trial, keras_tuner, kinds, oracles
from crosstune.adapters.keras_tuner.private import Parent, values_hash
from crosstune.engines import study_values as ledger
from crosstune.exchange import sidecar_data as sidecar
from crosstune.exchange.one_objective import single
from crosstune.exchange.study_data import Contents
from crosstune.system.atomic_write import placed

BESIDE = "crosstune.json"
"""The file for data without a place in Keras Tuner."""

ORACLE = "oracle.json"
"""The file that marks a folder as a project."""

OBJECTIVE = "objective"
REPORTS = "reports"


def write_folder(
    contents: Contents, path: str | Path, *, force: bool, metric: str | None = None
) -> list[str]:
    """Write the project folder.

    Args:
        contents: of the study.
        path: of the folder.
        force: overwrite an existing project.
        metric: the name of the objective. None: that of the study, or "objective".

    Returns:
        Notes for the user. Several objectives become one value; see
        `crosstune.exchange.one_objective`.
    """
    contents, notes_on_value = single(contents)
    name = metric or (contents.metric_names or [OBJECTIVE])[0]
    with placed(path, force=force, mark=ORACLE) as part:
        part.mkdir()
        _write(contents, part, name)
    final = Path(path)
    direction = "max" if contents.maximize else "min"
    notes = [
        *notes_on_value,
        f"open it with kt.RandomSearch(..., objective=kt.Objective({name!r}, {direction!r}), "
        f"directory={str(final.parent)!r}, project_name={final.name!r}, overwrite=False)",
    ]
    pruned = sum(trial.state is TrialState.PRUNED for trial in contents.finished)
    if pruned:
        notes.append(f"{pruned} pruned trials have status INVALID")
    if contents.infeasible:
        notes.append(f"{len(contents.infeasible)} infeasible trials have status INVALID")
    left = len(contents.trials) - len(contents.finished)
    if left:
        notes.append(f"{left} unfinished trials are left out")
    return notes


def _write(contents: Contents, folder: Path, metric: str) -> None:
    native = hyperparameters(contents)
    objective = keras_tuner.Objective(metric, "max" if contents.maximize else "min")
    oracle = _oracle(objective, native, contents.seed)
    ids, hashes, beside = [], {}, {}
    for position, trial in enumerate(contents.finished):
        trial_id = f"{position:04d}"
        written = _trial(contents, trial, trial_id, native, objective)
        (folder / f"trial_{trial_id}").mkdir()
        written.save(str(folder / f"trial_{trial_id}" / "trial.json"))
        ids.append(trial_id)
        hashes[trial_id] = values_hash(oracle, written.hyperparameters.values)
        beside[trial_id] = sidecar.of_trial(trial, fingerprint(written))
    state = oracle.get_state()
    state |= {
        "start_order": ids,
        "end_order": ids,
        "run_times": dict.fromkeys(ids, 1),
        "tried_so_far": sorted(set(hashes.values())),
        "id_to_hash": hashes,
        "seed_state": oracle.seed + len(ids) * max(1, len(native.space)),
    }
    _dump(state, folder / ORACLE)
    _dump({}, folder / "tuner0.json")
    _dump({**sidecar.of_study(contents), "metric": metric, "trials": beside}, folder / BESIDE)


def fingerprint(trial: Any) -> dict[str, Any]:
    """A trial's state in Keras Tuner, as JSON values."""
    state: dict[str, Any] = json.loads(json.dumps(trial.get_state()))
    return {
        "values": state["hyperparameters"]["values"],
        **{key: state[key] for key in ("status", "score", "best_step")},
    }


def _oracle(objective: Any, native: Any, seed: int) -> Any:
    """An oracle whose state every tuner but Hyperband can read."""
    arguments = {"objective": objective, "hyperparameters": native, "seed": seed % 2**31 or 1}
    try:
        return oracles.BayesianOptimizationOracle(**arguments)
    except ImportError:  # It needs scikit-learn; the others read only this state.
        return oracles.RandomSearchOracle(**arguments)


def hyperparameters(contents: Contents) -> keras_tuner.HyperParameters:
    """Each parameter in the values of the study, with its conditions."""
    native = keras_tuner.HyperParameters()
    space = contents.space
    for name, distribution in contents.distributions.items():
        conditions = []
        if space is not None and name in space:
            for parent, raws in space.conditions[name].items():
                item, over = space[parent], contents.distributions[parent]
                values = [encode(over, ledger.write(item, item.decode(r))) for r in sorted(raws)]
                conditions.append(Parent(parent, values))
        construct = _construct(name, distribution, conditions)
        if construct is not None:
            native.merge([construct])
    return native


def _construct(name: str, law: BaseDistribution, conditions: list[Parent]) -> Any:
    """The hyperparameter with the values of a distribution; None if there is none."""
    match law:
        case CategoricalDistribution(choices=(value,)):
            plain = isinstance(value, str | int | float)
            return kinds.Fixed(name, value, conditions=conditions) if plain else None
        case CategoricalDistribution(choices=choices) if set(map(repr, choices)) == _BOOLS:
            return kinds.Boolean(name, conditions=conditions)
        case CategoricalDistribution(choices=choices):
            listed = [encode(law, choice) for choice in choices]
            return kinds.Choice(name, listed, ordered=False, conditions=conditions)
        case FloatDistribution(low=low, high=high) | IntDistribution(low=low, high=high) if (
            low == high
        ):
            return kinds.Fixed(name, low, conditions=conditions)
        case FloatDistribution() | IntDistribution():
            make = kinds.Int if isinstance(law, IntDistribution) else kinds.Float
            return make(
                name,
                law.low,
                law.high,
                step=None if law.log else law.step,
                sampling="log" if law.log else "linear",
                conditions=conditions,
            )
    raise AssertionError(law)


_BOOLS = {"True", "False"}


def encode(law: BaseDistribution, value: Any) -> Any:
    """A value of the study as Keras Tuner stores it."""
    if not isinstance(law, CategoricalDistribution):
        return value
    types = {type(choice) for choice in law.choices}
    if types in ({str}, {int}, {float}, {bool}) and (types != {bool} or len(law.choices) <= 2):
        return value
    texts = [_text(choice) for choice in law.choices]
    position = int(law.to_internal_repr(value))
    return texts[position] if len(set(texts)) == len(texts) else f"{position}: {texts[position]}"


def _text(choice: Any) -> str:
    try:
        return json.dumps(choice)
    except TypeError:
        return repr(choice)


def _trial(
    contents: Contents, trial: FrozenTrial, trial_id: str, native: Any, objective: Any
) -> Any:
    values = native.copy()
    names = {construct.name for construct in native.space}
    values.values = {
        name: encode(contents.distributions[name], value)
        for name, value in trial.params.items()
        if name in names
    }
    status, message = _status(trial)
    written = Trial(values, trial_id=trial_id, status=status, message=message)
    reports = trial.intermediate_values
    value = trial.value if trial.state is TrialState.COMPLETE else None
    history = written.metrics
    if reports:
        _add(history, objective.name, objective, reports)
    if value is not None:
        finite = [report for report in reports.values() if math.isfinite(report)]
        best = max if objective.direction == "max" else min
        if best(finite, default=None) != value:
            _separate_reports(history, objective, reports)
            history.update(objective.name, value, step=max(reports, default=0))
        written.score = float(value)
        written.best_step = history.get_best_step(objective.name)
    return written


def _separate_reports(history: Any, objective: Any, reports: Mapping[int, float]) -> None:
    """Clear the objective's history, and make the reports a metric of their own."""
    history.metrics.clear()
    if reports:
        name = REPORTS if objective.name != REPORTS else f"{REPORTS} of the trial"
        _add(history, name, objective, reports)
    _add(history, objective.name, objective, {})


def _add(history: Any, name: str, objective: Any, reports: Mapping[int, float]) -> None:
    history.register(name, objective.direction)
    for step, report in reports.items():
        history.update(name, report, step=step)


def _status(trial: FrozenTrial) -> tuple[str, str | None]:
    if trial.state is TrialState.COMPLETE:
        violated = [f"{key} = {value!r}" for key, value in constraints(trial).items() if value > 0]
        if violated:
            return "INVALID", f"infeasible, a constraint is above 0: {', '.join(violated)}"
        return "COMPLETED", None
    if trial.state is TrialState.FAIL:
        return "FAILED", "failed"
    finite = {step: v for step, v in trial.intermediate_values.items() if math.isfinite(v)}
    if not finite:
        return "INVALID", "pruned"
    return "INVALID", f"pruned at step {max(finite)} with {finite[max(finite)]!r}"


def _dump(plain: Any, path: Path) -> None:
    path.write_text(json.dumps(plain), encoding="utf-8")
