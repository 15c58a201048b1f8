"""Fail if the description of a wheel has a link that leads nowhere on PyPI.

python .ci/description.py dist/crosstune-*.whl
"""

import re
import sys
import zipfile
from email.parser import HeaderParser

LINK = re.compile(r"\]\(([^)\s]+)")


def relative(description: str) -> list[str]:
    """The links that are neither absolute nor to a heading of the description."""
    prose = re.sub(r"^```.*?^```$", "", description, flags=re.MULTILINE | re.DOTALL)
    return [link for link in LINK.findall(prose) if not link.startswith(("https://", "#"))]


def main(wheel: str) -> int:
    """The exit status."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        message = HeaderParser().parsestr(archive.read(metadata).decode())
    description = str(message.get_payload())
    links = LINK.findall(description)
    for link in relative(description):
        print(f"{wheel}: the description has the link {link}, which PyPI cannot follow")
    if not links or relative(description):
        print("the substitutions of hatch-fancy-pypi-readme in pyproject.toml make links absolute")
        return 1
    print(f"the description: {len(links)} links, all absolute")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
