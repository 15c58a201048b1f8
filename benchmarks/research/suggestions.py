"""What a suggestion of a sampler costs: CPU milliseconds at so many trials, by dimensions.

    python -m crosstune.benchmarks.research.suggestions
    python -m crosstune.benchmarks.research.suggestions --engine optuna:tpe --engine crosstune:gp

The trials before are told to a fresh engine. Half of them are drawn at random, the others around
the best point, as in a search that is on its way. Then `--asks` suggestions are asked for and
told, and the median and the mean of their CPU time are printed: the mean counts what comes seldom,
such as a fit.
"""

from __future__ import annotations

import statistics
import time

import click
import numpy as np

from crosstune.engines.base import Engine, Outcome
from crosstune.samplers.named import named_algorithm
from crosstune.space.parameters import Float
from crosstune.space.space import Params, Space

TRIALS = (50, 300, 1000)
DIMENSIONS = (5, 10, 20)


def loss(params: Params) -> float:
    """A bowl with waves."""
    x = np.array([float(value or 0) for value in params.values()])
    return float(((x - 0.3) ** 2).sum() + 0.1 * np.sin(20 * x).sum())


def prepared(name: str, dimensions: int, trials: int, seed: int = 0) -> Engine:
    """An engine that was told a number of trials.

    Args:
        name: of the engine, as in ``crosstune:gp``.
        dimensions: the number of floats in its space.
        trials: the number of trials.
        seed: of the engine and of the points.
    """
    space = Space({f"x{i}": Float(0.0, 1.0) for i in range(dimensions)})
    adapter, algorithm = named_algorithm(name)
    engine = adapter.engine(algorithm, space, seed=seed, maximize=False, options={})
    rng = np.random.default_rng(seed)
    best, least = np.full(dimensions, 0.5), np.inf
    for i in range(trials):
        x = rng.random(dimensions) if i % 2 else best + rng.normal(0, 0.1, dimensions)
        params: Params = {f"x{k}": float(v) for k, v in enumerate(np.clip(x, 0, 1))}
        value = loss(params)
        if value < least:
            best, least = x, value
        engine.insert(params, Outcome("complete", value))
    return engine


def cost(engine: Engine, asks: int) -> list[float]:
    """CPU milliseconds of each suggestion."""
    spent = []
    for i in range(asks):
        start = time.process_time()
        params = engine.ask(i)
        spent.append(1000 * (time.process_time() - start))
        engine.tell(i, Outcome("complete", loss(params)))
    return spent


@click.command()
@click.option("--engine", "engines", multiple=True, default=("crosstune:gp",), show_default=True)
@click.option("--asks", default=20, show_default=True, type=click.IntRange(min=2))
def main(engines: tuple[str, ...], asks: int) -> None:
    """Print CPU milliseconds per suggestion, the median and the mean."""
    click.echo(f"{'engine':20}{'dimensions':>12}" + "".join(f"{n:>8} trials" for n in TRIALS))
    for name in engines:
        for dimensions in DIMENSIONS:
            cells = []
            for trials in TRIALS:
                engine = prepared(name, dimensions, trials)
                engine.ask(-1)  # the first fit, and what is imported then
                spent = cost(engine, asks)
                cells.append(f"{statistics.median(spent):.1f} ({statistics.fmean(spent):.1f})")
            click.echo(f"{name:20}{dimensions:>12}" + "".join(f"{cell:>15}" for cell in cells))


if __name__ == "__main__":
    main()
