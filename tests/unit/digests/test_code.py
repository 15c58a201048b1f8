"""The digest of a user's function or class covers the user's code and constants that it uses."""

from __future__ import annotations

import importlib
import itertools
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crosstune.digests.values import digest

Made = Callable[[str], Any]
HELPER = """
    import functools
    from sklearn.base import BaseEstimator, TransformerMixin

    beta = {value}
    config = {{"beta": {value}}}

    def inner(x):
        return x * {value}

    class Base:
        def of(self, x):
            return x * {value}

    class Scorer(Base):
        def __call__(self, x):
            return self.of(x)

    class Static:
        scale = {value}

        @staticmethod
        def twice(x):
            return x * {value}

        @property
        def half(self):
            return {value}

        @functools.cached_property
        def third(self):
            return {value}

    class Shift(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X + {value}

    def lower_case(x):
        return x * beta

    def by_name(x):
        return x * config["beta"]

    def nested(x):
        def go():
            return inner(x)
        return go()

    def in_lambda(x):
        return (lambda: x * beta)()

    def of_a_class(x):
        return Base().of(x)

    @functools.lru_cache
    def cached(x):
        return x * {value}

    def by_a_cached_one(x):
        return cached(x)
"""
PARTS = [
    "lower_case", "by_name", "nested", "in_lambda", "of_a_class", "Base", "Scorer", "Static",
    "Shift", "by_a_cached_one",
]  # fmt: skip


@pytest.fixture(params=["of a module", "without source"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Runs the source as a module of the user's, or as a cell of a notebook that kept no source."""
    monkeypatch.syspath_prepend(str(tmp_path))
    number = itertools.count()

    def made(source: str) -> Any:
        source = textwrap.dedent(source)
        if request.param == "without source":
            names: dict[str, Any] = {"__name__": "__main__"}
            exec(source, names)
            return lambda name: names[name]
        folder = tmp_path / str(next(number))
        folder.mkdir()
        (folder / "helper_of_digest.py").write_text(source)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "helper_of_digest", raising=False)
        module = importlib.import_module("helper_of_digest")
        return lambda name: getattr(module, name)

    return made


@pytest.mark.parametrize("name", PARTS)
def test_what_a_user_s_code_uses_counts(name: str, make: Made) -> None:
    first, again, other = (make(HELPER.format(value=value))(name) for value in (1, 1, 2))
    assert digest(first) == digest(again)
    assert digest(first) != digest(other)


def test_an_object_counts_with_the_code_of_its_class(make: Made) -> None:
    first, again, other = (make(HELPER.format(value=value)) for value in (1, 1, 2))
    for name in ("Scorer", "Shift"):
        assert digest(first(name)()) == digest(again(name)())
        assert digest(first(name)()) != digest(other(name)())


def test_what_comes_from_another_module_of_the_user_counts(make: Made) -> None:
    def user(value: int, source: str) -> Any:
        names = {"__name__": "__main__", "helper": HelperModule(), "inner": None}
        made = make(HELPER.format(value=value))
        names["helper"].inner = names["inner"] = made("inner")
        exec(source, names)
        return names["score"]

    for source in (
        "def score(x): return inner(x)",
        "def score(x): return helper.inner(x)",
    ):
        assert digest(user(1, source)) == digest(user(1, source))
        assert digest(user(1, source)) != digest(user(2, source))


class HelperModule(type(sys)):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__("helper_of_digest")


def test_what_a_function_changes_itself_does_not_count(make: Made) -> None:
    source = """
        calls, seen, counts = 0, [], {{}}

        def score(x):
            global calls
            calls += 1
            seen.append(x)
            counts[x] = calls
            return x * {value}
    """
    score = make(source.format(value=1))("score")
    before = digest(score)
    score(3)
    assert digest(score) == before


def test_classes_and_functions_that_use_one_another_end(make: Made) -> None:
    lines = ["def f0(x): return f19(x) if x else A().m(x)"]
    lines += [
        f"def f{i}(x): return {' + '.join(f'f{j}(x)' for j in range(i))}" for i in range(1, 20)
    ]
    lines += ["class A:", "    def m(self, x): return super().__repr__(), A, f19(x)"]
    assert digest(make("\n".join(lines))("f19"))


def test_what_a_class_changes_itself_does_not_count() -> None:
    class Counting:
        calls = 0
        factor = 2

        def __call__(self, x: float) -> float:
            Counting.calls += 1
            return x * self.factor

    before = digest(Counting())
    Counting()(1.0)
    assert digest(Counting()) == before
    Counting.factor = 3
    assert digest(Counting()) != before
