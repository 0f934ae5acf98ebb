"""The conda environment of the rules, with the lock's pins: `python -m pdp.conda_env` writes envs/pdp.yaml.

The pins come through pip inside the environment: PyPI's versions are the ones that were tested,
and conda-forge may lag behind them. What the libraries need in turn is pinned as well.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LOCK = Path("requirements.lock")
ENVIRONMENT = Path("envs/pdp.yaml")
PYTHON = "3.13"
# What the rules import.
LIBRARIES = (
    *("babel", "dacite", "numpy", "openpyxl", "pandas", "pandera", "pyarrow", "pyyaml", "pyzipper", "scipy"),
    *("tzdata", "weasyprint"),
)
DISTRIBUTIONS = {"yaml": "pyyaml"}  # where the module is called otherwise
# A pin and its marker; behind it, past the hashes, "via": who needs it.
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)(?P<pin>==[^\\\n]+?) \\\n(?:    --hash.*\n)+(?P<via>(?:    #.*\n)*)", re.MULTILINE
)


def text(lock: str) -> str:
    """The environment for a given lock."""
    entries = [match.groupdict() for match in _ENTRY.finditer(lock)]
    needed = set(LIBRARIES)
    while True:
        more = {entry["name"] for entry in entries if needed & set(re.findall(r"[a-z0-9-]+", entry["via"]))}
        if more <= needed:
            break
        needed |= more
    pins = [entry["name"] + entry["pin"] for entry in entries if entry["name"] in needed]
    lines = "".join(f"      - {pin}\n" for pin in pins)
    return (
        "# Made from requirements.lock by `python -m pdp.conda_env`. Don't edit.\n"
        "channels:\n  - conda-forge\n  - nodefaults\n"
        f"dependencies:\n  - pango\n  - python={PYTHON}\n  - pip\n  - pip:\n{lines}"
    )


def main() -> None:
    """Write the file."""
    ENVIRONMENT.write_text(text(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {ENVIRONMENT}\n")


if __name__ == "__main__":
    main()
