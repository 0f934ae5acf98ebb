"""What users of such systems complain of, most frequent first, each walked through from the raw file to the figure.

What a single stage owes (nights that hold naps, clocks that repeat an hour, whole-reading cells, ...) is proved in
that stage's own tests; here it is the way through all of them.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pdp import ingest, manifest
from pdp.raw_store import RawStore
from pdp.transports import folder
from tests.formats import mi_fitness_files as mi
from tests.formats.fixtures import zepp_life as zepp
from tests.pipeline import Person

BAND = "date,time,heartRate\n"
STEPS = "date,time,steps\n"
SLEEP = "date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime,naps\n"
CUFF = "Date,Time,Sys,Dia,Pulse\n"


def as_zip(folder: Path, files: dict[str, str], name: str = "packed") -> Path:
    """A band's export, a file per category."""
    return mi.as_zip(folder / name, {each: text.encode() for each, text in files.items()})


def every_minute(start: str, minutes: int, step: int = 1) -> Iterable[tuple[str, str]]:
    """Date and time by a wall clock that only goes forward."""
    at = datetime.fromisoformat(start)
    for minute in range(0, minutes, step):
        moment = at + timedelta(minutes=minute)
        yield f"{moment:%Y-%m-%d}", f"{moment:%H:%M}"


def beats(times: Iterable[tuple[str, str]], bpm: int = 60) -> str:
    return "".join(f"{day},{time},{bpm}\n" for day, time in times)


def instants(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["start_utc"].strftime("%Y-%m-%dT%H:%M") for row in rows]


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


# 1. Time zones and the day that a value belongs to


def test_a_value_in_utc_just_after_local_midnight_counts_for_the_new_day_in_every_zone(tmp_path: Path) -> None:
    """garmin-grafana #25, fitbit-grafana #69: "today" in UTC."""
    watch = mi.as_csv([mi.heart_rate(epoch("2025-07-01T22:30"), 61), mi.heart_rate(epoch("2025-07-02T05:30"), 62)])
    for zone, days in {
        "Europe/Berlin": ["2025-07-02", "2025-07-02"],
        "America/Los_Angeles": ["2025-07-01", "2025-07-01"],
        "Pacific/Kiritimati": ["2025-07-02", "2025-07-02"],
        "Pacific/Pago_Pago": ["2025-07-01", "2025-07-01"],
        "Asia/Kathmandu": ["2025-07-02", "2025-07-02"],
    }.items():
        person = Person(tmp_path / zone.replace("/", "-"), zone)
        person.give("watch", "mi_fitness", watch)
        counted = [day for day, row in person.run().daily().items() for _ in range(row["hr_n"])]
        assert counted == days, zone


def test_the_hours_that_a_journey_west_repeats_are_kept_twice_and_no_day_vanishes(tmp_path: Path) -> None:
    """garmin-grafana #185: days vanish on the way back."""
    person = Person(
        tmp_path,
        [
            {"zone": "Europe/Berlin"},
            {"zone": "America/New_York", "since": "2025-07-05T14:00"},
            {"zone": "Europe/Berlin", "since": "2025-07-19T09:00"},
        ],
    )
    # On the wall clock: to 20:00 in Berlin, then again from 14:00 in New York; two weeks later the hours from
    # 03:00 to 09:00 never come.
    there = [*every_minute("2025-07-05T00:00", 20 * 60, 30), *every_minute("2025-07-05T14:00", 10 * 60, 30)]
    back = [*every_minute("2025-07-19T00:00", 3 * 60, 30), *every_minute("2025-07-19T09:00", 15 * 60, 30)]
    person.give("band", "zepp_life", BAND + beats(there) + beats(back))
    results = person.run()
    assert len(results.merged("heart_rate")) == len(there) + len(back)
    assert results.superseded("heart_rate") == []
    daily = results.daily()
    assert (min(daily), max(daily)) == ("2025-07-05", "2025-07-19")
    assert len(daily) == 15
    assert (daily["2025-07-05"]["day_length_min"], daily["2025-07-05"]["hr_n"]) == (30 * 60, 60)
    assert (daily["2025-07-19"]["day_length_min"], daily["2025-07-19"]["hr_n"]) == (18 * 60, 36)
    assert (daily["2025-07-05"]["hr_coverage"], daily["2025-07-10"]["hr_coverage"]) == (pytest.approx(1 / 6), None)


