"""The pyramid of heart rate against plain Python, and against the daily table."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import pyramid, schemas, tables
from tests.summary_oracle import quantile
from tests.summary_subject import Subject, made_up, summary_of, write_rows

Row = dict[str, Any]
BEGIN_MS = 1_767_225_600_000  # 2026 begins
UTC_LEVELS = {"1min": 1, "15min": 15, "1h": 60}
TRIP = [
    {"zone": "Europe/Berlin"},
    {"zone": "America/New_York", "since": "2026-04-03T12:00"},
    {"zone": "Europe/Berlin", "since": "2026-04-07T09:00"},
]


def built(merged: Path, folder: Path) -> dict[str, Path]:
    """Level -> file, the merged table under "raw"."""
    folder.mkdir(exist_ok=True)
    out = {level.table: folder / f"{level.table}.parquet" for level in pyramid.LEVELS}
    counted = pyramid.build(merged, out)
    assert counted == {table: tables.row_count(path) for table, path in out.items()}
    return {"raw": merged} | {level.name: out[level.table] for level in pyramid.LEVELS}


def slot_of(row: Row, level: str) -> datetime:
    utc = row["start_utc"].replace(tzinfo=None)
    local = utc + timedelta(minutes=row["utc_offset_min"])
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if level in UTC_LEVELS:
        width = timedelta(minutes=UTC_LEVELS[level])
        return datetime.min + (utc - datetime.min) // width * width
    if level == "6h":
        return midnight + timedelta(hours=local.hour // 6 * 6)
    return midnight - timedelta(days=midnight.weekday()) if level == "7day" else midnight


def expected(rows: Iterable[Row], level: str) -> list[tuple[Any, ...]]:
    """Slots in plain Python: UTC of the slot, n, lowest, quartiles, highest."""
    slots: dict[datetime, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["start_utc"]):
        if row["context"] in ("automatic", "manual"):
            slots.setdefault(slot_of(row, level), []).append(row)
    found = []
    for slot, members in slots.items():
        offset = members[0]["utc_offset_min"]
        start = slot if level in UTC_LEVELS else slot - timedelta(minutes=offset)
        beats = [row["heart_rate_bpm"] for row in members]
        shares = [quantile(beats, share) for share in (0, 0.25, 0.5, 0.75, 1)]
        found.append((start.replace(tzinfo=UTC), offset, len(beats), *(pytest.approx(s, rel=1e-6) for s in shares)))
    return sorted(found, key=lambda slot: slot[0])


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in tables.read(path).to_pylist()]


@pytest.mark.parametrize("zones", [[{"zone": "Europe/Berlin"}], TRIP, [{"zone": "Asia/Kathmandu"}]])
def test_every_level_equals_one_made_in_plain_python(zones: list[dict[str, str]], tmp_path: Path) -> None:
    subject = made_up(zones, "2026-03-24", 18, seed=5)  # clocks move on the 29th
    merged, _ = subject.write(tmp_path)
    files = built(merged["heart_rate"], tmp_path / "out")
    for level in pyramid.NAMES:
        assert rows_of(files[level]) == expected(subject.rows["heart_rate"], level), level


def test_pieces_of_any_size_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = made_up(TRIP, "2026-03-24", 18, seed=6)
    rows = sorted(subject.rows["heart_rate"], key=lambda row: row["start_utc"])
    monkeypatch.setattr("pdp.tables.parquet_file.ROW_GROUP", 97)
    write_rows(tmp_path / "small.parquet", schemas.validated("heart_rate"), rows)
    monkeypatch.setattr("pdp.pyramid.ROWS_AT_A_TIME", 1)
    small = built(tmp_path / "small.parquet", tmp_path / "a")
    monkeypatch.setattr("pdp.pyramid.ROWS_AT_A_TIME", 500_000)
    large = built(tmp_path / "small.parquet", tmp_path / "b")
    assert pq.ParquetFile(tmp_path / "small.parquet").num_row_groups > 10
    for level in pyramid.NAMES:
        assert small[level].read_bytes() == large[level].read_bytes()


def test_the_level_of_days_says_what_the_daily_table_says(tmp_path: Path) -> None:
    subject = made_up(TRIP, "2026-03-24", 18, seed=7)
    made = summary_of(subject, tmp_path)
    days = rows_of(built(made.merged["heart_rate"], tmp_path / "out")["1day"])
    told = [
        (row["hr_n"], *(row[f"hr_{name}_bpm"] for name in ("min", "q1", "median", "q3", "max")))
        for row in made.daily.values()
        if row["hr_n"]
    ]
    assert [(n, *values) for _, _, n, *values in days] == [(n, *map(pytest.approx, values)) for n, *values in told]


def test_resting_heart_rates_and_the_repetitions_of_sleep_are_no_samples(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 08:00", [60])
    subject.beats("2026-06-10 08:01", [50], context="resting")
    subject.beats("2026-06-10 08:02", [40], context="sleep")
    merged, _ = subject.write(tmp_path)
    files = built(merged["heart_rate"], tmp_path / "out")
    assert [row[2:] for row in rows_of(files["1day"])] == [(1, 60, 60, 60, 60, 60)]
    start = int(subject.at("2026-06-10 07:00").timestamp() * 1000)
    level, window = pyramid.heart_rate_window(files, start, start + 2 * 3_600_000)
    assert (level, window["median"].to_pylist()) == ("raw", [60])


def test_nothing_gives_empty_levels_and_an_empty_answer(tmp_path: Path) -> None:
    merged, _ = Subject().write(tmp_path)
    files = built(merged["heart_rate"], tmp_path / "out")
    assert {tables.row_count(files[level]) for level in pyramid.NAMES} == {0}
    for hours in (1, 24, 24 * 400):
        _, window = pyramid.heart_rate_window(files, 0, hours * 3_600_000)
        assert (len(window), window.schema) == (0, pyramid.SCHEMA)


def test_every_column_says_what_it_is_in_the_file(tmp_path: Path) -> None:
    merged, _ = Subject().write(tmp_path)
    schema = pq.read_schema(built(merged["heart_rate"], tmp_path / "out")["15min"])
    for field in schema:
        assert set(field.metadata) >= {b"title", b"unit", b"method"}
    assert schema.field("median").metadata[b"unit"] == b"/min"


@dataclass(repr=False)
class Stored:
    """Files by level, and for each its rows and their starts in ms."""

    files: dict[str, Path]
    rows: dict[str, list[tuple[Any, ...]]]
    starts: dict[str, list[int]]


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Ninety days, a sample every two minutes with holes, in many row groups."""
    folder = tmp_path_factory.mktemp("quarter")
    subject, draw = Subject(), random.Random(3)
    begin = datetime.fromtimestamp(BEGIN_MS / 1000, UTC)
    for number in range(90 * 720):
        if draw.random() < 0.8 and not 20_000 < number < 26_000:
            at = begin + timedelta(seconds=120 * number + draw.randrange(60))
            subject.add("heart_rate", at, heart_rate_bpm=float(draw.randrange(45, 160)), context="automatic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pdp.tables.parquet_file.ROW_GROUP", 1_024)
        merged, _ = subject.write(folder)
        files = built(merged["heart_rate"], folder / "out")
    rows = {level: rows_of(files[level]) for level in pyramid.NAMES}
    rows["raw"] = [(row["start_utc"], 60, 1, *[row["heart_rate_bpm"]] * 5) for row in subject.rows["heart_rate"]]
    starts = {level: [round(row[0].timestamp() * 1000) for row in of] for level, of in rows.items()}
    return Stored(files, rows, starts)


