# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which tuner for my model?
#
# `pip install 'crosstune[scikit-learn,compare]'`
#
# A match gives two tuners the same space, budget and seeds, and ends with a verdict: better,
# equivalent, or not enough seeds to tell. The model is a vote of 30 small classifiers, each of which
# sees one column of scikit-learn's breast cancer data. The weights of the vote are tuned.

# %%
import os

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import crosstune
from crosstune import Float, Spec

X, y = load_breast_cancer(return_X_y=True)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train, X_valid = scaler.transform(X_train), scaler.transform(X_valid)
count = X.shape[1]
votes = np.column_stack(
    [
        LogisticRegression().fit(X_train[:, [i]], y_train).decision_function(X_valid[:, [i]])
        for i in range(count)
    ]
)

spec = Spec(
    name="votes",
    space={f"weight_{i}": Float(0.0, 1.0) for i in range(count)}
    | {"sharpness": Float(0.5, 50.0, log=True)},
    metric={"name": "log_loss", "direction": "minimize"},
)


def objective(params):
    weights = np.array([params[f"weight_{i}"] for i in range(count)]) + 1e-6
    odds = params["sharpness"] * votes @ weights / weights.sum()
    return log_loss(y_valid, 1 / (1 + np.exp(-odds)))


# %% [markdown]
# `until_decided` adds five seeds at a time until the verdict is clear, or 40 are spent. The chance of a
# false verdict is at most 5 % over all looks together. (CI sets a smaller limit.)

# %%
match = crosstune.compare(
    spec,
    objective,
    contenders=["crosstune:gp", "optuna:tpe"],
    trials=int(os.environ.get("CROSSTUNE_NOTEBOOK_TRIALS", "40")),
    until_decided=True,
    max_seeds=int(os.environ.get("CROSSTUNE_NOTEBOOK_SEEDS", "40")),
)
match

# %% [markdown]
# The curves: the best value so far, as the mean over the seeds with its interval.

# %%
match.plot()

# %% [markdown]
# This model was chosen since the difference is large: many parameters with a weak effect each. On
# `examples/diabetes.yaml`, which has four, the same two tuners are not told apart by 40 seeds. So run the
# match on your own model.
#
# `match.write_report("report")` writes a page that opens offline, with every table and figure. From the
# command line a match is
# `crosstune compare spec.yaml -c crosstune:gp,optuna:tpe --until-decided --jobs 2`.