def test_what_a_journey_adds_to_the_zones_changes_no_day_before_it(tmp_path: Path) -> None:
    """BeeSwift #282, qs_ledger #6: past values move after travel."""
    person = Person(tmp_path)
    person.give("band", "zepp_life", as_zip(tmp_path, zepp.members()))
    person.give("cuff", "bp_log", CUFF + "2025-01-15,23:50,128,81,66\n2025-03-01,00:10,124,79,64\n")
    at_home = person.run().daily()
    away = person.run(zone=[{"zone": "Europe/Berlin"}, {"zone": "Asia/Tokyo", "since": "2025-02-20T08:00"}]).daily()
    before = [day for day in at_home if day < "2025-02-20"]
    assert before
    assert [away[day] for day in before] == [at_home[day] for day in before]
    assert away["2025-02-20"]["day_length_min"] == 16 * 60


def test_a_time_that_states_its_offset_is_not_shifted_a_second_time(tmp_path: Path) -> None:
    """python-garminconnect #405: the vendor's local field, offset twice."""
    stated = Person(tmp_path / "stated", "America/New_York")
    stated.give(
        "cuff", "bp_log", "Datetime,Sys,Dia\n2025-03-14T07:12:00+01:00,128,81\n2025-03-15T07:12:00+01:00,126,80\n"
    )
    rows = stated.run().merged("blood_pressure")
    assert instants(rows) == ["2025-03-14T06:12", "2025-03-15T06:12"]
    # the day and the morning are those of the clock that the file states, not of where the person lives
    assert [(row["utc_offset_min"], row["offset_basis"]) for row in rows] == [(60, "recorded")] * 2
    assert stated.run().daily()["2025-03-14"]["bp_morning_n"] == 1


def test_both_hours_of_the_night_in_which_clocks_go_back_stay_apart_to_the_end(tmp_path: Path) -> None:
    """open-wearables #474 and others: an hour too many looks like copies."""
    person = Person(tmp_path)
    twice = [*every_minute("2024-10-27T01:00", 120, 5), *every_minute("2024-10-27T02:00", 120, 5)]
    person.give("band", "zepp_life", BAND + beats(twice))
    results = person.run()
    rows = results.merged("heart_rate")
    assert len(rows) == len(twice)
    assert instants(rows)[0] == "2024-10-26T23:00"
    assert instants(rows)[-1] == "2024-10-27T02:55"
    assert {row["offset_basis"] for row in rows} == {"ledger", "ambiguous"}
    assert [row["flags"] for row in rows if row["flags"]] == []
    assert results.daily()["2024-10-27"]["day_length_min"] == 25 * 60


def test_a_sleep_that_begins_after_midnight_belongs_to_the_day_on_which_one_wakes_in_any_zone(tmp_path: Path) -> None:
    """fitbit-grafana #10: sleep after midnight on the wrong day."""
    for zone in ("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"):
        person = Person(tmp_path / zone.replace("/", "-"), zone)
        lines = []
        for begin in ("2025-06-01T22:40", "2025-06-03T01:15"):
            start = datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            stop = start + timedelta(hours=7)
            lines.append(f"x,90,270,0,{start:%Y-%m-%d %H:%M:%S%z},{stop:%Y-%m-%d %H:%M:%S%z},60,\n")
        person.give("band", "zepp_life", as_zip(tmp_path, {"SLEEP/SLEEP_1.csv": SLEEP + "".join(lines)}))
        nights = person.run().nights()
        assert [night["night_date"].isoformat() for night in nights] == ["2025-06-02", "2025-06-03"], zone
        assert [night["main_sleep_min"] for night in nights] == [420, 420], zone


def test_the_offset_of_every_reading_is_kept_with_how_it_is_known(tmp_path: Path) -> None:
    """The most frequent request: keep the original offset."""
    person = Person(tmp_path)
    person.give("watch", "mi_fitness", mi.as_csv([mi.sleep(mi.night()), mi.heart_rate(mi.NOON, 62)]))
    results = person.run()
    (night,) = results.merged("sleep_episode")
    assert (night["utc_offset_min"], night["offset_basis"]) == (60, "recorded")
    (beat,) = results.merged("heart_rate")
    assert (beat["utc_offset_min"], beat["offset_basis"]) == (60, "ledger")


# 2. Duplicates and overlap


