"""The names of all that crosstune keeps in a study, beside what Optuna keeps itself.

A study of an earlier version is read by these names, so none of them changes its meaning. What
changes the meaning of a record raises `FORMAT`.
"""

from __future__ import annotations

FORMAT = 1
"""The number of the format of the records, which each record holds; without one it is 1."""

PREFIX = "crosstune:"
"""All names begin with it."""

# Attributes of a study.

RUNS = "crosstune:runs"
"""The records of its runs, in their order; see `crosstune.engines.record`."""

SPACE = "crosstune:space"
"""The space that was declared."""

IMPORTED = "crosstune:imported"
"""Where an imported study came from, and what was lost."""

EVALUATED = "crosstune:evaluated"
"""Digests of what it is evaluated on."""

# Attributes of a trial.

TRIAL_BUDGET = "crosstune:budget"
"""How far a scheduler wants it to be trained."""

DRAWN = "crosstune:drawn"
"""What the engine drew, if the trial's params hold it only nearly."""

PROPOSAL = "crosstune:proposal"
"""0 while a ticket is drawn, then the ticket, and then the point; see `samplers/ask_order.py`."""

ERROR = "crosstune:error"
"""Why it failed."""

QUESTIONS = "crosstune:questions"
"""What its objective asked of sampler and pruner out of the usual order, a mapping:

- ``proposed``: how many parameters the trial had when the sampler proposed others, if it did
  before one of those was suggested;
- ``asks``: for each question to the pruner, how many reports came before it;
- ``reports``: how many reports there were;
- ``steps``: theirs, if they did not rise.
"""

CHECKPOINTS = "crosstune:checkpoints"
"""Its checkpoints. A retry of Optuna's gets a copy of it."""

SCORES = "crosstune:cv"
"""The scores of all folds and metrics."""

LEFT = "crosstune:left"
"""The system attribute, shown to an attempt alone, with what earlier attempts reported by step."""

RETRIED = "crosstune:retried"
"""Set on a trial that was in flight when its process was killed, and runs again."""

RETRIED_FROM = "crosstune:retried_from"
"""The step of its checkpoint when it began to run again, if it had one."""

BEGAN = "crosstune:began"
"""The worker that evaluates it, set at the end of the turn in which it began."""

LOST = "crosstune:lost"
"""True if its worker was lost in its turn: it was never evaluated."""