@settings(deadline=None)
@given(
    begin=st.integers(-5_000, 140_000), minutes=st.integers(1, 140_000), most=st.sampled_from([10, 200, 1_500, 20_000])
)
def test_an_answer_is_the_finest_that_fits_and_leaves_nothing_out(
    quarter: Stored, begin: int, minutes: int, most: int
) -> None:
    first = BEGIN_MS + begin * 60_000
    last = first + minutes * 60_000
    level, found = pyramid.heart_rate_window(quarter.files, first, last, most)

    def of(name: str) -> list[tuple[Any, ...]]:
        width = next((each.width_ms for each in pyramid.LEVELS if each.name == name), 1)
        low = bisect_left(quarter.starts[name], first - width + 1)
        return quarter.rows[name][low : bisect_left(quarter.starts[name], last)]

    assert [tuple(row.values()) for row in found.to_pylist()] == of(level)
    order = (["raw"] if last - first <= 4 * 3_600_000 else []) + list(pyramid.NAMES)
    for finer in order[: order.index(level)]:
        assert len(of(finer)) > most
    assert len(found) <= most or level == "7day"


def test_a_window_reads_only_the_row_groups_that_can_hold_it(quarter: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    true = pq.ParquetFile.read_row_groups

    def counted(self: pq.ParquetFile, groups: list[int], *args: Any, **more: Any) -> Any:
        read.extend(groups)
        return true(self, groups, *args, **more)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", counted)
    first = BEGIN_MS + 10 * 86_400_000
    _, found = pyramid.heart_rate_window(quarter.files, first, first + 3_600_000)
    assert len(found) > 10
    assert 1 <= len(read) <= 2
