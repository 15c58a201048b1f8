"""A training in each library with crosstune's callback alone, with shuffles and dropout."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna

MOST = 5
"""Epochs of a whole training."""
X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = (X @ np.array([1.0, -2.0, 0.5], "float32") > 0).astype("float32")

Weights = list[Any]
Train = Callable[[Mapping[str, Any], optuna.Trial], tuple[float, Weights]]
"""The value of a training, and its last weights."""


def torch_training(params: Mapping[str, Any], trial: optuna.Trial) -> tuple[float, Weights]:
    import torch

    from crosstune.callbacks import TorchPruningCallback

    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=params["lr"])
    rates = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    x, y = torch.tensor(X), torch.tensor(Y)[:, None]
    prune = TorchPruningCallback(trial, "loss", state=[net, optimizer, rates])
    loss = torch.tensor(0.0)
    for epoch in prune.epochs(MOST):
        for rows in torch.randperm(24).split(8):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        rates.step()
        prune(epoch, loss=loss)
    return loss.item(), [each.detach().numpy() for each in net.parameters()]


def keras_training(params: Mapping[str, Any], trial: optuna.Trial) -> tuple[float, Weights]:
    from crosstune.callbacks.keras import KerasPruningCallback, keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4), layers.Dropout(0.5), layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(params["lr"]), "mse")
    history = model.fit(
        X,
        Y,
        batch_size=8,
        epochs=MOST,
        verbose=0,
        callbacks=[KerasPruningCallback(trial, "loss")],
    )
    return history.history["loss"][-1], model.get_weights()


def lightning_training(params: Mapping[str, Any], trial: optuna.Trial) -> tuple[float, Weights]:
    import lightning.pytorch as lightning
    import torch

    from crosstune.callbacks import LightningPruningCallback

    class Net(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Sequential(
                torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1)
            )

        def training_step(self, batch: Any) -> Any:
            loss = torch.nn.functional.mse_loss(self.net(batch[0]), batch[1][:, None])
            self.log("loss", loss, on_epoch=True, on_step=False)
            return loss

        def validation_step(self, batch: Any) -> None:
            self.log("val_loss", self.training_step(batch))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.Adam(self.parameters(), lr=params["lr"])
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)]

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    lightning.seed_everything(1, verbose=False)
    module = Net()
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    callback = LightningPruningCallback(trial, "val_loss")
    trainer = lightning.Trainer(
        max_epochs=MOST,
        accelerator="cpu",
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(
        module,
        torch.utils.data.DataLoader(data, batch_size=8, shuffle=True),
        torch.utils.data.DataLoader(data, batch_size=24),
        ckpt_path=callback.ckpt_path,
    )
    value = trainer.callback_metrics["val_loss"].item()
    return value, [each.detach().numpy() for each in module.parameters()]


def sklearn_training(params: Mapping[str, Any], trial: optuna.Trial) -> tuple[float, Weights]:
    from sklearn.neural_network import MLPRegressor

    from crosstune.callbacks import partial_fit_with_pruning

    model = MLPRegressor(hidden_layer_sizes=(4,), learning_rate_init=params["lr"], random_state=1)
    score = partial_fit_with_pruning(
        model, X, Y, X, Y, trial=trial, epochs=MOST, batch_size=8, seed=1
    )
    return score, [*model.coefs_, *model.intercepts_]


TRAININGS: Mapping[str, Train] = {
    "torch": torch_training,
    "keras": keras_training,
    "lightning": lightning_training,
    "sklearn": sklearn_training,
}


def here(name: str) -> bool:
    """Whether the library of a training is installed."""
    library = {"lightning": "lightning.pytorch"}.get(name, name)
    try:
        importlib.import_module(library)
    except ImportError:
        return False
    return True


def files(folder: Path) -> list[Path]:
    """The checkpoints of a study whose journal is in a folder."""
    return [path for path in folder.glob("*.checkpoints/*") if path.is_file()]
