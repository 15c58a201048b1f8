"""Several processes on one study: a walk goes to each point once."""

from __future__ import annotations

import optuna

from crosstune.samplers.grid import GridSampler
from crosstune.space.parameters import Int
from crosstune.space.space import Space


def test_a_walk_leaves_out_what_another_process_evaluates() -> None:
    space = Space({"k": Int(1, 6)})
    study = optuna.create_study(sampler=GridSampler(space=space, seed=0))
    first = study.ask()
    taken = first.suggest_int("k", 1, 6)
    study.sampler = GridSampler(space=space, seed=0)  # as another process has it
    seen = [study.ask().suggest_int("k", 1, 6) for _ in range(5)]
    assert sorted([taken, *seen]) == [1, 2, 3, 4, 5, 6]
    assert isinstance(study.sampler, GridSampler)
    assert study.sampler.exhausted(study)