def test_exports_that_overlap_in_any_number_and_order_give_the_figures_of_the_whole(tmp_path: Path) -> None:
    """open-wearables #24, healthkit-to-sqlite #14: everything twice."""
    times = list(every_minute("2025-05-01T00:00", 3 * 24 * 60, 5))
    random.Random(5).shuffle(bpm := [55 + each % 40 for each in range(len(times))])
    lines = [f"{day},{time},{value}\n" for (day, time), value in zip(times, bpm, strict=True)]
    steps = [f"{day},{time},10\n" for day, time in times]

    def export(first: int, last: int, folder: str = "", comment: str = "") -> dict[str, str]:
        files = {
            "HEARTRATE_AUTO": BAND + "".join(lines[first:last]),
            "ACTIVITY_MINUTE": STEPS + "".join(steps[first:last]),
        }
        return {f"{folder}{name}/{name}_1.csv": text for name, text in files.items()} | {"note.txt": comment}

    whole = Person(tmp_path / "whole")
    whole.give("band", "zepp_life", as_zip(tmp_path, export(0, len(lines))))
    expected = whole.run()
    parts = [export(0, 400), export(300, 700), export(0, 400, comment="packed again"), export(650, len(lines), "x/")]
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):
        person = Person(tmp_path / "".join(map(str, order)))
        for place in order:
            person.give("band", "zepp_life", as_zip(tmp_path, parts[place]))
        results = person.run()
        assert results.daily() == expected.daily(), order
        assert results.balance["total"]["duplicate"] == 2 * (100 + 50 + 400), order
        assert {row["reason"] for row in results.superseded("heart_rate")} == {"duplicate"}


def test_the_order_in_which_exports_arrive_shows_in_no_byte(tmp_path: Path) -> None:
    """The registry of versions would else call an unchanged figure new."""
    contents: list[tuple[str, str, str | bytes]] = [
        ("band", "zepp_life", BAND + beats(every_minute("2025-05-01T00:00", 600, 5))),
        ("band", "zepp_life", BAND + beats(every_minute("2025-05-01T05:00", 600, 5), 62)),
        ("watch", "mi_fitness", mi.as_csv([mi.heart_rate(epoch("2025-05-01T04:00") + 60 * i, 70) for i in range(300)])),
        ("cuff", "bp_log", CUFF + "2025-05-01,07:12,128,81,66\n2025-05-01,07:12,129,81,66\n"),
    ]
    made = []
    for order in (contents, contents[::-1]):
        person = Person(tmp_path / str(len(made)))
        for source, format, content in order:
            person.give(source, format, content)
        made.append(person.run(priority={"heart_rate": ["band", "watch"]}).bytes())
    assert made[0] == made[1]


def test_the_steps_of_the_second_device_fill_what_the_first_did_not_record_and_add_nothing_elsewhere(
    tmp_path: Path,
) -> None:
    """open-wearables #1287: a priority that drops ten thousand steps; #1663: one that counts them twice."""
    person = Person(tmp_path, "UTC")
    morning = "".join(f"{day},{time},100\n" for day, time in every_minute("2025-05-01T08:00", 60))
    person.give("band", "zepp_life", STEPS + morning)
    start = epoch("2025-05-01T08:00")
    watch = [mi.steps(start + 60 * minute, 110) for minute in (*range(60), *range(600, 700))]
    person.give("watch", "mi_fitness", mi.as_csv(watch))
    results = person.run(priority={"step_count": ["band", "watch"]})
    assert results.daily()["2025-05-01"]["steps"] == 60 * 100 + 100 * 110
    lost = results.superseded("step_count")
    assert {(row["source"], row["reason"], row["winner_source"]) for row in lost} == {("watch", "other_device", "band")}
    assert len(lost) == 60
    assert person.run(priority={"step_count": ["watch", "band"]}).daily()["2025-05-01"]["steps"] == 160 * 110


def test_the_nights_of_a_second_device_are_not_lost(tmp_path: Path) -> None:
    """open-wearables #720: one provider's sleep vanishes."""
    person = Person(tmp_path)
    band = SLEEP + "2025-03-01,90,270,20,2025-02-28 22:00:00+0000,2025-03-01 05:20:00+0000,60,\n"
    person.give("band", "zepp_life", as_zip(tmp_path, {"SLEEP/SLEEP_1.csv": band}))
    nights = [mi.night(epoch(f"2025-03-0{day}T05:00")) for day in (1, 2)]
    person.give("watch", "mi_fitness", mi.as_csv([mi.sleep(night) for night in nights]))
    order = {measure: ["band", "watch"] for measure in ("sleep_episode", "sleep_stage")}
    results = person.run(priority=order)
    assert [(night["night_date"].day, night["source"]) for night in results.nights()] == [(1, "band"), (2, "watch")]
    (lost,) = results.superseded("sleep_episode")
    assert (lost["source"], lost["reason"]) == ("watch", "other_device")


