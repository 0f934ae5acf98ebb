"""Write the demo exports: `python resources/demo/generate.py [--into DIR]`.

The same bytes on every machine and Python from 3.11 on. The zips are deflated as real exports
are; deflated bytes depend on the zlib at hand, so a zip whose members are already the same is
left as it is, and the tests compare members.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zipfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generator import band, cuff, watch  # noqa: E402
from generator.sheet import Sheet, zipped  # noqa: E402

LOG = "cuff/Blood pressure - Log.csv"


@cache
def exports() -> dict[str, dict[str, Sheet]]:
    """Path of an export under the demo folder -> its members; a single file is the member ""."""
    bands = {f"band/{export.name}.zip": band.members(export) for export in band.EXPORTS}
    return {
        LOG: {"": cuff.log()},
        f"omron/{cuff.OMRON_NAME}": {"": cuff.omron()},
        **bands,
        f"watch/{watch.NAME}": watch.members(),
    }


def expected() -> dict[str, dict[str, dict[str, object]]]:
    """Export -> member -> {"records": how many, "quirks": {kind: record numbers}}; header and blank ones counted."""
    return {path: {name: sheet.truth() for name, sheet in members.items()} for path, members in exports().items()}


def instants() -> dict[str, dict[str, dict[int, int]]]:
    """Export -> member -> record number -> UTC minute, for the members that state only the wall clock."""
    known = {path: {name: sheet.instants for name, sheet in members.items()} for path, members in exports().items()}
    return {path: {name: found for name, found in members.items() if found} for path, members in known.items()}


def write(into: Path) -> list[Path]:
    """Write what is missing or different; returns what was written."""
    files = {path: _data(path, members) for path, members in exports().items()}
    files["expected.json"] = (json.dumps(_counted(), indent=1, sort_keys=True) + "\n").encode()
    written = []
    for name, data in files.items():
        path = into / name
        if path.exists() and _same(path.read_bytes(), data, name):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written.append(path)
    return written


def _counted() -> dict[str, dict[str, object]]:
    """As `expected`, with how many records there are of each kind instead of which."""
    return {
        path: {
            name: {"records": len(sheet.lines), "quirks": {kind: len(rows) for kind, rows in sheet.quirks.items()}}
            for name, sheet in members.items()
        }
        for path, members in exports().items()
    }


def _data(path: str, members: dict[str, Sheet]) -> bytes:
    return zipped(members) if path.endswith(".zip") else members[""].data()


def _same(old: bytes, new: bytes, name: str) -> bool:
    if old == new or not name.endswith(".zip"):
        return old == new
    return _unpacked(old) == _unpacked(new)


def _unpacked(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist()]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--into", type=Path, default=HERE, metavar="DIR", help="folder to write to (default: beside this script)"
    )
    written = write(parser.parse_args().into)
    for path in written:
        print(path)
    print(f"{len(written)} written, {len(exports()) + 1 - len(written)} already as they should be")


if __name__ == "__main__":
    main()
