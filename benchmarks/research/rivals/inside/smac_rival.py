"""SMAC3, retrained after every trial.

- Floats and integers are uniform, on a log scale where the space says so; categories are
  categorical; conditions are ConfigSpace's own.
- `smac` is the facade for hyperparameters, a random forest; `blackbox` is the one with a Gaussian
  process. Both know the number of trials: a quarter of it is the Sobol start.
- A failed trial is told as crashed, at the worst loss so far.
"""

# mypy: disable-error-code="import-not-found"
# The library is in an environment of its own, and serve.py runs this file there.

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ConfigSpace import (
    AndConjunction,
    Categorical,
    Configuration,
    ConfigurationSpace,
    Float,
    InCondition,
    Integer,
)
from serve import RivalExhausted
from smac import BlackBoxFacade, HyperparameterOptimizationFacade, Scenario
from smac.main.exceptions import ConfigurationSpaceExhaustedException
from smac.runhistory.dataclasses import TrialInfo, TrialValue
from smac.runhistory.enumerations import StatusType

FACADES = {"smac": HyperparameterOptimizationFacade, "blackbox": BlackBoxFacade}


class SmacRival:
    """One search.

    Args:
        algorithm: a key of `FACADES`.
        parameters: their descriptions; see `description.py`.
        seed: of the search.
        trials: the budget of the search.
    """

    def __init__(
        self, algorithm: str, parameters: list[dict[str, Any]], seed: int, trials: int
    ) -> None:
        self.space = space_of(parameters, seed)
        self.folder = tempfile.TemporaryDirectory(prefix="smac-")
        scenario = Scenario(
            self.space,
            deterministic=True,
            n_trials=trials,
            seed=seed,
            output_directory=Path(self.folder.name),
        )
        facade = FACADES[algorithm]
        self.facade = facade(
            scenario,
            None,
            config_selector=facade.get_config_selector(scenario, retrain_after=1),
            logging_level=50,
        )
        self.worst: float | None = None

    def ask(self) -> tuple[Any, dict[str, Any]]:
        """The next point."""
        try:
            info = self.facade.ask()
        except (ConfigurationSpaceExhaustedException, StopIteration, RuntimeError) as error:
            # A generator that raises StopIteration inside ends as a RuntimeError.
            if isinstance(error, RuntimeError) and not isinstance(error.__cause__, StopIteration):
                raise
            raise RivalExhausted from error
        return info, {name: plain(value) for name, value in dict(info.config).items()}

    def tell(self, info: Any, loss: float | None) -> None:
        """It was evaluated."""
        if loss is None:
            cost = 0.0 if self.worst is None else self.worst
            value = TrialValue(cost=cost, status=StatusType.CRASHED)
        else:
            self.worst = loss if self.worst is None else max(self.worst, loss)
            value = TrialValue(cost=loss)
        self.facade.tell(info, value, save=False)

    def forget(self, info: Any) -> None:
        """It stays a running one for SMAC, which learns nothing of it and proposes others."""

    def insert(self, point: dict[str, Any], loss: float | None) -> None:
        """It was evaluated without being proposed."""
        config = Configuration(self.space, values=point)
        self.tell(TrialInfo(config, seed=0), loss)


def space_of(parameters: list[dict[str, Any]], seed: int) -> Any:
    """The space as ConfigSpace has it."""
    space = ConfigurationSpace(seed=seed)
    for about in parameters:
        name = about["name"]
        if about["kind"] == "category":
            space.add(Categorical(name, list(range(about["n"]))))
        else:
            kind = Float if about["kind"] == "float" else Integer
            space.add(kind(name, (about["low"], about["high"]), log=about["log"]))
    for about in parameters:
        conditions = [
            InCondition(space[about["name"]], space[parent], values)
            for parent, values in about["when"].items()
        ]
        if conditions:
            space.add(conditions[0] if len(conditions) == 1 else AndConjunction(*conditions))
    return space


def plain(value: Any) -> Any:
    """A number that JSON has."""
    return value.item() if hasattr(value, "item") else value


Rival = SmacRival
"""The name that `serve` loads."""
