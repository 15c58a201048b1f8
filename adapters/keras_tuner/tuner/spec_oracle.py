"""An oracle for a spec: its space as `HyperParameters`, its engine as an Optuna study's sampler."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import Trial

from crosstune import _optuna
from crosstune.adapters.keras_tuner.inside import Oracle
from crosstune.adapters.keras_tuner.library import TrueSeed, keras_tuner, kinds
from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle, Recorded
from crosstune.adapters.keras_tuner.private import Parent
from crosstune.adapters.keras_tuner.trial_state import without_rung
from crosstune.adapters.keras_tuner.tuner.oracle_study import check_new
from crosstune.engines import study_values as ledger
from crosstune.errors import SpecError, Unsupported, no_such
from crosstune.samplers.engine import EngineSampler
from crosstune.space.parameters import Bool, Choice, Constant, Float, Int, Normal, Parameter
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Spec
from crosstune.study.choice import continued_engine
from crosstune.study.internal import own_study
from crosstune.study.patience import out_of_patience
from crosstune.study.trials import budget as budget_of
from crosstune.tuning.opening import open_study
from crosstune.tuning.request import Plan


class SpecOracle(Oracle):
    """The engine of a spec as an oracle.

    A hypermodel reads the names that the spec declares; any other name has its default.

    Args:
        plan: of the study; its start points are queued when the search begins.
        new: refuse a study that has trials.
        more: further arguments of `keras_tuner.Oracle`.
    """

    def __init__(self, plan: Plan, *, new: bool, **more: Any):
        assert plan.budget is not None
        self._spec = spec = plan.spec
        self._engine = engine = plan.engine
        self._budget = plan.budget
        bare = replace(plan, spec=spec.model_copy(update={"start": ()}))

        def open_() -> Study:
            study = open_study(bare)
            if new:
                check_new(study, plan.storage)
            return study

        LedgerOracle.__init__(
            self,
            open_,
            self._resume_engine,
            engine.record(),
            plan.budget,
            hyperparameters=container(spec.space),
            tune_new_entries=False,
            seed=TrueSeed(engine.seed),
            max_trials=plan.budget.trials,
            **more,
        )
        self._repeats = 0
        self.constants = {}
        self._queued = False
        self._ends = float("inf")

    def start_clock(self) -> None:
        """Count the spec's seconds from now on."""
        if self._budget.seconds is not None:
            self._ends = time.monotonic() + self._budget.seconds

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The engine's proposal, after the start points."""
        if not self._queued:
            for point in self._spec.points:
                params = ledger.write_point(self._spec.space, point)
                self.study.enqueue_trial(params, skip_if_exists=True)
            self._queued = True
        if time.monotonic() >= self._ends or out_of_patience(self.study, self._budget):
            return {"status": "STOPPED", "values": None}
        return super().populate_space(trial_id)

    def update_space(self, hyperparameters: keras_tuner.HyperParameters) -> None:
        """Ignore a hypermodel's own hyperparameters: the spec declares the space.

        Raises:
            SpecError: it has others, under `allow_new_entries=False`.
        """
        for construct in hyperparameters.space:
            if construct.name not in self._spec.space and not self.allow_new_entries:
                raise SpecError(no_such("parameter in the spec", construct.name, self._spec.space))

    def _ask(self, trial: Trial) -> dict[str, Any]:
        space = self._spec.space
        laws = ledger.distributions(space)
        params: Params = {}
        for name, item in space.items():
            if space.is_active(name, params):
                params[name] = ledger.read(item, ledger.suggest(trial, name, laws[name]))
        return {**params, **self._rung(trial)}

    def _rung(self, trial: Trial) -> dict[str, Any]:
        """The trial's budget from a scheduler, in the form of Keras Tuner's own Hyperband."""
        planned = budget_of(trial)
        if planned is None:
            return {}
        rung: dict[str, Any] = {
            "tuner/epochs": planned.epochs,
            "tuner/initial_epoch": planned.initial_epoch,
        }
        if planned.resume_from is not None:
            names = {number: name for name, number in self._numbers.items()}
            rung["tuner/trial_id"] = names[planned.resume_from]
        return rung

    def _has_new_point(self) -> bool:
        sampler = self.study.sampler
        return not (isinstance(sampler, EngineSampler) and sampler.exhausted(self.study))

    def _recorded(self, hyperparameters: keras_tuner.HyperParameters) -> Recorded:
        space, values = self._spec.space, hyperparameters.values
        point: Params = {}
        for name in space:
            if name in values and space.is_active(name, point):
                point[name] = values[name]
        laws: dict[str, BaseDistribution] = {
            name: ledger.distributions(space)[name] for name in point
        }
        others = {k: v for k, v in without_rung(values).items() if k not in space}
        return laws, ledger.write_point(space, point), others

    def _resume_engine(self, study: Study) -> dict[str, Any]:
        count = len(_optuna.all_trials(study))
        engine = continued_engine(self._engine, count)
        with own_study():
            study.sampler = engine.sampler(self._spec.space)
        return engine.record()


