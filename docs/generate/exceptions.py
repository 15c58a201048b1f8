"""The page of the errors, from `crosstune/errors.py`."""

from __future__ import annotations

import inspect

import crosstune
from crosstune import errors

HEAD = """# Errors

Each error says what was given, what holds, where, and what to do. Under an error's name are the
meaning and the remedy. On the command line, `--debug` shows where an error was raised.

| error | kind of | exit status |
|---|---|---|
"""


def page() -> str:
    """The page: a table, then each class with its text."""
    classes = public()
    rows = [
        f"| [`{cls.__name__}`](#{cls.__name__.lower()}) | {_bases(cls)} | {cls.exit_status} |"
        for cls in classes
    ]
    texts = [f"## {cls.__name__}\n\n{autodoc(cls)}" for cls in classes]
    return HEAD + "\n".join(rows) + "\n\n" + "\n\n".join(texts) + "\n"


def public() -> list[type[errors.CrosstuneError]]:
    """The errors in the order of the file."""
    return [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.CrosstuneError)
    ]


def autodoc(cls: type) -> str:
    """The directive that shows the class."""
    module = "crosstune" if cls.__name__ in crosstune.__all__ else "crosstune.errors"
    return f"```{{eval-rst}}\n.. autoexception:: {module}.{cls.__name__}\n   :members:\n```"


def _bases(cls: type) -> str:
    return ", ".join(f"`{base.__name__}`" for base in cls.__bases__)
