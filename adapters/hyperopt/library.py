"""Hyperopt's names. If it is not installed, importing this module names the extra."""

from crosstune.engines.registry import library_of

with library_of("hyperopt"):
    import hyperopt
    from hyperopt import anneal, hp, mix, pyll, rand, tpe
    from hyperopt.base import JOB_STATE_DONE, JOB_STATE_RUNNING, Domain
    from hyperopt.pyll import scope
    from hyperopt.utils import coarse_utcnow

__all__ = [
    "JOB_STATE_DONE",
    "JOB_STATE_RUNNING",
    "Domain",
    "anneal",
    "coarse_utcnow",
    "hp",
    "hyperopt",
    "mix",
    "pyll",
    "rand",
    "scope",
    "tpe",
]
