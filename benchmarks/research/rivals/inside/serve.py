"""The loop inside a rival's own environment: JSON lines in, JSON lines out.

    python serve.py MODULE

`MODULE` stands beside this file, and its class is named `Rival` there. Nothing here imports
crosstune, and the standard library is all that this file needs. A line is a question, and gets one
line back:

    {"do": "begin", "algorithm": ..., "parameters": [...], "seed": ..., "trials": ...}   {}
    {"do": "ask", "key": 3}                     {"point": {"x0": 0.5, "x1": 2}, "cpu": 0.01}
    {"do": "ask", "key": 4}                     {"exhausted": true}
    {"do": "tell", "key": 3, "loss": 0.25}      {}        null is a trial that failed
    {"do": "forget", "key": 3}                  {}        it was evaluated elsewhere
    {"do": "insert", "point": {"x0": 0.5}, "loss": 0.25}  {}        it was never proposed

The loss is to be minimised. A parameter is a mapping of `name`, `kind` and what the kind needs:
"float" and "int" have `low`, `high` (both included) and `log`; "category" has `n`, and is one of 0
to n - 1. `when` maps names of parents to the values for which it takes part.

What the library prints goes to the standard error, so that it cannot be taken for an answer.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
from typing import Any


class RivalExhausted(Exception):
    """There is no point left; raised by a rival."""


class Server:
    """Answers questions, with the rival that the first one begins."""

    def __init__(self, module: Any):
        self._module = module
        self._rival: Any = None
        self._asked: dict[int, Any] = {}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question."""
        return getattr(self, f"_{question.pop('do')}")(**question) or {}

    def _begin(self, **about: Any) -> None:
        self._rival = self._module.Rival(**about)

    def _ask(self, key: int) -> dict[str, Any]:
        before = time.process_time()
        try:
            self._asked[key], point = self._rival.ask()
        except RivalExhausted:
            return {"exhausted": True}
        return {"point": point, "cpu": time.process_time() - before}

    def _tell(self, key: int, loss: float | None) -> None:
        self._rival.tell(self._asked.pop(key), loss)

    def _forget(self, key: int) -> None:
        self._rival.forget(self._asked.pop(key))

    def _insert(self, point: dict[str, Any], loss: float | None) -> None:
        self._rival.insert(point, loss)


def _end_with(parent: int) -> None:
    """End this process and its group when its parent does, which a proposal may not see."""
    while os.getppid() == parent:
        time.sleep(0.5)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def main(name: str) -> None:
    """Serve until the standard input ends, or what started this process."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # unbuffered, so that an error comes last
    # The rivals raise this module's `RivalExhausted`, not that of a second copy.
    sys.modules["serve"] = sys.modules[__name__]
    server = Server(importlib.import_module(name))
    for line in sys.stdin:
        answers.write(json.dumps(server.answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
