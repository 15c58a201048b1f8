"""Bayesian optimisation by a random forest, our own.

One idea a file: `features` turns rows into columns, `lines` and `forest` are the model, and
`engine` is asked and told. Rows, targets, acquisition and moves are those of
`samplers/gaussian_process/`.
"""

from __future__ import annotations

from typing import Any

from crosstune import adapters
from crosstune.prior import beliefs
from crosstune.samplers.engine import EngineSampler
from crosstune.space import Space


class RandomForestSampler(EngineSampler):
    """A random forest with log expected improvement, for choices that interact and for plateaus.

    The method, with the sources in the files:

    - A forest as in SMAC (Hutter, Hoos and Leyton-Brown 2011; Lindauer et al. 2022), of extremely
      randomised trees (Geurts, Ernst and Wehenkel 2006), each on a line of its own: a draw of a
      Bayesian linear regression says what each parameter does by itself (Bishop 2006), the tree
      what they do together. Mean and variance are those over the trees and within their leaves.
    - A choice is a column an option; of more than 12 options it is one column, in the order of
      what its options were worth. An inactive parameter has a value of its own.
    - For each trial a part of the trees is grown anew, on the best 500 trials and as many of the
      others, drawn for each tree: the cost stays flat, and yet the forest sees all trials.
    - A few points first (the median of each range, then scrambled Sobol), then the highest log
      expected improvement (Ament et al. 2023) over random, mutated and neighbouring points, by
      local search.
    - Where trials run, the deviation falls with the share of the trees that hold one of them in the
      same leaf, so parallel trials differ. Those of other processes on the storage count too.
    - A pruned trial counts as its last report, at best as the median of the completed trials, and a
      failed one as the worst value. Each tree is given them with noise of its own.
    - A `prior` weighs on the acquisition the less, the more trials there are (Hvarfner et al.
      2022).

    No point is proposed twice. A declared space that is finite ends when all of it was tried.

    Use it for spaces of many unordered choices, of several options each. Not for smooth objectives
    of a dozen numbers or less: there `GaussianProcessSampler` is better. Not for several
    objectives; constraints are not looked at.

    With n trials, at most 1,000 of them in a tree, and c columns, a tree takes O(c n log n), and so
    many trees are grown for a suggestion that c n times their number stays about the same, two of
    the 32 at least; a prediction takes O(log n + c) a tree. The lines take O(n c min(n, c)) when
    the trials have grown by a twentieth. What is left is O(n), to sort the trials.

    Args:
        space: what to search. None: learn it from the trials.
        startup: how many points come first.
        prior: by name the value that is thought best, or a mapping of it, `at`, and how wide the
            belief is, `spread`: see `crosstune.prior.Belief`.
        seed: any integer; None for a random one.

    Raises:
        MissingLibrary: scikit-learn, scipy or threadpoolctl is not installed.
        SpecError: the prior names what the space does not have, or a value out of its range.

    >>> import optuna
    >>> study = optuna.create_study(sampler=RandomForestSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=20)
    >>> study.best_value < 1e-2
    True
    """

    def __init__(self, *, space: Space | None = None, seed: int | None = None, **options: Any):
        adapter = adapters.get("crosstune")
        algorithm = adapter.algorithm("forest")
        if space is not None:
            beliefs(space, options.get("prior") or {})
        super().__init__(adapter, algorithm, space=space, seed=seed, options=options)
