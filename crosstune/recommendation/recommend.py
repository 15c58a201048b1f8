"""`crosstune.recommend`: the trial to take from a study, also if its objective has noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import best_trial, why_no_best
from crosstune.errors import RequestError, Unsupported
from crosstune.space.space import Space
from crosstune.spec.spec import Spec, load
from crosstune.system.extras import require
from crosstune.system.scalars import plain_arguments


@dataclass(frozen=True)
class Recommendation:
    """A point that a study has evaluated, and what is known of its value.

    Attributes:
        trial: the best of the trials that evaluated the point.
        params: its parameters, in the types of the space.
        mean: the expected value, in the metric's units; by a model the median of its posterior.
        deviation: of the expected value, in the metric's units: half of the central 68 % of the
            posterior; 0 if the trials show no noise.
        observed: the mean of the values that the trials of the point had.
        repeats: the number of these trials.
        noise: the standard deviation of a single evaluation of the point, in the metric's units; 0
            if the trials show none.
        best: the study's best observed trial.
    """

    trial: FrozenTrial
    params: dict[str, Any]
    mean: float
    deviation: float
    observed: float
    repeats: int
    noise: float
    best: FrozenTrial

    @property
    def noisy(self) -> bool:
        """True if a model with noise was used; else the trial is the best observed one."""
        return self.noise > 0

    @property
    def differs(self) -> bool:
        """True if the point is not that of the best observed trial."""
        return self.trial.params != self.best.params

    def __str__(self) -> str:
        if not self.noisy:
            return f"trial {self.trial.number}: {self.mean:.6g}, the best observed value"
        times = "once" if self.repeats == 1 else f"{self.repeats} times"
        text = (
            f"trial {self.trial.number}: {self.mean:.6g} ± {self.deviation:.2g} expected, "
            f"{self.observed:.6g} observed ({times}), noise ± {self.noise:.2g}"
        )
        if self.differs:
            text += f"; the best observed is trial {self.best.number}: {self.best.value:.6g}"
        return text


@plain_arguments("spec")
def recommend(
    study: Study,
    *,
    spec: Spec | Space | str | Path | Mapping[str, Any] | None = None,
    noisy: bool | None = None,
) -> Recommendation:
    """The evaluated point of a study that is best to take, made by any engine.

    If the objective has noise, the best observed value is partly luck. Then a Gaussian process is
    fitted to the complete trials, which averages repeats of a point and borrows from near ones, and
    the point is the one whose value is best if it is one deviation worse than expected. Without
    noise the trial is exactly `study.best_trial`.

    The trials show noise if repeats of a point have different values. Repeats that are equal show
    that there is none. Without repeats noise is assumed only if a model with noise explains the
    values far better than models without, smooth and rough ones: weak noise, and few trials, are
    not enough. Say `noisy=True` if you know it; see `repeats` in a spec.

    Args:
        study: with one objective and a complete trial.
        spec: with the space, or the space. None: that of the study's record, or one learnt from
            the trials.
        noisy: whether the objective has noise; None: decided by the trials.

    Raises:
        RequestError: no trial is complete and feasible, or the trials have no parameters.
        Unsupported: the study has several objectives.
        MissingLibrary: scipy or threadpoolctl is not installed.

    >>> import crosstune
    >>> space = {"x": crosstune.Float(-1, 1)}
    >>> study = crosstune.tune({"space": space, "seed": 0}, lambda params: params["x"] ** 2)
    >>> recommend(study).trial.number == study.best_trial.number
    True
    """
    require("recommend", "crosstune[optuna]", "scipy", "threadpoolctl")
    if len(study.directions) > 1:
        raise Unsupported(
            f"the study {study.study_name!r} has {len(study.directions)} objectives, so no single "
            "trial is the best. Look at study.best_trials"
        )
    best = best_trial(study)
    if best is None:
        raise RequestError(f"there is nothing to recommend: {why_no_best(study)}")
    trials = study.get_trials(deepcopy=False)
    if not any(trial.params for trial in trials):
        raise RequestError(
            f"the trials of the study {study.study_name!r} have no parameters, so there is nothing "
            "to choose among"
        )
    declared = ledger.space_of(study) if spec is None else _space(spec)
    assert best.value is not None
    if math.isfinite(best.value) and best.params and noisy is not False:
        from crosstune.recommendation.leaders import leaders

        maximize = study.direction == StudyDirection.MAXIMIZE
        model = leaders(trials, declared, maximize=maximize, noisy=noisy)
        if model is not None:
            point = model.points[model.first]
            mean, deviation = model.in_units(point)
            values = [trial.values[0] for trial in point.trials]
            return Recommendation(
                trial=point.trials[0],
                params=ledger.values(declared, point.trials[0].params),
                mean=mean,
                deviation=deviation,
                observed=math.fsum(values) / len(values),
                repeats=len(values),
                noise=model.noise_in_units(point),
                best=best,
            )
    same = [t for t in trials if t.params == best.params and t.value == best.value]
    return Recommendation(
        trial=best,
        params=ledger.values(declared, best.params),
        mean=best.value,
        deviation=0.0,
        observed=best.value,
        repeats=len(same),
        noise=0.0,
        best=best,
    )


def _space(spec: Spec | Space | str | Path | Mapping[str, Any]) -> Space:
    return spec if isinstance(spec, Space) else load(spec).space
