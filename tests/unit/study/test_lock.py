"""One driver a study, by whatever path and user; and the study that is resumed is the one meant."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

from crosstune.spec.spec import Spec
from crosstune.study.choice import choose
from crosstune.study.journals import kept_journal, new_journal
from crosstune.study.lock import Driven, driving
from crosstune.study.sidecar_paths import beside
from crosstune.study.storage import file_at, file_of, open_storage
from crosstune.system.filenames import as_file_name

linux = pytest.mark.skipif(sys.platform != "linux", reason="as Linux locks")


def symbolic(file: Path, folder: Path) -> Path:
    (folder / "link.journal").symlink_to(file)
    return folder / "link.journal"


def in_a_linked_folder(file: Path, folder: Path) -> Path:
    (folder / "linked").symlink_to(file.parent, target_is_directory=True)
    return folder / "linked" / file.name


def hard(file: Path, folder: Path) -> Path:
    os.link(file, folder / "hard.journal")
    return folder / "hard.journal"


def relative(file: Path, folder: Path) -> Path:
    return Path(os.path.relpath(file, Path.cwd()))


def with_dots(file: Path, folder: Path) -> Path:
    return file.parent / ".." / file.parent.name / file.name


WAYS = [symbolic, in_a_linked_folder, hard, relative, with_dots]


@linux
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sqlite", [False, True])
def test_another_way_to_the_file_is_no_way_past_the_lock(
    way: object, sqlite: bool, tmp_path: Path
) -> None:
    assert callable(way)
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    file = tmp_path / "here" / "s.journal"
    scheme = "sqlite:///" if sqlite else ""
    optuna.create_study(study_name="s", storage=open_storage(f"{scheme}{file}"))
    other = way(file, tmp_path / "there")
    first, second = file_at(f"{scheme}{file}"), file_at(f"{scheme}{other}")
    for one, two in ((first, second), (second, first)):
        with driving(one, "s"):
            with pytest.raises(Driven, match="runs this study already"), driving(two, "s"):
                pass
            with driving(two, "another study"):
                pass
        with driving(two, "s"):
            pass
    assert not list(tmp_path.glob("*/*.lock"))


def test_a_database_named_by_a_uri_is_the_file(tmp_path: Path) -> None:
    assert file_at(f"sqlite:///file:{tmp_path}/s.db?uri=true") == file_at(
        f"sqlite:///{tmp_path}/s.db"
    )
    assert file_at("sqlite:///file::memory:?uri=true") is None
    assert file_at("sqlite:///file:x?mode=memory&uri=true") is None


@linux
def test_a_journal_and_a_link_to_it_share_the_lock_of_optunas(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    file = tmp_path / "here" / "s.journal"
    file.touch()
    link = symbolic(file, tmp_path)
    assert file_of(open_storage(link)) == file_at(file) == file_at(link)
    made(link, "s")
    assert not (tmp_path / "link.journal.lock").is_symlink()
    assert optuna.get_all_study_names(open_storage(file)) == ["s"]


AS_ANOTHER = """
import os, sys
from pathlib import Path
from crosstune.errors import RequestError
from crosstune.study.lock import driving
os.setgid(65534); os.setuid(65534)
try:
    with driving(Path(sys.argv[1]), "s"):
        print("drives")
        if len(sys.argv) > 2:
            os.kill(os.getpid(), 9)
except RequestError as error:
    print(type(error).__name__, error)
"""

root = pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another user")


def as_another(file: Path, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(file), *more], text=True, capture_output=True,
        cwd="/", env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may write, such as a group has."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        (Path(name) / "s.journal").touch()
        (Path(name) / "s.journal").chmod(0o666)
        yield Path(name)


@root
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_another_user_meets_the_lock_too(shared: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with driving(shared / "s.journal", "s"):
            assert "Driven" in as_another(shared / "s.journal")
    finally:
        os.umask(before)
    assert as_another(shared / "s.journal") == "drives\n"


@root
@pytest.mark.parametrize("sticky", [False, True])
def test_the_lock_that_another_user_has_left_is_taken(shared: Path, sticky: bool) -> None:
    shared.chmod(0o1777 if sticky else 0o777)
    lock = beside(shared / "s.journal", "s", ".lock")
    lock.write_text("process 1 on elsewhere")
    lock.chmod(0o644)
    assert as_another(shared / "s.journal") == "drives\n"
    with driving(shared / "s.journal", "s"):
        assert "Driven" in as_another(shared / "s.journal")


@root
def test_a_lock_that_another_user_may_not_read_is_refused_plainly(shared: Path) -> None:
    lock = beside(shared / "s.journal", "s", ".lock")
    lock.touch(0o600)
    said = as_another(shared / "s.journal")
    assert f"the lock {lock} cannot be read" in said
    assert "belongs to root" in said


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_lock_that_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "s.journal"
    lock = beside(file, "s", ".lock")
    match kind:
        case "pipe":
            os.mkfifo(lock)
        case "folder":
            lock.mkdir()
    refused = re.escape(f"the lock {lock} is no regular file")
    with pytest.raises(Driven, match=refused), driving(file, "s"):
        pass
    assert os.path.lexists(lock)


def test_a_lock_that_is_a_link_is_not_followed_and_this_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = beside(tmp_path / "s.journal", "s", ".lock")
    lock.symlink_to(tmp_path / "elsewhere")
    with driving(tmp_path / "s.journal", "s"):
        assert f"the lock {lock} is a link" in caplog.text
    assert not (tmp_path / "elsewhere").exists()


# The file that --resume opens.


def made(path: Path, name: str) -> None:
    path.parent.mkdir(exist_ok=True)
    optuna.create_study(study_name=name, storage=open_storage(path))


def spec(name: str) -> Spec:
    return Spec(name=name, space={"x": {"type": "float", "low": 0, "high": 1}})


def resumed(name: str) -> Path:
    asked = spec(name)
    engine = choose(asked, backend="optuna", sampler="tpe", seed=0)
    return kept_journal(Path("runs"), asked.name, engine, asked.name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("a/b", "a b"),
        ("a.b.", "a.b"),
        ("..x", "x"),
        ("é" * 120, "é" * 130),
        ("n" * 101, "n" * 102),
        ("?", "!"),
    ],
)
def test_resume_opens_the_file_of_its_own_study(
    name: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stem = f"{as_file_name(name)}-optuna-tpe"
    assert stem == f"{as_file_name(other)}-optuna-tpe"
    made(Path("runs") / f"{stem}.journal", name)
    made(Path("runs") / f"{stem}-2.journal", other)
    assert resumed(name) == Path("runs") / f"{stem}.journal"
    assert resumed(other) == Path("runs") / f"{stem}-2.journal"


def test_resume_begins_a_file_where_only_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made(Path("runs/a-b-optuna-tpe.journal"), "a/b")
    assert resumed("a b") == Path("runs/a-b-optuna-tpe-2.journal")


def test_resume_takes_the_latest_file_of_its_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in ("", "-2", "-3"):
        made(Path(f"runs/a-optuna-tpe{number}.journal"), "a")
    Path("runs/a-optuna-tpe-4.journal").write_text("{damaged\n" * 3)
    assert resumed("a") == Path("runs/a-optuna-tpe-3.journal")


def test_a_name_of_wide_letters_fits_a_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = spec("名" * 120)
    engine = choose(asked, backend="optuna", sampler="tpe", seed=0)
    assert new_journal(Path("runs"), asked.name, engine).exists()
