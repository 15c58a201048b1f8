"""One model-tuning spec, three engines, one flag between them.

    import crosstune

    study = crosstune.tune("iris.yaml", backend="hyperopt")

`study` is an `optuna.Study`, whichever engine proposed its trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosstune import adapters, checkpoints, samplers
    from crosstune.benchmarks.compare import compare
    from crosstune.certificate import check
    from crosstune.errors import CrosstuneError
    from crosstune.exchange import export_study, import_study
    from crosstune.keras.tuner import KerasTuner
    from crosstune.parameters import Bool, Choice, Constant, Float, Int, LogNormal, Normal
    from crosstune.search_cv import SearchCV
    from crosstune.space import Space
    from crosstune.spec import Spec
    from crosstune.study import create_study
    from crosstune.trials import budget, trial_seed, trial_values
    from crosstune.tuning import tune

__version__ = "0.1.0"

_HOMES = {
    "Bool": "crosstune.parameters",
    "Choice": "crosstune.parameters",
    "Constant": "crosstune.parameters",
    "CrosstuneError": "crosstune.errors",
    "Float": "crosstune.parameters",
    "Int": "crosstune.parameters",
    "KerasTuner": "crosstune.keras.tuner",
    "LogNormal": "crosstune.parameters",
    "Normal": "crosstune.parameters",
    "SearchCV": "crosstune.search_cv",
    "Space": "crosstune.space",
    "Spec": "crosstune.spec",
    "budget": "crosstune.trials",
    "check": "crosstune.certificate",
    "compare": "crosstune.benchmarks.compare",
    "create_study": "crosstune.study",
    "export_study": "crosstune.exchange",
    "import_study": "crosstune.exchange",
    "trial_seed": "crosstune.trials",
    "trial_values": "crosstune.trials",
    "tune": "crosstune.tuning",
}

__all__ = [
    "Bool",
    "Choice",
    "Constant",
    "CrosstuneError",
    "Float",
    "Int",
    "KerasTuner",
    "LogNormal",
    "Normal",
    "SearchCV",
    "Space",
    "Spec",
    "adapters",
    "budget",
    "check",
    "checkpoints",
    "compare",
    "create_study",
    "export_study",
    "import_study",
    "samplers",
    "trial_seed",
    "trial_values",
    "tune",
]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo

    def __getattr__(name: str) -> object:
        """Import a public name on first use: `crosstune --help` needs none of them."""
        import importlib

        if name in ("adapters", "checkpoints", "samplers"):
            return importlib.import_module(f"crosstune.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'crosstune' has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
