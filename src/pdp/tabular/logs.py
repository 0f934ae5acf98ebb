"""The loop that log formats share: an export in; readings and the fate of every record out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

import numpy as np
import pyarrow as pa

from pdp import schemas
from pdp.export import Export
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread, UnreadRecord
from pdp.tabular.cells import Fault, Record, is_blank, is_missing, text_of
from pdp.tabular.columns import Layout
from pdp.tabular.log_kind import Cells, LogKind, LogSettings, Reading
from pdp.tabular.log_tables import LogTable, is_samsung, open_tables
from pdp.tabular.stamps import Stamp, read_offset, to_utc

Clock = Literal["utc", "local"]
ReadRecord = Callable[[Cells], Reading | Fault | None]

_TIME = pa.timestamp("ms")


@dataclass(frozen=True)
class _Placed:
    """A reading with its times on one clock."""

    row: int
    clock: Clock
    start: datetime
    end: datetime | None
    offset_min: int | None
    is_zulu: bool
    values: Mapping[str, object]


@dataclass
class _Fates:
    """What became of a table's records."""

    placed: list[_Placed] = field(default_factory=list)
    unread: list[UnreadRecord] = field(default_factory=list)
    out: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def parse_log(
    export: Export, kind: LogKind, settings: LogSettings, columns: Mapping[str, str], read: ReadRecord
) -> Iterator[Parsed]:
    """Every table of the export, one after the other.

    Args:
        columns: field -> column name, from the settings.
        read: One record to a reading, to why it can't be read, or to None where it holds no values.

    Raises:
        UnreadableExportError: No table can be read. If one can, the records of the others are unread.
    """
    for one in open_tables(export, kind, settings, columns):
        fates = _Fates()
        if one.error is not None:
            _set_aside(one, fates, one.error.reason, str(one.error))
        elif one.layout is None:
            fates.out["no_data"] = list(range(1, len(one.table.records) + 1))
        else:
            _read_records(one, one.layout, settings, read, fates)
        yield from _parsed(one, kind, settings, fates)


def _set_aside(one: LogTable, fates: _Fates, reason: str, detail: str) -> None:
    """All records of a table that can't be read beside tables that can."""
    for row, record in enumerate(one.table.records, start=1):
        if is_blank(record):
            fates.out["blank"].append(row)
        else:
            fates.unread.append(UnreadRecord(row, reason, detail, one.table.text(row)))


def _read_records(one: LogTable, where: Layout, settings: LogSettings, read: ReadRecord, fates: _Fates) -> None:
    """The fate of each record of a table whose columns are known."""
    header = one.table.records[where.header - 1]
    header_text = [text_of(cell) for cell in header]
    for row, record in enumerate(one.table.records, start=1):
        if is_blank(record):
            fates.out["blank"].append(row)
        elif row <= where.header or _repeats(record, header_text):
            fates.out["header"].append(row)  # titles and metadata above it too, and its repetitions below
        else:
            cells = Cells(record, where, one.order, one.mark, settings)
            result = _read_record(row, cells, len(header), settings, read)
            if isinstance(result, str):
                fates.out[result].append(row)
            elif isinstance(result, Fault):
                fates.unread.append(UnreadRecord(row, result.reason, result.detail, one.table.text(row)))
            else:
                fates.placed.append(result)


def _repeats(record: Record, header: list[str]) -> bool:
    """Whether a record is the header again, as in files that were joined."""
    return len(record) == len(header) and all(text_of(a) == b for a, b in zip(record, header, strict=True))


def _read_record(row: int, cells: Cells, width: int, settings: LogSettings, read: ReadRecord) -> _Placed | Fault | str:
    """A reading, a fault, or the reason for which the record is out of scope."""
    extra: Record = cells.record[width:]
    if not all(is_missing(cell) for cell in extra):
        return Fault(
            "too_many_cells",
            f"the record has {len(cells.record)} cells and the header {width}: one of them holds a delimiter and "
            "has no quotes, so no cell can be trusted.",
        )
    if settings.person is not None:
        person = cells.text("person")
        if person is None:
            return Fault("no_person", "the record does not say whose it is")
        if person != text_of(settings.person):
            return "other_person"
    reading = read(cells)
    if reading is None:
        return "no_data"
    return reading if isinstance(reading, Fault) else _place(row, reading, cells, settings)


def _place(row: int, reading: Reading, cells: Cells, settings: LogSettings) -> _Placed | Fault:
    """A reading's times on one clock: UTC where the record, its offset or the settings tell, else local."""
    column = read_offset(cells.cell("utc_offset"))
    if isinstance(column, Fault):
        return column
    clock = cast(Clock, settings.clock or ("utc" if is_samsung(cells.layout) else "local"))

    def place(stamp: Stamp) -> tuple[Clock, datetime, int | None] | Fault:
        offset = column if stamp.offset_min is None else stamp.offset_min
        if stamp.offset_min is None and (clock == "utc" or offset is None):
            return clock, stamp.wall, column
        assert offset is not None
        instant = to_utc(stamp.wall, offset)
        return instant if isinstance(instant, Fault) else ("utc", instant, offset)

    start = place(reading.start)
    if isinstance(start, Fault):
        return start
    end = place(reading.end) if reading.end else None
    if isinstance(end, Fault):
        return end
    if end and end[0] != start[0]:
        return Fault("mixed_clocks", "one of start and end has an offset from UTC and the other has none")
    zulu = reading.start.is_zulu
    return _Placed(row, start[0], start[1], end[1] if end else None, start[2], zulu, reading.values)


def _parsed(one: LogTable, kind: LogKind, settings: LogSettings, fates: _Fates) -> Iterator[Parsed]:
    member = one.table.member
    # Z and +00:00 are how vendors write plain UTC: the person's own offset only where the file also has others.
    has_offsets = any(placed.offset_min for placed in fates.placed)
    for clock in ("local", "utc"):
        placed = [reading for reading in fates.placed if reading.clock == clock]
        if placed:
            table = _table(kind.measure, placed, has_offsets)
            modality = cast(Literal["sensed", "self_reported"], settings.modality)
            yield Rows(kind.measure, member, clock, modality, table)
    if fates.unread:
        yield Unread(member, fates.unread)
    for reason, rows in fates.out.items():
        if rows:
            yield OutOfScope(member, reason, np.array(rows, dtype=np.int32))
    yield Extent(member, len(one.table.records), one.read_as)


def _table(measure: str, placed: list[_Placed], has_offsets: bool) -> pa.Table:
    """Columns row, start, end (if any), utc_offset_min, and what the format gave."""
    schema = schemas.normalized(measure)
    columns = {
        "row": pa.array([one.row for one in placed], pa.int32()),
        "start": pa.array([one.start for one in placed], _TIME),
        "utc_offset_min": pa.array(
            [one.offset_min if has_offsets or not one.is_zulu else None for one in placed], pa.int16()
        ),
    }
    if any(one.end for one in placed):
        columns["end"] = pa.array([one.end for one in placed], _TIME)
    for name in placed[0].values:
        kind = schema.field(name).type
        plain = pa.string() if pa.types.is_dictionary(kind) else kind
        columns[name] = pa.array([one.values[name] for one in placed], plain)
    return pa.table(columns)
