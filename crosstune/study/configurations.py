"""The configurations of a study with a scheduler, each of which is trained in several trials."""

from __future__ import annotations

from collections import Counter
from typing import Any

from optuna.study import Study, StudyDirection

from crosstune import _optuna
from crosstune.engines.record import SCHEDULER, records
from crosstune.samplers.scheduled.configurations import Configuration, configurations
from crosstune.study.trials import finished


def configurations_of(study: Study) -> list[Configuration] | None:
    """The configurations of a study, in the order in which they began; None without a scheduler.

    >>> import crosstune
    >>> study = crosstune.tune(
    ...     {"space": {"x": crosstune.Float(0, 1)}, "seed": 0, "trials": 4},
    ...     lambda params: params["x"],
    ...     scheduler="i-epoch:20",
    ... )
    >>> [configuration.epochs for configuration in configurations_of(study)]
    [20, 20, 20, 10]
    """
    scheduler = scheduler_of(study)
    if scheduler is None:
        return None
    return configurations(
        _optuna.all_trials(study),
        maximize=study.direction == StudyDirection.MAXIMIZE,
        max_epochs=scheduler["max_epochs"],
    )


def counts(study: Study) -> Counter[str] | None:
    """How many configurations are in each state; None without a scheduler."""
    begun = configurations_of(study)
    return None if begun is None else Counter(configuration.state for configuration in begun)


def progress(study: Study) -> int:
    """How much of the budget's trials is used: finished trials, or configurations begun."""
    begun = configurations_of(study)
    return finished(study) if begun is None else len(begun)


def scheduler_of(study: Study) -> dict[str, Any] | None:
    """The settings of the last run's scheduler."""
    runs = records(study)
    return runs[-1].get(SCHEDULER) if runs else None
