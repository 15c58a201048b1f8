"""Fail unless a wheel and an sdist hold exactly the package's tracked files.

python .ci/compare_wheel.py dist/crosstune-*.whl dist/crosstune-*.tar.gz
"""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

LINKED = ("adapters", "samplers", "callbacks", "benchmarks")


def tracked() -> set[str]:
    """The package's files as git has them, by the path that they are imported under."""
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    files = set()
    for name in listed.stdout.splitlines():
        folder = name.partition("/")[0]
        if folder in LINKED:
            files.add(f"crosstune/{name}")
        elif folder == "crosstune" and not Path(name).is_symlink():
            files.add(name)
    return files


def main(wheel: str, sdist: str) -> int:
    """The exit status."""
    wanted = tracked()
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.split("/")[0].endswith("info")}
    with tarfile.open(sdist) as archive:
        names = (m.name.partition("/")[2] for m in archive.getmembers() if m.isfile())
        source = {name for name in names if name.startswith("crosstune/")}
    status = 0
    for title, found in (("wheel", packed), ("sdist", source)):
        for name in sorted(wanted - found):
            print(f"{title}: {name} is tracked and not packed")
        for name in sorted(found - wanted):
            print(f"{title}: {name} is packed and not tracked")
        status |= found != wanted
    print(f"{len(wanted)} tracked files, {len(packed)} in the wheel, {len(source)} in the sdist")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
