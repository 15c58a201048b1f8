"""Any study: what is exported in any format and imported again is what it was."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

import crosstune

NUMBERS = st.floats(width=32)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | NUMBERS | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)


def told_apart(choices: list[Any]) -> bool:
    """Whether no two are equal and of different types, which Optuna takes for the same."""
    return all(type(a) is type(b) or a != b for a in choices for b in choices)


DISTRIBUTIONS = (
    st.just(FloatDistribution(1e-3, 1.0, log=True))
    | st.just(FloatDistribution(0.0, 0.3, step=0.1))
    | st.just(FloatDistribution(0.5, 0.5))
    | st.just(IntDistribution(1, 64, log=True))
    | st.just(IntDistribution(-4, 8, step=4))
    | st.lists(SCALARS, min_size=1, max_size=4).filter(told_apart).map(CategoricalDistribution)
)
STATES = st.sampled_from([TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL])


def value_of(draw: st.DrawFn, held: BaseDistribution) -> Any:
    match held:
        case CategoricalDistribution():
            return draw(st.sampled_from(held.choices))
        case FloatDistribution(step=0.1):
            return draw(st.sampled_from([0.0, 0.1, 0.2, 0.3]))
        case IntDistribution(step=4):
            return draw(st.sampled_from([-4, 0, 4, 8]))
        case FloatDistribution():
            return draw(st.floats(held.low, held.high))
        case IntDistribution():
            return draw(st.integers(held.low, held.high))
    raise AssertionError(held)


@st.composite
def trials(draw: st.DrawFn, held: dict[str, BaseDistribution]) -> FrozenTrial:
    state = draw(STATES)
    active = [name for name in held if draw(st.booleans())]
    return create_trial(
        state=state,
        value=draw(st.floats(allow_nan=False)) if state is TrialState.COMPLETE else None,
        params={name: value_of(draw, held[name]) for name in active},
        distributions={name: held[name] for name in active},
        user_attrs=draw(st.dictionaries(NAMES, VALUES, max_size=2)),
        intermediate_values=draw(st.dictionaries(st.integers(0, 9), NUMBERS, max_size=3)),
    )


@st.composite
def studies(draw: st.DrawFn) -> Study:
    held = draw(st.dictionaries(NAMES, DISTRIBUTIONS, min_size=1, max_size=3))
    study = optuna.create_study(
        study_name="any", direction=draw(st.sampled_from(["minimize", "maximize"]))
    )
    for trial in draw(st.lists(trials(held), min_size=1, max_size=4)):
        study.add_trial(trial)
    return study


def plain(study: Study) -> list[str]:
    return [
        json.dumps(
            [t.state.name, t.values, t.params, t.user_attrs, sorted(t.intermediate_values.items())],
            sort_keys=True,
        )
        for t in study.trials
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner", "optuna"])
@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(study=studies())
def test_every_study_comes_back(tmp_path: Path, format: str, study: Study) -> None:
    place = tmp_path / secrets.token_hex(4)
    crosstune.export_study(study, place, format=format)
    back = crosstune.import_study(place, format=format)
    assert plain(back) == plain(study)
    assert (back.study_name, back.directions) == (study.study_name, study.directions)
