# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One scikit-learn model on three engines
#
# `pip install 'crosstune[hyperopt,keras-tuner,scikit-learn]'`
#
# A spec says what to tune. It is the same for every engine.

# %%
import crosstune
from crosstune import Choice, Float, Spec

spec = Spec(
    name="wine",
    objective={
        "estimator": ["sklearn.preprocessing:StandardScaler", "sklearn.svm:SVC"],
        "data": "sklearn.datasets:load_wine",
        "cv": 5,
    },
    metric={"name": "accuracy", "direction": "maximize"},
    space={
        "svc__C": Float(0.01, 100, log=True),
        "svc__kernel": Choice(["linear", "rbf"]),
        "svc__gamma": Float(1e-4, 1.0, log=True, when={"svc__kernel": "rbf"}),
    },
    trials=12,
    seed=0,
)
spec

# %% [markdown]
# Does every engine search exactly this space? The certificate compares what each one draws with what
# the spec says.

# %%
crosstune.check(spec)

# %% [markdown]
# The engine is one argument. The result is an `optuna.Study` each time.

# %%
studies = {}
for backend in ("optuna", "hyperopt", "keras_tuner"):
    studies[backend] = crosstune.tune(spec, backend=backend)
    best = studies[backend].best_trial
    print(f"{backend}: {best.value:.3f} with {crosstune.trial_values(best, spec)}")

# %% [markdown]
# The study remembers what ran: engine, seed, budget and versions.

# %%
crosstune.record(studies["hyperopt"])

# %% [markdown]
# Three searches with one seed do not tell which engine is better for this model. A match does: see the
# notebook *Which tuner for my model?*
