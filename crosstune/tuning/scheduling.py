"""The part of a request that is about its scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optuna.pruners import BasePruner, NopPruner

from crosstune import pruners
from crosstune.engines.budget import SearchBudget
from crosstune.errors import RequestError
from crosstune.pruners.pause import PausePruner
from crosstune.samplers.scheduled.settings import OPTIONS, Scheduler
from crosstune.spec.spec import Named, Spec
from crosstune.study.choice import named

NONE = "none"
"""The name that leaves out the scheduler of a spec."""


def scheduler_of(
    spec: Spec,
    asked_for: str | Mapping[str, Any] | None = None,
    *,
    reads_curves: bool = False,
) -> Scheduler | None:
    """The scheduler that a request names, or else the spec; None if neither does.

    A name alone takes the number of epochs from the spec's scheduler.

    Args:
        spec: of the study.
        asked_for: a name, such as "i-epoch" or "i-epoch:50", or a mapping of a name and options.
        reads_curves: whether the engine learns from all reports, so that short beginnings do.

    Raises:
        RequestError: there is no such scheduler or option, or the number of epochs is missing.
    """
    wanted = spec.scheduler if asked_for is None else written(asked_for)
    if wanted is None or wanted.name == NONE:
        return None
    options = wanted.options
    if spec.scheduler is not None and "max_epochs" in spec.scheduler.options:
        options = {"max_epochs": spec.scheduler.options["max_epochs"], **options}
    return Scheduler.of(wanted.name, options, reads_curves=reads_curves)


def written(scheduler: str | Mapping[str, Any]) -> Named:
    """Read a scheduler as a user writes it: a name, a name with epochs, or a mapping.

    Raises:
        RequestError: it is neither.

    >>> written("i-epoch:50")
    Named(name='i-epoch', max_epochs=50)
    """
    if not isinstance(scheduler, str):
        return named(scheduler)
    name, colon, epochs = scheduler.partition(":")
    if not colon:
        return named(scheduler)
    return named({"name": name, "max_epochs": _whole(epochs, scheduler)})


def is_scheduler(text: str) -> bool:
    """Whether the part of a contender after the plus is a scheduler: some pruners share names.

    >>> is_scheduler("hyperband:50"), is_scheduler("freeze-thaw"), is_scheduler("hyperband")
    (True, True, False)
    """
    return ":" in text or (text in OPTIONS and text not in pruners.NAMES)


def pausing(pruner: BasePruner | None, scheduler: Scheduler) -> BasePruner:
    """The pruner of a study with a scheduler.

    Raises:
        RequestError: another one is asked for.
    """
    if pruner is not None and not isinstance(pruner, NopPruner | PausePruner):
        raise RequestError(
            f"{scheduler.name} decides how far each trial is trained, so no pruner can stop trials "
            "too. Leave the pruner out, or the scheduler: as --pruner none or --scheduler none"
        )
    return PausePruner()


def of_configurations(
    budget: SearchBudget, scheduler: Scheduler, *, limitless: bool
) -> SearchBudget:
    """The budget of a study with a scheduler, whose trials are parts of configurations.

    Args:
        budget: whose `trials` are the configurations.
        scheduler: of the study.
        limitless: whether nobody has limited the configurations.

    Raises:
        RequestError: the scheduler has to know the number of configurations, or the study would end
            by patience.
    """
    if budget.patience is not None:
        raise RequestError(
            f"patience counts whole trials, and {scheduler.name} pauses most of them, which is "
            "another way to save epochs. Leave the patience or the scheduler out"
        )
    most = None if limitless else budget.trials
    if most is None and scheduler.name == "i-epoch":
        raise RequestError(
            "i-epoch continues the best configurations at the end, so it has to know their number. "
            "Set trials too, or choose freeze-thaw, successive-halving or hyperband"
        )
    return replace(budget, trials=None, configurations=most)


def _whole(epochs: str, asked_for: object) -> int:
    try:
        return int(epochs)
    except ValueError:
        raise RequestError(
            f"a scheduler is written name or name:epochs, as i-epoch:50, not {asked_for!r}"
        ) from None
