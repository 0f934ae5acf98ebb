"""Packs: small files that change together, as one uncompressed tar whose bytes depend on their contents alone.

Equal contents make an equal pack, so it has the same keyed name and is not stored again. Times stand in the tree.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from pdp import store
from pdp.errors import StateError

_MODE = 0o644


def write(target: Path, members: Mapping[str, Path]) -> None:
    """A pack of files by the names they have in it."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as pack:
        for name in sorted(members):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = members[name].stat().st_size, _MODE
            with members[name].open("rb") as stream:
                pack.addfile(entry, stream)


def read(source: Path, wanted: Mapping[str, Path]) -> None:
    """Write members of a pack to places of our choice; the pack's own idea of places is never followed.

    Raises:
        StateError: A member is missing or is no plain file.
    """
    found: set[str] = set()
    try:
        with tarfile.open(source, "r:") as pack:
            for entry in pack:
                stream = pack.extractfile(entry) if entry.isreg() and entry.name in wanted else None
                if stream is None or entry.name in found:
                    continue
                found.add(entry.name)
                with wanted[entry.name].open("wb") as target:
                    while block := stream.read(store.BLOCK):
                        target.write(block)
    except tarfile.TarError:
        raise _damaged("can't be read") from None
    if missing := set(wanted) - found:
        raise _damaged(f"lacks {len(missing)} of its files")


def groups(units: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Paths by unit, from (path, unit)."""
    found: dict[str, list[str]] = {}
    for path, unit in units:
        found.setdefault(unit, []).append(path)
    return found


def _damaged(what: str) -> StateError:
    return StateError(
        f"a pack {what}, though its seal is whole. Nothing was changed.",
        where="state",
        hint="The program that pushed it has a fault; an older commit may be whole: pdp state log.",
    )
