"""Stores the metric's name in the study, where dashboards and plots look for it."""

from __future__ import annotations

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.study import Study

from crosstune.spec.spec import Metric

UNNAMED = Metric().name
"""The default name of a metric. It is not stored, since Optuna's own "value" says as much."""


def name_metric(study: Study, name: str) -> None:
    """Name the metric of a new study. A study with a name or a trial is not changed.

    The column of `study.trials_dataframe()` is then ``value_NAME``.
    """
    if name == UNNAMED or study.metric_names is not None or study.get_trials(deepcopy=False):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([name])
