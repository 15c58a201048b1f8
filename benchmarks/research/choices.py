"""Spaces of many unordered choices: our Gaussian process against TPE.

    python -m crosstune.benchmarks.research.choices

Three families, none of which had a part in its making: feature selection on real data, a
loss of pairs of choices, and words of letters scored by a hidden one. Each seed has a problem and
a study of its own; a cell is how often it ends better, ties shared, with a 95 % interval
from a bootstrap over families and seeds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from itertools import product
from typing import Any

import numpy as np
import optuna

import crosstune
from crosstune.benchmarks.statistics import intervals

OURS = "crosstune:gp"
RIVALS = ("optuna:tpe", "hyperopt:tpe", "optuna:random")
BUDGETS = (25, 50, 100)
Objective = Callable[[Mapping[str, Any]], float]


def features(seed: int) -> tuple[dict[str, Any], Objective]:
    """Which of the 30 columns of the breast-cancer data a nearest-neighbour classifier reads."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import StandardScaler

    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(x))[:200]
    scaled = StandardScaler().fit_transform(x[rows]) + rng.normal(size=(200, 30))

    def objective(params: Mapping[str, Any]) -> float:
        chosen = [i for i in range(30) if params[f"c{i}"]]
        if not chosen:
            return 1.0
        model = KNeighborsClassifier(params["neighbours"])
        return 1 - float(cross_val_score(model, scaled[:, chosen], y[rows], cv=4).mean())

    space: dict[str, Any] = {f"c{i}": {"type": "bool"} for i in range(30)}
    return {**space, "neighbours": {"type": "choice", "values": [1, 3, 5, 9]}}, objective


def pairs(seed: int) -> tuple[dict[str, Any], Objective]:
    """Thirty choices of four options; each option and each of 60 pairs has its own cost."""
    rng = np.random.default_rng(seed)
    alone = rng.normal(size=(30, 4))
    edges = rng.integers(30, size=(60, 2))
    joint = rng.normal(size=(60, 4, 4))

    def objective(params: Mapping[str, Any]) -> float:
        codes = ["abcd".index(params[f"c{i}"]) for i in range(30)]
        alone_cost = sum(alone[i, code] for i, code in enumerate(codes))
        both = sum(joint[k, codes[a], codes[b]] for k, (a, b) in enumerate(edges))
        return float(alone_cost + both)

    choice = {"type": "choice", "values": list("abcd")}
    return {f"c{i}": choice for i in range(30)}, objective


def words(seed: int) -> tuple[dict[str, Any], Objective]:
    """A word of 12 letters out of ten: right letters count, the more so next to right ones."""
    rng = np.random.default_rng(seed)
    hidden = rng.integers(10, size=12)
    weights = rng.exponential(size=12)

    def objective(params: Mapping[str, Any]) -> float:
        right = np.array([int(params[f"c{i}"][1:]) == hidden[i] for i in range(12)])
        return float(-(weights * right).sum() - (right[1:] & right[:-1]).sum())

    choice = {"type": "choice", "values": [f"v{i}" for i in range(10)]}
    return {f"c{i}": choice for i in range(12)}, objective


FAMILIES = {"features": features, "pairs": pairs, "words": words}


def search(family: str, who: str, seed: int) -> tuple[tuple[str, str, int], list[float]]:
    """The names and the seed, and the best value at each budget.

    Args:
        family: a key of `FAMILIES`.
        who: backend and sampler, as in ``optuna:tpe``.
        seed: of the drawn objective and of the search.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space, objective = FAMILIES[family](1000 + seed)
    backend, sampler = who.split(":")
    study = crosstune.tune(
        {"space": space, "seed": 1 + 1_000_003 * seed},
        lambda params: objective(params),
        backend=backend,
        sampler=sampler,
        trials=max(BUDGETS),
    )
    best = np.minimum.accumulate([trial.values[0] for trial in study.trials])
    return (family, who, seed), [float(best[budget - 1]) for budget in BUDGETS]


def main() -> None:
    """Search, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in ("crosstune", "optuna", "hyperopt"))
    print(f"python {platform.python_version()}, {versions}; {options.seeds} seeds a family")
    plans = list(product(FAMILIES, (OURS, *RIVALS), range(options.seeds)))
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        curves = dict(pool.starmap(search, plans, chunksize=1))
    print(f"{'rival':<16}{'family':<12}" + "".join(f"{f'after {n}':>22}" for n in BUDGETS))
    for rival in RIVALS:
        ahead = {
            family: np.array(
                [
                    np.subtract(curves[family, rival, seed], curves[family, OURS, seed])
                    for seed in range(options.seeds)
                ]
            )
            for family in FAMILIES
        }
        rows = {family: (lead > 0) + 0.5 * (lead == 0) for family, lead in ahead.items()}
        for family, wins in rows.items():
            print(f"{rival:<16}{family:<12}" + "".join(f"{x:>22.2f}" for x in wins.mean(axis=0)))
        cells = []
        for column in range(len(BUDGETS)):
            groups = [wins[None, :, column] for wins in rows.values()]
            interval = intervals.of_draws(intervals.hierarchical(groups)[0])
            mean = float(np.mean([group.mean() for group in groups]))
            cells.append(f"{mean:.2f} ({interval.low:.2f} to {interval.high:.2f})")
        print(f"{rival:<16}{'all':<12}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
