"""Ask with distributions that are fixed beforehand."""

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

distributions = {
    "optimizer": CategoricalDistribution(choices=["adam", "sgd"]),
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "dropout": FloatDistribution(0.0, 0.5, step=0.1),
    "layers": IntDistribution(1, 4),
    "units": IntDistribution(16, 256, log=True),
}


def train(config):
    score = config["lr"] * config["layers"] + config["dropout"]
    return score + (0.1 if config["optimizer"] == "sgd" else 0.0) + 1 / config["units"]


study = optuna.create_study()
for i in range(15):
    trial = study.ask(fixed_distributions=distributions)
    config = trial.params
    assert set(config) == set(distributions)
    study.tell(trial, train(config))
    print(i, config)

assert len(study.trials) == 15
for t in study.trials:
    assert t.distributions == distributions
    assert min(abs(t.params["dropout"] - i / 10) for i in range(6)) < 1e-9
    assert type(t.params["layers"]) is int
    assert type(t.params["units"]) is int
    assert 16 <= t.params["units"] <= 256
assert study.best_value < 1.0
