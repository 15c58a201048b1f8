"""The reader of spec files: what it accepts, where it puts a fault, and that nothing breaks it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crosstune import Spec
from crosstune.errors import CrosstuneError, RequestError, SpecError
from crosstune.spec import files as specfile
from tests.support import strategies

FUZZ = settings(
    settings.get_profile("crosstune"),
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SUFFIXES = (".yaml", ".toml", ".json")
VALID = {
    ".yaml": """\
name: net
metric: {name: loss, direction: minimize}
trials: 20
seed: 0
start: [{lr: 1e-3}]
space:
  lr: {type: float, low: 1e-5, high: 1e-1, log: true}
  opt:
    type: choice
    values: [sgd, adam, null, 1, true]
  momentum: {type: float, low: 0.0, high: 0.9, step: 0.1, when: {opt: sgd}}
""",
    ".toml": """\
name = "net"
trials = 20
seed = 0
start = [{lr = 1e-3}]
[metric]
name = "loss"
direction = "minimize"
[space]
lr = {type = "float", low = 1e-5, high = 1e-1, log = true}
[space.opt]
type = "choice"
values = ["sgd", "adam", 1, true]
[space.momentum]
type = "float"
low = 0.0
high = 0.9
step = 0.1
when = {opt = "sgd"}
""",
    ".json": """\
{
 "name": "net",
 "metric": {"name": "loss", "direction": "minimize"},
 "trials": 20,
 "space": {
  "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true},
  "opt": {"type": "choice", "values": ["sgd", "adam", null, 1, true]},
  "momentum": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.1, "when": {"opt": "sgd"}}
 }
}
""",
}


def written(folder: Path, text: str | bytes, suffix: str = ".yaml") -> Path:
    path = folder / f"spec{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def fault(path: Path) -> CrosstuneError:
    """What the reader says of a bad file; no message may break on being shown."""
    with pytest.raises(CrosstuneError) as refused:
        Spec.load(path)
    assert str(refused.value)
    return refused.value


def read_or_refused(path: Path) -> None:
    """Any other exception fails the test; so does a message that cannot be shown."""
    try:
        Spec.load(path)
    except CrosstuneError as error:
        str(error).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_valid_file_is_read(tmp_path: Path, suffix: str) -> None:
    assert list(Spec.load(written(tmp_path, VALID[suffix], suffix)).space) == [
        "lr",
        "opt",
        "momentum",
    ]


@FUZZ
@given(strategies.specs(), st.sampled_from([".yaml", ".json"]))
@example({"space": {"\x85": {"type": "bool"}}}, ".yaml")
@example(  # what ruamel.yaml writes of it, it does not read
    {
        "space": {
            "kind": {"type": "choice", "values": [":0"]},
            "x": {"type": "float", "low": 0.0, "high": 0.0, "when": {"kind": ":0"}},
        }
    },
    ".yaml",
)
def test_a_spec_survives_its_file(tmp_path: Path, plain: dict[str, Any], suffix: str) -> None:
    spec = Spec(**plain)
    path = tmp_path / f"spec{suffix}"
    spec.save(path)
    assert Spec.load(path).to_dict() == spec.to_dict()


@FUZZ
@given(strategies.specs(strategies.without_null(strategies.SCALARS)))
def test_a_spec_without_null_survives_toml(tmp_path: Path, plain: dict[str, Any]) -> None:
    spec = Spec(**plain)
    path = tmp_path / "spec.toml"
    spec.save(path)
    assert Spec.load(path).to_dict() == spec.to_dict()


def test_null_is_refused_by_toml(tmp_path: Path) -> None:
    spec = Spec(space={"x": {"type": "choice", "values": [1, None]}})
    with pytest.raises(SpecError, match="TOML has no null"):
        spec.save(tmp_path / "spec.toml")


def test_yaml_is_read_as_version_1_2(tmp_path: Path) -> None:
    text = "space: {x: {type: choice, values: [yes, 1e-3, 0o17, 2001-01-01, 12:30, ~]}}"
    space = Spec.load(written(tmp_path, text)).space
    assert space["x"].to_dict()["values"] == ["yes", 0.001, 15, "2001-01-01", "12:30", None]


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + VALID[".json"].encode()
    assert Spec.load(written(tmp_path, text, ".json")).name == "net"


def test_aliases_and_merge_keys_are_read(tmp_path: Path) -> None:
    text = "space:\n  a: &a {type: float, low: 0, high: 1}\n  b: {<<: *a, high: 2}\n  c: *a\n"
    assert Spec.load(written(tmp_path, text)).space["b"].to_dict()["high"] == 2.0


LINES: list[tuple[str, str, int, tuple[str | int, ...]]] = [
    (".yaml", "high: 1e-1", 7, ("space", "lr", "high")),
    (".yaml", "adam", 10, ("space", "opt", "values", 1)),
    (".yaml", "step: 0.1", 11, ("space", "momentum", "step")),
    (".toml", "high = 1e-1", 9, ("space", "lr", "high")),
    (".toml", '"adam"', 12, ("space", "opt", "values", 1)),
    (".toml", "step = 0.1", 17, ("space", "momentum", "step")),
    (".json", '"high": 0.1', 6, ("space", "lr", "high")),
    (".json", '"adam"', 7, ("space", "opt", "values", 1)),
    (".json", '"step": 0.1', 8, ("space", "momentum", "step")),
]
REPLACED = {
    "high: 1e-1": "high: .inf",
    "adam": "sgd",
    "step: 0.1": "step: 0.4",
    "high = 1e-1": "high = inf",
    '"adam"': '"sgd"',
    "step = 0.1": "step = 0.4",
    '"high": 0.1': '"high": 1e999',
    '"step": 0.1': '"step": 0.4',
}


@pytest.mark.parametrize(("suffix", "old", "line", "path"), LINES)
def test_a_fault_stands_on_its_line(
    tmp_path: Path, suffix: str, old: str, line: int, path: tuple[str | int, ...]
) -> None:
    file = written(tmp_path, VALID[suffix].replace(old, REPLACED[old]), suffix)
    error = fault(file)
    assert isinstance(error, SpecError)
    assert (error.file, error.line, error.path) == (str(file), line, path), str(error)


TOML_LINES: list[tuple[str, int]] = [
    ("start = [\n {x = 0},\n {x = 9},\n]\nspace.x = {type='float', low=0, high=1}\n", 1),
    ("space.x = {type='float', low=0, high=1}\n[[start]]\nx = 0\n[[start]]\nx = 9\n", 5),
    ('name = """\n[space.x]\n"""\n[space.x]\ntype = \'flaot\'\n', 5),
    ("[space.x]\ntype = 'choice'\nvalues = [\n 1,\n 1,\n]\n", 3),
    ("# space.x.low\nspace.x.type = 'float'\nspace.x.high = 1\nspace.x.low = 'a'\n", 4),
]


@pytest.mark.parametrize(("text", "line"), TOML_LINES)
def test_a_fault_in_toml_stands_on_the_line_of_its_key(
    tmp_path: Path, text: str, line: int
) -> None:
    error = fault(written(tmp_path, text, ".toml"))
    assert isinstance(error, SpecError)
    assert error.line == line, str(error)


MALFORMED: list[tuple[str, str, int | None, str]] = [
    (".yaml", "a: [1\nb: 2", 2, "not YAML"),
    (".yaml", "a: 1\nb: 2\na: 3", 3, "duplicate key"),
    (".yaml", "a: 1\nb: &b [*b]", 2, "an alias stands inside"),
    (".yaml", "a: 1\nb: *c", 2, "undefined alias"),
    (".yaml", "a: 1\nb: !!python/object/apply:os.system [ls]", 2, "tag"),
    (".yaml", "a: 1\nb: !mine {}", 2, "tag"),
    (".yaml", "a: 1\n---\nb: 2", 2, "another document"),
    (".yaml", "a: 1\n\tb: 2", 2, "not YAML"),
    (".yaml", "x\x00", None, "not YAML"),
    (".yaml", "", None, "a spec is a mapping of keys, not null"),
    (".yaml", "- a", None, 'a spec is a mapping of keys, not ["a"]'),
    (".yaml", "1: 2\nspace: {}", 1, "no key 1"),
    (".yaml", "? [a, b]\n: 1", None, "no key ('a', 'b')"),
    (".yaml", "space:\n  ? [a]\n  : {type: bool}", 1, "name is a string"),
    (".yaml", "space: {x: {type: bool}}\nseed: 0x" + "f" * 5000, 2, "too large"),
    (".yaml", "space:\n  x: {type: float, low: 0,\n    high: 0x" + "f" * 999 + "}", 3, "too large"),
    (".yaml", "seed: " + "9" * 5000, None, "not YAML"),
    (".toml", "a = 1\nb = ", 2, "not TOML"),
    (".toml", "a = 1\na = 2\n", 2, "not TOML"),
    (".toml", "a = 1\n[a]\n", 2, "not TOML"),
    (".toml", "space = 1979-05-27", 1, "maps names"),
    (".toml", "seed = " + "9" * 5000, None, "not TOML"),
    (".json", '{"a": 1,\n "b": }', 2, "not JSON"),
    (".json", '{"a": 1,\n "a": 2}', 2, "duplicate key 'a'"),
    (".json", '{"a": NaN}', 1, "no key 'a'"),
    (".json", '{"name":\n "\\ud800"}', 1, "half a character"),
    (".json", '{"space": {"\\ud800": 1}}', 1, "half a character"),
    (".yaml", 'name: "\\ud800"', 1, "half a character"),
    (".json", "[1]", None, "a spec is a mapping"),
    (".json", '{"seed": ' + "9" * 5000 + "}", None, "not JSON"),
]


@pytest.mark.parametrize(
    ("suffix", "text", "line", "words"), MALFORMED, ids=lambda x: str(x)[:40].replace("\x00", "")
)
def test_a_malformed_file_is_refused_with_its_line(
    tmp_path: Path, suffix: str, text: str, line: int | None, words: str
) -> None:
    error = fault(written(tmp_path, text, suffix))
    assert isinstance(error, SpecError)
    assert (error.line, words in str(error)) == (line, True), str(error)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("opening", ["[", '{"a":', "a: [", "a=[", "- "])
def test_deep_nesting_is_refused_and_not_followed(
    tmp_path: Path, suffix: str, opening: str
) -> None:
    fault(written(tmp_path, opening * 5_000, suffix))


@pytest.mark.parametrize("depth", [30, 100, 150, 200, 250, 300])
def test_nesting_near_the_limit_breaks_nothing(tmp_path: Path, depth: int) -> None:
    fault(written(tmp_path, "space: {x: " + "[" * depth + "]" * depth + "}"))


@pytest.mark.slow
def test_a_chain_of_conditions_too_long_to_follow_is_refused(tmp_path: Path) -> None:
    chain = [f"  x{i}: {{type: bool, when: {{x{i + 1}: true}}}}\n" for i in range(3000)]
    error = fault(written(tmp_path, "space:\n" + "".join(chain) + "  x3000: {type: bool}\n"))
    assert "nested more than 16 deep" in str(error)


@pytest.mark.parametrize("fan", [2, 9])
def test_an_alias_bomb_is_refused_at_once(tmp_path: Path, fan: int) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * fan)}]" for i in range(1, 60)]
    before = time.monotonic()
    error = fault(written(tmp_path, "\n".join(lines)))
    assert ("the aliases unfold" in str(error), time.monotonic() - before < 5) == (True, True)


def test_a_file_too_large_for_a_spec_is_refused_unread(tmp_path: Path) -> None:
    error = fault(written(tmp_path, "a: b\n" * specfile.MAX_BYTES))
    assert "too many for a spec" in str(error)


def test_a_fault_late_in_a_long_toml_file_is_found_in_a_moment(tmp_path: Path) -> None:
    tables = [f'[space.x{i}]\ntype = "float"\nlow = 0\nhigh = 1\n' for i in range(1500)]
    text = "".join(tables) + '[space.last]\ntype = "flaot"\n'
    before = time.monotonic()
    error = fault(written(tmp_path, text, ".toml"))
    assert isinstance(error, SpecError)
    assert error.line in (6001, 6002)
    assert time.monotonic() - before < 5


def test_bytes_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    assert "not UTF-8" in str(fault(written(tmp_path, b"name: \xff")))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = fault(tmp_path / "none.yaml")
    assert str(error) == f"there is no file {tmp_path / 'none.yaml'}"


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    assert "cannot be read" in str(fault(folder))


def test_another_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    error = fault(written(tmp_path, "a: 1", ".txt"))
    assert (".yaml, .yml, .toml, .json" in str(error), error.exit_status) == (True, 2)


def test_an_unknown_ending_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no format"):
        Spec(space={"x": {"type": "bool"}}).save(tmp_path / "spec.txt")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be written"):
        Spec(space={"x": {"type": "bool"}}).save(tmp_path / "none" / "spec.json")


@FUZZ
@given(st.text(max_size=200), st.sampled_from(SUFFIXES))
@example("!!binary x", ".yaml")
@example("a: !!timestamp 2001-99-99", ".yaml")
@example("a: 0o9\nb: 0xg\nc: .nan", ".yaml")
@example("%YAML 3.9\n--- a", ".yaml")
@example("%TAG ! tag:x,2000:\n--- !y a", ".yaml")
@example("a: !!set [b]", ".yaml")
@example("a: !!omap {b: c}", ".yaml")
@example("a: !!float []", ".yaml")
@example("\ud800", ".json")
def test_random_text_is_refused(tmp_path: Path, text: str, suffix: str) -> None:
    read_or_refused(written(tmp_path, text, suffix))


@FUZZ
@given(st.binary(max_size=200), st.sampled_from(SUFFIXES))
def test_random_bytes_are_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    read_or_refused(written(tmp_path, data, suffix))


PIECES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        ["[", "]", "{", "}", ":", ": ", "\n", "  ", "&a ", "*a", "!!int ", "!!null ", "!x ", "<<: ",
         "null", "true", "-", "1e999", "0x" + "f" * 400, "9" * 400, ".inf", ".nan", "nan", "-1",
         "? ", "- ", "---\n", '"', "'", "#", "=", ",", "\t", "\x07", "type", "space", "|", ">"]
    ),
)  # fmt: skip


@settings(FUZZ, max_examples=200)
@given(st.sampled_from(SUFFIXES), st.data())
def test_a_mutated_spec_is_read_or_refused(
    tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    text = VALID[suffix]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(start + data.draw(st.integers(0, 12)), len(text))
        text = text[:start] + data.draw(PIECES) + text[end:]
    read_or_refused(written(tmp_path, text, suffix))


ANYTHING = st.recursive(
    st.one_of(
        strategies.SCALARS,
        st.floats(),
        st.integers(-(10**400), 10**400),
        st.sampled_from(["float", "int", "choice", "normal", "lognormal", "sgd"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(strategies.NAMES, inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(FUZZ, max_examples=150)
@given(st.sampled_from([".json", ".yaml"]), st.data())
def test_a_spec_with_any_value_anywhere_is_read_or_refused(
    tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    plain = json.loads(VALID[".json"])
    plain.update(seed=0, seconds=1.5, sampler="tpe", pruner="median", start=[{}], backend="optuna")
    plain["space"]["n"] = {"type": "normal", "mu": 0, "sigma": 1, "low": -1, "high": 1, "step": 0.5}
    holder: Any = plain
    key = data.draw(st.sampled_from(sorted(holder)))
    while isinstance(holder[key], dict) and data.draw(st.integers(0, 9)):
        holder = holder[key]
        key = data.draw(st.sampled_from(sorted(holder)))
    holder[key] = data.draw(ANYTHING)
    read_or_refused(written(tmp_path, json.dumps(plain), suffix))
