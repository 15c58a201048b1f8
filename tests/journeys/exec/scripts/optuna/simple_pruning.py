"""Stop bad runs of an SGD classifier early."""

import optuna
import sklearn.datasets
import sklearn.linear_model
import sklearn.model_selection
from optuna.trial import TrialState


def objective(trial):
    iris = sklearn.datasets.load_iris()
    classes = list(set(iris.target))
    train_x, valid_x, train_y, valid_y = sklearn.model_selection.train_test_split(
        iris.data, iris.target, test_size=0.25, random_state=0
    )

    alpha = trial.suggest_float("alpha", 1e-5, 1e1, log=True)
    clf = sklearn.linear_model.SGDClassifier(alpha=alpha, random_state=0)

    for step in range(30):
        clf.partial_fit(train_x, train_y, classes=classes)

        # Report how good the classifier is so far.
        intermediate_value = clf.score(valid_x, valid_y)
        trial.report(intermediate_value, step)

        if trial.should_prune():
            raise optuna.TrialPruned()

    return clf.score(valid_x, valid_y)


if __name__ == "__main__":
    study = optuna.create_study(
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2),
    )
    # A hopeless value, tried when the pruner has something to compare it with.
    study.optimize(objective, n_trials=15)
    study.enqueue_trial({"alpha": 10.0})
    study.optimize(objective, n_trials=5)

    pruned = study.get_trials(deepcopy=False, states=[TrialState.PRUNED])
    complete = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    print("Study statistics:")
    print("  Number of finished trials:", len(study.trials))
    print("  Number of pruned trials:", len(pruned))
    print("  Number of complete trials:", len(complete))
    print("Best trial:", study.best_trial.value, study.best_trial.params)

    assert len(study.trials) == 20 == len(pruned) + len(complete)
    assert study.trials[15].params == {"alpha": 10.0}
    assert study.trials[15].state == TrialState.PRUNED
    assert all(3 <= len(t.intermediate_values) <= 30 for t in pruned)
    assert all(len(t.intermediate_values) == 30 for t in complete)
    # A pruned trial has the value that it reported last.
    assert all(t.value == t.intermediate_values[t.last_step] for t in pruned)
