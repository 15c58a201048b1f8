import optuna
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_diabetes(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, random_state=0)


def objective(trial: optuna.Trial) -> float:
    regressor_name = trial.suggest_categorical("regressor", ["ridge", "forest"])
    if regressor_name == "ridge":
        alpha = trial.suggest_float("alpha", 1e-4, 1e3, log=True)
        scale = trial.suggest_categorical("scale", [True, False])
        model = Ridge(alpha=alpha)
        if scale:
            model = make_pipeline(StandardScaler(), model)
    else:
        model = RandomForestRegressor(
            n_estimators=trial.suggest_int("n_estimators", 5, 25, step=5),
            max_depth=trial.suggest_int("max_depth", 2, 8),
            max_features=trial.suggest_categorical("max_features", ["sqrt", None, 0.5]),
            random_state=0,
        )
    model.fit(X_train, y_train)
    return mean_squared_error(y_val, model.predict(X_val))


study = optuna.create_study(study_name="diabetes")
study.optimize(objective, n_trials=20, show_progress_bar=False)

print("MSE:", study.best_value)
print("parameters:", study.best_params)
print(study.trials_dataframe(attrs=("number", "value", "params", "state")).head())

assert len(study.trials) == 20
for t in study.trials:
    if t.params["regressor"] == "ridge":
        assert set(t.params) == {"regressor", "alpha", "scale"}
        assert type(t.params["scale"]) is bool
    else:
        assert set(t.params) == {"regressor", "n_estimators", "max_depth", "max_features"}
        assert t.params["n_estimators"] in (5, 10, 15, 20, 25)
        assert t.params["max_features"] in ("sqrt", None, 0.5)
assert study.best_value < 8000
