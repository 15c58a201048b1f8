"""Real processes, killed by SIGKILL at random instants; the benchmark kills more of them."""

from __future__ import annotations

import pytest

from crosstune.benchmarks.research import resume


@pytest.mark.slow
@pytest.mark.parametrize("engine", resume.RUNS)
def test_a_process_that_is_killed_goes_on_as_if_it_had_not_been(engine: str) -> None:
    found = resume.kill(engine, 8, seed=1)
    assert (found.kills, found.equal, found.lost, found.twice) == (8, 8, 0, 0)
