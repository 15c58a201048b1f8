"""The names of all attributes that crosstune writes into a study.

Studies of earlier versions are read by these names, so none of them changes its meaning. A change
to the meaning of a record raises `FORMAT`.
"""

from __future__ import annotations

FORMAT = 5
"""The format number in each record; a record without one has format 1."""

PENALISED_FROM = 4
"""From this format on an engine without constraints of its own is made anew for those of trials."""

LAST_TOLD_FROM = 5
"""From this format on a scheduler tells an engine that reads curves the last reports by default."""

PREFIX = "crosstune:"
"""The prefix of all names."""

# Attributes of a study.

RUNS = "crosstune:runs"
"""The records of its runs, in their order; see `crosstune.engines.record`."""

SPACE = "crosstune:space"
"""The declared space."""

IMPORTED = "crosstune:imported"
"""The source of an imported study, and what was lost."""

EVALUATED = "crosstune:evaluated"
"""Digests of the data and settings that trials are evaluated with."""

# Attributes of a trial.

TRIAL_BUDGET = "crosstune:budget"
"""How far a scheduler wants the trial to be trained."""

PAUSED = "crosstune:paused"
"""The value that the objective returned for a trial that its scheduler paused."""

DRAWN = "crosstune:drawn"
"""The engine's draw, if the trial's params only approximate it."""

PROPOSAL = "crosstune:proposal"
"""0 while a ticket is drawn, then the ticket, then the point; see `samplers/ask_order.py`."""

REPEATS = "crosstune:repeats"
"""The number of the trial whose point this one evaluates again."""

ERROR = "crosstune:error"
"""Why the trial failed."""

QUESTIONS = "crosstune:questions"
"""Calls of sampler and pruner by the objective that were out of the usual order, a mapping:

- ``proposed``: how many parameters the trial had when the sampler proposed others, if it did
  before one of those was suggested;
- ``asks``: for each call of the pruner, how many reports came before it;
- ``reports``: the number of reports;
- ``steps``: the steps of the reports, if they did not rise.
"""

CHECKPOINTS = "crosstune:checkpoints"
"""The trial's checkpoints. A retry by Optuna copies it."""

SCORES = "crosstune:cv"
"""The scores of all folds and metrics."""

LEFT = "crosstune:left"
"""System attribute, visible to one attempt only: reports of earlier attempts by step."""

RETRIED = "crosstune:retried"
"""Set on a trial that was running when its process was killed, and runs again."""

RETRIED_FROM = "crosstune:retried_from"
"""The step of the trial's checkpoint when it was started again, if it had one."""

BEGAN = "crosstune:began"
"""The worker that evaluates the trial, set at the end of the turn in which it began."""

LOST = "crosstune:lost"
"""True if the worker was lost during its turn: the trial was never evaluated."""
