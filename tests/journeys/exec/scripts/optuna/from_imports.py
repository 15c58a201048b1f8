# Names imported straight from Optuna, some of them renamed.
from optuna import Trial, TrialPruned, create_study
from optuna import create_study as new_study
from optuna.samplers import TPESampler
from optuna.study import Study
from optuna.study import create_study as study_create_study


class Objective:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, trial: Trial) -> float:
        x = trial.suggest_float("x", self.low, self.high)
        if x > 0.95 * self.high:
            raise TrialPruned
        return x * x


studies: list[Study] = [
    create_study(),
    new_study(sampler=TPESampler(seed=1, multivariate=True), direction="maximize"),
    study_create_study(study_name="third"),
]
for study in studies:
    study.optimize(Objective(-3, 3), n_trials=10)
    print(study.study_name, study.best_value)

assert [len(s.trials) for s in studies] == [10, 10, 10]
assert isinstance(studies[0], Study)
assert studies[2].study_name == "third"
