"""Keep each trial's model in an artifact store."""

import os
import pickle
import tempfile

import optuna
from optuna.artifacts import FileSystemArtifactStore, download_artifact, upload_artifact
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier

base_path = "./artifacts"
os.makedirs(base_path, exist_ok=True)
artifact_store = FileSystemArtifactStore(base_path=base_path)

X, y = load_iris(return_X_y=True)


def objective(trial: optuna.Trial) -> float:
    n_neighbors = trial.suggest_int("n_neighbors", 1, 60)
    p = trial.suggest_float("p", 1.0, 3.0)
    model = KNeighborsClassifier(n_neighbors=n_neighbors, p=p).fit(X[::2], y[::2])

    with tempfile.NamedTemporaryFile(suffix=".pkl", delete=False) as f:
        pickle.dump(model, f)
    artifact_id = upload_artifact(
        artifact_store=artifact_store, file_path=f.name, study_or_trial=trial
    )
    os.unlink(f.name)
    trial.set_user_attr("model", artifact_id)
    return model.score(X[1::2], y[1::2])


study = optuna.create_study(
    study_name="artifacts", storage="sqlite:///artifacts.db", direction="maximize"
)
study.optimize(objective, n_trials=8)

best_artifact_id = study.best_trial.user_attrs["model"]
download_artifact(
    artifact_store=artifact_store, file_path="best_model.pkl", artifact_id=best_artifact_id
)
with open("best_model.pkl", "rb") as f:
    best_model = pickle.load(f)
print(best_model, study.best_value)

assert len(study.trials) == 8
assert len(os.listdir(base_path)) == 8
assert best_model.n_neighbors == study.best_params["n_neighbors"]
assert best_model.score(X[1::2], y[1::2]) == study.best_value
