"""The file taken through normalize and validate, as a run would, in a folder of its own; what became of its rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdp import tables
from pdp.errors import PdpError
from pdp.lineage.reread import HowRead, Reread, reread
from pdp.normalize import Tally
from pdp.preview.configured import Chosen, Owner
from pdp.validate import Counts

MOST_EXAMPLES = 3  # rows shown of each kind
_PIECE = 1000  # rows made into Python values at a time


@dataclass(frozen=True)
class Example:
    """A row that would not be taken: where it stands and what it says. row 0: the whole file."""

    member: str
    row: int
    column: str
    value: str
    detail: str
    text: str


@dataclass(frozen=True)
class Kind:
    """Rows that would not be taken for one reason. measure: "" of unread ones."""

    fate: str
    measure: str
    reason: str
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Taken:
    """What normalize and validate made of the file.

    Attributes:
        export: What the file's rows are called by: the beginning of its digest.
        again: Its tables and counts.
        kinds: Unread and quarantined rows by reason, most first.
    """

    export: str
    again: Reread
    kinds: tuple[Kind, ...]

    def validated(self, measure: str) -> Path:
        """The accepted rows of a measure."""
        return self.again.validated(measure)

    @property
    def tally(self) -> Tally:
        """Of normalize."""
        return self.again.tally

    @property
    def counts(self) -> Counts:
        """Of validate."""
        return self.again.counts

    def accepted(self, measure: str) -> int:
        """How many there are."""
        return self.counts.measures[measure].accepted


def digest(file: Path) -> str:
    """SHA-256 of the file, read once."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def take(file: Path, owner: Owner, chosen: Chosen, arrived_ms: int, folder: Path) -> Taken:
    """Read every row of the file and check it.

    Args:
        file: Named by its digest, as in the raw store: the name becomes the export's.
        owner: Whose.
        chosen: As an export of which source.
        arrived_ms: When it was first seen, ms since 1970 UTC.
        folder: Empty.
    """
    how = HowRead(
        format=chosen.settings.format,
        settings=chosen.settings.settings,
        device=chosen.settings.device,
        time_zone=chosen.settings.time_zone or owner.person.time_zone,
        passwords=chosen.passwords(owner),
        limits=owner.config.limits,
        arrived_ms=arrived_ms,
        forgotten_days=owner.forgotten.days,
    )
    again = reread(file, chosen.name, how, folder)
    kinds = [
        *_kinds(again.unread, "unread", ("reason",)),
        *_kinds(again.quarantine, "quarantined", ("measure", "rule")),
    ]
    return Taken(file.name, again, tuple(sorted(kinds, key=lambda kind: (-kind.rows, kind.reason))))


def _kinds(path: Path, fate: str, columns: tuple[str, ...]) -> Iterator[Kind]:
    counted = tables.count_by(path, *columns)
    examples = _examples(path, columns, counted)
    for key, rows in counted.items():
        measure = key[0] if len(key) > 1 else ""
        yield Kind(fate, measure, key[-1], rows, tuple(examples.get(key, ())))


def _examples(
    path: Path, columns: tuple[str, ...], counted: dict[tuple[str, ...], int]
) -> dict[tuple[str, ...], list[Example]]:
    """The first rows of each kind by file and line; reads on only until there are enough."""
    found: dict[tuple[str, ...], list[Example]] = {}
    wanted = Counter({key: min(rows, MOST_EXAMPLES) for key, rows in counted.items()})
    for batch in tables.batches(path) if wanted.total() else ():
        for start in range(0, len(batch), _PIECE):
            for record in batch.slice(start, _PIECE).to_pylist():
                key = tuple(str(record[name]) for name in columns)
                if wanted[key]:
                    wanted[key] -= 1
                    found.setdefault(key, []).append(_example(record))
            if not wanted.total():
                return found
    return found


def _example(record: dict[str, Any]) -> Example:
    names = ("column", "value", "detail", "text")
    return Example(str(record["member"]), int(record["row"]), *(str(record.get(name) or "") for name in names))


def unchanged(file: Path, size: int, modified_ns: int) -> None:
    """That nobody wrote to the file meanwhile.

    Raises:
        PdpError: Somebody did.
    """
    now = file.stat()
    if (now.st_size, now.st_mtime_ns) != (size, modified_ns):
        raise PdpError("the file changed while it was read.", hint="Wait until it is written, and ask again.")
