"""The benchmark of the steps of a scheduled study."""

from __future__ import annotations

from crosstune.benchmarks.research.curves import scheduling


def test_every_step_but_the_first_is_timed() -> None:
    costs = list(scheduling.steps("optuna:tpe", "i-epoch", 20))
    assert len(costs) == 20 + 3 - 1  # twenty beginnings, and three that are continued
    assert [number for number, _ in costs] == [*range(2, 21), 20, 20, 20]
    assert all(seconds > 0 for _, seconds in costs)
    assert len(list(scheduling.table(costs, 20))) == 2 + 3
