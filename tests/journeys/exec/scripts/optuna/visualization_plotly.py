from pathlib import Path

import optuna
from optuna.visualization import (
    plot_contour,
    plot_edf,
    plot_intermediate_values,
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_param_importances,
    plot_rank,
    plot_slice,
    plot_timeline,
)


def objective(trial):
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    depth = trial.suggest_int("depth", 1, 9)
    loss = trial.suggest_categorical("loss", ["hinge", "log", "huber"])
    value = 10.0
    for step in range(10):
        value = 0.9 * value - lr + 0.01 * depth + (0.1 if loss == "huber" else 0)
        trial.report(value, step)
        if trial.should_prune():
            raise optuna.TrialPruned()
    return value


study = optuna.create_study(pruner=optuna.pruners.MedianPruner())
study.optimize(objective, n_trials=20)

out = Path("figures")
out.mkdir(exist_ok=True)
figures = {
    "history": plot_optimization_history(study),
    "importances": plot_param_importances(study),
    "parallel": plot_parallel_coordinate(study, params=["lr", "depth"]),
    "slice": plot_slice(study),
    "contour": plot_contour(study, params=["lr", "depth"]),
    "intermediate": plot_intermediate_values(study),
    "edf": plot_edf(study),
    "rank": plot_rank(study),
    "timeline": plot_timeline(study),
}
for name, fig in figures.items():
    fig.write_html(out / f"{name}.html", include_plotlyjs="cdn")
    print("wrote", name)

assert len(list(out.glob("*.html"))) == 9
assert len(study.trials) == 20
assert list(figures["slice"].layout.title.text)
importances = optuna.importance.get_param_importances(study)
assert set(importances) == {"lr", "depth", "loss"}
assert abs(sum(importances.values()) - 1) < 1e-9 or sum(importances.values()) == 0
