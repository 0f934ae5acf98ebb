"""Small summary tables of sleep: nights with their pieces, told by the wall clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dash_app.gateway import Dataset
from dash_app.view import View

LAST = date(2026, 2, 28)
FIRST = LAST - timedelta(days=27)
Row = dict[str, Any]


def instant(day: date, clock: str, offset: int = 60) -> datetime:
    """The instant at which clocks that are `offset` minutes ahead of UTC show that time."""
    return datetime.combine(day, time.fromisoformat(clock), UTC) - timedelta(minutes=offset)


def piece(night: date, start: datetime, minutes: float, stage: str = "asleep", part: str = "main", **more: Any) -> Row:
    """A row of sleep_segments; `offset` minutes ahead of UTC, 60 by default."""
    end = start + timedelta(minutes=minutes)
    row = {"night_date": night, "start_utc": start, "end_utc": end, "utc_offset_min": more.get("offset", 60)}
    return {**row, "stage": stage, "part": part}


def staged(night: date, start: datetime, stages: Sequence[tuple[str, float]], offset: int = 60) -> list[Row]:
    """Pieces one after the other."""
    rows: list[Row] = []
    for stage, minutes in stages:
        rows.append(piece(night, rows[-1]["end_utc"] if rows else start, minutes, stage, offset=offset))
    return rows


def night_of(pieces: Sequence[Row], basis: str = "stages", **more: Any) -> Row:
    """The row of "nights" that these pieces make."""
    day, mine = pieces[0]["night_date"], [row for row in pieces if row["part"] != "nap"]
    first, last = mine[0], mine[-1]
    minutes = dict.fromkeys(("light", "deep", "rem", "awake", "asleep"), 0.0)
    for row in mine:
        minutes[row["stage"]] += (row["end_utc"] - row["start_utc"]).total_seconds() / 60
    midnight = datetime.combine(day, time(), UTC)
    asleep = sum(minutes.values()) - minutes["awake"]
    is_staged = basis == "stages"
    return {
        "night_date": day,
        "start_offset_min": first["utc_offset_min"],
        "end_offset_min": last["utc_offset_min"],
        "night_start_utc": first["start_utc"],
        "night_end_utc": last["end_utc"],
        "total_sleep_min": asleep,
        **{f"{stage}_min": minutes[stage] if is_staged else None for stage in ("light", "deep", "rem", "awake")},
        "basis": basis,
        "efficiency": asleep / sum(minutes.values()),
        "onset_local_min": _local(first, "start_utc", midnight),
        "offset_local_min": _local(last, "end_utc", midnight),
        "naps_n": 0,
        "naps_min": None,
        "flags": "",
        **more,
    }


def _local(row: Row, name: str, midnight: datetime) -> float:
    at: datetime = row[name] + timedelta(minutes=row["utc_offset_min"])
    return (at - midnight).total_seconds() / 60


def usual_nights(days: Iterable[date]) -> list[list[Row]]:
    """Of each day a night from 23:00 to 06:30 with half an hour awake."""
    stages = [("light", 90.0), ("deep", 60.0), ("awake", 30.0), ("rem", 120.0), ("light", 150.0)]
    return [staged(day, instant(day - timedelta(days=1), "23:00"), stages) for day in days]


def days_of(first: date, last: date) -> list[date]:
    """Every day, both ends included."""
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


def dataset(
    root: Path,
    nights: Sequence[Row],
    segments: Sequence[Row],
    regularity: Sequence[Row] = (),
    trends: Sequence[Row] = (),
    **more: Sequence[Row],
) -> Dataset:
    """A folder with these tables; one without rows is left out, as before its rule has run.

    Args:
        root: An empty folder.
        nights, segments, regularity, trends: Rows.
        more: Further tables by name.
    """
    summary = root / "results/summary/demo"
    summary.mkdir(parents=True)
    tables = {"nights": nights, "sleep_segments": segments, "regularity": regularity, "trends": trends, **more}
    for name, rows in tables.items():
        if rows:
            pq.write_table(pa.Table.from_pylist(list(rows)), summary / f"{name}.parquet")
    return Dataset(True, "demo", "v", datetime(2026, 4, 1, tzinfo=UTC), "run-1", root)


def usual(root: Path, missing: Sequence[date] = (), last: date = LAST, first: date = FIRST, **more: Any) -> Dataset:
    """The usual nights, but for the missing ones."""
    pieces = usual_nights(day for day in days_of(first, last) if day not in missing)
    regularity = [
        {
            "date": day,
            "window_days": window,
            "sri": 80.4 if window == 28 else 90.6,
            "n_pairs": window - 1,
            "mid_sleep_local_min": 165.0,
            "mid_sleep_q1_local_min": 150.0,
            "mid_sleep_q3_local_min": 180.0,
            "n_nights": window - 1,
        }
        for day in days_of(first, last)
        for window in (7, 28)
    ]
    trend = {"figure": "sleep_total_min", "median": 410.0, "q1": 400.0, "q3": 430.0}
    trends = [{**trend, "date": day, "usual_q1": 425.0, "usual_q3": 440.0} for day in days_of(first, last)]
    tables = {"regularity": regularity, "trends": trends} | more
    return dataset(root, [night_of(each) for each in pieces], [row for each in pieces for row in each], **tables)


def view(**more: Any) -> View:
    """The usual four weeks."""
    told = {"first": FIRST, "last": LAST, "data_first": FIRST, "data_last": LAST, "path": "/sleep"}
    return View(**{**told, "is_default_range": False, **more})