def test_a_correction_typed_into_the_sheet_takes_the_place_of_the_reading_and_both_revisions_are_kept(
    tmp_path: Path,
) -> None:
    """Requests for manual correction with an audit."""
    sheet = tmp_path / "exports" / "sheet.csv"
    sheet.parent.mkdir()
    location = folder.Settings(path=str(sheet.parent), settle_s=0)
    raw = RawStore(tmp_path / "exports of ada")
    for text in ("2025-03-14,07:12,182,81,66\n", "2025-03-14,07:12,128,81,66\n2025-03-15,07:12,126,80,64\n"):
        sheet.write_text(CUFF + text)
        now = "2025-03-16T00:00:00.000Z"
        polled = ingest.poll(folder, location, raw=raw, subject="ada", source="cuff", now=now, fail_if_unreachable=True)
        raw.remember("cuff", polled.manifest)
    person = Person(tmp_path)
    for export in manifest.current_exports(polled.manifest, "drop"):
        person.give("cuff", "bp_log", raw.folder / export)
    assert [row["systolic_mmhg"] for row in person.run().merged("blood_pressure")] == [128, 126]
    assert len(polled.manifest["documents"][0]["revisions"]) == 2
    assert len([path for path in raw.folder.iterdir() if path.suffix != ".json"]) == 2


# 3. Partial syncs and gaps that no error tells


def test_a_day_that_was_synced_by_half_is_completed_by_the_next_export_and_not_added_to(tmp_path: Path) -> None:
    """GarminDB's re-fetch rule; garmin-grafana #262."""
    person = Person(tmp_path, "UTC")
    whole = [f"{day},{time},10\n" for day, time in every_minute("2025-05-01T06:00", 600)]
    for lines in (whole[:250], whole):
        person.give("band", "zepp_life", STEPS + "".join(lines))
    assert person.run().daily()["2025-05-01"]["steps"] == 6000


@pytest.mark.parametrize("is_early_first", [True, False])
def test_a_night_that_an_export_saw_only_the_beginning_of_is_completed_by_the_next_whatever_their_names(
    tmp_path: Path, is_early_first: bool
) -> None:
    """open-wearables #566: the fragment stands for the night."""
    early = SLEEP + "2025-05-01,60,180,5,2025-04-30 22:00:00+0000,2025-05-01 02:05:00+0000,0,\n"
    whole = SLEEP + "2025-05-01,90,270,20,2025-04-30 22:00:00+0000,2025-05-01 05:20:00+0000,60,\n"
    person = Person(tmp_path, "UTC")
    names = [person.give("band", "zepp_life", early)]
    # the id of an export says nothing of its age: a blank line or more below gives the wanted order of ids
    while (hashlib.sha256(whole.encode()).hexdigest()[:16] > names[0]) != is_early_first:
        whole += "\n"
    person.give("band", "zepp_life", whole)
    day = person.run().daily()["2025-05-01"]
    assert (day["sleep_total_min"], day["sleep_episodes_n"], day["sleep_awake_min"]) == (420, 1, 20)


def test_a_gap_is_days_with_nothing_and_never_zero(tmp_path: Path) -> None:
    """garmin-grafana #127: gaps look like zero."""
    person = Person(tmp_path)
    person.give("cuff", "bp_log", CUFF + "2025-03-14,07:12,128,81,66\n2025-03-18,07:12,126,80,\n")
    person.give("band", "zepp_life", STEPS + "2025-03-15,07:15,0\n")
    daily = person.run().daily()
    assert list(daily) == [f"2025-03-{day}" for day in range(14, 19)]
    assert [row["bp_n"] for row in daily.values()] == [1, 0, 0, 0, 1]
    assert [row["bp_systolic_mean_mmhg"] for row in daily.values()] == [128, None, None, None, 126]
    assert [row["steps"] for row in daily.values()] == [None, 0, None, None, None]
    assert daily["2025-03-18"]["bp_pulse_mean_bpm"] is None


