"""Real trainings: they continue exactly, and their costs are counted."""

from __future__ import annotations

import numpy as np
import pytest

from crosstune.benchmarks.research.curves import resumable, trainings
from crosstune.benchmarks.research.curves.grids import EPOCHS
from crosstune.space.space import Space


@pytest.mark.parametrize("name", sorted(resumable.TRAININGS))
def test_a_stored_training_continues_as_if_it_had_not_stopped(name: str) -> None:
    make, space = resumable.TRAININGS[name]
    params = Space(space).sample(np.random.default_rng(0))
    if name == "xgboost":  # no random rows or columns
        params |= {"subsample": 1.0, "colsample_bytree": 1.0}
    whole = make(params, 1)
    errors = [whole.epoch() for _ in range(4)]
    first = make(params, 1)
    before = [first.epoch() for _ in range(2)]
    stored = first.dump()
    second = make(params, 2)
    second.load(stored)
    assert before + [second.epoch() for _ in range(2)] == errors


def test_a_study_without_a_pruner_trains_every_epoch_and_keeps_nothing() -> None:
    cost = trainings.train("xgboost", "optuna:tpe", "none", 1, 3)
    assert (cost.epochs, cost.configurations, cost.checkpoints) == (3 * EPOCHS, 3, 0)
    assert 0 < cost.best < 1
    assert cost.seconds > 0


def test_a_scheduled_study_continues_from_its_checkpoints() -> None:
    cost = trainings.train("xgboost", "optuna:tpe", "scheduler:i-epoch first=5 finalists=2", 1, 4)
    assert (cost.configurations, cost.checkpoints, cost.again) == (4, 4, 0)
    assert cost.epochs == 4 * 5 + 2 * (EPOCHS - 5)
    assert 0 < cost.best < 1
    assert cost.megabytes > 0


def test_the_table_compares_by_seed() -> None:
    def cost(epochs: int, best: float) -> trainings.TrainingCost:
        return trainings.TrainingCost(epochs=epochs, best=best, checkpoints=4, megabytes=1.5)

    lines = list(
        trainings.table(
            {
                ("torch", "none"): [cost(270, 0.1), cost(270, 0.2)],
                ("torch", "curve"): [cost(54, 0.12), cost(108, 0.22)],
            },
            10,
        )
    )
    assert lines[-1] == "| torch | curve | 0.30 | 0.0 | 0.0 | 4, 1.5 | 0.1700 | +0.0200 ± 0.0000 |"
