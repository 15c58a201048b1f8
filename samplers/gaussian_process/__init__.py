"""Bayesian optimisation by a Gaussian process, our own.

One idea a file: `dimensions` and `encoding` turn points into rows of numbers, `targets` turns what
trials were worth into what the model is fitted to, `kernel`, `fit`, `model` and `regression` are
the Gaussian process, `earlier` is what it learns from other studies, `acquisition`, `belief`,
`moves` and `search` find the next point, and `engine` is asked and told.
"""

from __future__ import annotations

from typing import Any

from crosstune.engines import registry as adapters
from crosstune.samplers.engine import EngineSampler
from crosstune.space.belief import beliefs
from crosstune.space.space import Space
from crosstune.system.scalars import plain_arguments


class GaussianProcessSampler(EngineSampler):
    """A Gaussian process with log expected improvement, for tens to hundreds of costly trials.

    The method, with equation numbers in the files:

    - Matern 5/2 with a length scale a parameter (Rasmussen and Williams 2006), Hamming distances
      between the options of a choice, arcs for ordered parameters with a condition (Swersky et
      al. 2013), so inactive parameters are modelled and not drawn at random.
    - Length scales, amplitude and noise of the highest posterior density, under priors that grow
      with the square root of the number of parameters (Hvarfner, Hellsten and Nardi 2024).
    - Values through a shifted logarithm; how much it bends is chosen by likelihood (Snelson,
      Rasmussen and Ghahramani 2004).
    - A few points first (the median of each range, then scrambled Sobol), then the highest log
      expected improvement (Ament et al. 2023) over random, mutated and neighbouring points, by
      local search and by gradient.
    - Trials that run count with the mean expected there (Desautels, Krause and Burdick 2014), so
      parallel trials differ. Those of other processes on the storage count too.
    - A pruned trial counts as its last report, at best as the median of the completed trials, with
      noise. A failed one counts as the worst value, with more noise.
    - A `prior` says where the best values are thought to lie. The first points follow it, and it
      weighs on the acquisition the less, the more trials there are (Hvarfner et al. 2022), so a
      wrong one is overruled.
    - A `warm_start` hands it earlier studies of this space, or of one that overlaps, whichever
      engine made them. What they found best is tried first, and the mean rests on theirs, as far
      as the new trials bear it out (Rasmussen and Williams 2006, section 2.7).

    No point is proposed twice. A declared space that is finite ends when all of it was tried.

    Use it where a trial takes seconds or more, in up to some twenty parameters. Not for thousands
    of trials (it looks at 256 of them at most: the best, and the latest), nor for several
    objectives; constraints are not looked at. Where trials are noisy and repeats are wanted, use
    another one.

    With n trials in the model, at most 256, and d parameters, a suggestion takes O(n^3 + n^2 c)
    with some hundreds of candidates c, and each fit O(n^2 d + n^3) a step; a fit comes when the
    trials have grown by a tenth. `python -m crosstune.benchmarks.research.suggestions` measures
    it. The linear algebra is limited to one thread meanwhile, in the whole process.

    Args:
        space: what to search. None: learn it from the trials.
        startup: how many points come first.
        prior: by name the value that is thought best, or a mapping of it, `at`, and how wide the
            belief is, `spread`: see `crosstune.space.belief.Belief`.
        warm_start: earlier studies, journal files or URLs of databases; see
            `crosstune.study.warm_start.finished`.
        seed: any integer; None for a random one.

    Raises:
        MissingLibrary: scipy or threadpoolctl is not installed.
        SpecError: the prior names what the space does not have, or a value out of its range.

    >>> import optuna
    >>> study = optuna.create_study(sampler=GaussianProcessSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=20)
    >>> study.best_value < 1e-4
    True
    """

    @plain_arguments()
    def __init__(self, *, space: Space | None = None, seed: int | None = None, **options: Any):
        adapter = adapters.get("crosstune")
        algorithm = adapter.algorithm("gp")
        if space is not None:
            beliefs(space, options.get("prior") or {})
        plain = adapter.plain_options(algorithm, options)
        super().__init__(adapter, algorithm, space=space, seed=seed, options=plain)
