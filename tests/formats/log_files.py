"""Write a log as a file, parse it, and prove that every record has a fate."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from openpyxl import Workbook

from pdp.export import Export, open_export
from pdp.formats import Extent, OutOfScope, Rows, Unread


@dataclass
class Outcome:
    """What parse gave: readings as dicts, in file order; fates by reason."""

    readings: list[dict[str, Any]] = field(default_factory=list)
    clocks: list[str] = field(default_factory=list)
    unread: dict[tuple[str, int], str] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)
    out: dict[str, list[int]] = field(default_factory=dict)
    extents: dict[str, int] = field(default_factory=dict)
    read_as: list[str] = field(default_factory=list)
    modalities: set[str] = field(default_factory=set)

    def column(self, name: str) -> list[Any]:
        return [reading[name] for reading in self.readings]

    @property
    def reasons(self) -> list[str]:
        return list(self.unread.values())


def parse(module: ModuleType, content: str | bytes, settings: Any = None, name: str = "0123456789abcdef") -> Outcome:
    """Parse a file of this content; each record must stand in exactly one place."""
    outcome = Outcome()
    covered: list[tuple[str, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with open_export(path) as export:
            for part in module.parse(export, settings or module.Settings()):
                if isinstance(part, Rows):
                    outcome.modalities.add(part.modality)
                    outcome.readings += part.table.to_pylist()
                    outcome.clocks += [part.clock] * len(part.table)
                    covered += [(part.member, row) for row in part.table["row"].to_pylist()]
                elif isinstance(part, Unread):
                    outcome.unread |= {(part.member, one.row): one.reason for one in part.records}
                    outcome.details += [one.detail for one in part.records]
                    covered += [(part.member, one.row) for one in part.records]
                elif isinstance(part, OutOfScope):
                    outcome.out.setdefault(part.reason, []).extend(part.rows.tolist())
                    covered += [(part.member, row) for row in part.rows.tolist()]
                else:
                    assert isinstance(part, Extent)
                    outcome.extents[part.member] = part.records
                    outcome.read_as.append(part.read_as)
    everything = [(member, row) for member, records in outcome.extents.items() for row in range(1, records + 1)]
    assert sorted(covered) == sorted(everything)
    outcome.readings.sort(key=lambda reading: reading["row"])
    return outcome


def sniffed(module: ModuleType, content: str | bytes) -> bool:
    return bool(opened(content, module.sniff))


def opened(content: str | bytes, ask: Callable[[Export], Any]) -> Any:
    """What a question to an export of this content is answered."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "0123456789abcdef"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with open_export(path) as export:
            return ask(export)


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], formats: Mapping[str, str] | None = None) -> bytes:
    """An XLSX file; `formats` gives number formats by cell, such as {"A2": "dd/mm/yyyy"}, of the first sheet."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    for cell, shown in (formats or {}).items():
        book.worksheets[0][cell].number_format = shown
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