def test_an_export_that_can_not_be_read_is_named_in_the_balance_and_the_others_count(tmp_path: Path) -> None:
    """open-wearables #1405: return the data types that failed."""
    person = Person(tmp_path)
    person.give("band", "zepp_life", BAND + beats(every_minute("2025-05-01T00:00", 60, 5)))
    whole = as_zip(
        tmp_path, {"HEARTRATE_AUTO/HEARTRATE_AUTO_1.csv": BAND + beats(every_minute("2025-05-02T00:00", 60, 5))}
    )
    cut = person.give("band", "zepp_life", whole.read_bytes()[:-30])
    page = person.give("cuff", "bp_log", "<!DOCTYPE html><html></html>")
    results = person.run()
    assert results.daily()["2025-05-01"]["hr_n"] == 12
    assert {(each["source"], each["export"], each["reason"]) for each in results.balance["unreadable"]} == {
        ("band", cut, "truncated"),
        ("cuff", page, "foreign_file"),
    }
    assert all(row["detail"] for row in results.unread())


def test_a_damaged_file_inside_an_export_costs_itself_and_is_named(tmp_path: Path) -> None:
    """fitbit-grafana #10: one failed request, a whole day lost."""
    person = Person(tmp_path, "Europe/Warsaw")
    files = {name: text.encode() for name, text in zepp.members().items()}
    name = next(each for each in files if "/HEARTRATE_AUTO/" in each)
    files[name] = b"\xff\xfe" + files[name].decode().encode("utf-16-le")
    export = person.give("band", "zepp_life", mi.as_zip(tmp_path / "x", files))
    results = person.run()
    assert results.balance["unreadable"] == [
        {"source": "band", "export": export, "member": name, "reason": "wrong_encoding"}
    ]
    day = results.daily()["2025-01-15"]
    assert (day["hr_n"], day["steps"], day["sleep_total_min"]) == (2, 153, 413)


# 4. What sleep means


def test_time_awake_and_naps_are_no_part_of_the_nights_sleep(tmp_path: Path) -> None:
    """open-wearables #929 #944: awake counted as asleep; naps counted as nights."""
    person = Person(tmp_path, "Europe/Warsaw")
    person.give("band", "zepp_life", as_zip(tmp_path, zepp.members()))
    results = person.run()
    (night,) = results.nights()
    assert (night["main_sleep_min"], night["awake_min"], night["basis"]) == (413, 22, "stages")
    day = results.daily()["2025-01-15"]
    assert (day["sleep_episodes_n"], day["sleep_naps_n"]) == (1, 1)
    assert day["sleep_offset_local_min"] - day["sleep_onset_local_min"] == 435


def test_a_night_in_two_parts_is_one_night(tmp_path: Path) -> None:
    """Gadgetbridge #1325: up for an hour, and the night is lost or doubled."""
    person = Person(tmp_path)
    parts = (
        "2025-03-02,60,150,0,2025-03-01 21:30:00+0000,2025-03-02 01:00:00+0000,0,\n"
        "2025-03-02,40,110,0,2025-03-02 02:00:00+0000,2025-03-02 04:30:00+0000,0,\n"
    )
    person.give("band", "zepp_life", as_zip(tmp_path, {"SLEEP/SLEEP_1.csv": SLEEP + parts}))
    (night,) = person.run().nights()
    assert (night["episodes_n"], night["total_sleep_min"], night["main_sleep_min"]) == (2, 360, 210)


# 6. Damaged and changed exports


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\x00", "\ufffd", "😀"])
def test_an_odd_character_in_a_note_shifts_no_record_below_it(tmp_path: Path, odd: str) -> None:
    """jameno PR #3: a vertical tab in an export of iOS 16."""
    person = Person(tmp_path)
    text = f"Date,Time,Sys,Dia,Note\n2025-03-14,07:12,128,81,be{odd}fore\n2025-03-15,07:12,126,80,after\n"
    person.give("cuff", "bp_log", text.encode())
    rows = person.run().merged("blood_pressure")
    assert [(row["row"], row["systolic_mmhg"]) for row in rows] == [(2, 128), (3, 126)]
    assert rows[1]["note"] == "after"
    band = BAND + f"2025-03-14,07:12,6{odd}0\n" + "2025-03-15,07:12,61\n"
    person.give("band", "zepp_life", band.encode())
    results = person.run()
    assert [(row["row"], row["heart_rate_bpm"]) for row in results.merged("heart_rate")][-1] == (3, 61)


