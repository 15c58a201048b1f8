# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A torch training with pruning and TensorBoard
#
# `pip install 'crosstune[torch,tensorboard,hyperopt,scikit-learn]'`
#
# A small network learns the digits of scikit-learn. After each epoch it reports its accuracy, so that a
# pruner can end trials that fall behind.

# %%
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import crosstune
from crosstune.callbacks import ProgressBar, TensorBoardCallback, TorchPruningCallback

x, y = load_digits(return_X_y=True)
parts = train_test_split(x / 16, y, test_size=0.3, random_state=0, stratify=y)
x_train, x_valid, y_train, y_valid = (torch.as_tensor(part) for part in parts)
x_train, x_valid = x_train.float(), x_valid.float()


def train(params: dict, trial) -> float:
    torch.manual_seed(crosstune.trial_seed(trial))
    model = torch.nn.Sequential(
        torch.nn.Linear(64, params["units"]), torch.nn.ReLU(), torch.nn.Linear(params["units"], 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=params["lr"])
    prune = TorchPruningCallback(trial, "accuracy")
    for epoch in range(8):
        for rows in torch.randperm(len(x_train)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x_train[rows]), y_train[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            accuracy = (model(x_valid).argmax(1) == y_valid).float().mean().item()
        prune(epoch, accuracy=accuracy)
    return accuracy


# %% [markdown]
# The median pruner ends a trial that is worse than half of the earlier ones at the same epoch. The bar
# shows the time left and the best value so far; TensorBoard shows every curve while it grows.

# %%
spec = crosstune.Spec(
    name="digits-torch",
    metric={"name": "accuracy", "direction": "maximize"},
    space={"lr": crosstune.Float(1e-4, 1e-1, log=True), "units": crosstune.Int(8, 64, log=True)},
    trials=12,
    seed=0,
    pruner={"name": "median", "n_startup_trials": 3},
)
with ProgressBar() as bar, TensorBoardCallback("logs") as log:
    study = crosstune.tune(spec, train, backend="hyperopt", callbacks=[bar, log])
print(study.best_value, study.best_params)

# %% [markdown]
# Look at the curves with `tensorboard --logdir logs`, or in a notebook with the two lines
# `%load_ext tensorboard` and `%tensorboard --logdir logs`.

# %%
states = [trial.state.name.lower() for trial in study.trials]
print({state: states.count(state) for state in set(states)})
crosstune.record(study)
