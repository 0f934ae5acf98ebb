"""Each quirk planted in the demo's blood-pressure log is in it, and its story can be told. Read with csv alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean

import pytest

from tests.demo_exports import DEMO, EXPECTED, Rows, rows_of

_, NEWER = sorted(path.relative_to(DEMO).as_posix() for path in DEMO.glob("band/*.zip"))
(LOG,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("cuff/*.csv"))
(OMRON,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("omron/*.csv"))


def _count(rows: Rows, matches: Callable[[list[str]], bool]) -> int:
    return sum(1 for row in rows if matches(row))


def _on(day: str, *times: str) -> Callable[[], int]:
    return lambda: _count(rows_of(LOG), lambda row: row[0] == day and row[1] in times)


def _cells(matches: Callable[[list[str]], bool]) -> Callable[[], int]:
    return lambda: _count(rows_of(LOG)[1:], matches)


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
    "typed_twice": lambda: sum(times - 1 for row, times in Counter(map(tuple, rows_of(LOG))).items() if any(row)),
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
    return [[int(part) for part in reversed(row[0].split("/"))] for row in rows_of(LOG)[1:] if row[0]]


@pytest.mark.parametrize("kind", EXPECTED[LOG][""]["quirks"])
def test_a_quirk_of_the_log_is_in_it(kind: str) -> None:
    assert IN_THE_LOG[kind]() == EXPECTED[LOG][""]["quirks"][kind] > 0


def test_the_log_is_what_google_sheets_exports() -> None:
    data = (DEMO / LOG).read_bytes()
    assert data.startswith(b"Date,Time,Systolic,Diastolic,Pulse,Notes\r\n")
    assert not data.endswith((b"\n", b"\r"))
    assert b"\r\n,,,,,\r\n" in data


def test_the_log_can_only_be_read_with_the_day_before_the_month() -> None:
    firsts, seconds, _ = zip(*(row[0].split("/") for row in rows_of(LOG)[1:] if row[0]), strict=True)
    assert max(map(int, firsts)) == 31
    assert max(map(int, seconds)) == 12


def test_the_repeated_hour_of_2024_goes_back_once() -> None:
    times = [row[1] for row in rows_of(LOG) if row[0] == "27/10/2024"]
    assert times[:2] == ["02:48", "02:12"]


def test_the_app_of_the_cuff_repeats_the_log_unrounded_and_newest_first() -> None:
    app = [(datetime.strptime(f"{row[0]} {row[1]}", "%b %d %Y %H:%M"), row[2:5]) for row in rows_of(OMRON)[1:]]
    assert app == sorted(app, key=lambda one: one[0], reverse=True)
    log = {datetime.strptime(f"{row[0]} {row[1]}", "%d/%m/%Y %H:%M"): row[2:5] for row in rows_of(LOG)[1:] if row[0]}
    missing = [at for at, _ in app if at not in log]
    assert len(missing) == EXPECTED[OMRON][""]["quirks"]["not_in_the_log"]
    equal = sum(log.get(at) == numbers for at, numbers in app)
    assert 0 < len(app) - len(missing) - equal < equal
    assert all("-" in row[5:8] for row in rows_of(OMRON)[1:])


def _readings() -> list[tuple[datetime, int, int]]:
    return [
        (datetime.strptime(f"{row[0]} {row[1]}", "%d/%m/%Y %H:%M"), int(row[2]), int(row[3]))
        for row in rows_of(LOG)[1:]
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
        row[0]: sum(map(int, (row[1], row[2], row[6]))) / 60 for row in rows_of(NEWER, "SLEEP")[1:] if row[4] != row[5]
    }
    mornings: dict[str, list[int]] = {}
    for at, systolic, _ in _readings():
        if at >= datetime(2025, 9, 1) and at.hour < 12:
            mornings.setdefault(str(at.date()), []).append(systolic)
    short = [mean(found) for day, found in mornings.items() if day in slept and slept[day] < 6.5]
    long = [mean(found) for day, found in mornings.items() if day in slept and slept[day] > 7.5]
    assert mean(short) - mean(long) > 2


def test_no_quirk_has_gone_and_none_has_come_uncounted() -> None:
    assert set(IN_THE_LOG) == set(EXPECTED[LOG][""]["quirks"])
