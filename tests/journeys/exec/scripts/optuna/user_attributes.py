import optuna
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

study = optuna.create_study(direction="maximize")
study.set_user_attr("contributors", ["Akiba", "Sano"])
study.set_user_attr("dataset", "iris")


def objective(trial):
    iris = load_iris()
    x_train, x_test, y_train, y_test = train_test_split(
        iris.data, iris.target, test_size=0.3, random_state=1
    )
    svc_c = trial.suggest_float("svc_c", 1e-10, 1e10, log=True)
    clf = SVC(C=svc_c).fit(x_train, y_train)
    predicted = clf.predict(x_test)
    accuracy = accuracy_score(y_test, predicted)
    trial.set_user_attr("accuracy", accuracy)
    trial.set_user_attr("f1", f1_score(y_test, predicted, average="macro"))
    return accuracy


study.optimize(objective, n_trials=8)

print(study.user_attrs)
print(study.best_trial.user_attrs)

assert study.user_attrs["contributors"] == ["Akiba", "Sano"]
assert study.user_attrs["dataset"] == "iris"
assert len(study.trials) == 8
for t in study.trials:
    assert t.user_attrs["accuracy"] == t.value
    assert 0 <= t.user_attrs["f1"] <= 1
