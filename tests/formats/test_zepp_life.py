"""Zepp Life exports: each quirk of the real files is one test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pyzipper
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import formats
from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.export import Export, open_export
from pdp.formats import Extent, OutOfScope, Rows, Unread, zepp_life
from pdp.timeframe import ZoneLedger

SHARED = Path(__file__).parents[3] / "shared" / "data" / "zepp_life"
WARSAW = ZoneLedger.from_config("Europe/Warsaw")
BOM = b"\xef\xbb\xbf"

AUTO = "date,time,heartRate\n"
MANUAL = "time,heartRate\n"
SLEEP = "date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime,naps\n"
MINUTE = "date,time,stage,hr,respiratory_rate\n"
STEPS = "date,time,steps\n"


@dataclass
class Read:
    """What parse gave, and what became of each record by member and number."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    clocks: dict[str, str] = field(default_factory=dict)
    unread: list[tuple[str, int, str, str, str]] = field(default_factory=list)
    fates: dict[str, dict[int, set[str]]] = field(default_factory=dict)


def parse(export: Export, ledger: ZoneLedger | None = WARSAW) -> Read:
    """Everything, with the proof that each record of each opened member has a fate."""
    read, extents = Read(), {}
    for item in zepp_life.parse(export, zepp_life.Settings(), ledger):
        if isinstance(item, Extent):
            assert item.member not in extents
            extents[item.member] = item.records
            continue
        fates = read.fates.setdefault(item.member, {})
        if isinstance(item, Rows):
            read.rows.setdefault(item.measure, []).extend(
                {**row, "member": item.member} for row in item.table.to_pylist()
            )
            read.clocks[item.measure, item.member] = item.clock  # type: ignore[index]
            for row in item.table["row"].to_pylist():
                fates.setdefault(row, set()).add(item.measure)
        elif isinstance(item, Unread):
            for record in item.records:
                read.unread.append((item.member, record.row, record.reason, record.detail, record.text))
                fates.setdefault(record.row, set()).add("unread")
        elif isinstance(item, OutOfScope):
            for row in item.rows.tolist():
                fates.setdefault(row, set()).add(item.reason)
    for member, records in extents.items():
        assert sorted(read.fates.get(member, {})) == list(range(1, records + 1))
        assert all(len(fate) == 1 for fate in read.fates.get(member, {}).values())
    assert set(read.fates) <= set(extents)
    return read


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text if isinstance(text, bytes) else BOM + text.encode())
    return path


def read_zip(tmp_path: Path, files: dict[str, str | bytes], ledger: ZoneLedger | None = WARSAW) -> Read:
    with open_export(zipped(tmp_path / "export", files)) as export:
        return parse(export, ledger)


def read_text(tmp_path: Path, text: str | bytes, ledger: ZoneLedger | None = WARSAW) -> Read:
    path = tmp_path / "export"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with open_export(path) as export:
        assert zepp_life.sniff(export)
        return parse(export, ledger)


def at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]


# --- containers -------------------------------------------------------------------------------------------------


def test_the_layout_with_a_folder_per_category_is_read(tmp_path: Path) -> None:
    stem = "3075021305_1749047212827"
    read = read_zip(
        tmp_path,
        {
            f"{stem}/HEARTRATE_AUTO/HEARTRATE_AUTO_1749047212911.csv": AUTO + "2025-01-09,00:05,68\n",
            f"{stem}/HEARTRATE/HEARTRATE_1749047212900.csv": MANUAL + "2025-01-20 10:20:26+0000,67\n",
            f"{stem}/ACTIVITY_MINUTE/ACTIVITY_MINUTE_1749047212880.csv": STEPS + "2025-01-09,07:15,54\n",
            f"{stem}/SLEEP/SLEEP_1749047212930.csv": SLEEP
            + "2025-01-15,68,312,22,2025-01-14 23:30:00+0000,2025-01-15 06:45:00+0000,45,0\n",
            f"{stem}/USER/USER_1749047213000.csv": "userId,gender\n1,1\n",
        },
    )
    beats = [(row["start"], row["heart_rate_bpm"], row["context"]) for row in read.rows["heart_rate"]]
    assert beats == [(at(2025, 1, 20, 10, 20, 26), 67.0, "manual"), (at(2025, 1, 9, 0, 5), 68.0, "automatic")]
    (steps,) = read.rows["step_count"]
    assert (steps["row"], steps["start"], steps["end"], steps["steps"]) == (
        2,
        at(2025, 1, 9, 7, 15),
        at(2025, 1, 9, 7, 16),
        54,
    )
    (night,) = read.rows["sleep_episode"]
    assert (night["start"], night["end"]) == (at(2025, 1, 14, 23, 30), at(2025, 1, 15, 6, 45))
    assert [night[f"{name}_min"] for name in ("total_sleep_time", "deep", "light", "rem", "awake")] == [
        425.0,
        68.0,
        312.0,
        45.0,
        22.0,
    ]
    assert night["is_main_sleep"] is True
    assert len(read.fates) == 4  # USER is not even counted


