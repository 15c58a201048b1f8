"""The name of a study's metric in the study itself, where dashboards and plots look for it."""

from __future__ import annotations

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.study import Study

from crosstune.spec.spec import Metric

UNNAMED = Metric().name
"""What a metric is called when nobody named it. Optuna's own "value" says as much."""


def name_metric(study: Study, name: str) -> None:
    """Name the metric of a new study; one that has a name or a trial stays as it is.

    The column of `study.trials_dataframe()` is then ``value_NAME``, as Optuna has it.
    """
    if name == UNNAMED or study.metric_names is not None or study.get_trials(deepcopy=False):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([name])
