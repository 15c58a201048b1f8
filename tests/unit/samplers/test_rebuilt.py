"""An engine that was told a whole history proposes as one that was told it trial by trial."""

from __future__ import annotations

import pytest

from crosstune import Float, Space, adapters
from crosstune.engines.base import Engine, Outcome
from crosstune.samplers.rebuilt import rebuilt

SPACE = Space({"x": Float(0.0, 1.0)})
HISTORY = [({"x": i / 20}, Outcome("complete", abs(i / 20 - 0.7))) for i in range(20)]


@pytest.mark.parametrize("label", ["optuna:tpe", "hyperopt:tpe", "crosstune:gp"])
def test_a_rebuilt_engine_learns_from_its_history(label: str) -> None:
    backend, algorithm = label.split(":")

    def make() -> Engine:
        return adapters.get(backend).engine(algorithm, SPACE, seed=1, maximize=False, options={})

    near = [abs(rebuilt(make, history).ask(0)["x"] - 0.7) for history in (HISTORY, HISTORY[::-1])]
    assert max(near) < 0.2


def test_the_same_seed_and_history_give_the_same_point() -> None:
    def make() -> Engine:
        return adapters.get("optuna").engine("tpe", SPACE, seed=3, maximize=False, options={})

    assert rebuilt(make, HISTORY).ask(0) == rebuilt(make, HISTORY).ask(0)
