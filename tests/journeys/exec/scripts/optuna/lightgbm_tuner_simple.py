import optuna_integration.lightgbm as lgb
from lightgbm import early_stopping
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

data, target = load_breast_cancer(return_X_y=True)
train_x, val_x, train_y, val_y = train_test_split(data[:, :8], target, random_state=1)

params = {"objective": "binary", "metric": "auc", "verbosity": -1, "num_threads": 1}
model = lgb.train(
    params,
    lgb.Dataset(train_x, label=train_y),
    valid_sets=[lgb.Dataset(val_x, label=val_y)],
    num_boost_round=5,
    callbacks=[early_stopping(3, verbose=False)],
    show_progress_bar=False,
    time_budget=3,
)
print(model.best_score, model.params)
assert model.best_score["valid_0"]["auc"] > 0.8
