"""Fail unless wheels and sdists hold exactly the package's tracked files.

python .ci/compare_wheel.py dist/crosstune-*.whl dist/crosstune-*.tar.gz
"""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

LINKED = ("adapters", "samplers", "callbacks", "benchmarks")
RESEARCH = "benchmarks/research/"
"""Run from a checkout, and packed nowhere."""
LARGEST = 1_000_000
"""Bytes of a wheel."""


def tracked() -> set[str]:
    """The package's files as git has them, without the links in crosstune/."""
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    links = {f"crosstune/{folder}" for folder in LINKED}
    files = set(listed.stdout.splitlines()) - links
    return {
        name
        for name in files
        if name.partition("/")[0] in ("crosstune", *LINKED) and not name.startswith(RESEARCH)
    }


def imported_as(name: str) -> str:
    """The path of a tracked file in an installed package."""
    return f"crosstune/{name}" if name.partition("/")[0] in LINKED else name


def packed(archive: str) -> set[str]:
    """The package's files in a wheel or an sdist."""
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            names = set(wheel.namelist())
        return {name for name in names if not name.split("/")[0].endswith("info")}
    with tarfile.open(archive) as sdist:
        names = {m.name.partition("/")[2] for m in sdist.getmembers() if m.isfile() or m.issym()}
    return {name for name in names if name.partition("/")[0] in ("crosstune", *LINKED)}


def main(*archives: str) -> int:
    """The exit status."""
    files = tracked()
    status = 0
    for archive in archives:
        wanted = {imported_as(name) for name in files} if archive.endswith(".whl") else files
        found = packed(archive)
        for name in sorted(wanted - found):
            print(f"{archive}: {name} is tracked and not packed")
        for name in sorted(found - wanted):
            print(f"{archive}: {name} is packed and not tracked")
        size = Path(archive).stat().st_size
        if archive.endswith(".whl") and size > LARGEST:
            print(f"{archive}: {size} bytes, more than {LARGEST}")
            status = 1
        status |= found != wanted
        print(f"{archive}: {len(found)} files, {len(wanted)} are tracked, {size} bytes")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