def test_the_flat_layout_of_2019_is_read(tmp_path: Path) -> None:
    read = read_zip(
        tmp_path,
        {
            "ACTIVITY.csv": "date,lastSyncTime,steps,distance,runDistance,calories\n2019-08-05,1565020753,9,9,9,9\n",
            "HEARTRATE_AUTO.csv": AUTO + "2019-08-05,18:00,70\n",
            "HEARTRATE.csv": "date,lastSyncTime,heartRate,timestamp\n1565020753,70\n1565020754,255\n",
            "SLEEP.csv": "date,lastSyncTime,deepSleepTime,shallowSleepTime,wakeTime,start,stop\n"
            "2019-08-05,1565020753,90,300,5,1564955400,1564979400\n",
        },
    )
    automatic, manual = read.rows["heart_rate"]
    assert (manual["row"], manual["start"], manual["heart_rate_bpm"]) == (2, at(2019, 8, 5, 15, 59, 13), 70.0)
    assert automatic["start"] == at(2019, 8, 5, 18)
    assert read.fates["HEARTRATE.csv"] == {1: {"header"}, 2: {"heart_rate"}, 3: {"no_data"}}
    (night,) = read.rows["sleep_episode"]
    assert (night["start"], night["end"]) == (at(2019, 8, 4, 21, 50), at(2019, 8, 5, 4, 30))
    assert (night["total_sleep_time_min"], night["rem_min"]) == (390.0, None)
    assert "ACTIVITY.csv" not in read.fates


@pytest.mark.parametrize(
    ("text", "measure", "clock"),
    [
        (AUTO + "2025-01-09,00:05,68\n", "heart_rate", "local"),
        (MANUAL + "2025-01-20 10:20:26+0000,67\n", "heart_rate", "utc"),
        ("date,lastSyncTime,heartRate,timestamp\n1565020753,70\n", "heart_rate", "utc"),
        (STEPS + "2025-01-09,07:15,54\n", "step_count", "local"),
        (MINUTE + "2025-01-09,03:15,DEEP,,\n", "sleep_stage", "local"),
        (SLEEP + "2022-01-01,76,331,0,2021-12-31 23:02:00+0000,2022-01-01 06:50:00+0000,61,\n", "sleep_episode", "utc"),
    ],
)
def test_a_loose_file_is_known_by_its_columns_and_has_the_clock_of_its_kind(
    tmp_path: Path, text: str, measure: str, clock: str
) -> None:
    read = read_text(tmp_path, text)
    assert list(read.rows) == [measure]
    assert read.clocks == {(measure, ""): clock}
    assert read.fates[""] == {1: {"header"}, 2: {measure}}


def test_files_about_other_things_stay_shut(tmp_path: Path) -> None:
    """They are damaged here: whoever opens one notices."""
    shut = {f"{name}/{name}_1.csv": b"secret" * 99 for name in ("USER", "BODY", "SPORT", "ACTIVITY", "ACTIVITY_STAGE")}
    path = zipped(tmp_path / "export", {**shut, "STEPS/ACTIVITY_MINUTE_1.csv": STEPS + "2025-01-09,07:15,54\n"})
    data = path.read_bytes().replace(b"PK\3\4", b"PK\3\5", len(shut))
    path.write_bytes(data.replace(b"PK\3\5", b"PK\3\4", 1) if data[:4] == b"PK\3\5" else data)
    with open_export(path) as export:
        with pytest.raises(DamagedMemberError):
            export.open("BODY/BODY_1.csv")
        assert list(parse(export).fates) == ["STEPS/ACTIVITY_MINUTE_1.csv"]


def test_an_export_without_anything_of_ours_gives_nothing(tmp_path: Path) -> None:
    read = read_zip(tmp_path, {"BODY/BODY_1.csv": "time,weight\n2020-01-15 08:00:00+0000,72.5\n"})
    assert read == Read()


