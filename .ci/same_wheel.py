"""Fail unless all wheels of a commit are the same file, byte for byte.

python .ci/same_wheel.py first/crosstune-*.whl second/crosstune-*.whl ...

Prints the digest, or each file that differs between the first wheel and another one.
"""

import hashlib
import sys
import zipfile
from pathlib import Path


def differences(first: str, other: str) -> list[str]:
    """What differs between two wheels: members, their content, or only how they are packed."""
    with zipfile.ZipFile(first) as a, zipfile.ZipFile(other) as b:
        names = [*dict.fromkeys([*a.namelist(), *b.namelist()])]
        both = set(a.namelist()) & set(b.namelist())
        differing = [f"{name} is in one of them" for name in names if name not in both]
        for name in names:
            if name not in both:
                continue
            if a.read(name) != b.read(name):
                differing.append(f"{name} has other bytes")
            x, y = a.getinfo(name), b.getinfo(name)
            if x.date_time != y.date_time:
                differing.append(f"{name} has another time: {x.date_time}, {y.date_time}")
            if x.external_attr != y.external_attr:
                differing.append(f"{name} has another mode")
    return differing or ["the members are the same, packed in another way"]


def main(*wheels: str) -> int:
    """The exit status."""
    if len(wheels) < 2:
        print("same_wheel.py compares two wheels or more")
        return 2
    digests = [hashlib.sha256(Path(wheel).read_bytes()).hexdigest() for wheel in wheels]
    for wheel, digest in zip(wheels, digests, strict=True):
        if digest != digests[0]:
            print(f"{wheel} is not {wheels[0]}:")
            print(*(f"  {line}" for line in differences(wheels[0], wheel)[:20]), sep="\n")
    if len(set(digests)) > 1:
        return 1
    print(f"{len(wheels)} builds, one wheel: sha256 {digests[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
