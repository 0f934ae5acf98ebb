"""Each quirk planted in the demo's watch export is in it, and the watch overlaps the band.

Read with csv, json and zipfile alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import mean

import pytest

from tests.demo_exports import DEMO, EXPECTED, Rows, member_of, rows_of

_, NEWER = sorted(path.relative_to(DEMO).as_posix() for path in DEMO.glob("band/*.zip"))
(WATCH,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("watch/*.zip"))


def _values(key: str) -> list[dict[str, object]]:
    """Readable JSON values of one key of the watch, with Sid and Time."""
    found = []
    for _, sid, one, time, value, _ in rows_of(WATCH, "hlth_center_fitness_data")[1:]:
        if one == key and value.endswith("}"):
            found.append({"sid": sid, "time": int(time), **json.loads(value)})
    return found


def _count(rows: Rows, matches: Callable[[list[str]], bool]) -> int:
    return sum(1 for row in rows if matches(row))


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S%z")


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
    return rows_of(WATCH, "hlth_center_fitness_data")[1:]


def _sleeps(matches: Callable[[dict[str, object]], bool]) -> int:
    return sum(1 for value in _values("sleep") if matches(value))


def _itemised(value: dict[str, object], state: int) -> int:
    items: list[dict[str, int]] = value["items"]  # type: ignore[assignment]
    return sum(item["end_time"] - item["start_time"] for item in items if item["state"] == state) // 60


@pytest.mark.parametrize("kind", EXPECTED[WATCH][member_of(WATCH, "hlth_center_fitness_data")]["quirks"])
def test_a_quirk_of_the_watch_is_in_its_export(kind: str) -> None:
    quirks = EXPECTED[WATCH][member_of(WATCH, "hlth_center_fitness_data")]["quirks"]
    assert IN_THE_WATCH[kind]() == quirks[kind] > 0


def test_the_daily_report_is_labelled_with_midnight_utc_and_agrees_with_the_sessions() -> None:
    sessions = {value["wake_up_time"]: value["duration"] for value in _values("sleep")}
    reports = [
        row
        for row in rows_of(WATCH, "hlth_center_aggregated_fitness_data")[1:]
        if row[2:4] == ["daily_report", "sleep"]
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
        for row in rows_of(WATCH, "hlth_center_aggregated_fitness_data")[1:]
        if row[2:4] == ["daily_report", "steps"]
    )
    of_the_watch = sum(int(str(value["steps"])) for value in _values("steps") if value["sid"] == "900000042")
    everything = sum(int(str(value["steps"])) for value in _values("steps"))
    assert of_the_watch == reported
    assert everything > 1.3 * reported


def test_the_same_night_is_a_little_different_on_the_other_wrist() -> None:
    band = {row[0]: _utc(row[4]) for row in rows_of(NEWER, "SLEEP")[1:] if row[4] != row[5]}
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
    assert _count(rows_of(NEWER, "HEARTRATE_AUTO"), lambda row: row[0] in without) == 0
    first, last = datetime(2025, 9, 9, tzinfo=UTC).timestamp(), datetime(2025, 9, 14, tzinfo=UTC).timestamp()
    assert sum(first <= int(str(value["time"])) < last for value in _values("heart_rate")) > 700


def test_no_quirk_has_gone_and_none_has_come_uncounted() -> None:
    assert set(IN_THE_WATCH) == set(EXPECTED[WATCH][member_of(WATCH, "hlth_center_fitness_data")]["quirks"])
