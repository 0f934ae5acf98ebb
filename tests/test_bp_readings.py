"""Single readings with what became of them, and the local clock of every day."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pdp.home_bp import records
from pdp.timeframe import ZoneLedger
from pdp.trends.clock import clock
from tests.summary_subject import Subject

VALUES = {"systolic_mmhg": 134.0, "diastolic_mmhg": 80.0, "pulse_bpm": 61.0}
TRIP = [
    {"zone": "Europe/Berlin"},
    {"zone": "America/New_York", "since": "2026-03-31T12:00"},
    {"zone": "Europe/Berlin", "since": "2026-04-07T09:00"},
]


def refused(folder: Path, *rows: dict[str, Any]) -> Path:
    """A quarantine file as validate writes it, of the columns that are read."""
    usual = {"measure": "blood_pressure", "utc_offset_min": 60, "source": "cuff", "device": "", "export": "e"}
    usual |= {"member": "", "row": 9, "start_utc": datetime(2026, 1, 5, 23, 30, tzinfo=UTC)}
    path = folder / "refused.parquet"
    made = pa.Table.from_pylist([usual | row for row in rows])
    at = made.schema.get_field_index("start_utc")
    pq.write_table(made.set_column(at, "start_utc", made["start_utc"].cast(pa.timestamp("ms", tz="UTC"))), path)
    return path


def test_counted_superseded_and_refused_readings_stand_together_in_order_of_time(tmp_path: Path) -> None:
    subject = Subject()
    subject.add("blood_pressure", "2026-01-05 07:00", **VALUES)
    subject.lose("blood_pressure", "2026-01-05 07:01", winner=0, source="cuff", **VALUES)
    merged, superseded = subject.write(tmp_path)
    said = '{"systolic_mmhg": 400, "diastolic_mmhg": "80", "pulse_bpm": null}'
    path = refused(
        tmp_path,
        {"rule": "systolic_mmhg_impossible", "row_values": said},
        {"rule": "diastolic_not_a_number", "row_values": said},
        {"rule": "heart_rate_bpm_impossible", "row_values": "{}", "measure": "heart_rate"},
        {"rule": "no_time", "row_values": said, "start_utc": None},
    )
    rows = records.table(merged["blood_pressure"], superseded["blood_pressure"], [path]).to_pylist()
    assert [row["fate"] for row in rows] == ["counted", "other_device", "quarantined"]
    assert rows[1]["stands_for"] == rows[0]["reading"] == "band/0000000000000000//1"
    # Its local day is the next one; text is no value; two broken rules make one reading.
    assert rows[2]["date"] == date(2026, 1, 6)
    assert [rows[2][name] for name in VALUES] == [400.0, None, None]
    assert rows[2]["why"] == "systolic_mmhg_impossible, diastolic_not_a_number"


def test_what_is_doubtful_about_a_readings_time_stands_beside_it(tmp_path: Path) -> None:
    subject = Subject()
    subject.add("blood_pressure", "2026-01-05 07:00", flags="nonexistent_time", **VALUES)
    subject.add("blood_pressure", "2026-01-05 08:00", **VALUES)
    merged, superseded = subject.write(tmp_path)
    rows = records.table(merged["blood_pressure"], superseded["blood_pressure"], []).to_pylist()
    assert [row["flags"] for row in rows] == ["nonexistent_time", None]


def test_a_subject_without_any_reading_has_an_empty_table(tmp_path: Path) -> None:
    merged, superseded = Subject().write(tmp_path)
    found = records.table(merged["blood_pressure"], superseded["blood_pressure"], [])
    assert found.num_rows == 0
    assert found.schema.equals(records.READINGS)


def test_two_readings_of_one_record_are_told_apart_by_their_time(tmp_path: Path) -> None:
    subject = Subject()
    for hour in ("07:00", "19:00"):
        subject.add("blood_pressure", f"2026-01-05 {hour}", row=5, **VALUES)
    merged, _ = subject.write(tmp_path)
    table = pq.read_table(merged["blood_pressure"])
    for start in table["start_utc"].to_pylist():
        (found,) = records.of_reading(table, "band/0000000000000000//5", start).to_pylist()
        assert found["start_utc"] == start


def lengths(days: list[date], zones: list[dict[str, str]]) -> dict[date, list[tuple[float, int]]]:
    """Hours and offset of each piece, by day."""
    found: dict[date, list[tuple[float, int]]] = {}
    for row in clock(days, ZoneLedger.from_config(zones)).to_pylist():
        hours = (row["end_utc"] - row["start_utc"]).total_seconds() / 3600
        found.setdefault(row["date"], []).append((hours, row["utc_offset_min"]))
    return found


def test_every_day_is_cut_where_clocks_were_moved_and_its_neighbours_are_there_too() -> None:
    found = lengths([date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31)], TRIP)
    assert list(found) == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)]
    assert found[date(2026, 3, 29)] == [(2, 60), (21, 120)]
    assert found[date(2026, 3, 30)] == [(24, 120)]
    assert sum(hours for hours, _ in found[date(2026, 3, 31)]) == 30


def test_pieces_of_neighbouring_days_leave_no_gap() -> None:
    rows = clock([date(2026, 3, 28), date(2026, 4, 8)], ZoneLedger.from_config(TRIP)).to_pylist()
    assert all(before["end_utc"] == after["start_utc"] for before, after in itertools.pairwise(rows))


def test_no_days_have_no_clock() -> None:
    assert clock([], ZoneLedger.from_config(TRIP)).num_rows == 0