def test_an_empty_file_and_one_of_blank_lines_have_no_readings(tmp_path: Path) -> None:
    read = read_zip(tmp_path, {"HEARTRATE_AUTO_1.csv": "", "SLEEP_1.csv": "\n\n", "SLEEP_MINUTE_1.csv": MINUTE})
    assert read.rows == {}
    assert read.fates["SLEEP_1.csv"] == {1: {"blank"}, 2: {"blank"}}
    assert read.fates["SLEEP_MINUTE_1.csv"] == {1: {"header"}}


def test_a_file_of_ours_with_other_columns_is_damaged_and_says_which_it_has(tmp_path: Path) -> None:
    with pytest.raises(DamagedMemberError) as caught:
        read_zip(tmp_path, {"HEARTRATE_AUTO_1.csv": "date;time;heartRate\n2025-01-09;00:05;68\n"})
    assert (caught.value.reason, caught.value.member) == ("unknown_columns", "HEARTRATE_AUTO_1.csv")
    assert str(caught.value) == (
        "HEARTRATE_AUTO_1.csv is a HEARTRATE_AUTO file, but its columns are date;time;heartrate; "
        "date, heartrate, time are needed. If an editor has saved it, give the file as the app exported it "
        "(UTF-8, commas)."
    )


def test_an_export_of_another_maker_is_named(tmp_path: Path) -> None:
    name = "20260309_1_MiFitness_hlth_center_fitness_data.csv"
    path = zipped(tmp_path / "export", {name: "Uid,Sid,Key,Time,Value,UpdateTime\n"})
    with open_export(path) as export:
        assert not zepp_life.sniff(export)
        with pytest.raises(UnreadableExportError) as caught:
            list(zepp_life.parse(export, zepp_life.Settings(), WARSAW))
        others = formats.recognise(export)
    assert caught.value.reason == "wrong_format"
    assert str(caught.value).startswith("does not look like a Zepp Life export")
    assert others == ["mi_fitness"]
    assert str(caught.value).endswith("it looks like mi_fitness. Set format: mi_fitness.")


# --- heart rate and steps ---------------------------------------------------------------------------------------


def test_two_manual_values_at_one_instant_are_both_kept_in_file_order(tmp_path: Path) -> None:
    read = read_text(tmp_path, MANUAL + "2025-03-15 08:15:00+0000,74\n2025-03-15 08:15:00+0000,72\n")
    assert [(row["row"], row["heart_rate_bpm"]) for row in read.rows["heart_rate"]] == [(2, 74.0), (3, 72.0)]


@pytest.mark.parametrize("word", ["0", "254", "255", "-1", "", "null"])
def test_what_the_band_writes_when_it_measured_nothing_is_no_reading(tmp_path: Path, word: str) -> None:
    read = read_text(tmp_path, AUTO + f"2025-01-09,00:05,68\n2025-01-09,00:10,{word}\n2025-01-09,00:15,253\n")
    assert [row["heart_rate_bpm"] for row in read.rows["heart_rate"]] == [68.0, 253.0]
    assert read.fates[""][3] == {"no_data"}


@pytest.mark.parametrize("word", ["6x", "inf", "nan", "1e999", "6\x00", "68,1"])
def test_a_bad_cell_is_unread_with_its_text_beside_good_rows(tmp_path: Path, word: str) -> None:
    read = read_text(tmp_path, AUTO + f"2025-01-09,00:05,68\n2025-01-09,00:10,{word}\n2025-01-09,00:15,70\n")
    assert [row["heart_rate_bpm"] for row in read.rows["heart_rate"]] == [68.0, 70.0]
    ((_, row, reason, detail, text),) = read.unread
    assert (row, text) == (3, f"2025-01-09,00:10,{word}")
    assert reason in ("bad_value", "wrong_field_count")
    assert detail


def test_a_manual_time_without_its_zone_is_unread_rather_than_guessed(tmp_path: Path) -> None:
    read = read_text(tmp_path, MANUAL + "2025-01-20 10:20:26,67\n2025-01-20 12:20:26+0200,68\n")
    assert [row["start"] for row in read.rows["heart_rate"]] == [at(2025, 1, 20, 10, 20, 26)]
    assert read.unread[0][3] == "column time is not a time with its offset (YYYY-MM-DD HH:MM:SS+0000)"


