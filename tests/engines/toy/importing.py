"""A file of the library as a study."""

from __future__ import annotations

import json
from pathlib import Path

from optuna.trial import TrialState

from crosstune.engines import study_values
from crosstune.errors import RequestError
from crosstune.exchange.study_data import Contents, frozen
from crosstune.space.space import Space


def read_file(path: Path, *, space: Space | None) -> tuple[Contents, list[str]]:
    """The trials of a file, in a space that a spec declares."""
    if space is None:
        raise RequestError("a file of the toy engine says no ranges: give the spec")
    laws = study_values.distributions(space)
    lines = path.read_text().splitlines()
    trials = [
        frozen(number, state=TrialState.COMPLETE, value=value, params=params, distributions=laws)
        for number, (value, params) in enumerate(map(json.loads, lines))
    ]
    return Contents(path.stem, ("minimize",), space, laws, trials), []
