"""Tuners from outside as contenders of a match: SMAC3, HEBO, Ax, Nevergrad, Optuna's AutoSampler.

    python -m crosstune.benchmarks.research.rivals install
    python -m crosstune.benchmarks.research.rivals compare --problem tables/vehicle \\
        -c crosstune:gp,smac:smac,hebo:hebo --seeds 3 --trials 50

They are no backends of crosstune: no list of backends shows them, and a study that is not part of
a match does not know them. Each runs in an environment of its own, `environments.py`; what runs
there is in `inside/`, a file a library; `process.py` talks to it, and `adapter.py` makes an engine
of it. `autosampler.py` is a rule of choice among Optuna's own samplers, and needs no environment.
"""

from __future__ import annotations

from crosstune.engines import registry

RIVALS = {
    "smac": f"{__name__}.adapter:SmacAdapter",
    "hebo": f"{__name__}.adapter:HeboAdapter",
    "ax": f"{__name__}.adapter:AxAdapter",
    "nevergrad": f"{__name__}.adapter:NevergradAdapter",
    "autosampler": f"{__name__}.autosampler:AutoSamplerAdapter",
}

for _name, _target in RIVALS.items():
    registry.register(_name, _target)
