"""The committed demo exports are what the generator writes, and each planted quirk really stands in them.

Everything here reads the files with csv, json and zipfile alone.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
OLDER, NEWER = sorted(path.relative_to(DEMO).as_posix() for path in DEMO.glob("band/*.zip"))
(WATCH,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("watch/*.zip"))
(LOG,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("cuff/*.csv"))
(OMRON,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("omron/*.csv"))
EXPORTS = {OLDER, NEWER, WATCH, LOG, OMRON}
MAX_BYTES = 6_000_000  # of a clone's first download; more than this is felt

Rows = list[list[str]]
EXPECTED: dict[str, dict[str, dict[str, object]]] = json.loads((DEMO / "expected.json").read_text())


def _member(export: str, name: str) -> str:
    """Full name of the one member of a file category."""
    (member,) = (member for member in EXPECTED[export] if not name or f"/{name}/" in member or f"_{name}." in member)
    return member


@cache
def _bytes(export: str, name: str) -> bytes:
    if not name:
        return (DEMO / export).read_bytes()
    with zipfile.ZipFile(DEMO / export) as archive:
        return archive.read(_member(export, name))


@cache
def _rows(export: str, name: str = "") -> Rows:
    """Records as Python's own csv module reads them, header first."""
    return list(csv.reader(io.StringIO(_bytes(export, name).decode("utf-8-sig"), newline="")))


def _values(key: str) -> list[dict[str, object]]:
    """Readable JSON values of one key of the watch, with Sid and Time."""
    found = []
    for _, sid, one, time, value, _ in _rows(WATCH, "hlth_center_fitness_data")[1:]:
        if one == key and value.endswith("}"):
            found.append({"sid": sid, "time": int(time), **json.loads(value)})
    return found


def _count(rows: Rows, matches: Callable[[list[str]], bool]) -> int:
    return sum(1 for row in rows if matches(row))


def _twice(rows: Rows) -> int:
    """Records whose first two cells occur more than once."""
    return sum(times for times in Counter((row[0], row[1]) for row in rows[1:]).values() if times > 1)


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S%z")


# --- the same bytes again -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo written anew by a bare interpreter in another zone and with another hash seed."""
    into = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", str(DEMO / "generate.py"), "--into", str(into)]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return into


def test_the_generator_writes_the_committed_files_and_no_others(regenerated: Path) -> None:
    written = {path.relative_to(regenerated).as_posix() for path in regenerated.rglob("*") if path.is_file()}
    assert written == EXPORTS | {"expected.json"}


@pytest.mark.parametrize("name", [LOG, OMRON, "expected.json"])
def test_a_plain_file_is_regenerated_byte_for_byte(regenerated: Path, name: str) -> None:
    assert (regenerated / name).read_bytes() == (DEMO / name).read_bytes()


@pytest.mark.parametrize("name", [OLDER, NEWER, WATCH])
def test_a_zip_is_regenerated_member_for_member(regenerated: Path, name: str) -> None:
    with zipfile.ZipFile(regenerated / name) as new, zipfile.ZipFile(DEMO / name) as committed:
        assert [(e.filename, e.date_time, e.compress_type, e.CRC) for e in new.infolist()] == [
            (e.filename, e.date_time, e.compress_type, e.CRC) for e in committed.infolist()
        ]
        assert all(new.read(one) == committed.read(one) for one in committed.namelist())


