"""Pieces of sleep, and the Sleep Regularity Index minute by minute in plain Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import described, tables, trends
from pdp.events import from_config
from pdp.summarize.daily import EPOCH
from pdp.summarize.summary_settings import SummarySettings
from pdp.timeframe import ZoneLedger
from pdp.trends import regularity as index
from pdp.trends import segments as pieces
from tests.summary_subject import Subject, made_up, summary_of
from tests.test_trends import FIRST, daily_of

DAY = (FIRST - EPOCH).days
TRIP = [
    {"zone": "Europe/Berlin"},
    {"zone": "America/New_York", "since": "2026-04-03T12:00"},
    {"zone": "Europe/Berlin", "since": "2026-04-07T09:00"},
]
ASLEEP = ("light", "deep", "rem", "asleep")
MINUTE = timedelta(minutes=1)
OFFSETS = (60, 120, -240)  # of Berlin and New York then


def made(subject: Subject, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every table of trends, and nights."""
    summary = summary_of(subject, folder)
    described.write(folder / "events.parquet", from_config([]))
    out = {name: folder / f"{name}.parquet" for name in trends.TABLES}
    trends.write(
        summary.out["daily"],
        folder / "events.parquet",
        summary.merged,
        settings=SummarySettings(),
        ledger=subject.ledger,
        out=out,
    )
    found = {name: tables.read(path).to_pylist() for name, path in out.items()}
    return found | {"nights": list(summary.nights.values()), "daily": list(summary.daily.values())}


def regular(subject: Subject, folder: Path, day: date, window: int = 7) -> dict[str, Any]:
    return next(
        row for row in made(subject, folder)["regularity"] if (row["date"], row["window_days"]) == (day, window)
    )


def state_at(subject: Subject, found: dict[str, list[dict[str, Any]]], local: datetime) -> bool | None:
    """Asleep, awake or not known at a minute of the wall clock, of the noon-to-noon day that it lies in."""
    day = (local + timedelta(hours=12)).date()
    if day not in {row["night_date"] for row in found["nights"]}:
        return None
    instants = [local.replace(tzinfo=UTC) - timedelta(minutes=offset) for offset in OFFSETS]
    shown = [at for at, offset in zip(instants, OFFSETS, strict=True) if subject.offset(at) == offset]
    if not shown:
        return None
    return any(
        row["start_utc"] <= instant < row["end_utc"]
        for instant in shown
        for row in found["sleep_segments"]
        if row["stage"] in ASLEEP
    )


@pytest.mark.parametrize("zones", [[{"zone": "Europe/Berlin"}], TRIP])
def test_the_index_equals_one_made_minute_by_minute_in_plain_python(
    zones: list[dict[str, str]], tmp_path: Path
) -> None:
    subject = made_up(zones, "2026-03-24", 20, seed=8)  # clocks move on the 29th
    found = made(subject, tmp_path)
    states: dict[date, list[bool | None]] = {}
    for row in found["daily"]:
        noon = datetime(row["date"].year, row["date"].month, row["date"].day, 12) - timedelta(days=1)
        states[row["date"]] = [state_at(subject, found, noon + MINUTE * minute) for minute in range(1440)]
    told = 0
    for row in found["regularity"]:
        if row["window_days"] == 1:
            continue
        same = known = pairs = 0
        for back in range(row["window_days"] - 1):
            day = row["date"] - timedelta(days=back)
            ours, before = (states.get(each, [None] * 1440) for each in (day, day - timedelta(days=1)))
            compared = [(a, b) for a, b in zip(ours, before, strict=True) if a is not None and b is not None]
            same += sum(a == b for a, b in compared)
            known += len(compared)
            pairs += bool(compared)
        assert row["n_pairs"] == pairs
        is_enough = pairs >= {7: 4, 28: 14}[row["window_days"]]
        assert row["sri"] == (pytest.approx(-100 + 200 * same / known) if is_enough else None)
        told += is_enough
    assert told >= 3