def test_an_export_whose_quote_is_lost_on_the_last_line_keeps_that_line(tmp_path: Path) -> None:
    """vitadock-api #33."""
    person = Person(tmp_path)
    person.give("cuff", "bp_log", 'Date,Time,Sys,Dia,Note\n2025-03-14,07:12,128,81,"a"\n2025-03-15,07:12,126,80,"b\n')
    assert [row["note"] for row in person.run().merged("blood_pressure")] == ["a", "b"]


def test_a_stage_code_that_an_update_has_changed_is_refused_and_never_read_as_another_stage(tmp_path: Path) -> None:
    """derdilla #581: a changed export breaks values without a word."""
    person = Person(tmp_path)
    swapped = {"light": 2, "deep": 3}
    nights = [mi.night(mi.NOON + day * 86_400, states=swapped) for day in range(4)]
    person.give("watch", "mi_fitness", mi.as_csv([mi.sleep(night) for night in nights]))
    results = person.run()
    assert results.merged("sleep_stage") == []
    assert len(results.quarantined()) == 4 * 16
    # what the watch states itself still stands, and says where it comes from
    assert {(night["basis"], night["deep_min"], night["light_min"]) for night in results.nights()} == {
        ("vendor", 120, 240)
    }


# 7. Locale and format

# the same three readings, as people of five countries and a spreadsheet write them
WRITTEN = {
    "ISO": "Date,Time,Sys,Dia,Pulse\n2025-03-04,07:12,128.5,81,66\n2025-03-14,19:30,131,84,70\n"
    "2025-03-15,00:05,126,80,64\n",
    "German": "Datum;Uhrzeit;Systolisch;Diastolisch;Puls\n04.03.2025;07:12;128,5;81;66\n14.03.2025;19:30;131,0;84;70\n"
    "15.03.2025;00:05;126;80;64\n",
    "American": "Date,Time,Systolic (mmHg),Diastolic (mmHg),Pulse (bpm)\n3/4/2025,7:12 AM,128.5,81,66\n"
    "3/14/2025,7:30 PM,131 mmHg,84 mmHg,70 bpm\n3/15/2025,12:05 AM,126,80,64\n",
    "British": "Date and time\tSys\tDia\tPulse\n04/03/2025 07:12\t128.5\t81\t66\n14/03/2025 19:30\t131\t84\t70\n"
    "15/03/2025 00:05\t126\t80\t64\n",
    "Russian": "Дата;Время;Верхнее;Нижнее;Пульс\n04.03.2025;07:12;128,5;81;66\n14.03.2025;19:30;131;84;70\n"
    "15.03.2025;00:05;126;80;64\n",
    "in one cell": 'When,Blood pressure\n"4 March 2025, 07:12",128.5/81/66\n"14 March 2025, 19:30",131/84/70\n'
    '"15 March 2025, 00:05",126/80/64\n',
}


