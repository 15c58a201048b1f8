"""The private names of Hyperopt in adapters/hyperopt/private.py are where they were."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from hyperopt import Trials, fmin, hp, pyll, rand

from crosstune.adapters.hyperopt import private

WING = Path(private.__file__).parent


def test_functions_are_those_that_nodes_call() -> None:
    expression = pyll.as_apply(1) + hp.uniform("x", 0, 1)
    assert private.functions()[expression.name](1, 2) == 3
    assert private.functions()["uniform"] is not None


def test_documents_are_also_those_of_trials_that_raised() -> None:
    trials, calls = Trials(), iter(range(9))

    def objective(x: float) -> float:
        if next(calls) == 1:
            raise ValueError
        return x

    fmin(
        objective, hp.uniform("x", 0, 1), rand.suggest, 3, trials=trials, verbose=False,
        catch_eval_exceptions=True, rstate=np.random.default_rng(0), show_progressbar=False,
    )  # fmt: skip
    assert [doc["tid"] for doc in trials.trials] == [0, 2]
    assert [doc["tid"] for doc in private.documents(trials)] == [0, 1, 2]


def test_no_other_file_of_the_wing_uses_a_private_name() -> None:
    library = (
        r"\b(hyperopt|pyll|tpe|rand|anneal|mix|scope|stochastic|trials|domain)(\.\w+)*\._[a-z]"
    )
    for file in WING.glob("*.py"):
        if file.name != "private.py":
            assert not re.findall(library, file.read_text()), file
