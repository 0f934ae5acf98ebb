"""One number of any summary table: what the table shows, the same computed again, and the way back to the raw bytes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from pdp.errors import PdpError, RegistryError, nearest
from pdp.lineage import behind, chain, explain, recompute
from pdp.lineage.behind import Behind
from pdp.lineage.chain import Link
from pdp.lineage.recompute import Inputs

SAME, DIFFERS, NOT_COMPUTED = "same", "differs", "not_computed"
DAYS = ("date", "night_date", "to_date", "month", "event_date")  # the column that says to which day a row belongs
_LAYERS = ("summary", "merged", "validated", "normalized", "raw")


@dataclass(frozen=True)
class Asked:
    """Which number.

    Args:
        table: Of results/summary/<subject>.
        column: Of the table.
        day: Local day of the row; None for tables without days, or for the last one.
        keys: Other columns of the row, by their text, where several rows are of that day.
    """

    table: str
    column: str
    day: datetime.date | None
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Number:
    """The answer.

    Attributes:
        row: The whole row that it stands in; {} where the day has none.
        others: What tells the other rows of the same day apart, for further questions.
        shown, again: The number in the table, and computed now.
        verdict: same, differs, or not_computed with the reason in `why`.
        behind: The rows or days that it was computed from, with their raw records.
        chain: The jobs between: the table first.
        is_intact: Whether the table on the disk is the one that its job vouched for.
    """

    asked: Asked
    path: str
    title: str
    unit: str
    method: str
    row: Mapping[str, Any]
    others: tuple[Mapping[str, str], ...]
    shown: Any
    again: Any
    verdict: str
    why: str
    behind: Behind
    chain: tuple[Link, ...]
    is_intact: bool


def tell(session: Session, root: Path, subject: str, asked: Asked) -> Number:
    """Where a number comes from, and whether it comes out again.

    Args:
        session: Of the registry.
        root: The results folder.
        subject: Whose.

    Raises:
        PdpError: No such table, column or row.
    """
    path = f"{root.name}/summary/{subject}/{asked.table}.parquet"
    place = root / "summary" / subject / f"{asked.table}.parquet"
    table = _read(place, asked)
    links = chain.chain(session, path, lambda one: False)
    if not links:
        raise RegistryError("no run on record made it.", where=asked.table, hint="Run the workflow: make run.")
    inputs = Inputs(links[0].settings, root, subject)
    found, row = _row(table, asked)
    again, why, rests = _again(session, root, path, asked, table, row, inputs)
    about = {key.decode(): value.decode() for key, value in (table.schema.field(asked.column).metadata or {}).items()}
    shown = row.get(asked.column)
    return Number(
        asked=asked,
        path=path,
        title=about.get("title") or asked.column.replace("_", " "),
        unit=about.get("unit", ""),
        method=about.get("method", ""),
        row=row,
        others=_others(found, row, asked.column),
        shown=shown,
        again=again,
        verdict=NOT_COMPUTED if why else SAME if shown == again else DIFFERS,
        why=why,
        behind=rests,
        chain=tuple(_way(session, path, rests)),
        is_intact=_is_intact(place, links[0].sha256),
    )


def _read(place: Path, asked: Asked) -> pa.Table:
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


def _row(table: pa.Table, asked: Asked) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of the day, and the one that is meant: by the keys, else the default one, else the first."""
    every = table.to_pylist()
    day = next((name for name in DAYS if name in table.column_names), None)
    if day and asked.day:
        of_day = [row for row in every if row[day] == asked.day]
    elif "start_utc" in table.column_names and asked.day:
        of_day = [row for row in every if _local_day(row) == asked.day]
    elif day and every:
        last = max(row[day] for row in every)
        of_day = [row for row in every if row[day] == last]
    else:
        of_day = every
    meant = [row for row in of_day if all(_text(row.get(name)) == text for name, text in asked.keys.items())]
    if not meant:
        return of_day, {}
    return of_day, next((row for row in meant if row.get("is_default")), meant[0])


