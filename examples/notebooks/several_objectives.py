# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # As accurate and as small as possible
#
# `pip install 'crosstune[hyperopt,sklearn]'`
#
# A decision tree shall be accurate and have few leaves, and no class may be found in less than half of
# its images. So there are two metrics and one constraint, and no single best model.

# %%
import optuna
from sklearn.datasets import load_digits
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

import crosstune

optuna.logging.set_verbosity(optuna.logging.WARNING)
x_train, x_test, y_train, y_test = train_test_split(
    *load_digits(return_X_y=True), test_size=0.4, random_state=0
)


def objective(params):
    model = DecisionTreeClassifier(**params, random_state=0).fit(x_train, y_train)
    recalls = recall_score(y_test, model.predict(x_test), average=None)
    return {
        "accuracy": model.score(x_test, y_test),
        "leaves": model.get_n_leaves(),
        "least_recall": recalls.min(),
    }


spec = crosstune.Spec(
    space={
        "max_leaf_nodes": crosstune.Int(5, 200, log=True),
        "min_samples_leaf": crosstune.Int(1, 30, log=True),
        "criterion": crosstune.Choice(["gini", "entropy"]),
    },
    metrics=[{"name": "accuracy", "direction": "maximize"}, {"name": "leaves"}],
    constraints=[{"metric": "least_recall", "min": 0.5}],
    trials=40,
    seed=0,
)
spec

# %% [markdown]
# What can each algorithm do with that? Optuna's TPE takes several metrics and constraints itself.

# %%
study = crosstune.tune(spec, objective)
for trial in sorted(study.best_trials, key=lambda trial: trial.values[1]):
    print(f"{trial.values[1]:4.0f} leaves: accuracy {trial.values[0]:.3f}  {trial.params}")

# %% [markdown]
# These are the front: the trials that meet the constraint and that no other one beats in both metrics.
# Which of them to take is your choice. It is an Optuna study with Optuna's own constraints, so its plots
# and its dashboard show it. A constraint is met at 0 and below.

# %%
sum(trial.constraints["least_recall >= 0.5"] <= 0 for trial in study.trials)

# %% [markdown]
# Hyperopt knows one objective. Before each proposal its history is made anew with one value for each
# trial, under other weights each time (ParEGO). The record says that this is not its native algorithm.

# %%
scalarised = crosstune.tune(spec, objective, backend="hyperopt")
print(len(scalarised.best_trials), "trials on the front")
crosstune.record(scalarised)

# %% [markdown]
# A score that was chosen for being good may have been lucky. Here nothing is drawn at random, so the whole
# front stays when it is evaluated again.

# %%
crosstune.remeasure(study, spec, objective, repeats=2)
