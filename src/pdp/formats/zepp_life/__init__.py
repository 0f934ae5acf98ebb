"""Zepp Life (formerly Mi Fit) and Zepp: the zip that "Export data" sends, or one of its CSV files.

A folder per category or, before 2021, all files flat. Clocks are mixed: SLEEP and HEARTRATE are UTC,
HEARTRATE_AUTO, SLEEP_MINUTE and ACTIVITY_MINUTE are wall clock without a zone. Files are told by
their columns; names only decide what stays shut (USER, BODY, SPORT, daily totals: no measure of ours).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import pyarrow as pa

from pdp import formats
from pdp.delimited import Layout, blocks
from pdp.delimited.records import header_of, lines
from pdp.errors import DamagedMemberError
from pdp.export import Export
from pdp.formats import Extent, OutOfScope, Parsed, Unread, UnreadRecord
from pdp.formats.zepp_life.minutes import read_minutes
from pdp.formats.zepp_life.rows import heart_rates, step_counts
from pdp.formats.zepp_life.sleep import Night, read_sleep
from pdp.timeframe import ZoneLedger

TITLE = "Zepp Life, Mi Fit and Zepp: the exported zip, or a single CSV of it"
MEASURES = ("heart_rate", "sleep_episode", "sleep_stage", "step_count")
LEFT_OUT = (
    "daily totals (ACTIVITY), stretches of walking (ACTIVITY_STAGE), weight and body (BODY), workouts (SPORT), "
    "profile (USER), blood oxygen (SPO2, BLOOD_OXYGEN), stress (STRESS), PAI"
)


@dataclass(frozen=True)
class Settings:
    """Nothing to set."""


_OPENED = ("SLEEP_MINUTE", "SLEEP", "HEARTRATE_AUTO", "HEARTRATE", "ACTIVITY_MINUTE")
_SHUT = ("ACTIVITY_STAGE", "ACTIVITY", "BODY", "SPORT", "USER", "SPO2", "STRESS", "PAI", "BLOOD_OXYGEN")
_WORD = re.compile(r"[a-z][a-z_ ;|\t]{0,80}")
_NAME = re.compile(rf"({'|'.join((*_OPENED, *_SHUT))})(_\d+)?", re.IGNORECASE)

# the columns that tell a file, most specific first: kind, columns it must have
_COLUMNS = (
    ("SLEEP_MINUTE", {"date", "time", "stage"}),
    ("SLEEP", {"deepsleeptime", "shallowsleeptime", "start", "stop"}),
    ("HEARTRATE_EPOCH", {"heartrate", "timestamp"}),
    ("HEARTRATE_AUTO", {"date", "time", "heartrate"}),
    ("HEARTRATE", {"time", "heartrate"}),
    ("ACTIVITY_MINUTE", {"date", "time", "steps"}),
)

_TYPES: dict[str, dict[str, pa.DataType]] = {
    "SLEEP_MINUTE": {"date": pa.date32(), "time": pa.time32("s"), "stage": pa.string()},
    "HEARTRATE_AUTO": {"date": pa.date32(), "time": pa.time32("s"), "heartrate": pa.float32()},
    "HEARTRATE_EPOCH": {"timestamp": pa.int64(), "heartrate": pa.float32()},
    "HEARTRATE": {"time": pa.timestamp("ms", "UTC"), "heartrate": pa.float32()},
    "ACTIVITY_MINUTE": {"date": pa.date32(), "time": pa.time32("s"), "steps": pa.int32()},
}
_HEADLESS = "HEADLESS"  # empty, blank, or not readable, which its stream will then say
_HEAD_BYTES = 4096
_AS_EXPORTED = "If an editor has saved it, give the file as the app exported it (UTF-8, commas)."


@dataclass(frozen=True)
class _File:
    member: str
    kind: str
    header: tuple[str, ...]
    head: bytes


def sniff(export: Export) -> bool:
    """A file with the columns of one of ours, or a zip with such a file or several of Zepp's names."""
    named = sum(_category(member.name) is not None for member in export.members)
    return named > 1 or any(
        _kind(_header(export.head(member.name, _HEAD_BYTES))) for member in export.members if _is_csv(member.name)
    )