def test_an_epoch_of_the_far_future_is_unread_and_does_not_overflow(tmp_path: Path) -> None:
    read = read_text(tmp_path, "date,lastSyncTime,heartRate,timestamp\n1565020753,70\n9223372036854775807,71\n")
    assert [row["row"] for row in read.rows["heart_rate"]] == [2]
    assert read.unread[0][1:3] == (3, "bad_value")


# --- nights and naps --------------------------------------------------------------------------------------------


def test_placeholder_nights_hold_no_data(tmp_path: Path) -> None:
    read = read_text(tmp_path, SLEEP + "2025-02-28,0,0,0,2025-02-28 00:00:00+0000,2025-02-28 00:00:00+0000,0,0\n")
    assert read.fates[""] == {1: {"header"}, 2: {"no_data"}}


NAPS = r'"[{\"start\":\"2025-01-15 13:00:00+0000\",\"stop\":\"2025-01-15 13:40:00+0000\",\"deepSleepTime\":10}]"'


@pytest.mark.parametrize("cell", [NAPS, NAPS.replace('\\"', '""'), NAPS[1:-1].replace('\\"', '"')])
def test_naps_in_json_with_commas_become_sleeps_of_their_own(tmp_path: Path, cell: str) -> None:
    night = "2025-01-15,68,312,22,2025-01-14 23:30:00+0000,2025-01-15 06:45:00+0000,45,"
    read = read_text(tmp_path, f"{SLEEP}{night}{cell}\n{night.replace('68', '69')}0\n")
    first, nap, second = read.rows["sleep_episode"]
    assert (first["row"], first["is_main_sleep"], first["flags"], first["deep_min"]) == (2, True, None, 68.0)
    assert (nap["row"], nap["is_main_sleep"], nap["start"], nap["end"], nap["deep_min"]) == (
        2,
        False,
        at(2025, 1, 15, 13),
        at(2025, 1, 15, 13, 40),
        10.0,
    )
    assert (second["row"], second["deep_min"]) == (3, 69.0)


def test_naps_that_are_not_understood_are_a_flag_and_the_night_is_kept(tmp_path: Path) -> None:
    night = "2025-01-15,68,312,22,2025-01-14 23:30:00+0000,2025-01-15 06:45:00+0000,45,"
    read = read_text(tmp_path, SLEEP + night + '"[{""start"":""14:00""}]"\n')
    (row,) = read.rows["sleep_episode"]
    assert (row["flags"], row["total_sleep_time_min"]) == ("naps_unread", 425.0)


def test_a_night_with_missing_minutes_keeps_them_missing(tmp_path: Path) -> None:
    times = "2025-01-14 23:30:00+0000,2025-01-15 06:45:00+0000"
    read = read_text(tmp_path, SLEEP + f"2025-01-15,null,312,,{times},null,\n")
    (row,) = read.rows["sleep_episode"]
    assert [row[name] for name in ("total_sleep_time_min", "deep_min", "light_min", "rem_min", "awake_min")] == [
        None,
        None,
        312.0,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("2025-01-15,68,312", "3 fields where the header has 8"),
        ("2025-01-15,6x,312,22,{t},45,0", "column deepsleeptime is not a number of minutes"),
        ("2025-01-15,inf,312,22,{t},45,0", "column deepsleeptime is not a number of minutes"),
        ("2025-01-15,68,312,22,,2025-01-15 06:45:00+0000,45,0", "column start is empty"),
        (
            "2025-01-15,68,312,22,2025-01-14 23:30:00,2025-01-15 06:45:00+0000,45,0",
            "column start is not a time with its offset (YYYY-MM-DD HH:MM:SS+0000)",
        ),
        (
            "2025-01-15,68,312,22,2025-02-30 23:30:00+0000,2025-01-15 06:45:00+0000,45,0",
            "column start is not a time that exists",
        ),
    ],
)
def test_a_bad_night_is_unread_beside_a_good_one(tmp_path: Path, line: str, detail: str) -> None:
    times = "2025-01-14 23:30:00+0000,2025-01-15 06:45:00+0000"
    bad = line.replace("{t}", times)
    read = read_text(tmp_path, SLEEP + bad + "\n" + f"2025-01-15,68,312,22,{times},45,0\n")
    assert [row["row"] for row in read.rows["sleep_episode"]] == [3]
    assert [(row, found, text) for _, row, _, found, text in read.unread] == [(2, detail, bad)]


