"""What two runs are compared by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import optuna

from crosstune.engines.record_names import ERROR


def history(study: optuna.Study) -> list[Any]:
    """All that a run has decided: points, reports, states and values."""
    return [
        (t.number, t.params, t.state.name, t.value, dict(sorted(t.intermediate_values.items())))
        for t in study.trials
    ]


def states(study: optuna.Study) -> Counter[str]:
    """The trials by state."""
    return Counter(t.state.name for t in study.trials)


def errors(study: optuna.Study) -> dict[int, str]:
    """Why trials failed, by number."""
    return {t.number: t.user_attrs[ERROR] for t in study.trials if ERROR in t.user_attrs}
