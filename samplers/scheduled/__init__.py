"""Schedulers in front of any engine: pause a training, and continue those that are worth it.

settings.py            the scheduler that a user names, with its options
configurations.py      the trials of a study, grouped into configurations
epochs.py              the epochs of reports, whatever steps an objective counts
decisions.py           what a scheduler may decide
freeze_thaw.py, i_epoch.py, successive_halving.py, hyperband.py    decide, one scheduler each
told.py                what the engine is told of configurations
search.py              asks the scheduler, and its engine for new points

A decision depends on the stored trials, the settings and the number of the trial alone. So a study
that is resumed, in order or in several processes has the decisions of an uninterrupted one.
"""
