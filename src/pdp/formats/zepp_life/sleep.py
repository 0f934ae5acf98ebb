"""Zepp Life's SLEEP file: one line a night, and the naps of that day in its last cell.

The naps are JSON with commas and backslash-escaped quotes, which breaks every CSV reader: lines
are split at commas here, and whatever is beyond the header's last column belongs to it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pdp.delimited.records import TEXT_CHARACTERS, lines
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread, UnreadRecord

MEASURE = "sleep_episode"
NAPS_UNREAD = "naps_unread"  # flag of the night whose naps cell is not understood

_MISSING = ("", "null", "none", "nan")
_MINUTE_COLUMNS = {
    "deepsleeptime": "deep_min",
    "shallowsleeptime": "light_min",
    "remtime": "rem_min",
    "waketime": "awake_min",
}
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?\s?(Z|[+-]\d\d:?\d\d)")
_EPOCH = re.compile(r"\d{9,13}")
_EPOCH_MS_FROM = 10**11  # as seconds this would be the year 5138
_BATCH = 10_000


@dataclass(frozen=True)
class Night:
    """One sleep as SLEEP states it: UTC ms and minutes (None where not stated)."""

    row: int
    start_ms: int
    stop_ms: int
    minutes: dict[str, float | None]
    is_main: bool
    flags: str = ""


def read_sleep(stream: BinaryIO, member: str, header: Sequence[str], nights: list[Night]) -> Iterator[Parsed]:
    """Every line of a SLEEP file; the nights that hold something are also added to `nights`.

    Args:
        stream: The file.
        member: Its name in the export.
        header: Its column names, lower case.
        nights: Filled: what the minute rows are anchored to and proved by.
    """
    found: list[Night] = []
    unread: list[UnreadRecord] = []
    aside: dict[str, list[int]] = {"header": [], "blank": [], "no_data": []}
    row = 0
    for row, text in lines(stream):
        cells = _cells(text, header)
        if not text.strip(" ,\t"):
            aside["blank"].append(row)
        elif tuple(cell.strip().strip('"').lower() for cell in text.split(","))[: len(header)] == tuple(header):
            aside["header"].append(row)
        elif cells is None:
            detail = f"{text.count(',') + 1} fields where the header has {len(header)}"
            unread.append(UnreadRecord(row, "wrong_field_count", detail, text[:TEXT_CHARACTERS]))
        else:
            try:
                sleeps = _sleeps(row, cells)
            except ValueError as error:
                unread.append(UnreadRecord(row, "bad_value", str(error), text[:TEXT_CHARACTERS]))
            else:
                found.extend(sleeps)
                if not sleeps:
                    aside["no_data"].append(row)
        if len(found) + len(unread) >= _BATCH:
            nights.extend(found)
            yield from _parsed(member, found, unread)
            found, unread = [], []
    nights.extend(found)
    yield from _parsed(member, found, unread)
    for reason, rows in aside.items():
        if rows:
            yield OutOfScope(member, reason, np.array(rows, np.int32))
    yield Extent(member, row)


def _cells(text: str, header: Sequence[str]) -> dict[str, str] | None:
    """The cells by column name, the tail joined; None if they don't fit the header."""
    parts = text.split(",")
    has_tail = header[-1] == "naps"
    while len(parts) > len(header) and not has_tail and not parts[-1].strip():
        parts.pop()
    if has_tail and len(parts) == len(header) - 1:
        parts.append("")
    if len(parts) < len(header) or (len(parts) > len(header) and not has_tail):
        return None
    last = len(header) - 1
    values = [*parts[:last], ",".join(parts[last:])]
    return {
        name: value.strip() if name == "naps" else value.strip().strip('"').strip()
        for name, value in zip(header, values, strict=True)
    }


def _sleeps(row: int, cells: dict[str, str]) -> list[Night]:
    """The night and its naps; none where the line is a placeholder.

    Raises:
        ValueError: Names the column that can't be read.
    """
    start, stop = (_instant(cells[name], name) for name in ("start", "stop"))
    minutes = {column: _minutes(cells.get(name, ""), name) for name, column in _MINUTE_COLUMNS.items()}
    naps, are_read = _naps(row, cells.get("naps", ""))
    is_placeholder = not any(minutes.values()) and (start is None or stop is None or start == stop)
    if is_placeholder:
        if not are_read:
            raise ValueError("column naps is not understood, and the line holds nothing else")
        return naps
    if start is None or stop is None:
        raise ValueError(f"column {'start' if start is None else 'stop'} is empty")
    night = Night(row, start, stop, minutes, is_main=True, flags="" if are_read else NAPS_UNREAD)
    return [night, *naps]


def _instant(text: str, name: str) -> int | None:
    """UTC ms of "2022-01-01 06:50:00+0000" or of an epoch, which old exports have; None where empty."""
    if text.lower() in _MISSING:
        return None
    if _EPOCH.fullmatch(text):
        return int(text) * (1 if int(text) >= _EPOCH_MS_FROM else 1000)
    if not _STAMP.fullmatch(text):
        raise ValueError(f"column {name} is not a time with its offset (YYYY-MM-DD HH:MM:SS+0000)")
    try:
        moment = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
    except ValueError:
        raise ValueError(f"column {name} is not a time that exists") from None
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def _minutes(text: str, name: str) -> float | None:
    if text.lower() in _MISSING:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"column {name} is not a number of minutes")
    return value


def _naps(row: int, cell: str) -> tuple[list[Night], bool]:
    """The naps of a cell, and whether the cell was understood (no naps at all is understood)."""
    text = cell.removeprefix('"').removesuffix('"') if len(cell) > 1 else cell
    text = text.replace('\\"', '"').replace('""', '"').strip()
    if text.lower() in (*_MISSING, "0", "[]", "{}"):
        return [], True
    try:
        value = json.loads(text)
        entries = value if isinstance(value, list) else [value]
        return [_nap(row, entry) for entry in entries], True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [], False


def _nap(row: int, entry: dict[str, Any]) -> Night:
    named = {str(key).lower(): value for key, value in entry.items()}
    start = _instant(str(named["start"]), "naps")
    stop = _instant(str(named["stop"] if "stop" in named else named["end"]), "naps")
    if start is None or stop is None:
        raise ValueError("a nap without its times")
    minutes = {column: _minutes(str(named.get(name, "")), "naps") for name, column in _MINUTE_COLUMNS.items()}
    return Night(row, start, stop, minutes, is_main=False)


def _parsed(member: str, found: list[Night], unread: list[UnreadRecord]) -> Iterator[Parsed]:
    if unread:
        yield Unread(member, unread)
    if found:
        columns: dict[str, Any] = {
            "row": pa.array([night.row for night in found], pa.int32()),
            "start": pa.array([night.start_ms for night in found], pa.timestamp("ms")),
            "end": pa.array([night.stop_ms for night in found], pa.timestamp("ms")),
            "total_sleep_time_min": pa.array([_total(night) for night in found], pa.float64()),
            "is_main_sleep": pa.array([night.is_main for night in found], pa.bool_()),
            "flags": pa.array([night.flags or None for night in found], pa.string()),
        }
        for column in _MINUTE_COLUMNS.values():
            columns[column] = pa.array([night.minutes[column] for night in found], pa.float64())
        yield Rows(MEASURE, member, "utc", "sensed", pa.table(columns))


def _total(night: Night) -> float | None:
    """Deep + light + REM. Bands that don't know REM state none: theirs is deep + light."""
    deep, light = night.minutes["deep_min"], night.minutes["light_min"]
    return None if deep is None or light is None else deep + light + (night.minutes["rem_min"] or 0.0)
