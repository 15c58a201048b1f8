import pickle

import optuna


class Config:
    def __init__(self, lr):
        self.lr = lr


def objective(trial):
    config = Config(trial.suggest_float("lr", 1e-5, 1e-1, log=True))
    copied = pickle.loads(pickle.dumps(config))
    assert type(copied) is Config
    trial.set_user_attr("config", pickle.dumps(config).hex())
    return copied.lr


if __name__ == "__main__":
    study = optuna.create_study()
    study.optimize(objective, n_trials=4)
    kept = pickle.loads(bytes.fromhex(study.best_trial.user_attrs["config"]))
    assert isinstance(kept, Config)
    assert kept.lr == study.best_params["lr"]
    assert Config.__module__ == "__main__"
