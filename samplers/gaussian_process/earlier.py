"""What earlier studies found, as functions on which the mean of a new one rests.

Each earlier study gives one basis function, the mean of its own Gaussian process. The new
function is taken as a weighted sum of them and a Gaussian process of its own, with a normal prior
on the weights (Rasmussen and Williams 2006, section 2.7, eq. 2.38 to 2.42). So the new trials
decide how much an earlier study counts: little where it has nothing to do with them, and even
against what it says where it misleads.
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
"""An earlier study with fewer trials in this space is left out."""


def learn(
    encoding: Encoding, studies: Sequence[Mapping[str, Any]], rng: np.random.Generator
) -> tuple[Earlier | None, list[Numbers]]:
    """What earlier studies say of a space, and the feasible row that each found best by its model.

    The model learns from infeasible trials as from complete ones: their values are as true.

    Args:
        studies: as `crosstune.study.warm_start.finished` makes them.
        rng: draws what a study says nothing of.

    Returns:
        None and no row where none of them has trials in the space. A study without a feasible
        trial gives no row.
    """
    models, best = [], []
    for study in studies:
        sign = -1.0 if study["maximize"] else 1.0
        observed, feasible = [], []
        names: set[str] = set()
        for params, value, state in study["trials"]:
            known = {name: held for name, held in params.items() if name in encoding.space}
            try:
                row = encoding.encode(known, rng)
            except SpecError:
                continue  # a value that this space does not have
            names |= known.keys()
            worth = math.nan if value is None else sign * value
            ended = COMPLETE if state == "infeasible" else STATES[state]
            observed.append(Observation(row, worth, FAILED if value is None else ended))
            if state != "infeasible":
                feasible.append(row)
        ignored = [i for name, i in encoding.column.items() if name not in names]
        if sum(each.state == COMPLETE for each in observed) < LEAST or len(ignored) == encoding.d:
            continue
        model, rows = Regression(encoding, ignored).model(observed)
        models.append(model)
        rows = rows if len(feasible) == len(observed) else np.array(feasible)
        if len(rows):
            best.append(rows[int(np.argmin(model.mean(encoding.points(rows))))])
    return (Earlier(models) if models else None), best