# --- minutes of sleep -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Night:
    start: datetime  # UTC
    minutes: int


def nights_of(first: datetime, count: int, seed: int = 1) -> list[Night]:
    """Nights that begin between 22:10 and 01:40 local, of 6 to 8.5 hours, in Warsaw."""
    import random

    chance = random.Random(seed)
    found = []
    for n in range(count):
        start = first + timedelta(days=n, minutes=chance.randrange(210))
        found.append(Night(start, chance.randrange(360, 510)))
    return found


def local(moment: datetime) -> datetime:
    from zoneinfo import ZoneInfo

    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Warsaw")).replace(tzinfo=None)


STAGES = ("LIGHT", "DEEP", "REM", "WAKE")


def sleep_files(nights: Sequence[Night], convention: str) -> tuple[dict[str, str | bytes], list[datetime]]:
    """SLEEP and SLEEP_MINUTE of these nights, with minute dates by a convention, and the true local minutes."""
    sleep, minute, truth = [SLEEP], [MINUTE], []
    for night in nights:
        stop = night.start + timedelta(minutes=night.minutes)
        wake = local(stop).date()
        counts = dict.fromkeys(STAGES, 0)
        for n in range(night.minutes):
            here = local(night.start + timedelta(minutes=n))
            stage = STAGES[n // 10 % 4]
            counts[stage] += 1
            stated = {
                "calendar": here.date(),
                "wake date": wake,
                "a day late": here.date() + timedelta(days=1),
            }[convention]
            truth.append(here)
            minute.append(f"{stated},{here:%H:%M},{stage},,\n")
        times = f"{night.start:%Y-%m-%d %H:%M:%S}+0000,{stop:%Y-%m-%d %H:%M:%S}+0000"
        sleep.append(f"{wake},{counts['DEEP']},{counts['LIGHT']},{counts['WAKE']},{times},{counts['REM']},0\n")
    return {"SLEEP/SLEEP_1.csv": "".join(sleep), "SLEEP_MINUTE/SLEEP_MINUTE_2.csv": "".join(minute)}, truth


@pytest.mark.parametrize("convention", ["calendar", "wake date", "a day late"])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_minutes_are_placed_by_the_nights_whatever_their_dates_say(tmp_path: Path, convention: str, count: int) -> None:
    files, truth = sleep_files(nights_of(at(2025, 2, 10, 21, 10), count), convention)
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    assert [row["start"] for row in rows] == truth
    assert [row["end"] for row in rows] == [moment + timedelta(minutes=1) for moment in truth]
    assert {row["fault"] for row in rows} == {None}
    flags = {row["flags"] for row in rows}
    assert (
        flags
        == {"calendar": {None}, "wake date": {None, "date_corrected"}, "a day late": {"date_corrected"}}[convention]
    )
    assert [row["stage"] for row in rows[:31:10]] == ["light", "deep", "rem", "awake"]


@pytest.mark.parametrize("convention", ["calendar", "wake date"])
def test_nights_across_both_clock_changes_are_proved_minute_by_minute(tmp_path: Path, convention: str) -> None:
    nights = [*nights_of(at(2024, 10, 24, 20, 10), 6), *nights_of(at(2025, 3, 27, 21, 10), 6, seed=2)]
    files, truth = sleep_files(nights, convention)
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    assert [row["start"] for row in rows] == truth
    assert {row["fault"] for row in rows} == {None}
    assert {row["flags"] for row in rows} <= {None, "date_corrected"}


def test_an_app_update_may_change_the_convention_in_the_middle(tmp_path: Path) -> None:
    before, truth_before = sleep_files(nights_of(at(2025, 1, 1, 18, 10), 60), "wake date")
    after, truth_after = sleep_files(nights_of(at(2025, 3, 2, 18, 10), 60, seed=3), "calendar")
    files = {name: str(text) + str(after[name]).split("\n", 1)[1] for name, text in before.items()}
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    truth = truth_before + truth_after
    right = sum(row["start"] == moment for row, moment in zip(rows, truth, strict=True))
    assert right / len(truth) > 0.99  # nights in the one stretch of 30 days that holds both stay in doubt


def test_one_night_with_a_wrong_date_is_put_right_among_others(tmp_path: Path) -> None:
    nights = [Night(at(2025, 2, 10, 22, 0) + timedelta(days=2 * n), 400) for n in range(5)]
    files, truth = sleep_files(nights, "calendar")
    late, _ = sleep_files(nights[2:3], "a day late")
    name = "SLEEP_MINUTE/SLEEP_MINUTE_2.csv"
    lines = str(files[name]).splitlines(keepends=True)
    lines[801:1201] = str(late[name]).splitlines(keepends=True)[1:]
    rows = read_zip(tmp_path, {**files, name: "".join(lines)}).rows["sleep_stage"]
    assert [row["start"] for row in rows] == truth
    assert [row["flags"] for row in rows] == [None] * 800 + ["date_corrected"] * 400 + [None] * 800


def test_a_night_fits_where_its_first_minute_is_the_nights_first(tmp_path: Path) -> None:
    """The following night is longer and would hold these minutes as well."""
    nights = [Night(at(2025, 2, 10, 21, 0), 400), Night(at(2025, 2, 11, 20, 0), 600)]
    files, truth = sleep_files(nights, "wake date")
    name = "SLEEP_MINUTE/SLEEP_MINUTE_2.csv"
    files[name] = "".join(str(files[name]).splitlines(keepends=True)[:401])
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    assert [row["start"] for row in rows] == truth[:400]


def test_minutes_that_no_night_holds_keep_their_date_and_say_so(tmp_path: Path) -> None:
    files, _ = sleep_files(nights_of(at(2025, 2, 10, 21, 10), 3), "calendar")
    name = "SLEEP_MINUTE/SLEEP_MINUTE_2.csv"
    files[name] = str(files[name]) + "2025-02-20,14:00,DEEP,,\n"
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    assert (rows[-1]["start"], rows[-1]["flags"]) == (at(2025, 2, 20, 14), "unanchored;unproved_stages")
    assert {row["flags"] for row in rows[:-1]} == {None}


def test_without_a_sleep_file_every_minute_is_unanchored(tmp_path: Path) -> None:
    rows = read_text(tmp_path, MINUTE + "2025-02-20,23:59,DEEP,60,14.5\n").rows["sleep_stage"]
    assert (rows[0]["start"], rows[0]["flags"]) == (at(2025, 2, 20, 23, 59), "unanchored;unproved_stages")


def test_rows_sent_twice_are_all_kept_in_file_order(tmp_path: Path) -> None:
    files, truth = sleep_files(nights_of(at(2025, 2, 10, 21, 10), 3), "wake date")
    text = str(files["SLEEP_MINUTE/SLEEP_MINUTE_2.csv"])
    again = text.split("\n", 1)[1].splitlines(keepends=True)[30:60]
    files["SLEEP_MINUTE/SLEEP_MINUTE_2.csv"] = text + "".join(line.replace("LIGHT", "REM") for line in again)
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    assert [row["start"] for row in rows] == truth + truth[30:60]
    assert [row["row"] for row in rows] == list(range(2, len(rows) + 2))
    assert {row["fault"] for row in rows} == {None}


def test_stages_that_do_not_add_up_to_the_night_are_faulted_and_their_neighbours_not(tmp_path: Path) -> None:
    files, _ = sleep_files(nights_of(at(2025, 2, 10, 21, 10), 5), "calendar")
    head, *lines = str(files["SLEEP/SLEEP_1.csv"]).splitlines(keepends=True)
    cells = lines[2].split(",")
    cells[1] = "200"
    lines[2] = ",".join(cells)
    files["SLEEP/SLEEP_1.csv"] = head + "".join(lines)
    rows = read_zip(tmp_path, files).rows["sleep_stage"]
    faults = {row["fault"] for row in rows if row["fault"]}
    assert len(faults) == 1
    assert faults.pop().startswith("stage_total_mismatch: deep ")
    assert sum(row["fault"] is None for row in rows) > len(rows) * 0.7


def test_an_unknown_stage_is_unread_and_a_missing_one_no_data(tmp_path: Path) -> None:
    read = read_text(tmp_path, MINUTE + "2025-02-20,01:00,NAP,,\n2025-02-20,01:01,null,,\n2025-02-20,01:02,wake,,\n")
    assert read.unread == [
        ("", 2, "unknown_stage", "column stage is none of AWAKE, DEEP, LIGHT, REM, WAKE", "2025-02-20,01:00,NAP,,")
    ]
    assert read.fates[""] == {1: {"header"}, 2: {"unread"}, 3: {"no_data"}, 4: {"sleep_stage"}}
    assert read.rows["sleep_stage"][0]["stage"] == "awake"


# --- properties -------------------------------------------------------------------------------------------------

MINUTES = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)).map(lambda t: t.replace(second=0, microsecond=0))


