"""A small network whose training a scheduler pauses and continues, with nothing but a callback.

crosstune run examples/paused.yaml
"""

from __future__ import annotations

from typing import Any

import optuna
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn import functional

from crosstune.callbacks import TorchPruningCallback

EPOCHS = 27


def train(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The share of the validation images that the network gets wrong."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, x_valid, y, y_valid = map(
        torch.tensor, train_test_split(*load_digits(return_X_y=True), random_state=0)
    )
    x, x_valid = x.float() / 16, x_valid.float() / 16
    net = torch.nn.Sequential(
        torch.nn.Linear(64, params["width"]),
        torch.nn.ReLU(),
        torch.nn.Dropout(params["dropout"]),
        torch.nn.Linear(params["width"], 10),
    )
    optimizer = torch.optim.SGD(net.parameters(), params["lr"], momentum=params["momentum"])
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    prune = TorchPruningCallback(trial, "error", state=[net, optimizer, rate])
    error = 1.0
    for epoch in prune.epochs(EPOCHS):
        net.train()
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
        rate.step()
        net.eval()
        with torch.no_grad():
            error = (net(x_valid).argmax(1) != y_valid).float().mean().item()
        prune(epoch, error=error)
    return error