@pytest.mark.parametrize("locale", WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_same_readings_written_in_any_country_give_the_same_days(
    tmp_path: Path, locale: str, encoding: str
) -> None:
    """health-md #90 (comma decimal and comma separator), vitadock #10 (units in cells), openScale #506."""
    chosen = {"columns": {"datetime": "When"}} if locale == "in one cell" else {}
    made = []
    for text, settings in ((WRITTEN["ISO"], {}), (WRITTEN[locale], chosen)):
        person = Person(tmp_path / str(len(made)))
        person.give("cuff", "bp_log", text.encode(encoding), **settings)
        results = person.run()
        assert (results.unread(), results.quarantined()) == ([], [])
        made.append(results.daily())
    assert made[0] == made[1]
    assert made[0]["2025-03-04"]["bp_systolic_mean_mmhg"] == 128.5


def test_a_date_that_two_countries_read_differently_stops_that_source_and_asks(tmp_path: Path) -> None:
    """SparkyFitness: the fourth of March on the third of April."""
    person = Person(tmp_path)
    person.give("cuff", "bp_log", CUFF + "03/04/2025,07:12,128,81,66\n05/04/2025,07:12,126,80,64\n")
    person.give("band", "zepp_life", BAND + "2025-04-03,07:12,60\n")
    results = person.run()
    ((source, reason),) = [(each["source"], each["reason"]) for each in results.balance["unreadable"]]
    assert (source, reason) == ("cuff", "date_order_undecided")
    assert results.unread()[-1]["detail"].endswith("Set settings.date_order to dmy, mdy or ymd.")
    assert results.daily()["2025-04-03"]["hr_n"] == 1


# 8. Impossible values


def test_impossible_values_are_set_aside_with_their_rule_and_touch_no_figure(tmp_path: Path) -> None:
    """LibreArm #8 (2047/238), miband-js #27 (a pulse while the band lies on the table)."""
    person = Person(tmp_path, "UTC")
    person.give(
        "cuff",
        "bp_log",
        CUFF + "2025-03-14,07:12,128,81,66\n2025-03-14,07:14,2047,238,66\n2025-03-14,07:16,80,120,66\n"
        "2025-03-14,07:18,126,80,0\n2025-03-14,07:20,124,79,66\n",
    )
    person.give(
        "band",
        "zepp_life",
        BAND + "2025-03-14,07:12,60\n2025-03-14,07:13,255\n2025-03-14,07:14,0\n2025-03-14,07:15,301\n",
    )
    results = person.run()
    day = results.daily()["2025-03-14"]
    assert (day["bp_n"], day["bp_systolic_mean_mmhg"], day["hr_n"], day["hr_max_bpm"]) == (2, 126, 1, 60)
    assert [(row["row"], row["rule"], row["value"]) for row in results.quarantined()] == [
        (5, "heart_rate_bpm_impossible", "301"),
        (3, "systolic_mmhg_impossible", "2047"),
        (4, "diastolic_not_below_systolic", "80/120"),
        (5, "pulse_bpm_impossible", "0"),
    ]


def test_a_device_whose_clock_was_never_set_or_runs_ahead_is_found_out(tmp_path: Path) -> None:
    """Gadgetbridge #1005: values from 1970 and from the future."""
    person = Person(tmp_path, "UTC")
    person.give("band", "zepp_life", BAND + "1970-01-01,00:05,60\n2025-03-14,07:12,61\n2031-01-01,00:05,62\n")
    results = person.run(arrived_ms=1000 * epoch("2025-03-20T00:00"))
    assert [row["heart_rate_bpm"] for row in results.merged("heart_rate")] == [60, 61]
    assert [row["rule"] for row in results.quarantined()] == ["after_arrival"]


# 9. Units


def test_kilopascals_hours_and_milliseconds_become_the_same_figures(tmp_path: Path) -> None:
    """open-wearables #1114 #979."""
    made = []
    for pressure, night in (
        ("Date,Time,Sys,Dia\n2025-03-14,07:12,127.5,82.5\n", "start,end,duration_min\n{},420\n"),
        ("Date,Time,Sys (kPa),Dia (kPa)\n2025-03-14,07:12,17.0,11.0\n", "start,end,duration_h\n{},7.0\n"),
        ("Date,Time,Sys,Dia\n2025-03-14,07:12,17.0 kPa,11.0 kPa\n", "start,end,duration_ms\n{},25200000\n"),
    ):
        person = Person(tmp_path / str(len(made)))
        person.give("cuff", "bp_log", pressure)
        person.give("diary", "sleep_log", night.format("2025-03-13 22:40,2025-03-14 06:10"))
        made.append(person.run().daily()["2025-03-14"])
    assert made[0]["bp_systolic_mean_mmhg"] == 127.5
    assert made[0]["sleep_total_min"] == 420
    assert made[0] == made[1] == made[2]


# Every run proves it


def test_the_balance_names_every_fate_of_a_bad_month(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.give(
        "cuff", "bp_log", CUFF + "2025-03-14,07:12,128,81,66\nyesterday,07:12,128,81,66\n2025-03-14,20:00,900,80,60\n"
    )
    person.give("cuff", "bp_log", CUFF + "2025-03-14,07:12,128,81,66\n2025-03-15,07:12,126,80,64\n")
    person.give("cuff", "bp_log", b"")
    results = person.run()
    total = results.balance["total"]
    assert {name: total[name] for name in ("read", "accepted", "quarantined", "duplicate", "superseded", "unread")} == {
        "read": 6,
        "accepted": 2,
        "quarantined": 1,
        "duplicate": 1,
        "superseded": 0,
        "unread": 2,
    }
    assert json.dumps(results.balance)
