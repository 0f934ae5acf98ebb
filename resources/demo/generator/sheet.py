"""One text file of an export, and the truth about it: how many records, and which of them are odd."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STAMP = (2026, 4, 1, 6, 0, 0)  # of every zip entry: no clock is read


@dataclass
class Sheet:
    """Records in file order.

    Attributes:
        lines: One string per record, without line end (a quoted cell may hold one).
        quirks: Kind of quirk -> record numbers, 1-based, header and blank records counted.
        instants: Record number -> UTC minute, where the file itself states only a wall clock.
    """

    newline: str = "\n"
    has_bom: bool = False
    has_final_newline: bool = True
    lines: list[str] = field(default_factory=list)
    quirks: dict[str, list[int]] = field(default_factory=dict)
    instants: dict[int, int] = field(default_factory=dict)

    def add(self, line: str, *quirks: str, at: int | None = None) -> None:
        """Append a record; note what is odd about it and when it really was (UTC minute)."""
        self.lines.append(line)
        if at is not None:
            self.instants[len(self.lines)] = at
        for quirk in quirks:
            self.quirks.setdefault(quirk, []).append(len(self.lines))

    def data(self) -> bytes:
        """The bytes of the file."""
        text = self.newline.join(self.lines) + (self.newline if self.has_final_newline else "")
        return text.encode("utf-8-sig" if self.has_bom else "utf-8")

    def truth(self) -> dict[str, object]:
        """What a test can count: all records, and the numbers of the odd ones."""
        return {"records": len(self.lines), "quirks": dict(sorted(self.quirks.items()))}


def quoted(cells: Sequence[object]) -> str:
    """A CSV record (RFC 4180), quoted where needed, without line end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def as_json(value: object) -> str:
    """JSON as phones write it, without blanks."""
    return json.dumps(value, separators=(",", ":"))


def zipped(members: Mapping[str, Sheet]) -> bytes:
    """A deflated zip with fixed stamps. Its members are the same everywhere, its bytes only with the same zlib."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, sheet in members.items():
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, sheet.data(), compresslevel=9)
    return out.getvalue()
