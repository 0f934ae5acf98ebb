"""Rows of a table by simple conditions: column=value, times by their beginning (start_utc=2025-10-06T04)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pdp.errors import PdpError, nearest

MOST_ROWS = 10_000  # more are no answer to "where does this come from"
_TIME = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d))?)?)?)?)?Z?")


def select(path: Path, conditions: Sequence[str]) -> pa.Table:
    """The rows for which all conditions hold, read batch by batch.

    Raises:
        PdpError: A condition that is none, an unknown column, a value of the wrong kind, or too many rows.
    """
    from pdp import tables

    pairs = [_pair(condition) for condition in conditions]
    found: list[pa.Table] = []
    count = 0
    for batch in tables.batches(path):
        for column, text in pairs:
            batch = batch.filter(_mask(batch, column, text))
        count += len(batch)
        if count > MOST_ROWS:
            what = f"more than {MOST_ROWS:,} rows match."
            raise PdpError(
                what, where=str(path), hint='Narrow it: --where "start_utc=2025-10-06T04" for a day or an hour.'
            )
        found.append(batch)
    return pa.concat_tables(found) if found else tables.read(path)


def _pair(condition: str) -> tuple[str, str]:
    column, sign, text = condition.partition("=")
    if not sign or not column.strip():
        raise PdpError(f'"{condition}" is no condition.', hint='Write --where "column=value".')
    return column.strip(), text.strip()


def _mask(batch: pa.Table, column: str, text: str) -> pa.ChunkedArray:
    if column not in batch.column_names:
        raise PdpError(f'there is no column "{column}".', where="--where", hint=nearest(column, batch.column_names))
    values = batch[column]
    if not text:
        return values.is_null()
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        first, last = _span(text, column)
        bounds = [
            pa.scalar(each, pa.timestamp("ms", "UTC")).cast(kind) if pa.types.is_timestamp(kind) else each.date()
            for each in (first, last)
        ]
        if pa.types.is_date(kind):
            return pc.and_(
                pc.greater_equal(values, pa.scalar(bounds[0], kind)), pc.less(values, pa.scalar(bounds[1], kind))
            )
        return pc.and_(pc.greater_equal(values, bounds[0]), pc.less(values, bounds[1]))
    if pa.types.is_boolean(kind):
        return pc.equal(values, text.casefold() in ("true", "yes", "1"))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        try:
            return pc.equal(values.cast(pa.float64()), float(text))
        except ValueError:
            raise PdpError(
                f'"{text}" is no number.', where=f"--where {column}", hint="Write it as 128 or 36.6."
            ) from None
    return pc.equal(values.cast(pa.string()), text)


def _span(text: str, column: str) -> tuple[datetime.datetime, datetime.datetime]:
    """From the beginning of what is named to its end: a year, month, day, hour, minute or second, in UTC."""
    match = _TIME.fullmatch(text)
    parts = [int(part) for part in match.groups() if part is not None] if match else []
    try:
        first = datetime.datetime(*[*parts, 1, 1][: max(3, len(parts))], tzinfo=datetime.UTC)  # type: ignore[arg-type,misc]
        return first, _end(first, len(parts))
    except (ValueError, TypeError, OverflowError):  # no time at all, a 13th month, the end of the last year
        hint = "Write 2025-10-06, 2025-10-06T04 or 2025-10-06T04:54:30, in UTC."
        raise PdpError(f'"{text}" is no time.', where=f"--where {column}", hint=hint) from None


def _end(first: datetime.datetime, named: int) -> datetime.datetime:
    """Where what begins there ends: a year where one part is named, a month where two are, and so on."""
    if named <= 2:
        month = first.month if named == 2 else 12
        return (first.replace(month=month, day=28) + datetime.timedelta(days=4)).replace(day=1)
    step = ("days", "hours", "minutes", "seconds")[named - 3]
    return first + datetime.timedelta(**{step: 1})