def test_a_zip_with_the_right_members_is_left_alone_whatever_deflated_it(regenerated: Path) -> None:
    stored = regenerated / WATCH
    with zipfile.ZipFile(DEMO / WATCH) as committed, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as other:
        for entry in committed.namelist():
            other.writestr(entry, committed.read(entry))
    before = stored.read_bytes()
    (regenerated / LOG).write_bytes(b"something else")
    command = [sys.executable, "-S", str(DEMO / "generate.py"), "--into", str(regenerated)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert stored.read_bytes() == before
    assert (regenerated / LOG).read_bytes() == (DEMO / LOG).read_bytes()
    assert said.endswith("1 written, 5 already as they should be\n")


def test_the_demo_stays_small() -> None:
    assert sum((DEMO / export).stat().st_size for export in EXPORTS) < MAX_BYTES


# --- each quirk is in the files -------------------------------------------------------------------


@pytest.mark.parametrize(("export", "member"), [(export, member) for export in EXPECTED for member in EXPECTED[export]])
def test_a_file_has_as_many_records_as_it_is_said_to_have(export: str, member: str) -> None:
    if member:
        with zipfile.ZipFile(DEMO / export) as archive:
            data = archive.read(member)
    else:
        data = (DEMO / export).read_bytes()
    records = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(records) == EXPECTED[export][member]["records"]


def _on(day: str, *times: str) -> Callable[[], int]:
    return lambda: _count(_rows(LOG), lambda row: row[0] == day and row[1] in times)


def _cells(matches: Callable[[list[str]], bool]) -> Callable[[], int]:
    return lambda: _count(_rows(LOG)[1:], matches)


def _is_number(cell: str) -> bool:
    return cell.isdigit()


IN_THE_LOG: dict[str, Callable[[], int]] = {
    "letters_for_a_number": _cells(lambda row: "abc" in row[2:5]),
    "diastolic_above_systolic": _cells(lambda row: all(map(_is_number, row[2:4])) and int(row[3]) > int(row[2])),
    "systolic_missing": _cells(lambda row: not row[2] and _is_number(row[3])),
    "pulse_missing": _cells(lambda row: all(map(_is_number, row[2:4])) and not row[4]),
    "both_in_one_cell": _cells(lambda row: row[2].count("/") == 1 and not row[3] and _is_number(row[4])),
    "all_three_in_one_cell": _cells(lambda row: row[2].count("/") == 2 and not row[3] and not row[4]),
    "unit_in_the_cell": _cells(lambda row: row[3] == "104 mmHg"),
    "beyond_any_human": _cells(lambda row: row[2:4] == ["400", "260"]),
    "decimal_point": _cells(lambda row: row[2].endswith(".0")),
    "blank": _cells(lambda row: not any(row)),
    "typed_twice": lambda: sum(times - 1 for row, times in Counter(map(tuple, _rows(LOG))).items() if any(row)),
    "typed_two_days_late": lambda: _count([max(a, b) for a, b in pairwise(_log_days()) if b < a], bool),
    "note_with_comma": _cells(lambda row: row[5].startswith("after the stairs,")),
    "note_in_two_lines": _cells(lambda row: "\n" in row[5]),
    "note_in_german": _cells(lambda row: row[5].startswith("Blutdruck nach Kaffee") and "ü" in row[5]),
    "repeated_hour_in_order": _on("27/10/2024", "02:48", "02:12"),
    "repeated_hour_undecided": _on("26/10/2025", "02:31"),
    "skipped_hour": _on("30/03/2025", "02:30"),
    "header": lambda: 1,
}


def _log_days() -> list[list[int]]:
    """Dates of the readings as [year, month, day]."""
    return [[int(part) for part in reversed(row[0].split("/"))] for row in _rows(LOG)[1:] if row[0]]


@pytest.mark.parametrize("kind", EXPECTED[LOG][""]["quirks"])
def test_a_quirk_of_the_log_is_in_it(kind: str) -> None:
    assert IN_THE_LOG[kind]() == EXPECTED[LOG][""]["quirks"][kind] > 0


def test_the_log_is_what_google_sheets_exports() -> None:
    data = (DEMO / LOG).read_bytes()
    assert data.startswith(b"Date,Time,Systolic,Diastolic,Pulse,Notes\r\n")
    assert not data.endswith((b"\n", b"\r"))
    assert b"\r\n,,,,,\r\n" in data


def test_the_log_can_only_be_read_with_the_day_before_the_month() -> None:
    firsts, seconds, _ = zip(*(row[0].split("/") for row in _rows(LOG)[1:] if row[0]), strict=True)
    assert max(map(int, firsts)) == 31
    assert max(map(int, seconds)) == 12


def test_the_repeated_hour_of_2024_goes_back_once() -> None:
    times = [row[1] for row in _rows(LOG) if row[0] == "27/10/2024"]
    assert times[:2] == ["02:48", "02:12"]


IN_THE_BAND: dict[tuple[str, str], Callable[[str], int]] = {
    ("HEARTRATE_AUTO", "sentinel_0"): lambda e: _count(_rows(e, "HEARTRATE_AUTO"), lambda row: row[2:] == ["0"]),
    ("HEARTRATE_AUTO", "sentinel_255"): lambda e: _count(_rows(e, "HEARTRATE_AUTO"), lambda row: row[2:] == ["255"]),
    ("HEARTRATE_AUTO", "damaged_line"): lambda e: _count(_rows(e, "HEARTRATE_AUTO"), lambda row: len(row) < 3),
    ("HEARTRATE_AUTO", "revised"): lambda _: len(_differing()),
    ("HEARTRATE_AUTO", "wall_clock_occurs_twice"): lambda e: _twice(_rows(e, "HEARTRATE_AUTO")),
    ("HEARTRATE", "same_second_other_value"): lambda e: sum(
        times for times in Counter(row[0] for row in _rows(e, "HEARTRATE")).values() if times > 1
    ),
    ("SLEEP", "nap"): lambda e: _count(_rows(e, "SLEEP"), lambda row: '\\"start\\"' in _raw(e, row[0])),
    ("SLEEP", "placeholder_night"): lambda e: _count(
        _rows(e, "SLEEP")[1:], lambda row: row[4] == row[5] and set(row[1:4]) == {"0"}
    ),
    ("SLEEP_MINUTE", "evening_row_with_wake_date"): lambda e: _count(
        _rows(e, "SLEEP_MINUTE")[1:], lambda row: row[1] >= "20:00"
    ),
    ("SLEEP_MINUTE", "with_heart_rate"): lambda e: _count(_rows(e, "SLEEP_MINUTE")[1:], lambda row: row[3] != ""),
    ("SLEEP_MINUTE", "wall_clock_occurs_twice"): lambda e: _twice(
        [row for row in _rows(e, "SLEEP_MINUTE") if row[0] == "2025-10-26"]
    ),
    ("SLEEP_MINUTE", "resync_duplicate"): lambda e: _resynced(e)[0],
    ("SLEEP_MINUTE", "resync_conflict"): lambda e: _resynced(e)[1],
    ("ACTIVITY", "day_of_zeros"): lambda e: _count(_rows(e, "ACTIVITY"), lambda row: set(row[1:]) == {"0"}),
    ("BODY", "null_cells"): lambda e: _count(_rows(e, "BODY"), lambda row: "null" in row),
    ("BODY", "poorer_duplicate"): lambda e: sum(
        times - 1 for times in Counter(row[0] for row in _rows(e, "BODY")).values()
    ),
    ("BODY", "other_person"): lambda e: _count(_rows(e, "BODY"), lambda row: row[2] == "162.0"),
    ("BODY", "bag_on_the_scale"): lambda e: _count(_rows(e, "BODY"), lambda row: row[1] == "3.4"),
    ("USER", "personal_data"): lambda e: _count(_rows(e, "USER"), lambda row: "NOT-TO-BE-INGESTED" in row),
}


def _raw(export: str, wake_date: str) -> str:
    """The line of a night as it stands in the file."""
    lines = _bytes(export, "SLEEP").decode("utf-8-sig").splitlines()
    return next(line for line in lines if line.startswith(wake_date))


def _differing() -> list[str]:
    """Minutes that both exports have once and with another value."""
    older, newer = (
        {" ".join(row[:2]): row[2] for row in _rows(e, "HEARTRATE_AUTO") if len(row) == 3} for e in (OLDER, NEWER)
    )
    return [minute for minute in older.keys() & newer.keys() if older[minute] != newer[minute]]


def _resynced(export: str) -> tuple[int, int]:
    """Later records of a minute with the same stage, and with another; the repeated hour left out."""
    first: dict[tuple[str, str], str] = {}
    same = other = 0
    for day, time, stage, *_ in _rows(export, "SLEEP_MINUTE")[1:]:
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
    assert IN_THE_BAND[name, kind](export) == EXPECTED[export][_member(export, name)]["quirks"][kind] > 0


def test_every_file_of_the_band_begins_with_a_byte_order_mark() -> None:
    for export in (OLDER, NEWER):
        with zipfile.ZipFile(DEMO / export) as archive:
            assert {archive.read(member)[:3] for member in archive.namelist()} == {b"\xef\xbb\xbf"}


def test_naps_defeat_a_csv_reader_but_are_json_once_unescaped() -> None:
    line = next(one for one in _bytes(NEWER, "SLEEP").decode("utf-8-sig").splitlines() if "\\" in one)
    assert len(next(csv.reader([line]))) > 8
    nap = json.loads(line.split(',"', 1)[1].removesuffix('"').replace('\\"', '"'))[0]
    assert _utc(nap["stop"]) - _utc(nap["start"]) == timedelta(minutes=nap["sleepTime"])


def test_the_two_exports_of_the_band_order_the_columns_of_a_day_differently() -> None:
    assert _rows(OLDER, "ACTIVITY")[0] != _rows(NEWER, "ACTIVITY")[0]
    assert sorted(_rows(OLDER, "ACTIVITY")[0]) == sorted(_rows(NEWER, "ACTIVITY")[0])
    days = [
        dict(zip(_rows(e, "ACTIVITY")[0], row, strict=True)) for e in (OLDER, NEWER) for row in _rows(e, "ACTIVITY")
    ]
    march = [day for day in days if day["date"] == "2025-03-11"]
    assert march[0] == march[1]


def test_stages_of_every_night_of_the_band_add_up_to_the_session() -> None:
    for export in (OLDER, NEWER):
        for row in _rows(export, "SLEEP")[1:]:
            minutes = sum(map(int, (*row[1:4], row[6])))
            assert _utc(row[5]) - _utc(row[4]) == timedelta(minutes=minutes)


def test_the_wall_clock_of_the_band_goes_back_three_times_and_jumps_three_times() -> None:
    rows = _rows(NEWER, "HEARTRATE_AUTO")[1:]
    times = [datetime.fromisoformat(f"{row[0]} {row[1]}") for row in rows]
    back = [str(earlier) for earlier, later in pairwise(times) if later < earlier]
    assert back == ["2025-07-12 20:25:00", "2025-10-26 02:55:00"]
    steps = {str(a): (b - a) // timedelta(minutes=1) for a, b in pairwise(times)}
    assert steps["2025-03-30 01:55:00"] == steps["2026-03-29 01:55:00"] == 65
    assert steps["2025-07-27 02:05:00"] == 365


IN_THE_WATCH: dict[str, Callable[[], int]] = {
    "from_the_phone": lambda: _count(_fitness(), lambda row: row[2] == "steps" and row[1] == "900000017"),
    "nap_without_items": lambda: _sleeps(lambda s: "items" not in s and "device_bedtime" not in s),
    "night_without_items": lambda: _sleeps(lambda s: "items" not in s and "device_bedtime" in s),
    "stages_not_reconciled": lambda: _sleeps(lambda s: "items" in s and _itemised(s, 2) != s["sleep_deep_duration"]),
    "zone_of_the_trip": lambda: _sleeps(lambda s: s["timezone"] == -16),
    "broken_json": lambda: _count(_fitness(), lambda row: not row[4].endswith("}")),
    "other_key": lambda: _count(_fitness(), lambda row: row[2] in ("stress", "spo2")),
    "zero_oxygen": lambda: sum(value["spo2"] == 0 for value in _values("spo2")),
    "header": lambda: 1,
    **{
        key: lambda key=key: _count(_fitness(), lambda row: row[2] == key)  # type: ignore[misc]
        for key in ("heart_rate", "single_heart_rate", "resting_heart_rate", "steps", "sleep", "stress", "spo2")
    },
}


def _fitness() -> Rows:
    return _rows(WATCH, "hlth_center_fitness_data")[1:]


def _sleeps(matches: Callable[[dict[str, object]], bool]) -> int:
    return sum(1 for value in _values("sleep") if matches(value))


def _itemised(value: dict[str, object], state: int) -> int:
    items: list[dict[str, int]] = value["items"]  # type: ignore[assignment]
    return sum(item["end_time"] - item["start_time"] for item in items if item["state"] == state) // 60


@pytest.mark.parametrize("kind", EXPECTED[WATCH][_member(WATCH, "hlth_center_fitness_data")]["quirks"])
def test_a_quirk_of_the_watch_is_in_its_export(kind: str) -> None:
    quirks = EXPECTED[WATCH][_member(WATCH, "hlth_center_fitness_data")]["quirks"]
    assert IN_THE_WATCH[kind]() == quirks[kind] > 0


def test_the_daily_report_is_labelled_with_midnight_utc_and_agrees_with_the_sessions() -> None:
    sessions = {value["wake_up_time"]: value["duration"] for value in _values("sleep")}
    reports = [
        row for row in _rows(WATCH, "hlth_center_aggregated_fitness_data")[1:] if row[2:4] == ["daily_report", "sleep"]
    ]
    for row in reports:
        assert int(row[4]) % 86400 == 0
        (segment,) = json.loads(row[5])["segment_details"]
        woke = datetime.fromtimestamp(segment["wake_up_time"] + segment["timezone"] * 900, UTC)
        assert woke.date() == datetime.fromtimestamp(int(row[4]), UTC).date()
        assert sessions[segment["wake_up_time"]] == segment["duration"]
    assert len(reports) == 200


def test_steps_of_watch_and_phone_together_exceed_the_daily_report() -> None:
    reported = sum(
        json.loads(row[5])["steps"]
        for row in _rows(WATCH, "hlth_center_aggregated_fitness_data")[1:]
        if row[2:4] == ["daily_report", "steps"]
    )
    of_the_watch = sum(int(str(value["steps"])) for value in _values("steps") if value["sid"] == "900000042")
    everything = sum(int(str(value["steps"])) for value in _values("steps"))
    assert of_the_watch == reported
    assert everything > 1.3 * reported


# --- the sources overlap --------------------------------------------------------------------------


def test_the_same_night_is_a_little_different_on_the_other_wrist() -> None:
    band = {row[0]: _utc(row[4]) for row in _rows(NEWER, "SLEEP")[1:] if row[4] != row[5]}
    watch = {
        str(
            datetime.fromtimestamp(int(str(value["wake_up_time"])) + int(str(value["timezone"])) * 900, UTC).date()
        ): value
        for value in _values("sleep")
        if "items" in value
    }
    shared = band.keys() & watch.keys()
    apart = [abs(band[day].timestamp() - int(str(watch[day]["bedtime"]))) for day in shared]
    assert len(shared) > 180
    assert max(apart) <= 300
    assert 60 < mean(apart) < 200


def test_the_watch_fills_the_week_that_the_band_lacks() -> None:
    without = [str(date(2025, 9, day)) for day in range(9, 14)]
    assert _count(_rows(NEWER, "HEARTRATE_AUTO"), lambda row: row[0] in without) == 0
    first, last = datetime(2025, 9, 9, tzinfo=UTC).timestamp(), datetime(2025, 9, 14, tzinfo=UTC).timestamp()
    assert sum(first <= int(str(value["time"])) < last for value in _values("heart_rate")) > 700


def test_the_app_of_the_cuff_repeats_the_log_unrounded_and_newest_first() -> None:
    app = [(datetime.strptime(f"{row[0]} {row[1]}", "%b %d %Y %H:%M"), row[2:5]) for row in _rows(OMRON)[1:]]
    assert app == sorted(app, key=lambda one: one[0], reverse=True)
    log = {datetime.strptime(f"{row[0]} {row[1]}", "%d/%m/%Y %H:%M"): row[2:5] for row in _rows(LOG)[1:] if row[0]}
    missing = [at for at, _ in app if at not in log]
    assert len(missing) == EXPECTED[OMRON][""]["quirks"]["not_in_the_log"]
    equal = sum(log.get(at) == numbers for at, numbers in app)
    assert 0 < len(app) - len(missing) - equal < equal
    assert all("-" in row[5:8] for row in _rows(OMRON)[1:])


# --- the story a dashboard can tell ---------------------------------------------------------------


def _readings() -> list[tuple[datetime, int, int]]:
    return [
        (datetime.strptime(f"{row[0]} {row[1]}", "%d/%m/%Y %H:%M"), int(row[2]), int(row[3]))
        for row in _rows(LOG)[1:]
        if row[2].isdigit() and row[3].isdigit() and int(row[2]) < 300
    ]


def test_the_blood_pressure_falls_after_the_tablet() -> None:
    before = [one for one in _readings() if one[0] < datetime(2025, 3, 17)]
    after = [one for one in _readings() if one[0] >= datetime(2025, 9, 1)]
    assert (round(mean(one[1] for one in before)), round(mean(one[2] for one in before))) == (142, 91)
    assert (round(mean(one[1] for one in after)), round(mean(one[2] for one in after))) == (128, 80)


def test_mornings_and_first_readings_are_higher() -> None:
    late = [one for one in _readings() if one[0] >= datetime(2025, 9, 1)]
    mornings, evenings = ([one[1] for one in late if (one[0].hour < 12) is early] for early in (True, False))
    assert 3 < mean(mornings) - mean(evenings) < 8
    pairs = [
        (first[1], second[1])
        for first, second in pairwise(_readings())
        if timedelta(0) < second[0] - first[0] <= timedelta(minutes=4)
    ]
    assert len(pairs) > 500
    assert 2 < mean(first - second for first, second in pairs) < 5


def test_a_last_digit_of_zero_is_typed_more_often_than_chance() -> None:
    digits = Counter(one[1] % 10 for one in _readings())
    assert 0.18 < digits[0] / digits.total() < 0.35


def test_a_short_night_is_followed_by_a_higher_morning() -> None:
    slept = {
        row[0]: sum(map(int, (row[1], row[2], row[6]))) / 60 for row in _rows(NEWER, "SLEEP")[1:] if row[4] != row[5]
    }
    mornings: dict[str, list[int]] = {}
    for at, systolic, _ in _readings():
        if at >= datetime(2025, 9, 1) and at.hour < 12:
            mornings.setdefault(str(at.date()), []).append(systolic)
    short = [mean(found) for day, found in mornings.items() if day in slept and slept[day] < 6.5]
    long = [mean(found) for day, found in mornings.items() if day in slept and slept[day] > 7.5]
    assert mean(short) - mean(long) > 2


def test_the_heart_beats_slower_asleep_and_slower_after_a_year_of_running() -> None:
    def nightly(export: str, month: str) -> float:
        rows = [row for row in _rows(export, "HEARTRATE_AUTO") if row[0].startswith(month) and len(row) == 3]
        return mean(int(row[2]) for row in rows if "03" <= row[1][:2] < "05" and row[2] not in ("0", "255"))

    by_day = mean(
        int(row[2])
        for row in _rows(OLDER, "HEARTRATE_AUTO")[1:]
        if len(row) == 3 and row[1][:2] == "17" and row[2] != "255"
    )
    assert by_day - nightly(OLDER, "2024-10") > 12
    assert 4 < nightly(OLDER, "2024-10") - nightly(NEWER, "2025-09") < 9


def test_nights_of_the_weekend_end_later() -> None:
    ends: dict[bool, list[float]] = {True: [], False: []}
    for row in _rows(OLDER, "SLEEP")[1:]:
        ends[date.fromisoformat(row[0]).weekday() >= 5].append(_utc(row[5]).hour + _utc(row[5]).minute / 60)
    assert mean(ends[True]) - mean(ends[False]) > 1


def test_no_two_files_in_one_zip_share_a_category() -> None:
    for export in (OLDER, NEWER):
        with zipfile.ZipFile(DEMO / export) as archive:
            folders = [member.split("/")[1] for member in archive.namelist()]
            stamps = {member.rsplit("_", 1)[1] for member in archive.namelist()}
        assert len(folders) == len(set(folders)) == len(stamps)


def test_the_readme_names_every_kind_of_quirk() -> None:
    readme = (DEMO / "README.md").read_text()
    kinds = {kind for members in EXPECTED.values() for truth in members.values() for kind in truth["quirks"]}  # type: ignore[attr-defined]
    keys_of_the_vendor = {"heart_rate", "single_heart_rate", "resting_heart_rate", "sleep", "stress", "spo2"}
    unnamed = {kind for kind in kinds if f"`{kind}`" not in readme and not kind.startswith("daily_report_")}
    assert unnamed == keys_of_the_vendor | {"header"}