def _local_day(row: Mapping[str, Any]) -> datetime.date:
    shift = datetime.timedelta(minutes=row.get("utc_offset_min") or 0)
    return (row["start_utc"] + shift).date()  # type: ignore[no-any-return]


def _others(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any], column: str) -> tuple[Mapping[str, str], ...]:
    """Of the day's other rows: the columns that tell them from this one."""
    names = [name for name in _keys(row) if name != column and len({_text(one[name]) for one in rows}) > 1]
    told = {tuple((name, _text(one[name])) for name in names): None for one in rows if one is not row}
    return tuple(dict(one) for one in told if one)


def _keys(row: Mapping[str, Any]) -> list[str]:
    """Columns that say what a row is about; numbers, sentences and verdicts are what it says."""
    kinds = (str, datetime.date, datetime.datetime)
    said = ("why_not", "sentence", "verdict", "flags", "basis", "words", "from_date", "end_utc", "text", "sleep_basis")
    short = ("window_days", "span_days", "hour", "level_order")
    return [
        name
        for name, value in row.items()
        if name in short or (isinstance(value, kinds) and name not in said and not name.startswith("level_"))
    ]


def _again(
    session: Session,
    root: Path,
    path: str,
    asked: Asked,
    table: pa.Table,
    row: Mapping[str, Any],
    inputs: Inputs,
) -> tuple[Any, str, Behind]:
    """The cell computed once more, why it was not, and what it rests on."""
    from pdp.summarize import figures

    if not row:
        return None, "there is no such row", behind.NOTHING
    if asked.table == "daily" and asked.column in figures.FIGURES:
        told = explain.figure(session, root, path, row["date"], asked.column)
        return told["computed_again"], "", behind.of_figure(told)
    rests = behind.of_row(session, root, asked.table, asked.column, row, inputs)
    if asked.table == "daily":
        return recompute.of_day(asked.column, inputs, row["date"]), "", rests
    if asked.table.startswith("heart_rate_"):
        made = recompute.slot(asked.table, inputs, row["start_utc"], row["utc_offset_min"])
        cells = made.to_pylist() if made is not None else []
        return (cells[0][asked.column], "", rests) if cells else (None, "no sample lies in that slot", rests)
    made = recompute.table(asked.table, inputs)
    if made is None:
        return None, "the table is taken over as it was written; nothing is computed in it", rests
    if made.column_names != table.column_names:
        return None, "the program has changed since; the next run makes the table anew", rests
    names = [name for name in _keys(row) if name != asked.column and name in made.column_names]
    same = [one for one in made.cast(table.schema).to_pylist() if all(one[name] == row[name] for name in names)]
    if len(same) != 1:
        return None, f"computed again, {len(same)} rows are like this one" if same else "", rests
    return same[0][asked.column], "", rests


def _way(session: Session, path: str, rests: Behind) -> list[Link]:
    """The way from the table to the raw exports, by way of the measures that it rests on, and nothing beside it."""

    def is_on_the_way(one: str) -> bool:
        parts = one.split("/")
        layer, stem = parts[1], parts[-1].split(".")[0]
        if layer == "merged":
            return stem in rests.measures
        if layer in ("validated", "normalized"):
            return stem in rests.measures and (not rests.exports or parts[-2] in rests.export_names)
        if layer == "raw":
            return not rests.exports or stem in rests.export_names
        return layer == "summary"

    found = [link for link in chain.chain(session, path, is_on_the_way) if link.rows != 0 or link.path == path]
    read = {one.rpartition(" v")[0] for link in found for one in link.inputs}
    found = [link for link in found if link.path == path or link.path in read]
    found.sort(key=lambda link: _depth(link.path))
    return found


def _depth(path: str) -> int:
    layer = path.split("/")[1]
    return _LAYERS.index(layer) if layer in _LAYERS else 0


def _is_intact(place: Path, sha256: str) -> bool:
    import hashlib

    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime.date | datetime.datetime) else str(value)
