"""One model-tuning spec, three engines, one flag between them.

    import crosstune

    study = crosstune.tune("iris.yaml", backend="hyperopt")

`study` is an `optuna.Study`, whichever engine proposed its trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstune.system.lazy_names import on_first_use

if TYPE_CHECKING:
    from crosstune import checkpoints, samplers
    from crosstune.adapters.keras_tuner.tuner.keras_tuner import KerasTuner
    from crosstune.benchmarks.compare import compare
    from crosstune.engines import registry as adapters
    from crosstune.errors import CrosstuneError
    from crosstune.exchange import export_study, import_study
    from crosstune.integrations.search_cv import SearchCV
    from crosstune.proofs.certificate import check
    from crosstune.recommendation.recommend import Recommendation, recommend
    from crosstune.recommendation.remeasure import remeasure
    from crosstune.space.parameters import Bool, Choice, Constant, Float, Int, LogNormal, Normal
    from crosstune.space.space import Space
    from crosstune.spec.spec import Spec
    from crosstune.study.study_record import StudyRecord, record
    from crosstune.study.trials import budget, trial_seed, trial_values
    from crosstune.tuning.tune import create_study, tune

__version__ = "0.1.0"

_NAMES = {
    "crosstune.adapters.keras_tuner.tuner.keras_tuner": "KerasTuner",
    "crosstune.benchmarks.compare": "compare",
    "crosstune.errors": "CrosstuneError",
    "crosstune.exchange": "export_study import_study",
    "crosstune.integrations.search_cv": "SearchCV",
    "crosstune.proofs.certificate": "check",
    "crosstune.recommendation.recommend": "Recommendation recommend",
    "crosstune.recommendation.remeasure": "remeasure",
    "crosstune.space.parameters": "Bool Choice Constant Float Int LogNormal Normal",
    "crosstune.space.space": "Space",
    "crosstune.spec.spec": "Spec",
    "crosstune.study.study_record": "StudyRecord record",
    "crosstune.study.trials": "budget trial_seed trial_values",
    "crosstune.tuning.tune": "create_study tune",
    # The documented modules, which `import crosstune` alone makes available.
    "crosstune": "adapters benchmarks callbacks checkpoints errors exchange laws pruners samplers "
    "space testing trials",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

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
    "Recommendation",
    "SearchCV",
    "Space",
    "Spec",
    "StudyRecord",
    "adapters",
    "budget",
    "check",
    "checkpoints",
    "compare",
    "create_study",
    "export_study",
    "import_study",
    "recommend",
    "record",
    "remeasure",
    "samplers",
    "trial_seed",
    "trial_values",
    "tune",
]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo
    __getattr__, __dir__ = on_first_use(__name__, _HOMES)
