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
# `pip install 'crosstune[hyperopt,scikit-learn,compare]'`
#
# A match gives two tuners the same space, budget and seeds, and ends with a verdict: better,
# equivalent, or not enough seeds to tell. The model is a kernel ridge regression on scikit-learn's
# diabetes data.

# %%
import os

import crosstune
from crosstune import Float, Int, Spec

spec = Spec(
    name="diabetes",
    objective={
        "estimator": ["sklearn.preprocessing:StandardScaler", "sklearn.kernel_ridge:KernelRidge"],
        "params": {"kernelridge__kernel": "polynomial"},
        "data": "sklearn.datasets:load_diabetes",
    },
    metric={"name": "neg_mean_squared_error", "direction": "maximize"},
    space={
        "kernelridge__alpha": Float(1e-4, 1e2, log=True),
        "kernelridge__gamma": Float(1e-4, 1.0, log=True),
        "kernelridge__coef0": Float(0.1, 10.0, log=True),
        "kernelridge__degree": Int(1, 4),
    },
)

# %% [markdown]
# `until_decided` adds five seeds at a time until the verdict is clear, or 40 are spent. The chance of a
# false verdict is at most 5 % over all looks together. (CI sets a smaller limit.)

# %%
match = crosstune.compare(
    spec,
    contenders=["crosstune:gp", "hyperopt:tpe"],
    trials=int(os.environ.get("CROSSTUNE_NOTEBOOK_TRIALS", "25")),
    until_decided=True,
    max_seeds=int(os.environ.get("CROSSTUNE_NOTEBOOK_SEEDS", "40")),
)
match

# %% [markdown]
# The curves: the best value so far, as the mean over the seeds with its interval.

# %%
match.plot()

# %% [markdown]
# `match.write_report("report")` writes a page that opens offline, with every table and figure. From the
# command line the same match is
# `crosstune compare examples/diabetes.yaml -c crosstune:gp,hyperopt:tpe --until-decided --jobs 2`.
