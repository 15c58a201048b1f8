"""Files with what a search has found: the best parameters, and the fitted model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.engines import study_values as ledger
from crosstune.errors import RequestError, RunError, raised_by_user
from crosstune.spec import files as specfile
from crosstune.system.atomic_write import placed
from crosstune.system.extras import require
from crosstune.tuning.request import Plan

MODEL_ENDING = ".skops"


@dataclass(frozen=True)
class BestFiles:
    """Where the result of a run goes; None for nowhere.

    Attributes:
        params: a file of the best parameters, .json, .yaml, .yml or .toml.
        model: a file of the model, .skops, fitted with them to all rows of the data.
    """

    params: Path | None = None
    model: Path | None = None

    def check(self, plan: Plan) -> None:
        """Refuse what cannot be written at the end, before the first trial.

        Raises:
            RequestError: the ending is no format, the objective is no estimator of a spec, or the
                spec has several metrics.
        """
        if plan.spec.metrics and (self.params or self.model):
            raise RequestError(
                "the spec has several metrics, so there is no single best trial to save. Take one "
                "from study.best_trials, or from best_trials of --json"
            )
        if self.params is not None and self.params.suffix not in specfile.FORMATS:
            raise RequestError(
                f"{self.params}: the ending chooses the format. Known: "
                f"{', '.join(specfile.FORMATS)}"
            )
        if self.model is None:
            return
        if not hasattr(getattr(plan.function, "objective", None), "fitted"):
            raise RequestError(
                "there is no model to save: the objective has to be an estimator that the spec "
                "describes. Save yours in the objective, for instance as a checkpoint"
            )
        if self.model.suffix != MODEL_ENDING:
            raise RequestError(
                f"{self.model}: a model is saved as {MODEL_ENDING}, which can be read without "
                "running code from the file"
            )
        require("a saved model", "crosstune[scikit-learn]", "skops")

    def write(self, study: Study, plan: Plan, trial: FrozenTrial) -> list[Path]:
        """Write the files of a trial, and return their paths. Existing ones are replaced.

        Args:
            study: of the trial.
            plan: of the study.
            trial: the best or the recommended one.

        Raises:
            RequestError: a file cannot be written.
            RunError: the fit raised.
        """
        point = ledger.read_point(plan.spec.space, trial.params)
        if self.params is not None:
            specfile.write(self.params, _described(study, plan, trial, point))
        if self.model is not None:
            from skops import io

            with raised_by_user(RunError):
                model = plan.function.objective.fitted(point)  # type: ignore[union-attr]
            with placed(self.model, force=True) as part:
                io.dump(model, part)
        return [path for path in (self.params, self.model) if path is not None]


def _described(study: Study, plan: Plan, trial: FrozenTrial, point: dict[str, Any]) -> Any:
    values = dict(zip((metric.name for metric in plan.spec.objectives), trial.values, strict=True))
    return {
        "study": study.study_name,
        "trial": trial.number,
        "values": values,
        "params": point,
    }
