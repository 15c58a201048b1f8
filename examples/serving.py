"""A random forest to serve: its accuracy, the time of one prediction, and its size.

crosstune run examples/serving.yaml
"""

import pickle
import statistics
import tempfile
import time
from pathlib import Path

from optuna.storages.journal import JournalFileOpenLock
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.4, random_state=0)

LOCK = JournalFileOpenLock(str(Path(tempfile.gettempdir()) / "serving"))
"""Held while a time is measured, so that with several workers no two measure at once."""


def objective(params):
    model = RandomForestClassifier(**params, random_state=0).fit(x_train, y_train)
    return {
        "accuracy": model.score(x_test, y_test),
        "latency_ms": latency(model),
        "size_kb": len(pickle.dumps(model)) / 1000,
    }


def latency(model, repeats=25):
    """The median time of a prediction for one image, in milliseconds."""
    LOCK.acquire()
    try:
        times = []
        for i in range(repeats):
            start = time.perf_counter()
            model.predict(x_test[i : i + 1])
            times.append(time.perf_counter() - start)
        return 1000 * statistics.median(times)
    finally:
        LOCK.release()
