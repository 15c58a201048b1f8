"""Models of earlier studies, as basis functions for the mean of a new one.

Each earlier study gives one basis function, the mean of its own Gaussian process. The new
function is modelled as a weighted sum of them and another Gaussian process, with a normal prior
on the weights (Rasmussen and Williams 2006, section 2.7, eq. 2.38 to 2.42). So the new trials
determine the weight of an earlier study: small if it is unrelated, negative if it is misleading.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crosstune.errors import SpecError
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.model import Earlier
from crosstune.samplers.gaussian_process.regression import Observation, Regression
from crosstune.samplers.gaussian_process.targets import COMPLETE, FAILED, STATES

LEAST = 3
"""An earlier study with fewer trials in this space is ignored."""


def learn(
    encoding: Encoding, studies: Sequence[Mapping[str, Any]], rng: np.random.Generator
) -> tuple[Earlier | None, list[Numbers]]:
    """Model earlier studies, and find the best feasible row of each by its model.

    Infeasible trials are modelled like complete ones, since their values are as accurate.

    Args:
        encoding: of the new study's space.
        studies: as made by `crosstune.study.warm_start.finished`.
        rng: draws values of parameters that a study lacks.

    Returns:
        The models, None if no study has trials in the space, and the best row of each study that
        has a feasible trial.
    """
    models, best = [], []
    for study in studies:
        sign = -1.0 if study["maximize"] else 1.0
        observed, feasible = [], []
        names: set[str] = set()
        for params, value, state in study["trials"]:
            shared = {name: param for name, param in params.items() if name in encoding.space}
            try:
                row = encoding.encode(shared, rng)
            except SpecError:
                continue  # a value that this space does not have
            names |= shared.keys()
            worth = math.nan if value is None else sign * value
            ended = COMPLETE if state == "infeasible" else STATES[state]
            observed.append(Observation(row, worth, FAILED if value is None else ended))
            if state != "infeasible":
                feasible.append(row)
        ignored = [i for name, i in encoding.column.items() if name not in names]
        if (
            sum(observation.state == COMPLETE for observation in observed) < LEAST
            or len(ignored) == encoding.d
        ):
            continue
        model, rows = Regression(encoding, ignored).model(observed)
        models.append(model)
        rows = rows if len(feasible) == len(observed) else np.array(feasible)
        if len(rows):
            best.append(rows[int(np.argmin(model.mean(encoding.points(rows))))])
    return (Earlier(models) if models else None), best