def parse(export: Export, settings: Settings, ledger: ZoneLedger | None = None) -> Iterator[Parsed]:
    """Everything of our measures in the export; nights first, since the minute rows are anchored to them.

    Args:
        export: Opened.
        settings: Nothing.
        ledger: The subject's zones. Without it minute rows keep their stated dates, unanchored.

    Raises:
        UnreadableExportError: wrong_format.
        DamagedMemberError: A file with a name of ours and columns that are not.
    """
    files = _files(export)
    nights: list[Night] = []
    for file in sorted(files, key=lambda file: (file.kind != "SLEEP", file.kind)):
        if file.kind == "SLEEP":
            yield from read_sleep(export.open(file.member), file.member, file.header, nights)
            continue
        if file.kind == _HEADLESS:
            yield from _headless(export, file.member)
            continue
        found = blocks(export.open(file.member), _layout(file))
        if file.kind == "SLEEP_MINUTE":
            yield from read_minutes(file.member, found, nights, ledger)
        elif file.kind == "ACTIVITY_MINUTE":
            yield from step_counts(file.member, found)
        else:
            is_manual = (_category(file.member) or file.kind) != "HEARTRATE_AUTO"
            clock: Literal["utc", "local"] = "local" if file.kind == "HEARTRATE_AUTO" else "utc"
            yield from heart_rates(file.member, found, clock, "manual" if is_manual else "automatic")


def _files(export: Export) -> list[_File]:
    """The files to open, with what they hold."""
    files, is_zepp = [], not export.members
    for member in export.members:
        category = _category(member.name)
        is_zepp |= category is not None
        if category in _SHUT or not _is_csv(member.name):
            continue
        head = export.head(member.name, _HEAD_BYTES)
        header = _header(head)
        kind = _kind(header)
        if kind:
            _refuse_twins(member.name, kind, header)
            files.append(_File(member.name, kind, header, head))
        elif category is not None:
            if head.startswith(formats.UTF16_MARKS):
                what = f"{member.name} is UTF-16 text."
                raise DamagedMemberError(member.name, "wrong_encoding", what, hint=_AS_EXPORTED)
            if header:
                raise _unknown_columns(member.name, category, header)
            files.append(_File(member.name, _HEADLESS, header, head))
    if not files and not is_zepp:
        raise formats.unlike(export, "zepp_life", "a Zepp Life export")
    return files


def _headless(export: Export, member: str) -> Iterator[Parsed]:
    row, blanks, unread = 0, [], []
    for row, text in lines(export.open(member)):
        if text.strip():
            unread.append(UnreadRecord(row, "no_header", "the file does not begin with its column names", text[:500]))
        else:
            blanks.append(row)
    yield OutOfScope(member, "blank", np.array(blanks, np.int32))
    yield Unread(member, unread)
    yield Extent(member, row)


def _unknown_columns(member: str, category: str, header: tuple[str, ...]) -> DamagedMemberError:
    needed = next(columns for kind, columns in _COLUMNS if kind == category)
    names = [name for name in header if _WORD.fullmatch(name)]  # in a file without header these are values
    what = (
        f"{member or 'the file'} is a {category} file, but its columns are "
        f"{', '.join(names[:20]) or 'not named'}; {', '.join(sorted(needed))} are needed."
    )
    return DamagedMemberError(member, "unknown_columns", what, hint=_AS_EXPORTED)


def _refuse_twins(member: str, kind: str, header: tuple[str, ...]) -> None:
    """Of two columns of one name neither can be trusted."""
    for name in _TYPES.get(kind, {}):
        if header.count(name) > 1:
            what = f'{member or "the file"} has more than one column "{name}".'
            raise DamagedMemberError(member, "ambiguous_columns", what, hint=_AS_EXPORTED)


def _is_csv(name: str) -> bool:
    return not name or name.lower().endswith(".csv")


def _category(name: str) -> str | None:
    """The category in a member's name or, failing that, in its folder's."""
    path = PurePosixPath(name.replace("\\", "/"))
    for part in (path.stem, path.parent.name):
        match = _NAME.fullmatch(part)
        if match and _is_csv(name) and name:
            return match[1].upper()
    return None


def _header(head: bytes) -> tuple[str, ...]:
    return tuple(name.lower() for name in header_of(head))


def _kind(header: tuple[str, ...]) -> str | None:
    return next((kind for kind, columns in _COLUMNS if columns <= set(header)), None)


def _layout(file: _File) -> Layout:
    types = {name: kind for name, kind in _TYPES[file.kind].items() if name in file.header}
    if file.kind == "HEARTRATE_EPOCH" and _fields(file.head) == 2:
        # the 2019 quirk: four names in the header, two fields in each row
        return Layout(("timestamp", "heartrate"), types, ("timestamp",), file.header)
    names = tuple(name if name not in file.header[:at] else f"{name}#{at}" for at, name in enumerate(file.header))
    return Layout(names, types, tuple(name for name in types if name in ("date", "time", "timestamp")), file.header)


def _fields(head: bytes) -> int:
    """Fields of the first record after the header; 0 if there is none."""
    found = [line for line in head.splitlines() if line.strip()][1:2]
    return found[0].count(b",") + 1 if found else 0
