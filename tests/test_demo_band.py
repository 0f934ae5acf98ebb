"""Each quirk planted in the demo's two band exports is in them. Read with csv, json and zipfile alone."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import mean

import pytest

from tests.demo_exports import DEMO, EXPECTED, Rows, bytes_of, member_of, rows_of

OLDER, NEWER = sorted(path.relative_to(DEMO).as_posix() for path in DEMO.glob("band/*.zip"))


def _count(rows: Rows, matches: Callable[[list[str]], bool]) -> int:
    return sum(1 for row in rows if matches(row))


def _twice(rows: Rows) -> int:
    """Records whose first two cells occur more than once."""
    return sum(times for times in Counter((row[0], row[1]) for row in rows[1:]).values() if times > 1)


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S%z")


IN_THE_BAND: dict[tuple[str, str], Callable[[str], int]] = {
    ("HEARTRATE_AUTO", "sentinel_0"): lambda e: _count(rows_of(e, "HEARTRATE_AUTO"), lambda row: row[2:] == ["0"]),
    ("HEARTRATE_AUTO", "sentinel_255"): lambda e: _count(rows_of(e, "HEARTRATE_AUTO"), lambda row: row[2:] == ["255"]),
    ("HEARTRATE_AUTO", "damaged_line"): lambda e: _count(rows_of(e, "HEARTRATE_AUTO"), lambda row: len(row) < 3),
    ("HEARTRATE_AUTO", "revised"): lambda _: len(_differing()),
    ("HEARTRATE_AUTO", "wall_clock_occurs_twice"): lambda e: _twice(rows_of(e, "HEARTRATE_AUTO")),
    ("HEARTRATE", "same_second_other_value"): lambda e: sum(
        times for times in Counter(row[0] for row in rows_of(e, "HEARTRATE")).values() if times > 1
    ),
    ("SLEEP", "nap"): lambda e: _count(rows_of(e, "SLEEP"), lambda row: '\\"start\\"' in _raw(e, row[0])),
    ("SLEEP", "placeholder_night"): lambda e: _count(
        rows_of(e, "SLEEP")[1:], lambda row: row[4] == row[5] and set(row[1:4]) == {"0"}
    ),
    ("SLEEP_MINUTE", "evening_row_with_wake_date"): lambda e: _count(
        rows_of(e, "SLEEP_MINUTE")[1:], lambda row: row[1] >= "20:00"
    ),
    ("SLEEP_MINUTE", "with_heart_rate"): lambda e: _count(rows_of(e, "SLEEP_MINUTE")[1:], lambda row: row[3] != ""),
    ("SLEEP_MINUTE", "wall_clock_occurs_twice"): lambda e: _twice(
        [row for row in rows_of(e, "SLEEP_MINUTE") if row[0] == "2025-10-26"]
    ),
    ("SLEEP_MINUTE", "resync_duplicate"): lambda e: _resynced(e)[0],
    ("SLEEP_MINUTE", "resync_conflict"): lambda e: _resynced(e)[1],
    ("ACTIVITY", "day_of_zeros"): lambda e: _count(rows_of(e, "ACTIVITY"), lambda row: set(row[1:]) == {"0"}),
    ("BODY", "null_cells"): lambda e: _count(rows_of(e, "BODY"), lambda row: "null" in row),
    ("BODY", "poorer_duplicate"): lambda e: sum(
        times - 1 for times in Counter(row[0] for row in rows_of(e, "BODY")).values()
    ),
    ("BODY", "other_person"): lambda e: _count(rows_of(e, "BODY"), lambda row: row[2] == "162.0"),
    ("BODY", "bag_on_the_scale"): lambda e: _count(rows_of(e, "BODY"), lambda row: row[1] == "3.4"),
    ("USER", "personal_data"): lambda e: _count(rows_of(e, "USER"), lambda row: "NOT-TO-BE-INGESTED" in row),
}


def _raw(export: str, wake_date: str) -> str:
    """The line of a night as it stands in the file."""
    lines = bytes_of(export, "SLEEP").decode("utf-8-sig").splitlines()
    return next(line for line in lines if line.startswith(wake_date))


def _differing() -> list[str]:
    """Minutes that both exports have once and with another value."""
    older, newer = (
        {" ".join(row[:2]): row[2] for row in rows_of(e, "HEARTRATE_AUTO") if len(row) == 3} for e in (OLDER, NEWER)
    )
    return [minute for minute in older.keys() & newer.keys() if older[minute] != newer[minute]]


def _resynced(export: str) -> tuple[int, int]:
    """Later records of a minute with the same stage, and with another; the repeated hour left out."""
    first: dict[tuple[str, str], str] = {}
    same = other = 0
    for day, time, stage, *_ in rows_of(export, "SLEEP_MINUTE")[1:]:
        if (day, time[:2]) == ("2025-10-26", "02"):
            continue
        known = first.setdefault((day, time), "")
        same, other = same + (known == stage), other + (known not in ("", stage))
        first[day, time] = known or stage
    return same, other


BAND_QUIRKS = [
    (export, member.split("/")[1], kind)
    for export in (OLDER, NEWER)
    for member in EXPECTED[export]
    for kind in EXPECTED[export][member]["quirks"]
    if kind != "header"
]


@pytest.mark.parametrize(("export", "name", "kind"), BAND_QUIRKS)
def test_a_quirk_of_the_band_is_in_its_export(export: str, name: str, kind: str) -> None:
    assert IN_THE_BAND[name, kind](export) == EXPECTED[export][member_of(export, name)]["quirks"][kind] > 0


def test_every_file_of_the_band_begins_with_a_byte_order_mark() -> None:
    for export in (OLDER, NEWER):
        with zipfile.ZipFile(DEMO / export) as archive:
            assert {archive.read(member)[:3] for member in archive.namelist()} == {b"\xef\xbb\xbf"}


def test_naps_defeat_a_csv_reader_but_are_json_once_unescaped() -> None:
    line = next(one for one in bytes_of(NEWER, "SLEEP").decode("utf-8-sig").splitlines() if "\\" in one)
    assert len(next(csv.reader([line]))) > 8
    nap = json.loads(line.split(',"', 1)[1].removesuffix('"').replace('\\"', '"'))[0]
    assert _utc(nap["stop"]) - _utc(nap["start"]) == timedelta(minutes=nap["sleepTime"])


def test_the_two_exports_of_the_band_order_the_columns_of_a_day_differently() -> None:
    assert rows_of(OLDER, "ACTIVITY")[0] != rows_of(NEWER, "ACTIVITY")[0]
    assert sorted(rows_of(OLDER, "ACTIVITY")[0]) == sorted(rows_of(NEWER, "ACTIVITY")[0])
    days = [
        dict(zip(rows_of(e, "ACTIVITY")[0], row, strict=True)) for e in (OLDER, NEWER) for row in rows_of(e, "ACTIVITY")
    ]
    march = [day for day in days if day["date"] == "2025-03-11"]
    assert march[0] == march[1]


def test_stages_of_every_night_of_the_band_add_up_to_the_session() -> None:
    for export in (OLDER, NEWER):
        for row in rows_of(export, "SLEEP")[1:]:
            minutes = sum(map(int, (*row[1:4], row[6])))
            assert _utc(row[5]) - _utc(row[4]) == timedelta(minutes=minutes)


def test_the_wall_clock_of_the_band_goes_back_three_times_and_jumps_three_times() -> None:
    rows = rows_of(NEWER, "HEARTRATE_AUTO")[1:]
    times = [datetime.fromisoformat(f"{row[0]} {row[1]}") for row in rows]
    back = [str(earlier) for earlier, later in pairwise(times) if later < earlier]
    assert back == ["2025-07-05 19:55:00", "2025-10-26 02:55:00"]
    steps = {str(a): (b - a) // timedelta(minutes=1) for a, b in pairwise(times)}
    assert steps["2025-03-30 01:55:00"] == steps["2026-03-29 01:55:00"] == 65
    assert steps["2025-07-19 02:55:00"] == 365


def test_the_heart_beats_slower_asleep_and_slower_after_a_year_of_running() -> None:
    def nightly(export: str, month: str) -> float:
        rows = [row for row in rows_of(export, "HEARTRATE_AUTO") if row[0].startswith(month) and len(row) == 3]
        return mean(int(row[2]) for row in rows if "03" <= row[1][:2] < "05" and row[2] not in ("0", "255"))

    by_day = mean(
        int(row[2])
        for row in rows_of(OLDER, "HEARTRATE_AUTO")[1:]
        if len(row) == 3 and row[1][:2] == "17" and row[2] != "255"
    )
    assert by_day - nightly(OLDER, "2024-10") > 12
    assert 4 < nightly(OLDER, "2024-10") - nightly(NEWER, "2025-09") < 9


def test_nights_of_the_weekend_end_later() -> None:
    ends: dict[bool, list[float]] = {True: [], False: []}
    for row in rows_of(OLDER, "SLEEP")[1:]:
        ends[date.fromisoformat(row[0]).weekday() >= 5].append(_utc(row[5]).hour + _utc(row[5]).minute / 60)
    assert mean(ends[True]) - mean(ends[False]) > 1


def test_no_quirk_has_gone_and_none_has_come_uncounted() -> None:
    assert set(IN_THE_BAND) == {(name, kind) for _, name, kind in BAND_QUIRKS}
