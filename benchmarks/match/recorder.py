"""The objective of a run: returns evaluations on file, and makes and writes the others."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import optuna
from optuna.study import Study
from optuna.trial import Trial

from crosstune import _optuna
from crosstune.benchmarks.match.folder import RunFile
from crosstune.benchmarks.match.limits import Spent
from crosstune.benchmarks.match.results import Evaluation, MatchRun
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import best_trial
from crosstune.engines.record_names import ERROR, PAUSED, QUESTIONS
from crosstune.errors import RequestError, RunError
from crosstune.objectives import TrialFailed, suggest
from crosstune.objectives.questions import ask_again, propose_again
from crosstune.recommendation.recommend import recommend
from crosstune.space.space import Params
from crosstune.study.clock import SamplerClock
from crosstune.study.trials import budget


class RunMismatch(RequestError):
    """A run proposes other points than those on file."""


class Recorder:
    """The objective of a study in a match.

    Args:
        problem: its objective is evaluated.
        run: the evaluations on file.
        file: receives new evaluations.
        clock: of the study's sampler.

    Attributes:
        spent: by all trials so far, those on file included.
        constrained: whether any of them has constraints.
    """

    def __init__(self, problem: Problem, run: MatchRun, file: RunFile, clock: SamplerClock):
        self.spent = Spent()
        self.constrained = False
        self._problem = problem
        self._on_file = {evaluation.number: evaluation for evaluation in run.evaluations}
        self._file = file
        self._clock = clock
        self._sampled = 0.0
        self._translated = {
            name: item for name, item in problem.space.items() if not ledger.is_stored_as_is(item)
        }
        self._has_tests = any(evaluation.test is not None for evaluation in run.evaluations)

    def __call__(self, trial: Trial) -> float | tuple[float, ...]:
        """The value or values of a trial, on the real clock; raises as its objective did."""
        evaluation = self.take(trial)
        self.record(evaluation)
        if evaluation.state == "complete" and evaluation.values:
            return evaluation.values
        if evaluation.state == "complete" and evaluation.value is not None:
            return evaluation.value
        if evaluation.state == "pruned":
            raise optuna.TrialPruned
        raise TrialFailed(evaluation.error or "")

    def take(self, trial: Trial) -> Evaluation:
        """The evaluation of a trial: from the file, or a new one.

        Raises:
            RunMismatch: the file has another point.
            CrosstuneError: the objective returned an unusable value.
        """
        evaluation = self._on_file.get(trial.number)
        if evaluation is None:
            return self._evaluate(trial)
        propose_again(trial, evaluation.questions)
        params = suggest(self._problem.space, trial)
        propose_again(trial, evaluation.questions)
        self._sampled = self._clock.seconds
        if repr(dict(evaluation.params)) != repr(params):
            raise RunMismatch(
                f"{self._file.path}: trial {trial.number} had {dict(evaluation.params)}, and its "
                f"sampler proposes {params} now. A library, the machine or the objective has "
                "changed. Use another folder, or delete this file to repeat the run"
            )
        ask_again(trial, dict(evaluation.reports), evaluation.questions)
        _optuna.constrain(trial, evaluation.constraints or {})
        if evaluation.paused is not None:
            trial.set_user_attr(PAUSED, evaluation.paused)
        return evaluation

    def record(self, evaluation: Evaluation) -> None:
        """Count an evaluation, and write it if it is new."""
        self.constrained = self.constrained or bool(evaluation.constraints)
        if evaluation.number not in self._on_file:
            self._file.add(evaluation)
            self._has_tests = self._has_tests or evaluation.test is not None
        self.spent.add(evaluation)

    def _evaluate(self, trial: Trial) -> Evaluation:
        state, value, values = "complete", None, ()
        sampled, began = self._clock.seconds, time.monotonic()
        try:
            returned = self._problem.prepared(trial)
            value, values = (None, returned) if isinstance(returned, tuple) else (returned, ())
        except optuna.TrialPruned:
            state = "pruned"
        except TrialFailed:
            state = "failed"
        seconds = time.monotonic() - began - (self._clock.seconds - sampled)
        sampler_seconds = self._clock.seconds - self._sampled
        self._sampled = self._clock.seconds
        frozen = _optuna.all_trials(trial.study)[trial.number]
        if any(map(math.isnan, values if value is None else (value,))):
            state, value, values = "failed", None, ()
        reports = tuple(sorted(frozen.intermediate_values.items()))
        if state == "pruned" and reports:
            value = reports[-1][1]
        planned = budget(frozen)
        seconds = _recorded(self._problem, frozen.user_attrs, seconds)
        return Evaluation(
            trial.number,
            state,
            value,
            self._point(frozen.params),
            test=_finite(frozen.user_attrs.get(f"test_{self._problem.metric}")),
            reports=reports,
            epochs=len(reports) or (1 if planned is None else planned.epochs),
            error=frozen.user_attrs.get(ERROR) if state == "failed" else None,
            seconds=seconds,
            sampler_seconds=sampler_seconds,
            ended=self.spent.seconds + seconds + sampler_seconds,
            constraints=dict(_optuna.constraints(frozen)) or None,
            questions=frozen.user_attrs.get(QUESTIONS),
            values=values,
            paused=frozen.user_attrs.get(PAUSED),
        )

    def final_test(self, study: Study) -> float | None:
        """The score of the best trial on unseen data, if a separate call computes it.

        With several metrics there is none. Of a problem with a truth, it is that of the recommended
        trial.

        Raises:
            RunError: the mapping that the objective's `test` returns lacks the metric.
        """
        alone = not self._has_tests and not self._problem.spec.metrics
        best = best_trial(study) if alone else None
        if best is not None and best.params and self._problem.truth is not None:
            recommended = recommend(study, spec=self._problem.space)
            return float(self._problem.truth(self._point(recommended.trial.params)))
        scores = None if best is None else self._problem.prepared.test(best)
        if scores is None:
            return None
        if self._problem.metric not in scores:
            raise RunError(
                f"the objective's test returned no {self._problem.metric!r}. It returned: "
                f"{', '.join(scores)}"
            )
        return float(scores[self._problem.metric])

    def _point(self, values: Mapping[str, Any]) -> Params:
        """The values of an evaluated trial, in the order of the space.

        A parameter is active if it is present; `ledger.read_point` would check conditions again.
        """
        params = {name: values[name] for name in self._problem.space if name in values}
        for name, item in self._translated.items():
            if name in params:
                params[name] = ledger.read(item, params[name])
        return params


def _recorded(problem: Problem, attributes: dict[str, Any], seconds: float) -> float:
    """The recorded duration, if the problem has one; else the measured `seconds`."""
    recorded = None if problem.duration is None else _finite(attributes.get(problem.duration))
    return seconds if recorded is None else recorded


def _finite(value: Any) -> float | None:
    """A finite number, or None."""
    with suppress(TypeError, ValueError):
        return float(value) if math.isfinite(float(value)) else None
    return None
