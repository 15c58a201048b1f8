"""What takes long to read is refused at once, in a short sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from crosstune import Spec
from crosstune.errors import SpecError, no_such
from crosstune.spec import files as specfile
from tests.support.slow import slow_but

N = 100_000
BOMBS = {
    "a dotted key": (".toml", "a." * N + "a = 1\n"),
    "a dotted key with spaces": (".toml", "a\t. " * N + "a = 1\n"),
    "a dotted key of empty strings": (".toml", "''." * N + "a = 1\n"),
    "a dotted key of strings with dots": (".toml", '"=.#".' * N + "a = 1\n"),
    "a dotted key in a table": (".toml", "x = { " + "a." * N + "a = 1 }\n"),
    "a second dotted key in a table": (".toml", "x = { b = [1.5], " + "a." * N + "a = 1 }\n"),
    "a header": (".toml", "[" + "a." * N + "a]\nb = 1\n"),
    "a header of many": (".toml", "[[ " + "a." * N + "a]]\nb = 1\n"),
    "a dotted key behind a string": (".toml", 's = """\n\'"""\n' + "a." * N + "a = 1\n"),
    "a dotted key without its value": (".toml", "a." * N),
    "arrays in arrays": (".toml", "a = " + "[" * N),
    "tables in tables": (".toml", "a = " + "{a=" * N),
    "lists in lists": (".json", "[" * N),
    "mappings in mappings": (".json", '{"a":' * N),
    "a long key of JSON": (".json", '{"' + "a" * N + '": 1}'),
    "a long key of TOML": (".toml", "a" * N + " = 1"),
    "a long key of YAML": (".yaml", "? " + "a" * N + "\n: 1\n"),
    "a long name": (".yaml", "backend: " + "a" * N + "\n"),
    "flow lists in flow lists": (".yaml", "[" * N),
    "flow mappings": (".yaml", "{a: " * N),
    "many values": (".yaml", "a: [" + "1," * (4 * N) + "]"),
    "many keys": (".yaml", "".join(f"k{i}: 1\n" for i in range(N // 2))),
    "many keys of JSON": (".json", "{" + ",".join(f'"k{i}":1' for i in range(N // 2)) + "}"),
    "many anchors": (".yaml", "".join(f"k{i}: &a{i} 1\n" for i in range(N // 2))),
    "a large integer": (".json", '{"seed": ' + "9" * N + "}"),
    "a large integer of YAML": (".yaml", "seed: " + "9" * N),
    "a large integer of TOML": (".toml", "seed = " + "9" * N),
    "a large integer in hexadecimal": (".toml", "seed = 0x" + "f" * N),
}


LONG = ("many anchors", "many keys of JSON")
"""Each takes more than a second."""


@pytest.mark.parametrize("bomb", slow_but(BOMBS, [bomb for bomb in BOMBS if bomb not in LONG]))
def test_it_is_refused_in_bounded_time(tmp_path: Path, bomb: str) -> None:
    suffix, text = BOMBS[bomb]
    path = tmp_path / f"spec{suffix}"
    path.write_text(text)
    began = time.process_time()
    with pytest.raises(SpecError) as raised:
        Spec.load(path)
    assert time.process_time() - began < 10
    assert len(str(raised.value)) < len(str(path)) + 1000


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c.d.e = 1\n",
        "[a.b.c]\nd.e = 1\n",
        "a = [" + "0.5, " * 1000 + "]\n",
        'a = "' + "a.b" * 1000 + ' = 1"\n',
        "a = '''\n" + "x " + "a.b" * 1000 + "\n'''\n",
        "a = 1 # " + "a." * 1000 + "\n",
        'a = ["' + '", "'.join(["a.b"] * 1000) + '"]\n',
    ],
)
def test_a_plain_file_of_toml_is_read_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "spec.toml").write_text(text)
    assert "a" in specfile.read(tmp_path / "spec.toml").data


def test_a_list_of_thousands_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(f"a: {list(range(8000))}\n")
    assert len(specfile.read(tmp_path / "spec.yaml").data["a"]) == 8000


def test_long_names_are_shortened_in_messages() -> None:
    assert len(no_such("key", "a" * N, ["b" * N])) < 300
    assert len(str(SpecError("m", ("a" * N, "b")))) < 300
