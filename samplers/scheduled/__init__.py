"""Schedulers in front of any engine: pause a training, and continue those that are worth it.

settings.py            the scheduler that a user names, with its options
configurations.py      the trials of a study, grouped into configurations
epochs.py              the epochs of reports, whatever steps an objective counts
decisions.py           what a scheduler may decide
freeze_thaw.py, i_epoch.py, successive_halving.py, hyperband.py    decide, one scheduler each
ranking.py             what schedulers that compare at rungs share
told.py                what the engine is told of configurations
schedule.py            the decisions of one study, as budgets of its trials
search.py              the search of a declared space: asks the engine for new points only
learned_search.py      the search of a space that is learnt from the trials

A decision depends on the stored trials, the settings and the number of the trial alone. So a study
that is resumed, in order or in several processes has the decisions of an uninterrupted one.
"""