@settings(deadline=None)
@given(
    readings=st.lists(st.tuples(MINUTES, st.integers(1, 253)), max_size=100),
    steps=st.lists(st.tuples(MINUTES, st.integers(0, 30_000)), max_size=100),
)
def test_any_table_of_readings_is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory,
    readings: list[tuple[datetime, int]],
    steps: list[tuple[datetime, int]],
) -> None:
    def lines(rows: Iterable[tuple[datetime, int]]) -> str:
        return "".join(f"{moment:%Y-%m-%d,%H:%M},{value}\n" for moment, value in rows)

    manual = "".join(f"{moment:%Y-%m-%d %H:%M:%S}+0000,{value}\n" for moment, value in readings)
    files: dict[str, str | bytes] = {
        "HEARTRATE_AUTO_1.csv": AUTO + lines(readings),
        "HEARTRATE_2.csv": MANUAL + manual,
        "ACTIVITY_MINUTE_3.csv": STEPS + lines(steps),
    }
    rows = read_zip(tmp_path_factory.mktemp("zepp"), files).rows
    beats = [(row["start"], row["heart_rate_bpm"]) for row in rows.get("heart_rate", [])]
    assert beats == readings * 2
    assert [(row["start"], row["steps"]) for row in rows.get("step_count", [])] == steps


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_any_damage_ends_in_values_or_in_a_named_error_and_every_record_has_a_fate(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    files, _ = sleep_files([Night(at(2025, 2, 10, 22, 50), 20), Night(at(2025, 2, 11, 23, 0), 15)], "wake date")
    whole = {
        **{name: str(text) for name, text in files.items()},
        "HEARTRATE_AUTO_1.csv": AUTO + "2025-01-09,00:05,68\n2025-01-09,00:10,70\n" * 5,
        "HEARTRATE_1.csv": MANUAL + "2025-01-20 10:20:26+0000,67\n" * 3 + "2025-01-20 10:20:26+0000,67\n",
        "ACTIVITY_MINUTE_1.csv": STEPS + "2025-01-09,07:15,54\n" * 5,
        "HEARTRATE_2.csv": "date,lastSyncTime,heartRate,timestamp\n" + "1565020753,70\n" * 3,
    }
    damaged: dict[str, str | bytes] = {}
    for name, text in whole.items():
        raw = bytearray(text.encode())
        for _ in range(data.draw(st.integers(0, 4))):
            position = data.draw(st.integers(0, len(raw)))
            kind = data.draw(st.sampled_from(["flip", "cut", "insert"]))
            if kind == "flip":
                raw[position : position + 1] = bytes([data.draw(st.integers(0, 255))])
            elif kind == "cut":
                del raw[position : position + data.draw(st.integers(1, 30))]
            else:
                raw[position:position] = data.draw(
                    st.sampled_from([b'"', b"\n", b"\r", b",", b"\0", b"\xff", b"\\", b"null", b"9" * 30])
                )
        damaged[name] = bytes(raw)
    try:
        read_zip(tmp_path_factory.mktemp("zepp"), damaged)
    except UnreadableExportError as error:
        faults = [error]
    else:
        faults = []
    assert all(fault.reason in ("unknown_columns", "wrong_format") for fault in faults)


# --- a peer's fixture -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is absent")
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_an_export_that_no_one_here_wrote_is_read(tmp_path: Path, is_encrypted: bool) -> None:
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(
        buffer, "w", pyzipper.ZIP_DEFLATED, **({"encryption": pyzipper.WZ_AES} if is_encrypted else {})
    ) as archive:
        if is_encrypted:
            archive.setpassword(b"right")
        for path in sorted(SHARED.glob("*.csv")):
            archive.writestr(f"1_2/{path.stem}/{path.stem}_1749047212827.csv", BOM + path.read_bytes())
    (tmp_path / "export").write_bytes(buffer.getvalue())
    with open_export(tmp_path / "export", ["wrong", "right"] if is_encrypted else []) as export:
        read = parse(export)
    counts = {measure: len(rows) for measure, rows in read.rows.items()}
    assert counts == {"sleep_episode": 6, "heart_rate": 42, "sleep_stage": 40}
    assert read.unread == []
