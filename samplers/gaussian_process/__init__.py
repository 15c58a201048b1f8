"""Bayesian optimisation by crosstune's own Gaussian process.

One idea per file: `dimensions` and `encoding` turn points into rows of numbers, `targets` turns
values of trials into targets of the model, `kernel`, `fit`, `model` and `regression` are the
Gaussian process, `earlier` learns from other studies, `acquisition`, `belief`, `edges`, `moves` and
`search` find the next point, `parzen` finds another one, `hedge` chooses between the two, and
`engine` implements ask and tell. Where trials report, `curve_use`, `curve_rows`, `curve_fit`,
`curve_process` and `curve_regression` are the model instead, of learning curves and their ends.
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

    - Matern 5/2 with one length scale per parameter (Rasmussen and Williams 2006), Hamming
      distances between the options of a choice, arcs for ordered parameters with a condition
      (Swersky et al. 2013), so inactive parameters are modelled and not drawn at random.
    - Length scales, amplitude and noise of the highest posterior density, under priors that grow
      with the square root of the number of parameters (Hvarfner, Hellsten and Nardi 2024).
    - Values are transformed by a shifted logarithm, whose shift is chosen by likelihood (Snelson,
      Rasmussen and Ghahramani 2004).
    - Up to five points first (the median of each range, then scrambled Sobol), then the highest
      log expected improvement (Ament et al. 2023) over random, mutated and neighbouring points, by
      local search and by gradient.
    - The outer tenths of continuous ranges have a penalty, where a model has neighbours on one side
      only ("edges").
    - Some proposals are made by a small tree-structured Parzen estimator, the more the more often
      it found a better point lately; 15 to 67 % ("hedge"). It is meant for where the model is
      wrong.
    - Both are left out of a space without conditions until a trial fails or breaks a constraint
      ("plain"). Without it they are in every study, and there are up to eight points first;
      docs/samplers.md has what each was worth.
    - Where half or more of the parameters are unordered choices, a part of the covariance is
      additive, with a fitted share ("additive"; Duvenaud, Nickisch and Rasmussen 2011).
    - Running trials are modelled with the mean expected there (Desautels, Krause and Burdick 2014),
      so parallel trials differ. This includes trials of other processes on the storage.
    - Where trials report the metric that they return, the model is one of learning curves, and
      the improvement is that of the end ("curves"; Swersky, Snoek and Adams 2014).
    - Otherwise a pruned trial has the value of its last report, but none better than the median of
      the completed trials, with noise. A failed one has the worst value, with more noise.
    - A `prior` states the expected best values. The first points follow it, and its weight in the
      acquisition decreases with the number of trials (Hvarfner et al. 2022), so a wrong one is
      overruled.
    - A `warm_start` provides earlier studies of this space, or of one that overlaps, by any engine.
      Their best points are tried first, and the mean is based on theirs as far as the new trials
      agree (Rasmussen and Williams 2006, section 2.7).

    No point is proposed twice. A finite declared space ends when all of its points were tried.

    Use it when a trial takes seconds or more, with up to some twenty parameters. Do not use it for
    thousands of trials (it models at most 256 of them: the best and the latest) or several
    objectives. It repeats no point of a noisy objective, which `repeats` in a spec does, and it
    ignores constraints.

    With n trials in the model, at most 256, and d parameters, a suggestion takes O(n^3 + n^2 c)
    with some hundreds of candidates c, and a step of a fit O(n^2 d + n^3); a fit is repeated when
    the number of trials has grown by a tenth. `python -m crosstune.benchmarks.research.suggestions`
    measures this. Meanwhile the linear algebra of the whole process is limited to one thread.

    Args:
        space: to search. None: learn it from the trials.
        startup: number of points before the first modelled one, 0 or more. None: two more than
            parameters, at most 5.
        prior: by name the expected best value, or a mapping of that value, `at`, and the width of
            the belief, `spread`: see `crosstune.space.belief.Belief`.
        warm_start: earlier studies, journal files or URLs of databases; see
            `crosstune.study.warm_start.finished`.
        without: names of mechanisms to switch off, of those in quotes above.
        seed: any integer; None for a random one.

    Raises:
        MissingLibrary: scipy or threadpoolctl is not installed.
        SpecError: the prior has a name that the space lacks, or a value out of its range.

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