def test_the_same_night_every_day_is_a_hundred(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(1, 15):
        subject.sleep(f"2026-06-{day:02d} 23:00", f"2026-06-{day + 1:02d} 07:00", 480)
    row = regular(subject, tmp_path, date(2026, 6, 15))
    assert (row["sri"], row["n_pairs"], row["mid_sleep_local_min"], row["n_nights"]) == (100.0, 6, 180.0, 7)


def test_nights_that_change_by_six_hours_each_day_are_told_by_the_formula(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(1, 15):
        late = 6 if day % 2 else 0
        begin = datetime(2026, 6, day, 19) + timedelta(hours=late)
        subject.sleep(f"{begin:%Y-%m-%d %H:%M}", f"{begin + timedelta(hours=8):%Y-%m-%d %H:%M}", 480)
    # 19-03 and 01-09 differ in 12 of 24 hours: half of all minutes agree.
    assert regular(subject, tmp_path, date(2026, 6, 15))["sri"] == 0.0


def test_the_night_of_the_clock_change_is_as_regular_as_the_wall_clock_says(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(22, 31):
        subject.sleep(f"2026-03-{day} 23:00", f"2026-03-{day + 1} 07:00", 480)
    assert regular(subject, tmp_path, date(2026, 3, 31))["sri"] == 100.0


def test_a_day_without_a_recorded_night_is_unknown_and_not_awake(tmp_path: Path) -> None:
    subject = Subject()
    for day in (*range(1, 8), *range(9, 15)):
        subject.sleep(f"2026-06-{day:02d} 23:00", f"2026-06-{day + 1:02d} 07:00", 480)
    row = regular(subject, tmp_path, date(2026, 6, 15))
    assert (row["sri"], row["n_pairs"], row["n_nights"]) == (100.0, 5, 6)


def test_too_few_pairs_give_no_index_and_still_a_mid_sleep(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(1, 5):
        subject.sleep(f"2026-06-{day:02d} 23:00", f"2026-06-{day + 1:02d} 07:00", 480)
    row = regular(subject, tmp_path, date(2026, 6, 5))
    assert (row["sri"], row["n_pairs"], row["mid_sleep_local_min"]) == (None, 3, 180.0)
    assert regular(subject, tmp_path / "again", date(2026, 6, 5), 1)["mid_sleep_local_min"] == 180.0


def test_mid_sleep_is_the_median_of_the_nights(tmp_path: Path) -> None:
    subject = made_up([{"zone": "Europe/Berlin"}], "2026-05-01", 20, seed=4)
    found = made(subject, tmp_path)
    for row in found["regularity"]:
        nights = [
            (night["onset_local_min"] + night["offset_local_min"]) / 2
            for night in found["nights"]
            if timedelta(0) <= row["date"] - night["night_date"] < timedelta(days=row["window_days"])
        ]
        assert row["n_nights"] == len(nights)
        assert row["mid_sleep_local_min"] == (pytest.approx(median(nights)) if nights else None)


def test_pieces_sum_to_the_minutes_of_the_night(tmp_path: Path) -> None:
    for seed in range(4):
        found = made(made_up(TRIP, "2026-03-26", 14, seed=seed), tmp_path / str(seed))
        staged = [night for night in found["nights"] if night["basis"] == "stages"]
        assert staged
        for night in staged:
            own = [r for r in found["sleep_segments"] if r["night_date"] == night["night_date"] and r["part"] != "nap"]
            for name in ("light", "deep", "rem", "awake"):
                total = sum(((r["end_utc"] - r["start_utc"]) / MINUTE for r in own if r["stage"] == name), 0.0)
                assert total == pytest.approx(night[f"{name}_min"] or 0.0)


def test_pieces_neither_overlap_nor_repeat_a_stage_and_have_the_offset_of_their_time(tmp_path: Path) -> None:
    subject = made_up(TRIP, "2026-03-26", 14, seed=3)
    found = made(subject, tmp_path)["sleep_segments"]
    for row in found:
        assert row["utc_offset_min"] == subject.offset(row["start_utc"]) == subject.offset(row["end_utc"] - MINUTE)
    for before, after in pairwise(found):
        assert before["end_utc"] <= after["start_utc"]
        if before["end_utc"] == after["start_utc"] and before["night_date"] == after["night_date"]:
            is_same = before["stage"] == after["stage"] and before["part"] == after["part"]
            assert not is_same or before["utc_offset_min"] != after["utc_offset_min"]


def test_a_sleep_without_stages_is_one_piece_asleep_cut_where_clocks_move(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-03-28 23:00", "2026-03-29 07:00", 400)
    subject.sleep("2026-03-29 14:00", "2026-03-29 14:40", 40, is_main_sleep=False)
    found = made(subject, tmp_path)["sleep_segments"]
    assert [(f"{row['start_utc']:%d %H:%M}", row["utc_offset_min"], row["stage"], row["part"]) for row in found] == [
        ("28 22:00", 60, "asleep", "main"),
        ("29 01:00", 120, "asleep", "main"),
        ("29 12:00", 120, "asleep", "nap"),
    ]


def nights_at(starts: list[int | None]) -> pa.Table:
    """Eight hours from each start, in minutes after noon of the day before; None for no night. In UTC."""
    columns: dict[str, list[Any]] = {name: [] for name in pieces.SCHEMA.names}
    for day, start in enumerate(starts):
        if start is not None:
            begin = ((DAY + day) * 1440 - 720 + start) * 60_000
            row = (DAY + day, begin, begin + 480 * 60_000, 0, "asleep", "main")
            for name, value in zip(pieces.SCHEMA.names, row, strict=True):
                columns[name].append(value)
    return described.table(columns, pieces.SCHEMA)


UTC_LEDGER = ZoneLedger.from_config("UTC")


@settings(deadline=None, max_examples=60)
@given(starts=st.lists(st.none() | st.integers(0, 960), min_size=1, max_size=12))
def test_days_differ_by_what_their_nights_are_apart_and_a_day_without_one_counts_for_nothing(
    starts: list[int | None],
) -> None:
    def pairs_of(of: list[int | None]) -> int:
        daily = daily_of(steps=[None] * len(of))
        rows = index.regularity(daily, nights_at(of), UTC_LEDGER).to_pylist()
        return next(row["n_pairs"] for row in reversed(rows) if row["window_days"] == 28)

    both = [(a, b) for a, b in pairwise(starts) if a is not None and b is not None]
    assert pairs_of(starts) == pairs_of(starts[::-1]) == len(both)
    same, known = index.compared(index.states(nights_at(starts), DAY + np.arange(len(starts)), UTC_LEDGER))
    assert known.sum() == 1440 * len(both)
    assert known.sum() - same.sum() == sum(2 * min(abs(a - b), 480) for a, b in both)
