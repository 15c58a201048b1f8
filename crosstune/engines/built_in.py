"""The rows of the engines that come with crosstune."""

from __future__ import annotations

from crosstune.engines.row import Dialect, EngineRow, Format

OPTUNA = EngineRow(
    name="optuna",
    adapter="crosstune.adapters.optuna.adapter:OptunaAdapter",
    extra="optuna",
    libraries=("optuna",),
    dialects=(Dialect("optuna", "crosstune.adapters.optuna.objective:prepare", parameter="trial"),),
    takeover="crosstune.adapters.optuna.takeover:take_over",
    by_hand="crosstune.adapters.optuna.by_hand:search",
    learners={
        **dict.fromkeys(("tpe", "tpe-v4", "nsga2", "nsga3", "random", "bayesian"), ()),
        **{"gp": ("torch", "scipy"), "cmaes": ("cmaes",), "qmc": ("scipy",)},
    },
)

HYPEROPT = EngineRow(
    name="hyperopt",
    adapter="crosstune.adapters.hyperopt.adapter:HyperoptAdapter",
    extra="hyperopt",
    libraries=("hyperopt",),
    dialects=(Dialect("hyperopt", "crosstune.adapters.hyperopt.objective:prepare"),),
    formats=(
        Format(
            "hyperopt",
            write="crosstune.adapters.hyperopt.exporting:write_file",
            read="crosstune.adapters.hyperopt.importing:read_file",
            read_options=("space", "direction"),
        ),
    ),
    space_type="hyperopt.pyll.base:Apply",
    space_reader="crosstune.adapters.hyperopt.native_space:HyperoptSpace",
    takeover="crosstune.adapters.hyperopt.takeover:take_over",
    by_hand="crosstune.adapters.hyperopt.by_hand:search",
    learners={"tpe": (), "rand": (), "anneal": (), "mix": (), "random": (), "bayesian": ()},
)

KERAS_TUNER = EngineRow(
    name="keras_tuner",
    adapter="crosstune.adapters.keras_tuner.adapter:KerasTunerAdapter",
    extra="keras-tuner",
    libraries=("keras_tuner", "keras", "six"),
    parts=("sklearn", "scipy", "jax", "torch", "tensorflow"),
    dialects=(
        Dialect(
            "keras_tuner",
            "crosstune.adapters.keras_tuner.objective:prepare",
            key="build",
            schema={
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "build": {"type": "string"},
                    "data": {"type": "string"},
                    "fit": {"type": "object"},
                    "executions_per_trial": {"type": "integer", "minimum": 1},
                    "save": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["build", "data"],
            },
        ),
    ),
    formats=(
        Format(
            "keras_tuner",
            write="crosstune.adapters.keras_tuner.exporting:write_folder",
            write_options=("metric",),
            read="crosstune.adapters.keras_tuner.importing:read_folder",
            read_options=("metric",),
        ),
    ),
    takeover="crosstune.adapters.keras_tuner.takeover:take_over",
    by_hand="crosstune.adapters.keras_tuner.by_hand:search",
    learners={"random": (), "bayesian": ("sklearn", "scipy")},
)

CROSSTUNE = EngineRow(
    name="crosstune",
    adapter="crosstune.adapters.crosstune.adapter:CrosstuneAdapter",
    extra="optuna",
    libraries=("optuna",),
    learners={
        "random": (),
        "gp": ("scipy", "threadpoolctl"),
        "bayesian": ("scipy", "threadpoolctl"),
    },
)

BUILT_IN = {row.name: row for row in (OPTUNA, HYPEROPT, KERAS_TUNER, CROSSTUNE)}
