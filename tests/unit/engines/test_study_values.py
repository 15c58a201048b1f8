"""The ledger holds the spec's values, and says of which it holds another form."""

from __future__ import annotations

import numpy as np
import optuna
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crosstune.engines import study_values as ledger
from crosstune.space.parameters import Choice, Int, Parameter
from crosstune.space.space import Space
from tests.support.strategies import parameters


@example(item=Choice([1, 1.0, True]), seed=0)
@given(item=parameters(), seed=st.integers(0, 2**16))
@settings(max_examples=200, deadline=None)
def test_what_is_held_as_is_needs_no_reading(item: Parameter, seed: int) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    if isinstance(item, Int) and item.grid is not None:  # of which Optuna's range has more
        value = Space({"x": item.to_dict()}).sample(np.random.default_rng(seed))["x"]
        study.enqueue_trial({"x": value})
    trial = study.ask()
    read = ledger.read(item, ledger.suggest(trial, "x", ledger.distribution(item)))
    if ledger.is_stored_as_is(item):
        assert repr(trial.params["x"]) == repr(read)
    assert repr(ledger.read(item, trial.params["x"])) == repr(read)
