"""Tuners from outside as contenders of a match: SMAC3, HEBO, Ax, Nevergrad, Optuna's AutoSampler.

    python -m crosstune.benchmarks.research.rivals install
    crosstune compare tables/vehicle -c crosstune:gp,smac:smac,hebo:hebo --seeds 3 --trials 50

They are no backends of crosstune: no list of backends shows them, and a study that is not part of
a match does not know them. Each runs in an environment of its own, `environments.py`; what runs
there is in `inside/`, a file a library; `process.py` talks to it, and `adapter.py` makes an engine
of it. `autosampler.py` is a rule of choice among Optuna's own samplers, and needs no environment.
"""
