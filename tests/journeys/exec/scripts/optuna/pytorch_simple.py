"""A small network in PyTorch, its layers, dropout and optimizer tuned, bad runs pruned."""

import optuna
import torch
import torch.nn.functional as F
from optuna.trial import TrialState
from sklearn.datasets import load_digits
from torch import nn, optim

DEVICE = torch.device("cpu")
BATCHSIZE = 64
EPOCHS = 4


def define_model(trial):
    n_layers = trial.suggest_int("n_layers", 1, 3)
    layers = []

    in_features = 64
    for i in range(n_layers):
        out_features = trial.suggest_int(f"n_units_l{i}", 4, 64)
        layers.append(nn.Linear(in_features, out_features))
        layers.append(nn.ReLU())
        p = trial.suggest_float(f"dropout_l{i}", 0.2, 0.5)
        layers.append(nn.Dropout(p))
        in_features = out_features
    layers.append(nn.Linear(in_features, 10))
    layers.append(nn.LogSoftmax(dim=1))
    return nn.Sequential(*layers)


def get_digits():
    data, target = load_digits(return_X_y=True)
    data = torch.tensor(data / 16, dtype=torch.float32)
    target = torch.tensor(target)
    train = torch.utils.data.TensorDataset(data[:800], target[:800])
    valid = torch.utils.data.TensorDataset(data[800:1200], target[800:1200])
    return (
        torch.utils.data.DataLoader(train, batch_size=BATCHSIZE, shuffle=True),
        torch.utils.data.DataLoader(valid, batch_size=BATCHSIZE),
    )


def objective(trial):
    model = define_model(trial).to(DEVICE)

    optimizer_name = trial.suggest_categorical("optimizer", ["Adam", "RMSprop", "SGD"])
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    optimizer = getattr(optim, optimizer_name)(model.parameters(), lr=lr)
    train_loader, valid_loader = get_digits()

    for epoch in range(EPOCHS):
        model.train()
        for data, target in train_loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model(data), target)
            loss.backward()
            optimizer.step()

        model.eval()
        correct = 0
        with torch.no_grad():
            for data, target in valid_loader:
                pred = model(data).argmax(dim=1, keepdim=True)
                correct += pred.eq(target.view_as(pred)).sum().item()
        accuracy = correct / len(valid_loader.dataset)

        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise optuna.exceptions.TrialPruned()

    return accuracy


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=10, timeout=600)

    pruned_trials = study.get_trials(deepcopy=False, states=[TrialState.PRUNED])
    complete_trials = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    print("  Number of pruned trials: ", len(pruned_trials))
    print("  Number of complete trials: ", len(complete_trials))
    print("  Best:", study.best_trial.value, study.best_trial.params)

    assert len(pruned_trials) + len(complete_trials) == 10
    assert all(len(t.intermediate_values) == EPOCHS for t in complete_trials)
    assert all(1 <= len(t.intermediate_values) <= EPOCHS for t in pruned_trials)
    for t in study.trials:
        assert len(t.params) == 3 + 2 * t.params["n_layers"]
    assert study.best_value > 0.15
