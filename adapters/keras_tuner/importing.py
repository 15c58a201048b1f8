"""A study from the project folder of a Keras Tuner search.

- COMPLETED is a complete trial, FAILED and INVALID a failed one, with its message as the user
  attribute "message". Running and idle trials are left out.
- The folder does not store which metric is the objective. It is the one whose best value is the
  score of every complete trial; if there are several, it has to be named. Its direction is that of
  its history. The other metrics become user attributes, with their value at the best step.
- Hyperband's "tuner/..." values become the trial's budget.
- The order of the trials is that of oracle.json. Their time is that of their file. Folders of older
  versions are read as far as their files go.
- A trial outside the ranges is left out with a note. If most are, a space passed by the caller is
  refused.
- The space is declared if possible: not with reverse_log sampling, nor with one name under two
  conditions. Then each parameter has the range of its hyperparameters, without conditions.
- In a folder that crosstune wrote, unchanged trials are restored from crosstune.json.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from crosstune.adapters.keras_tuner.exporting import ORACLE, encode, fingerprint
from crosstune.adapters.keras_tuner.library import kinds
from crosstune.adapters.keras_tuner.project_files import read_beside, read_oracle, read_trials
from crosstune.adapters.keras_tuner.trial_state import RUNG, rung_of, without_rung
from crosstune.engines import registry as adapters
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.errors import RequestError, SpecError, Unsupported, no_such
from crosstune.exchange import sidecar_data as sidecar
from crosstune.exchange.points import in_space, moved, own, those_that_fit
from crosstune.exchange.study_data import Contents, frozen, hull, observed
from crosstune.space.space import Space

_ENDED = ("COMPLETED", "FAILED", "INVALID")


def read_folder(
    path: str | Path, *, space: Space | None = None, metric: str | None = None
) -> tuple[Contents, list[str]]:
    """The contents of a project folder, and notes.

    Args:
        path: of the folder.
        space: to declare for the study, in place of the folder's.
        metric: the objective's name.

    Raises:
        RequestError: it is not a project folder, it is damaged, or the objective is ambiguous.
    """
    folder = Path(path)
    if not (folder / ORACLE).is_file():
        what = f"has no {ORACLE}" if folder.is_dir() else "is not there"
        raise RequestError(f"{path} {what}, so it is not a project folder of Keras Tuner")
    native, order = read_oracle(folder)
    beside = read_beside(folder)
    stored = read_trials(folder, order)
    ended = [(trial, time) for trial, time in stored if trial.status in _ENDED]
    notes = []
    if order is None and stored:
        notes.append(
            "the folder has no order of the trials: it is that of the times of their files"
        )
    if len(ended) < len(stored):
        notes.append(f"{len(stored) - len(ended)} unfinished trials are left out")
    gone = len(set(order or ()) - {trial.trial_id for trial, _ in stored})
    if gone:
        what = "1 trial is left out: its" if gone == 1 else f"{gone} trials are left out: their"
        notes.append(f"{what} trial.json is not there")
    natives = [trial for trial, _ in ended]
    name, direction = _objective(natives, metric or beside.get("metric"))
    before = Space(beside["space"]) if beside.get("space") is not None else None
    requested = space
    if space is None and beside:
        space = before
    elif space is None:
        try:
            space = adapters.get("keras_tuner").read(native)
        except Unsupported as error:
            notes.append(f"no space is declared: {error}")
    distributions = dict(ledger.distributions(space)) if space is not None else {}
    if beside:
        distributions = {**sidecar.distributions(beside), **distributions}
    reading = _Reading(space, distributions, native, natives, name)

    def read(timed: tuple[Any, datetime.datetime], number: int) -> FrozenTrial:
        trial, time = timed
        written = beside["trials"].get(trial.trial_id) if beside else None
        if not sidecar.is_trial(written, fingerprint(trial)):
            return reading.trial(trial, number, time)
        if requested is not None:
            params = moved(written["params"], before, requested, number)
            written = {**written, "params": params}
        again = sidecar.restored(written, number, reading.distributions)
        return again or reading.trial(trial, number, time)

    trials, outside = those_that_fit(ended, read, most=requested is not None)
    notes += outside
    contents = Contents(
        name=beside.get("name", folder.resolve().name),
        directions=tuple(beside.get("directions", [direction])),
        space=space,
        distributions=reading.distributions,
        trials=trials,
        attrs=beside.get("attrs", {}),
        metric_names=beside.get("metric_names", [name] if name else None),
    )
    return contents, notes


def _objective(trials: Sequence[Any], metric: str | None) -> tuple[str | None, str]:
    complete = [trial for trial in trials if trial.status == "COMPLETED"]
    names = list(dict.fromkeys(name for trial in trials for name in trial.metrics.metrics))
    if metric is None:
        fitting = [name for name in names if all(_scores(trial, name) for trial in complete)]
        if len(fitting) > 1 or (complete and not fitting):
            which = "several metrics fit" if fitting else "no single metric is"
            raise RequestError(
                f"{which} the score of the trials, so the objective has to be named: --metric "
                f"with one of {', '.join(fitting or names)}"
            )
        metric = fitting[0] if fitting else None
    elif names and metric not in names:
        raise RequestError(no_such("metric", metric, names))
    directions = [t.metrics.get_direction(metric) for t in trials if t.metrics.exists(metric)]
    return metric, "maximize" if "max" in directions[:1] else "minimize"


def _scores(trial: Any, name: str) -> bool:
    """True if a metric's best value is the trial's score."""
    return bool(trial.metrics.exists(name) and trial.metrics.get_best_value(name) == trial.score)


class _Reading:
    """Converts Keras Tuner's trials into those of a study.

    Args:
        space: of the study, if any.
        distributions: those that are known; completed from the other arguments.
        native: the hyperparameters of the oracle.
        trials: Keras Tuner's.
        metric: the objective's name, if known.

    Attributes:
        distributions: under which the study stores the values.
    """

    def __init__(
        self,
        space: Space | None,
        distributions: dict[str, BaseDistribution],
        native: Any,
        trials: Sequence[Any],
        metric: str | None,
    ):
        self._space = space
        self._metric = metric
        self._numbers = {trial.trial_id: number for number, trial in enumerate(trials)}
        self.distributions = distributions
        for construct in native.space:
            name = construct.name
            if (space is None or name not in space) and not name.startswith(RUNG):
                made = _distribution(construct)
                before = distributions.get(name)
                distributions[name] = made if before is None else hull(before, made)
        seen: dict[str, list[Any]] = {}
        for trial in trials:
            for name, value in without_rung(trial.hyperparameters.values).items():
                if name not in distributions:
                    seen.setdefault(name, []).append(value)
        distributions.update({name: observed(values) for name, values in seen.items()})

    def trial(self, trial: Any, number: int, time: datetime.datetime) -> FrozenTrial:
        """A trial as the study stores it.

        Args:
            trial: Keras Tuner's.
            number: in the study.
            time: of its end.
        """
        values = without_rung(trial.hyperparameters.values)
        attrs = self._further(trial)
        rung = rung_of(trial.hyperparameters.values, self._numbers)
        if rung is not None:
            attrs[TRIAL_BUDGET] = asdict(rung)
        if trial.message:
            attrs["message"] = str(trial.message)
        value, reports = None, {}
        if self._metric is not None and trial.metrics.exists(self._metric):
            history = trial.metrics.get_history(self._metric)
            reports = {int(seen.step): float(seen.mean()) for seen in history}
            if trial.status == "COMPLETED":
                value = float(trial.metrics.get_best_value(self._metric))
        if value is not None and math.isnan(value):
            value = None
        return frozen(
            number,
            state=TrialState.FAIL if value is None else TrialState.COMPLETE,
            value=value,
            params=self._params(values, number),
            distributions=self.distributions,
            user_attrs=attrs,
            intermediate_values=reports,
            complete=time,
        )

    def _params(self, values: Mapping[str, Any], number: int) -> dict[str, Any]:
        decoded = {name: _decoded(self.distributions[name], v) for name, v in values.items()}
        space = self._space
        if space is None:
            return decoded
        point: dict[str, Any] = {}
        begun = bool(values) or not space.searched  # else it failed before the first suggestion
        for name, item in space.items():
            # An oracle may store values of inactive parameters.
            if not space.is_active(name, point):
                continue
            try:
                if name in decoded:
                    point[name] = own(item, ledger.read(item, decoded[name]))
                elif begun and item.coordinate is None:
                    point[name] = item.only
            except SpecError as error:
                raise SpecError(f"trial {number} is not a point of the space: {error}") from None
        beside = {name: value for name, value in decoded.items() if name not in space}
        return {**in_space(space, point, number), **beside}

    def _further(self, trial: Any) -> dict[str, Any]:
        """The other metrics at the best step."""
        metrics: dict[str, Any] = {}
        for name in [n for n in trial.metrics.metrics if n != self._metric]:
            seen = {obs.step: float(obs.mean()) for obs in trial.metrics.get_history(name)}
            if seen:
                metrics[name] = seen.get(trial.best_step, seen[max(seen)])
        return metrics


def _decoded(law: BaseDistribution, value: Any) -> Any:
    """A value of Keras Tuner as the study stores it."""
    if isinstance(law, CategoricalDistribution):
        for choice in law.choices:
            if encode(law, choice) == value and type(encode(law, choice)) is type(value):
                return choice
        return value
    if isinstance(law, IntDistribution) and float(value).is_integer():
        return int(value)
    return value


def _distribution(construct: Any) -> BaseDistribution:
    """The distribution of a hyperparameter, without its conditions."""
    match construct:
        case kinds.Boolean():
            return CategoricalDistribution([False, True])
        case kinds.Choice():
            return CategoricalDistribution(list(dict.fromkeys(construct.values)))
        case kinds.Fixed():
            return CategoricalDistribution([construct.value])
    log = construct.sampling == "log"
    step = None if log else construct.step
    if isinstance(construct, kinds.Int):
        return IntDistribution(construct.min_value, construct.max_value, log=log, step=step or 1)
    return FloatDistribution(construct.min_value, construct.max_value, log=log, step=step)
