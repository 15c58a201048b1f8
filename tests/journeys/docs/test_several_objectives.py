"""The table of docs/several-objectives.md is what the engines declare, and each cell is run.

python -m tests.journeys.docs.test_several_objectives --write    # generate the table anew
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

import crosstune
from crosstune import Choice, Float, Spec, adapters
from crosstune.engines.record import records
from crosstune.engines.several import BLIND, CASES, NATIVE, REFUSED, SCALARISED, supports
from crosstune.errors import RequestError
from tests.support.front_objective import objective
from tests.support.slow import slow_but_first

PAGE = Path(__file__).parents[3] / "docs" / "several-objectives.md"
TABLE = re.compile(r"(<!-- several: begin .*? -->\n).*?(<!-- several: end -->)", re.DOTALL)
BACKENDS = ("optuna", "hyperopt", "keras_tuner", "crosstune")
SLOW = ("optuna:gp", "keras_tuner:bayesian")
"""About a second for a proposal."""


def cells(backend: str, reasons: dict[str, int]) -> dict[str, list[str]]:
    """By algorithm, its support in the cases of the table; reasons get numbers."""
    shown: dict[str, list[str]] = {}
    for objectives, constraints in CASES.values():
        able = supports(adapters.get(backend), objectives, constraints=constraints)
        for name, one in able.items():
            number = reasons.setdefault(one.reason, len(reasons) + 1) if one.reason else 0
            shown.setdefault(name, []).append(f"{one.kind} ({number})" if number else one.kind)
    return shown


def table() -> str:
    lines = [f"| engine | algorithm | {' | '.join(CASES)} |", "|---" * (2 + len(CASES)) + "|"]
    reasons: dict[str, int] = {}
    for backend in BACKENDS:
        lines += [
            f"| {backend} | `{name}` | {' | '.join(row)} |"
            for name, row in cells(backend, reasons).items()
        ]
    return "\n".join([*lines, "", *(f"{n}. {reason}" for reason, n in reasons.items())]) + "\n"


def with_table(text: str) -> str:
    return TABLE.sub(lambda match: match[1] + table() + match[2], text)


@pytest.mark.optuna5
def test_the_table_is_what_the_engines_declare() -> None:
    assert with_table(PAGE.read_text()) == PAGE.read_text()


ALGORITHMS = [
    f"{backend}:{name}" for backend in BACKENDS for name in adapters.get(backend).algorithms
]


def _marks(label: str, case: str) -> list[pytest.MarkDecorator]:
    """Constraints need Optuna 5, and some engines take long."""
    limited = CASES[case][1]
    return [
        *([pytest.mark.slow] if label in SLOW else []),
        *([pytest.mark.optuna5] if limited else []),
    ]


PARAMETERS = [
    pytest.param(label, case, marks=_marks(label, case)) for label in ALGORITHMS for case in CASES
]
FINITE = {
    "x": Float(0, 1, step=0.05),
    "y": Float(0, 1, step=0.25),
    "kind": Choice(["a", "b"]),
}
"""Finite for brute force; with a mirror on Optuna, where such floats are searched by index."""


def spec_of(case: str, trials: int) -> Spec:
    count, limited = CASES[case]
    measures: dict[str, Any] = {"metrics": ["f", "g", "h"][:count]} if count > 1 else {}
    measures = measures or {"metric": "f"}
    if limited:
        measures["constraints"] = [{"metric": "m", "min": 0.6}]
    return Spec(space=FINITE, trials=trials, seed=1, **measures)


@pytest.mark.parametrize(("label", "case"), PARAMETERS)
def test_each_cell_is_as_declared(label: str, case: str, tmp_path: Path) -> None:
    backend, name = label.split(":")
    count, limited = CASES[case]
    able = supports(adapters.get(backend), count, constraints=limited)[name]
    few = 5 if label in SLOW else 12
    options: dict[str, Any] = {"backend": backend, "sampler": name}
    if able.kind == REFUSED:
        with pytest.raises(RequestError) as refused:
            crosstune.tune(spec_of(case, few), objective, **options)
        assert able.reason in str(refused.value)
        return
    whole = crosstune.tune(spec_of(case, few), objective, **options)
    (record,) = records(whole)
    assert record["native"] is (able.kind == NATIVE)
    assert ("scalarise" in record["options"]) is (able.kind == SCALARISED)
    place = str(tmp_path / "a.journal")
    for trials in (few - 3, few):  # as a run that was killed
        again = crosstune.tune(
            spec_of(case, trials), objective, **options, storage=place, resume=True
        )
    assert [t.params for t in again.trials] == [t.params for t in whole.trials]


LEARNING = [
    label
    for label in ALGORITHMS
    if label not in SLOW
    if supports(adapters.get(label.split(":")[0]), 2, constraints=False)[label.split(":")[1]].reason
    == ""
]


NARROW = "hyperopt:anneal"
"""It draws ever nearer to good points, so it finds a part of the front; the page says so."""
SLOWER = ("optuna:nsga2", "hyperopt:anneal", "hyperopt:mix")
"""They need more trials for the same front."""


@pytest.mark.parametrize("label", slow_but_first(LEARNING))
def test_the_front_of_a_known_problem_is_found(label: str) -> None:
    backend, name = label.split(":")
    space = {"x": Float(0, 1), "y": Float(0, 1)}
    trials = 150 if label in SLOWER else 60
    spec = Spec(space=space, metrics=["f", "g"], trials=trials, seed=0)
    study = crosstune.tune(
        spec,
        lambda params: objective({**params, "kind": "a"}),
        backend=backend,
        sampler=name,
    )
    late = sorted(trial.params["y"] for trial in study.trials[trials // 2 :])
    assert late[len(late) // 2] < 0.35  # 0.5 at random
    front = sorted(trial.params["x"] for trial in study.best_trials)
    assert front[0] < (0.3 if label != NARROW else 0.5)
    assert front[-1] > 0.7


def test_a_reason_is_told_in_full() -> None:
    assert BLIND in PAGE.read_text()


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(with_table(PAGE.read_text()))
