"""A study as pickled `hyperopt.Trials`.

- A number is stored as it is, and a choice as its position, as `hp.uniform`, `hp.quniform`,
  `hp.choice` ... draw them (the literal form). If a space has no literal form, `misc.vals` has the
  draws of the exact form. `native_space` returns the matching `hp` space.
- An inactive parameter has empty lists. Constants have no label.
- Hyperopt minimises: the loss of a study that maximises is the negated value.
- A failed trial is STATUS_FAIL without a loss. A pruned one is STATUS_FAIL with its last report
  as the loss: the algorithms learn from it, `best_trial` and `argmin` ignore it. An infeasible
  one, which violates a constraint, is STATUS_FAIL with its value as the loss, for the same reason.
- Running and queued trials are left out.
- The pickle has Hyperopt's classes and plain values only; crosstune is not needed to read it. Data
  without a place in Hyperopt is under "crosstune" in `attachments` and in each `result`.
"""

from __future__ import annotations

import datetime
import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import hyperopt
from hyperopt import hp
from hyperopt.base import JOB_STATE_DONE
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from crosstune.adapters.hyperopt.literal import literal
from crosstune.engines import registry as adapters
from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import is_feasible
from crosstune.errors import RequestError, Unsupported
from crosstune.exchange import sidecar_data as sidecar
from crosstune.exchange.one_objective import single
from crosstune.exchange.study_data import Contents
from crosstune.space.space import Space
from crosstune.system.atomic_write import placed

KEY = "crosstune"
"""The entry of `Trials.attachments`, and of each result, for data without a place in Hyperopt."""


def write_file(contents: Contents, path: str | Path, *, force: bool) -> list[str]:
    """Pickle the finished trials.

    Args:
        contents: of the study.
        path: of the file.
        force: overwrite an existing file.

    Returns:
        Notes for the user.
    """
    trials, notes = trials_of(contents)
    with placed(path, force=force) as part, part.open("wb") as file:
        pickle.dump(trials, file)
    return notes


def trials_of(contents: Contents) -> tuple[hyperopt.Trials, list[str]]:
    """The finished trials of a study as `hyperopt.Trials`, and notes.

    Several objectives become one value; see `crosstune.exchange.one_objective`.
    """
    contents, notes_on_value = single(contents)
    mode = "literal" if contents.space is None else _mode(contents.space)
    encode = _encoder(contents, mode)
    docs = []
    # Hyperopt numbers the next trial by the count of trials, so the numbers need to be gapless.
    for tid, trial in enumerate(contents.finished):
        docs.append(_document(contents, trial, tid, encode))
    trials = hyperopt.trials_from_docs(docs)
    trials.attachments[KEY] = {**sidecar.of_study(contents), "mode": mode}
    notes = [*notes_on_value, f"misc.vals has the draws of the {mode} hp space"]
    if contents.maximize:
        notes.append("the study maximises, so each loss is the negated value")
    pruned = sum(trial.state is TrialState.PRUNED for trial in contents.finished)
    if pruned:
        notes.append(f"{pruned} pruned trials have status fail and their last report as the loss")
    infeasible = len(contents.infeasible)
    if infeasible:
        notes.append(f"{infeasible} infeasible trials have status fail and their value as the loss")
    left = len(contents.trials) - len(docs)
    if left:
        notes.append(f"{left} unfinished trials are left out")
    return trials, notes


def _mode(space: Space) -> str:
    try:
        literal(space)
    except Unsupported:
        return "exact"
    return "literal"


def _encoder(contents: Contents, mode: str) -> Callable[[str, Any], float]:
    """A function from a value in the study to Hyperopt's draw."""
    space = contents.space

    def encode(name: str, stored: Any) -> float:
        if mode == "exact" and space is not None and name in space:
            return space[name].encode(ledger.read(space[name], stored))
        distribution = contents.distributions[name]
        if isinstance(distribution, CategoricalDistribution):
            return int(distribution.to_internal_repr(stored))
        return stored  # type: ignore[no-any-return]  # a number

    return encode


def _document(
    contents: Contents, trial: FrozenTrial, tid: int, encode: Callable[[str, Any], float]
) -> dict[str, Any]:
    vals: dict[str, list[float]] = {name: [] for name in contents.searched}
    for name, stored in trial.params.items():
        if name in vals:
            vals[name] = [encode(name, stored)]
    counts = trial.state is TrialState.COMPLETE and is_feasible(trial)
    result: dict[str, Any] = {"status": hyperopt.STATUS_OK if counts else hyperopt.STATUS_FAIL}
    value = trial.value if trial.value is not None else _last(trial.intermediate_values)
    if value is not None and not math.isnan(value) and trial.state is not TrialState.FAIL:
        result["loss"] = -value if contents.maximize else value
    native = {"result": dict(result), "vals": {name: list(val) for name, val in vals.items()}}
    result[KEY] = sidecar.of_trial(trial, native)
    return {
        "state": JOB_STATE_DONE,
        "tid": tid,
        "spec": None,
        "result": result,
        "misc": {
            "tid": tid,
            "cmd": ("domain_attachment", "FMinIter_Domain"),
            "workdir": None,
            "idxs": {name: [tid] if val else [] for name, val in vals.items()},
            "vals": vals,
        },
        "exp_key": None,
        "owner": None,
        "version": 0,
        "book_time": _utc(trial.datetime_start),
        "refresh_time": _utc(trial.datetime_complete),
    }


def _last(reports: Mapping[int, float]) -> float | None:
    return reports[max(reports)] if reports else None


def _utc(local: datetime.datetime | None) -> datetime.datetime | None:
    """Hyperopt's times are in UTC and Optuna's are local; both are naive."""
    return None if local is None else local.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def native_space(trials: hyperopt.Trials) -> dict[str, Any]:
    """The `hp` space of exported trials, for `space_eval` and `fmin`.

    If the study declared no space, every parameter is always active: write the space by hand if
    some are not.

    Raises:
        RequestError: crosstune did not write them.

    >>> import crosstune
    >>> study = crosstune.create_study({"space": {"x": {"type": "float", "low": 0, "high": 1}}})
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> trials, _ = trials_of(crosstune.exchange.read_study(study))
    >>> list(hyperopt.space_eval(native_space(trials), trials.argmin))
    ['x']
    """
    written = written_by_us(trials)
    if written is None:
        raise RequestError(
            "these trials were not written by crosstune, so their hp space is not known"
        )
    native: dict[str, Any] = {}
    if written["space"] is not None:
        native = adapters.get("hyperopt").compile(Space(written["space"]), mode=written["mode"])
    for name, distribution in sidecar.distributions(written).items():
        if written["space"] is None or name not in written["space"]:
            native[name] = _expression(name, distribution)
    return native


def _expression(name: str, law: BaseDistribution) -> Any:
    match law:
        case CategoricalDistribution():
            return hp.choice(name, list(law.choices))
        case FloatDistribution(log=True):
            return hp.loguniform(name, math.log(law.low), math.log(law.high))
        case FloatDistribution(step=None):
            return hp.uniform(name, law.low, law.high)
        case IntDistribution(log=True):
            return hp.qloguniform(name, math.log(law.low), math.log(law.high), 1)
        case FloatDistribution() | IntDistribution():
            return hp.quniform(name, law.low, law.high, law.step)
    raise AssertionError(law)


def written_by_us(trials: hyperopt.Trials) -> dict[str, Any] | None:
    """The data that crosstune wrote beside the trials; None if it did not write them."""
    written = trials.attachments.get(KEY)
    return written if sidecar.is_study(written) and "mode" in written else None
