# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Another engine in an existing Optuna study
#
# `pip install 'crosstune[hyperopt]'`
#
# Here is a study in plain Optuna, as you may have it.

# %%
import optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return (x - 2) ** 2 + (kind == "b")


study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=20)
print(study.best_value, study.best_params)

# %% [markdown]
# Hyperopt's TPE continues it. It learns from all trials that are there. Nothing else changes.

# %%
from crosstune.samplers import HyperoptSampler

study.sampler = HyperoptSampler(seed=0)
study.optimize(objective, n_trials=20)
print(study.best_value, study.best_params)

# %% [markdown]
# Without a declared space the engine learns the space from the trials, as the record says. With one, it
# searches exactly as its library would.

# %%
import crosstune

spec = crosstune.Spec(
    space={"x": crosstune.Float(-5, 5), "kind": crosstune.Choice(["a", "b"])}, seed=0
)
declared = crosstune.tune(spec, objective, backend="hyperopt", trials=20)
crosstune.record(declared)

# %% [markdown]
# Everything of Optuna works on this study: plots, the dashboard, importances. The way back is as short:
# `declared.sampler = optuna.samplers.TPESampler()`.

# %%
optuna.importance.get_param_importances(
    declared, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
)
