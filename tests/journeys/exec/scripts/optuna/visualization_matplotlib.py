import matplotlib.pyplot as plt
import optuna
import optuna.visualization.matplotlib as vis


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    y = trial.suggest_int("y", 0, 10)
    z = trial.suggest_categorical("z", ["a", "b"])
    return (x - 2) ** 2 + y + (1 if z == "b" else 0)


if __name__ == "__main__":
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=30)

    plots = [
        vis.plot_optimization_history,
        vis.plot_param_importances,
        vis.plot_parallel_coordinate,
        vis.plot_slice,
        vis.plot_edf,
    ]
    for plot in plots:
        plot(study)
        plt.tight_layout()
        plt.savefig(f"{plot.__name__}.png", dpi=40)
        plt.close("all")

    vis.plot_contour(study, params=["x", "y"])
    plt.savefig("contour.png", dpi=40)

    from pathlib import Path

    pictures = sorted(Path.cwd().glob("*.png"))
    print([p.name for p in pictures])
    assert len(pictures) == 6
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)
    assert len(study.trials) == 30
