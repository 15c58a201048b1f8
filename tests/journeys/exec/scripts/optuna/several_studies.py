"""Tune two models one after the other, and then what they share."""

import optuna
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

X, y = load_iris(return_X_y=True)


def tree(trial):
    model = DecisionTreeClassifier(
        max_depth=trial.suggest_int("max_depth", 1, 10),
        ccp_alpha=trial.suggest_float("ccp_alpha", 0.0, 0.2),
    )
    return cross_val_score(model, X, y, cv=3).mean()


def neighbours(trial):
    model = KNeighborsClassifier(
        n_neighbors=trial.suggest_int("n_neighbors", 1, 40),
        weights=trial.suggest_categorical("weights", ["uniform", "distance"]),
        p=trial.suggest_float("p", 1, 5),
    )
    return cross_val_score(model, X, y, cv=3).mean()


def main():
    studies = {}
    for name, objective, sampler in [
        ("tree", tree, None),
        ("neighbours", neighbours, optuna.samplers.RandomSampler(seed=1)),
    ]:
        study = optuna.create_study(direction="maximize", study_name=name, sampler=sampler)
        study.optimize(objective, n_trials=10)
        studies[name] = study

    # A study whose trials run studies.
    def outer(trial):
        weight = trial.suggest_float("weight", 0, 1)
        inner = optuna.create_study()
        inner.optimize(lambda t: (t.suggest_float("x", 0, 1) - weight) ** 2, n_trials=4)
        return inner.best_value

    studies["outer"] = optuna.create_study()
    studies["outer"].optimize(outer, n_trials=5)
    return studies


if __name__ == "__main__":
    studies = main()
    for name, study in studies.items():
        print(name, study.best_value, study.best_params)
    assert [len(s.trials) for s in studies.values()] == [10, 10, 5]
    assert set(studies["tree"].best_params) == {"max_depth", "ccp_alpha"}
    assert set(studies["neighbours"].best_params) == {"n_neighbors", "weights", "p"}
    assert set(studies["outer"].best_params) == {"weight"}
