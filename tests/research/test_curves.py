"""What the curve pruner is worth on the recorded curves, and whether its chances come true."""

from __future__ import annotations

import numpy as np
import pytest

from crosstune.benchmarks.research.curves import calibration, replay


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "photo", "trees"])
def test_its_worth_on_the_recorded_curves(name: str) -> None:
    """Twenty seeds of TPE: what the documentation claims, with room for another Optuna."""
    outcomes = {
        pruner: [replay.replay(name, "optuna", pruner, seed, 60) for seed in range(1, 21)]
        for pruner in ("none", "successive-halving", "curve", "curve, level 0.3")
    }
    share = {p: np.mean([each.share for each in found]) for p, found in outcomes.items()}
    final = {p: np.mean([each.final for each in found]) for p, found in outcomes.items()}
    assert share["none"] == 1
    assert share["curve"] < 0.33
    assert share["curve, level 0.3"] < share["successive-halving"]
    assert final["curve, level 0.3"] < final["successive-halving"]
    lost = {p: final[p] - final["none"] for p in final}
    assert lost["curve"] < 0.5 * lost["successive-halving"]


@pytest.mark.slow
def test_what_it_says_of_chances_is_true() -> None:
    said = [
        each
        for name in ("digits", "photo", "trees")
        for seed in range(1, 11)
        for each in calibration.listen(name, seed, 60)
    ]
    for low, high in ((0.01, 0.06), (0.06, 0.1), (0.1, 0.2)):
        chances, came = np.array([each for each in said if low <= each[0] < high], float).T
        assert len(came) > 100
        assert 0.5 < came.mean() / chances.mean() < 2
    assert len(list(calibration.table(said))) == len(calibration.EDGES)


def test_any_level_has_a_name_in_the_comparison() -> None:
    assert replay.options("curve, level 0.05") == {"name": "curve", "level": 0.05}
    assert replay.options("median") == {"name": "median"}
    with pytest.raises(KeyError):
        replay.options("curved")


def test_foresight_completes_what_becomes_the_best_and_nothing_else() -> None:
    found = replay.replay("trees", "optuna", "foresight", 1, 20)
    none = replay.replay("trees", "optuna", "none", 1, 20)
    assert none.complete == 20
    assert replay.FREE <= found.complete < 12
    assert found.share == pytest.approx((27 * found.complete + 2 * (20 - found.complete)) / 540)
