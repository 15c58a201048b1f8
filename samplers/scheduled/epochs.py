"""The epochs of reports, whatever an objective counts its steps from or in.

A step may count epochs from 0 or from 1, or be in another unit, such as batches. Then each report
is an epoch. Which it is follows from the first report of a configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from crosstune.engines.base import Budget

Unit: TypeAlias = Literal["from 0", "from 1", "reports"]
"""What steps count."""


def unit_of(first_step: int, planned: Budget) -> Unit:
    """What the steps of a configuration count.

    Args:
        first_step: of its first report.
        planned: the budget of the trial with this report.

    >>> unit_of(0, Budget(epochs=3)), unit_of(1, Budget(epochs=3)), unit_of(100, Budget(epochs=3))
    ('from 0', 'from 1', 'reports')
    """
    if first_step == 0 or first_step == planned.initial_epoch > 1:
        return "from 0"
    return "from 1" if first_step <= planned.epochs else "reports"


def epochs_of(steps: Iterable[int], planned: Budget, unit: Unit, begin: int) -> Mapping[int, int]:
    """The epoch that is over at each reported step of a trial.

    Args:
        steps: of the trial's reports.
        planned: the trial's budget.
        unit: of the steps.
        begin: the first step that the configuration reported; matters for the unit "reports".

    >>> epochs_of([100, 200], Budget(epochs=2), "reports", 100)
    {100: 1, 200: 2}
    """
    ordered = sorted(steps)
    match unit:
        case "from 0":
            return {step: step + 1 for step in ordered}
        case "from 1":
            return {step: step for step in ordered}
    before = planned.initial_epoch if ordered and ordered[0] > begin else 0
    return {step: before + count for count, step in enumerate(ordered, start=1)}
