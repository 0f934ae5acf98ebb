"""Heart rate by the local hour and the counts of its distribution, against plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp import heart_rate, schemas, tables
from pdp.heart_rate import counts, hours
from pdp.summarize.summary_settings import SummarySettings
from tests.summary_oracle import quantile
from tests.summary_subject import Subject, made_up, write_rows

Row = dict[str, Any]
TRIP = [
    {"zone": "Europe/Berlin"},
    {"zone": "America/New_York", "since": "2026-04-03T12:00"},
    {"zone": "Europe/Berlin", "since": "2026-04-07T09:00"},
]


def built(subject: Subject, folder: Path, merged: dict[str, Path] | None = None) -> dict[str, list[Row]]:
    folder.mkdir(exist_ok=True)
    out = {name: folder / f"{name}.parquet" for name in heart_rate.TABLES}
    files = merged or subject.write(folder)[0]
    counted = heart_rate.build(files, settings=SummarySettings(), ledger=subject.ledger, out=out)
    found = {name: tables.read(path).to_pylist() for name, path in out.items()}
    assert counted == {name: len(rows) for name, rows in found.items()}
    return found


def spread(subject: Subject) -> list[tuple[datetime, float]]:
    """Local time and rate of the samples that are drawn."""
    rows = [row for row in subject.rows["heart_rate"] if row["context"] in ("automatic", "manual")]
    return [(row["start_utc"] + timedelta(minutes=row["utc_offset_min"]), row["heart_rate_bpm"]) for row in rows]


@pytest.mark.parametrize("zones", [[{"zone": "Europe/Berlin"}], TRIP, [{"zone": "Asia/Kathmandu"}]])
def test_every_hour_of_every_day_equals_one_made_in_plain_python(zones: list[dict[str, str]], tmp_path: Path) -> None:
    subject = made_up(zones, "2026-03-24", 18, seed=5)  # clocks move on the 29th
    slots: dict[tuple[date, int], list[float]] = {}
    for local, bpm in spread(subject):
        slots.setdefault((local.date(), local.hour), []).append(bpm)
    found = built(subject, tmp_path)[hours.TABLE]
    every = {row["start_utc"] + timedelta(minutes=row["utc_offset_min"]) for row in subject.rows["heart_rate"]}
    first, last = min(every).date(), max(every).date()
    places = [(first + timedelta(days=n), hour) for n in range((last - first).days + 1) for hour in range(24)]
    assert [(row["date"], row["hour"]) for row in found] == places
    for row in found:
        beats = slots.get((row["date"], row["hour"]), [])
        told = [quantile(beats, share) for share in (0, 0.25, 0.5, 0.75, 1)] if beats else [None] * 5
        assert row["n"] == len(beats)
        assert [row[name] for name in ("min", "q1", "median", "q3", "max")] == [
            one if one is None else pytest.approx(one, rel=1e-6) for one in told
        ]


def test_both_passes_of_the_hour_that_occurs_twice_are_one_row_from_all_samples(tmp_path: Path) -> None:
    subject = Subject()
    for fold, rates in ((0, [50, 52, 54]), (1, [90])):
        subject.beats(subject.at("2026-10-25 02:10", fold=fold), rates)
    found = {row["hour"]: row for row in built(subject, tmp_path)[hours.TABLE]}
    assert (found[2]["n"], found[2]["median"], found[2]["max"], found[2]["length_min"]) == (4, 53, 90, 120)
    assert sum(row["length_min"] for row in found.values()) == 25 * 60


def test_an_hour_that_clocks_skipped_is_told_from_one_that_was_not_measured(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-03-29 01:50", [60])
    found = {row["hour"]: row for row in built(subject, tmp_path)[hours.TABLE]}
    assert [(found[hour]["n"], found[hour]["median"], found[hour]["length_min"]) for hour in (1, 2, 3)] == [
        (1, 60, 60),
        (0, None, 0),
        (0, None, 60),
    ]


def slept(subject: Subject) -> Subject:
    """Two nights with a day between, then a night that was not recorded, then another; a wake in the first."""
    subject.stages("2026-06-01 23:00", ("light", 120), ("awake", 30), ("deep", 300))
    subject.stages("2026-06-02 23:00", ("light", 400))
    subject.stages("2026-06-04 23:00", ("light", 400))
    return subject


@pytest.mark.parametrize(
    ("when", "phase"),
    [
        ("2026-06-01 22:59", "unknown"),  # before the first sleep on record
        ("2026-06-01 23:00", "asleep"),
        ("2026-06-02 01:10", "awake"),  # a stage
        ("2026-06-02 01:30", "asleep"),
        ("2026-06-02 15:00", "awake"),  # between two nights
        ("2026-06-03 15:00", "unknown"),  # the next night is not on record
        ("2026-06-05 05:00", "asleep"),
        ("2026-06-05 12:00", "unknown"),  # after the last
    ],
)
def test_a_sample_is_asleep_or_awake_only_where_sleep_is_on_record(when: str, phase: str, tmp_path: Path) -> None:
    subject = slept(Subject())
    subject.beats(when, [61.6])
    (row,) = built(subject, tmp_path)[counts.TABLE]
    assert (row["phase"], row["heart_rate_bpm"], row["n"]) == (phase, 62, 1)


def test_counts_lose_no_sample_and_leave_out_what_the_daily_table_leaves_out(tmp_path: Path) -> None:
    subject = made_up(TRIP, "2026-03-24", 18, seed=7)
    found: Counter[tuple[date, int]] = Counter()
    for row in built(subject, tmp_path)[counts.TABLE]:
        found[row["date"], row["heart_rate_bpm"]] += row["n"]
    assert found == Counter((local.date(), int(np.rint(bpm))) for local, bpm in spread(subject))


def test_days_computed_again_alone_equal_those_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = made_up(TRIP, "2026-03-24", 18, seed=6)
    merged, _ = subject.write(tmp_path)
    rows = sorted(subject.rows["heart_rate"], key=lambda row: row["start_utc"])
    monkeypatch.setattr("pdp.tables.parquet_file.ROW_GROUP", 97)
    write_rows(merged["heart_rate"], schemas.validated("heart_rate"), rows)
    monkeypatch.setattr("pdp.heart_rate.GROUPS_AT_A_TIME", 1)
    whole = built(subject, tmp_path / "out", merged)
    first, last = date(2026, 3, 28), date(2026, 4, 4)  # a change of the clock, a journey
    for name, every in whole.items():
        again = heart_rate.of_days(name, merged, SummarySettings(), subject.ledger, first, last).to_pylist()
        expected = [row for row in every if first <= row["date"] <= last]
        assert len(again) > 20
        assert sorted(again, key=str) == sorted(expected, key=str)


def test_of_days_before_the_first_sample_and_after_the_last_nothing_is_made(tmp_path: Path) -> None:
    subject = made_up(TRIP, "2026-03-24", 3, seed=6)
    merged, _ = subject.write(tmp_path)
    for name, every in built(subject, tmp_path / "out", merged).items():
        arguments = name, merged, SummarySettings(), subject.ledger
        again = heart_rate.of_days(*arguments, date.min, date.max)
        # one day more at either end, since the local days of the ends may lie on either side
        assert 0 <= len({row["date"] for row in again.to_pylist()}) - len({row["date"] for row in every}) <= 2
        assert heart_rate.of_days(*arguments, date.min, date(2026, 1, 1)).num_rows == 0


def test_no_samples_make_empty_tables(tmp_path: Path) -> None:
    assert built(Subject(), tmp_path) == {hours.TABLE: [], counts.TABLE: []}


@given(st.lists(st.tuples(st.integers(30, 220), st.integers(1, 9)), min_size=1), st.floats(0, 1))
def test_a_quantile_of_counts_is_that_of_the_samples_one_by_one(told: list[tuple[int, int]], share: float) -> None:
    samples = [bpm for bpm, n in told for _ in range(n)]
    found = counts.quantile([bpm for bpm, _ in told], [n for _, n in told], share)
    assert found == pytest.approx(float(np.quantile(samples, share)))


def test_nothing_has_no_quantile() -> None:
    assert counts.quantile([], [], 0.5) is None


def test_a_week_is_the_median_of_the_medians_of_the_days_that_have_one(tmp_path: Path) -> None:
    subject = Subject()
    for day, rates in ((1, [60, 60, 60]), (2, [70]), (4, [90])):
        subject.beats(f"2026-06-0{day} 08:00", rates)
    table = tables.read(_hours_of(subject, tmp_path))
    first = (date(2026, 6, 1) - date(1970, 1, 1)).days
    values, n = hours.grid(table, first, 7, 7)
    assert (values.shape, values[8, 0], n[8, 0]) == ((24, 1), 70, 5)
    assert np.isnan(values[9, 0])
    by_day, _ = hours.grid(table, first, 5, 1)
    assert [None if np.isnan(one) else one for one in by_day[8].tolist()] == [60, 70, None, 90, None]


def _hours_of(subject: Subject, folder: Path) -> Path:
    built(subject, folder)
    return folder / f"{hours.TABLE}.parquet"


def test_every_column_says_what_it_is_in_the_file(tmp_path: Path) -> None:
    for name in heart_rate.TABLES:
        built(Subject(), tmp_path)
        for field in tables.read(tmp_path / f"{name}.parquet").schema:
            assert set(field.metadata) >= {b"title", b"unit", b"method"}


def test_the_hour_of_a_journey_is_told_by_the_clock_there(tmp_path: Path) -> None:
    subject = Subject(TRIP)
    subject.beats(datetime(2026, 4, 5, 16, 0, tzinfo=UTC), [80])
    (row,) = [row for row in built(subject, tmp_path)[hours.TABLE] if row["n"]]
    assert (row["hour"], row["date"]) == (12, date(2026, 4, 5))