def container(space: Space) -> keras_tuner.HyperParameters:
    """`HyperParameters` with the names and conditions of a space, for a hypermodel to read.

    It is not searched: the values come from the engine. A parameter without a form in Keras Tuner
    is shown as the nearest one.

    Raises:
        Unsupported: a condition on a null, or on values of several types.
    """
    native = keras_tuner.HyperParameters()
    for name, item in space.items():
        conditions = []
        for parent, raws in space.conditions[name].items():
            values = [space[parent].decode(raw) for raw in sorted(raws)]
            try:
                conditions.append(Parent(parent, values))
            except (TypeError, ValueError) as error:
                raise Unsupported(
                    f"keras_tuner has no condition for {name!r}: {parent!r} in {values}. Its "
                    "conditions are on values of one type, and no null"
                ) from error
        native.merge([_shown(name, item, conditions)])
    return native


def _shown(name: str, item: Parameter, conditions: list[Parent]) -> Any:
    match item:
        case Bool():
            return kinds.Boolean(name, conditions=conditions)
        case Constant(value):
            plain = isinstance(value, str | int | float)
            shown = value if plain else json.dumps(value)
            return kinds.Fixed(name, shown, conditions=conditions)
        case Choice(values):
            of_one_type = {type(value) for value in values} in ({str}, {int}, {float})
            listed = list(values) if of_one_type else [json.dumps(value) for value in values]
            return kinds.Choice(name, listed, conditions=conditions)
        case Int(low, high, log=log):
            sampling = "log" if log else "linear"
            return kinds.Int(name, low, high, sampling=sampling, conditions=conditions)
        case Float(low, high, log=log):
            sampling = "log" if log else "linear"
            return kinds.Float(name, low, high, sampling=sampling, conditions=conditions)
        case Normal():
            return kinds.Float(name, *item.bounds, conditions=conditions)
    raise AssertionError(item)


def with_metric(spec: Spec, objective: Any) -> Spec:
    """A spec whose metric is Keras Tuner's objective.

    Raises:
        Unsupported: the spec has several metrics, constraints or a scheduler.
    """
    if spec.scheduler is not None:
        raise Unsupported(
            f"a tuner of Keras Tuner trains each trial by its own epochs, so it takes no scheduler "
            f"such as {spec.scheduler.name}. Run the spec with crosstune.tune or crosstune run"
        )
    if spec.metrics or spec.constraints:
        what = "several metrics" if spec.metrics else "constraints"
        raise Unsupported(
            f"a tuner of Keras Tuner has one objective, and the spec has {what}. Run it with "
            "crosstune.tune or crosstune run"
        )
    metric = {
        "name": objective.name,
        "direction": "maximize" if objective.direction == "max" else "minimize",
    }
    return spec.model_copy(update={"metric": type(spec.metric)(**metric)})


def objective_of(spec: Spec) -> Any:
    """Keras Tuner's objective for the metric of a spec; None if the spec names no metric."""
    if spec.metric == type(spec.metric)():
        return None
    return keras_tuner.Objective(spec.metric.name, spec.metric.direction[:3])
