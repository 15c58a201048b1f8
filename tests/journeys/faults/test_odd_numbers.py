"""NaN and infinity wherever a number can stand: a clear error, or a trial that failed."""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune.cli.main import main
from crosstune.errors import CrosstuneError, SpecError
from tests.support.slow import slow_but_first
from tests.unit.spec.test_fuzzed_specs import VALID, places

ODD = [math.nan, math.inf, -math.inf]
ENGINES = ["optuna", "hyperopt", "keras_tuner", "crosstune"]
SPACE = {"x": {"type": "float", "low": 0.0, "high": 1.0}, "k": {"type": "bool"}}


def numbers(held: Any) -> list[tuple[Any, ...]]:
    """The path of every number in a document."""
    found = []
    for path in places(held):
        value = held
        for key in path:
            value = value[key]
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(path)
    return found


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("path", numbers(VALID), ids=lambda path: ".".join(map(str, path)))
def test_in_a_spec(path: tuple[Any, ...], odd: float) -> None:
    spec = copy.deepcopy(VALID)
    holder = spec
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = odd
    engine_option = path[0] in ("sampler", "pruner")
    values_of_a_choice = path[-2:-1] == ("values",) or path[-1] == "value"
    if engine_option:  # a library's own matter, which fails before a trial or does not matter
        with suppress(CrosstuneError):
            crosstune.tune(spec, lambda params: 1.0, trials=2)
    elif values_of_a_choice:
        with pytest.raises(SpecError):
            crosstune.Spec(**spec)
    else:
        with pytest.raises(CrosstuneError):
            crosstune.tune(spec, lambda params: 1.0, trials=1)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_as_the_value_of_every_third_trial(engine: str, odd: float) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        return odd if trial.number % 3 == 1 else float(params["x"])

    study = crosstune.tune({"space": SPACE, "seed": 0}, objective, backend=engine, trials=12)
    states = [trial.state for trial in study.trials]
    assert len(states) == 12
    wanted = TrialState.FAIL if math.isnan(odd) else TrialState.COMPLETE
    assert states[1::3] == [wanted] * 4
    assert math.isfinite(study.best_value) or odd == -math.inf


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("pruner", ["median", "successive-halving", "hyperband", "curve"])
def test_as_a_report(pruner: str, odd: float) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        for step in range(4):
            trial.report(odd if (trial.number + step) % 3 == 1 else params["x"] / (1 + step), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(params["x"])

    study = crosstune.tune({"space": SPACE, "seed": 0}, objective, pruner=pruner, trials=12)
    assert all(trial.state.is_finished() for trial in study.trials)
    assert TrialState.COMPLETE in {trial.state for trial in study.trials}


@pytest.mark.parametrize("option", ["--trials", "--seconds", "--seed"])
@pytest.mark.parametrize("odd", ["nan", "inf", "-inf", "1e999"])
def test_on_the_command_line(
    option: str, odd: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "objective.py").write_text("def f(params):\n    return params['x']\n")
    spec = crosstune.Spec(space=SPACE, objective="objective:f")
    spec.save(tmp_path / "spec.yaml")
    with pytest.raises(SystemExit) as end:
        main(["run", str(tmp_path / "spec.yaml"), option, odd])
    assert end.value.code == 2
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert option.strip("-") in shown
