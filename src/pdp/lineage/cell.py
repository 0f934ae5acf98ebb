"""The cell of a summary table that is asked for, among the rows of its day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pdp.errors import PdpError, nearest

DAYS = ("date", "night_date", "to_date", "month", "event_date")  # the column that says to which day a row belongs
MOST_ROWS = 1000  # of a table without days
MOST_DAYS = 800  # of samples that one answer computes again: about two seconds
_AROUND = datetime.timedelta(days=2)  # half a day and any offset from UTC, with room


@dataclass(frozen=True)
class Asked:
    """Which number.

    Args:
        table: Of results/summary/<subject>.
        column: Of the table.
        day: Local day of the row; None for tables without days, or for the last one.
        keys: Other columns of the row, by their text, where several rows are of that day.
        since: Of a sum over rows: their first day; `day` is their last. Several texts of a key have commas between.
        share: Instead of the sum, this quantile (0 to 1) of the column, each row counted as often as its n says.
    """

    table: str
    column: str
    day: datetime.date | None
    keys: Mapping[str, str]
    since: datetime.date | None = None
    share: float | None = None


def read(place: Path, asked: Asked) -> pa.Table:
    """The table.

    Raises:
        PdpError: There is none, or it has no such column; names the nearest.
    """
    from pdp import tables

    known = sorted(path.stem for path in place.parent.glob("*.parquet"))
    if asked.table not in known:
        raise PdpError(f'there is no summary table "{asked.table}".', hint=nearest(asked.table, known))
    table = tables.read(place)
    if asked.column not in table.column_names:
        raise PdpError(
            f'there is no column "{asked.column}".', where=asked.table, hint=nearest(asked.column, table.column_names)
        )
    return table


def find(table: pa.Table, asked: Asked) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of the day, and the one that is meant: by the keys, else the default one, else the first."""
    of_day = [
        row for row in _near(table, asked.day).to_pylist() if asked.day is None or _day_of(row) in (None, asked.day)
    ]
    meant = [row for row in of_day if all(text(row.get(name)) == told for name, told in asked.keys.items())]
    if not meant:
        return of_day, {}
    return of_day, next((row for row in meant if row.get("is_default")), meant[0])


def summed(table: pa.Table, asked: Asked) -> tuple[Any, int]:
    """The sum over the rows from `since` to `day`, None where none has a value; and how many have. Or the quantile.

    Of a column of yes and no, the sum is how many say yes.

    Raises:
        PdpError: The table has no days, or the column no numbers.
    """
    name = next((name for name in DAYS if name in table.column_names), None)
    kind = table.schema.field(asked.column).type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if name is None or asked.day is None or not is_number:
        raise PdpError("there is nothing to sum up.", where=f"{asked.table}.{asked.column}")
    if asked.share is not None:
        return _quantile(_rows(table, name, asked), asked)
    known = [cell for _, cell in _listed(table, name, asked) if cell is not None]
    return (sum(known) if known else None), len(known)


def summands(table: pa.Table, asked: Asked) -> tuple[tuple[datetime.date, Any], ...]:
    """Days and values of a sum, where each day has one row at most; else none."""
    name = next(name for name in DAYS if name in table.column_names)
    found = _listed(table, name, asked)
    if len({day for day, _ in found}) < len(found):
        return ()
    return tuple((day, cell) for day, cell in found if cell is not None)


def days_held(table: pa.Table, asked: Asked) -> tuple[datetime.date, datetime.date] | None:
    """The first and the last day of a sum, as far as the table has days; None where it has none of them."""
    name = next((name for name in DAYS if name in table.column_names), None)
    if name is None or not table.num_rows or asked.since is None or asked.day is None:
        return None
    first, last = max(asked.since, pc.min(table[name]).as_py()), min(asked.day, pc.max(table[name]).as_py())
    return (first, last) if first <= last else None


def _listed(table: pa.Table, name: str, asked: Asked) -> list[tuple[datetime.date, Any]]:
    return [(row[name], row[asked.column]) for row in _rows(table, name, asked)]


def _rows(table: pa.Table, name: str, asked: Asked) -> list[dict[str, Any]]:
    days = table[name]
    within = pc.and_(pc.greater_equal(days, pa.scalar(asked.since)), pc.less_equal(days, pa.scalar(asked.day)))
    wanted = {key: told.split(",") for key, told in asked.keys.items()}
    needed = {name, asked.column, *wanted, *(("n",) if asked.share is not None else ())}
    rows = table.select([one for one in table.column_names if one in needed]).filter(within).to_pylist()
    return [row for row in rows if all(text(row.get(key)) in told for key, told in wanted.items())]


def _quantile(rows: Sequence[Mapping[str, Any]], asked: Asked) -> tuple[Any, int]:
    from pdp.heart_rate import counts

    if asked.table != counts.TABLE or asked.share is None or not 0 <= asked.share <= 1:
        raise PdpError("there is nothing to take a quantile of.", where=f"{asked.table}.{asked.column}")
    n = [row["n"] for row in rows]
    return counts.quantile([row[asked.column] for row in rows], n, asked.share), sum(n)


def _near(table: pa.Table, day: datetime.date | None) -> pa.Table:
    """Rows of the day, or with times around it, before they become Python objects; of the last day without one."""
    name = next((name for name in DAYS if name in table.column_names), None)
    if name is not None:
        return table.filter(pc.equal(table[name], pc.max(table[name]) if day is None else pa.scalar(day)))
    if day is None or "start_utc" not in table.column_names:
        return table.slice(0, MOST_ROWS)
    noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    bounds = [pa.scalar(noon + shift, table["start_utc"].type) for shift in (-_AROUND, _AROUND)]
    return table.filter(pc.and_(pc.greater(table["start_utc"], bounds[0]), pc.less(table["start_utc"], bounds[1])))


def _day_of(row: Mapping[str, Any]) -> datetime.date | None:
    """Local day of a row; None for tables without days."""
    name = next((name for name in DAYS if name in row), None)
    if name is not None:
        found: datetime.date = row[name]
        return found
    if "start_utc" not in row:
        return None
    start: datetime.datetime = row["start_utc"]
    return (start + datetime.timedelta(minutes=row.get("utc_offset_min") or 0)).date()


def others(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any], column: str) -> tuple[Mapping[str, str], ...]:
    """Of the day's other rows: the columns that tell them from this one."""
    names = [name for name in keys(row) if name != column and len({text(one[name]) for one in rows}) > 1]
    told = {tuple((name, text(one[name])) for name in names): None for one in rows if one is not row}
    return tuple(dict(one) for one in told if one)


def keys(row: Mapping[str, Any]) -> list[str]:
    """Columns that say what a row is about; numbers, sentences and verdicts are what it says."""
    kinds = (str, datetime.date, datetime.datetime)
    said = (
        "why_not",
        "sentence",
        "verdict",
        "flags",
        "basis",
        "words",
        "from_date",
        "end_utc",
        "text",
        "sleep_basis",
        "why",
    )
    short = ("window_days", "span_days", "hour", "level_order", "heart_rate_bpm")
    return [
        name
        for name, value in row.items()
        if name in short or (isinstance(value, kinds) and name not in said and not name.startswith("level_"))
    ]


def text(value: Any) -> str:
    """As an address has it."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime.date | datetime.datetime) else str(value)
