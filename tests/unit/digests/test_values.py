"""A digest is equal for equal content, whatever holds it, and differs for other content."""

from __future__ import annotations

import copy
import functools
import re
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.gaussian_process.kernels import RBF
from sklearn.metrics import get_scorer
from sklearn.svm import SVC

from crosstune.digests.values import NotComparable, digest, exact_digest

ROWS = [[1.0, 2.0], [3.0, 4.0]]


class Loop:
    def __init__(self) -> None:
        self.me = self


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (ROWS, np.array(ROWS)),
        (np.array(ROWS), np.array(ROWS, order="F")),
        (np.array(ROWS), np.array(ROWS).astype(">f8")),
        (np.array([1, 2], np.int32), [1, 2]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["a", "b"], object), ["a", "b"]),
        (pd.Series(["a", "b"], dtype=object), pd.Series(["a", "b"], dtype="string")),
        (sparse.csr_matrix(ROWS), sparse.coo_matrix(ROWS)),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame([[1, 2]], columns=["a", "b"])),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.float64(0.5), 0.5),
        (SVC(verbose=True), SVC()),
        (np.random.RandomState(0), np.random.RandomState(0)),
        (get_scorer("f1_macro"), get_scorer("f1_macro")),
    ],
)  # fmt: skip
def test_the_same_content_has_the_same_digest(one: Any, two: Any) -> None:
    assert digest(one) == digest(two)


DIFFERENT: list[Any] = [
    None, True, 1, 1.0, "1", b"1", "", [], [1], [[1]], [1, 2], ["1", "2"], ["12"],
    [1, "2"], ["1", 2],
    [None], [float("nan")], {}, {"a": 1}, {"a": 2}, {"b": 1}, [{"a": 1}], {1, 2}, (2**70,), 2**70,
    np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(6), np.array(["2020-01-01"], "M8[D]"),
    np.array([True, False]), np.array([(1, 2.0)], "i4,f8"), np.ma.array([1, 2], mask=[0, 1]),
    sparse.csr_matrix(ROWS), sparse.csr_matrix(np.zeros((2, 3))),
    pd.DataFrame(ROWS), pd.DataFrame(ROWS, index=[5, 6]), pd.DataFrame(ROWS, columns=["a", "b"]),
    pd.Series(["a", "b"], dtype="category"), pd.Series([1, None], dtype="Int64"),
    SVC(C=1), SVC(C=2), SVC, RBF(1.0), RBF(2.0), len, np.add, functools.partial(len, []),
    lambda x: x, lambda x: x + 1, lambda x, a=1: x,
    np.random.RandomState(0), np.random.RandomState(1),
    re.compile("a"), re.compile("b"),
    get_scorer("f1_macro"), get_scorer("f1_micro"), Loop(), object, range(3), slice(1), ...,
]  # fmt: skip


def test_other_content_has_another_digest() -> None:
    found = [digest(value) for value in DIFFERENT]
    twice = [DIFFERENT[i] for i, one in enumerate(found) if found.count(one) > 1]
    assert twice == []


@pytest.mark.parametrize("value", DIFFERENT, ids=lambda value: type(value).__name__)
def test_an_exact_digest_is_equal_for_a_copy(value: Any) -> None:
    assert exact_digest(value, []) == exact_digest(copy.deepcopy(value), [])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (ROWS, np.array(ROWS)),
        (np.array(ROWS), np.array(ROWS, "f4")),
        (np.float64(0.5), 0.5),
        (SVC(verbose=True), SVC()),
        (SVC().fit(ROWS, [0, 1]), SVC()),
        (pd.Series(["a", "b"], dtype=object), pd.Series(["a", "b"], dtype="string")),
        ([len], [abs]),
        ({"a": functools.partial(int)}, {"a": functools.partial(float)}),
    ],
)
def test_an_exact_digest_tells_types_and_states_apart(one: Any, two: Any) -> None:
    assert exact_digest(one, []) != exact_digest(two, [])


def test_an_exact_digest_names_code_and_hands_it_over() -> None:
    code: list[Any] = []
    first = exact_digest({"a": [pytest.raises, Loop]}, code)
    assert code == [pytest.raises, Loop]
    assert exact_digest({"a": [Loop, pytest.raises]}, []) != first
    with pytest.raises(NotComparable, match="lock cannot be pickled"):
        exact_digest([Loop, threading.Lock()], code)
    assert code[2:] == [Loop]


def test_it_is_the_same_in_another_process() -> None:
    value = "[set('abcdefghij'), SVC(class_weight={0: 1}), pd.Series(['a', 'b']), np.sum]"
    code = (
        "import numpy as np, pandas as pd\n"
        "from sklearn.svm import SVC\n"
        "from crosstune.digests.values import digest\n"
        f"print(list({value}[0]), digest({value}), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [set("abcdefghij"), SVC(class_weight={0: 1}), pd.Series(["a", "b"]), np.sum]
    order, there = done.stdout.splitlines()
    assert order != str(list(here[0]))
    assert there == digest(here)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(plain, plain)
def test_two_values_are_told_apart_by_it(one: Any, two: Any) -> None:
    assert digest(one) == digest(one)
    if one != two:
        assert digest(one) != digest(two)
