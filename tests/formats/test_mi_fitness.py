"""Mi Fitness exports: what is in scope comes out as it was written, and every record is accounted for."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.export import open_export
from pdp.formats import Extent, OutOfScope, Rows, Unread, UnreadRecord, mi_fitness
from pdp.formats.mi_fitness import steps as mi_steps
from tests.formats.mi_fitness_files import (
    DAILY_HEADER,
    DAILY_NAME,
    FITNESS_HEADER,
    FITNESS_NAME,
    MIDNIGHT,
    NOON,
    PHONE,
    PROFILE_NAME,
    SPORT_HEADER,
    SPORT_NAME,
    WATCH,
    Record,
    as_csv,
    as_zip,
    daily,
    heart_rate,
    nap,
    night,
    record,
    sleep,
    steps,
)

EPOCH = datetime(1970, 1, 1)
DAY = 86_400


class Read:
    """Everything that parse gave, with the proof that it covers every record of every member."""

    def __init__(self, path: Path, *, encoding: str = "utf-8", passwords: tuple[str, ...] = ()) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in mi_fitness.MEASURES}
        self.unread: list[UnreadRecord] = []
        self.out: dict[str, list[int]] = {}
        self.extents: dict[str, int] = {}
        seen: dict[str, set[int]] = {}
        with open_export(path, passwords) as export:
            self.is_sniffed = mi_fitness.sniff(export)
            for part in mi_fitness.parse(export, mi_fitness.Settings(encoding)):
                covered = seen.setdefault(part.member, set())
                match part:
                    case Rows():
                        assert (part.clock, part.modality) == ("utc", "sensed")
                        self.rows[part.measure] += part.table.to_pylist()
                        covered.update(part.table["row"].to_pylist())
                    case Unread():
                        self.unread += part.records
                        covered.update(item.row for item in part.records)
                    case OutOfScope():
                        self.out.setdefault(part.reason, []).extend(part.rows.tolist())
                        covered.update(part.rows.tolist())
                    case Extent():
                        assert part.member not in self.extents
                        self.extents[part.member] = part.records
        assert {member: set(range(1, count + 1)) for member, count in self.extents.items()} == seen

    @property
    def reasons(self) -> dict[int, str]:
        return {item.row: item.reason for item in self.unread}

    def column(self, measure: str, name: str) -> list[Any]:
        return [row.get(name) for row in self.rows[measure]]


def loose(folder: Path, *records: Record, header: list[str] = FITNESS_HEADER) -> Path:
    path = folder / "0123456789abcdef"
    path.write_bytes(as_csv(records, header))
    return path


def zipped(folder: Path, fitness: list[Record], reports: list[Record], **more: str | None) -> Path:
    files = {DAILY_NAME: as_csv(reports, DAILY_HEADER), FITNESS_NAME: as_csv(fitness)}
    return as_zip(folder / "0123456789abcdef", files, more.get("password"))


def at(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


# ---- what is read


def test_the_three_kinds_of_heart_rate_keep_their_context_and_device(tmp_path: Path) -> None:
    read = Read(
        loose(
            tmp_path,
            heart_rate(NOON, 61),
            heart_rate(NOON + 60, 75, "single_heart_rate", PHONE),
            record("resting_heart_rate", NOON + 120, {"bpm": 52, "date_time": MIDNIGHT}),
        )
    )
    assert read.rows["heart_rate"] == [
        {"row": 2, "start": at(NOON), "device": WATCH, "heart_rate_bpm": 61.0, "context": "automatic"},
        {"row": 3, "start": at(NOON + 60), "device": PHONE, "heart_rate_bpm": 75.0, "context": "manual"},
        {"row": 4, "start": at(NOON + 120), "device": WATCH, "heart_rate_bpm": 52.0, "context": "resting"},
    ]


def test_steps_hold_for_the_minute_that_begins_at_time(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, steps(NOON, 87), steps(NOON + 60, 0, PHONE)))
    assert read.rows["step_count"] == [
        {"row": 2, "start": at(NOON), "end": at(NOON + 60), "device": WATCH, "steps": 87},
        {"row": 3, "start": at(NOON + 60), "end": at(NOON + 120), "device": PHONE, "steps": 0},
    ]


def test_a_night_becomes_one_episode_and_its_stages(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, sleep(night(cycles=4))))
    assert read.rows["sleep_episode"] == [
        {
            "row": 2,
            "start": at(NOON - 4 * 115 * 60),
            "end": at(NOON),
            "utc_offset_min": 60,
            "offset_from": at(NOON - 4 * 115 * 60),
            "offset_to": at(NOON),
            "device": WATCH,
            "flags": None,
            "fault": None,
            "total_sleep_time_min": 440.0,
            "deep_min": 120.0,
            "light_min": 240.0,
            "rem_min": 80.0,
            "awake_min": 20.0,
            "is_main_sleep": True,
        }
    ]
    assert read.column("sleep_stage", "stage") == ["light", "deep", "rem", "awake"] * 4
    assert read.column("sleep_stage", "start")[0] == at(NOON - 4 * 115 * 60)
    assert read.column("sleep_stage", "end")[-1] == at(NOON)
    assert set(read.column("sleep_stage", "utc_offset_min")) == {60}
    assert set(read.column("sleep_stage", "fault") + read.column("sleep_stage", "flags")) == {None}


def test_a_nap_without_stages_has_its_duration_and_no_zero_minutes(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, sleep(nap(minutes=40)), sleep(night(NOON + DAY))))
    (first, second) = read.rows["sleep_episode"]
    assert first["total_sleep_time_min"] == 40
    assert [first[f"{stage}_min"] for stage in ("deep", "light", "rem", "awake")] == [None] * 4
    assert (first["is_main_sleep"], second["is_main_sleep"]) == (False, True)
    assert {row["row"] for row in read.rows["sleep_stage"]} == {3}


def test_a_night_of_a_device_without_rem_has_no_rem_minutes(tmp_path: Path) -> None:
    value = night(stated={"rem": 0}, states={"rem": 3}, has_rem=False)
    value["sleep_light_duration"] = 4 * 80
    (episode,) = Read(loose(tmp_path, sleep(value))).rows["sleep_episode"]
    assert (episode["rem_min"], episode["total_sleep_time_min"]) == (None, 440)


def test_a_short_night_under_the_watch_s_own_key_is_main_sleep(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, sleep(nap(minutes=90), key="watch_night_sleep")))
    assert read.column("sleep_episode", "is_main_sleep") == [True]


def test_the_corrected_bedtime_wins_over_the_device_s_own(tmp_path: Path) -> None:
    value = night(device_bedtime=NOON - 9 * 3600, device_wake_up_time=NOON + 600)
    only_device = night(NOON + DAY)
    only_device |= {"bedtime": None, "wake_up_time": None}
    read = Read(loose(tmp_path, sleep(value), sleep(only_device, time=NOON + DAY)))
    assert read.column("sleep_episode", "start") == [at(NOON - 460 * 60), at(NOON + DAY - 460 * 60)]
    assert read.column("sleep_episode", "end") == [at(NOON), at(NOON + DAY)]


def test_a_time_one_second_off_the_value_s_own_is_the_same_time(tmp_path: Path) -> None:
    read = Read(
        loose(tmp_path, record("heart_rate", NOON, {"bpm": 70, "time": NOON + 1}), sleep(night(), time=NOON + 1))
    )
    assert read.column("heart_rate", "start") == [at(NOON)]
    assert read.column("sleep_episode", "fault") == [None]


def test_a_repeated_key_keeps_both_readings(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, heart_rate(NOON, 61), heart_rate(NOON, 61), heart_rate(NOON, 64)))
    assert read.column("heart_rate", "heart_rate_bpm") == [61, 61, 64]


def test_no_contact_is_no_data_and_not_a_pulse(tmp_path: Path) -> None:
    spaced = record("heart_rate", NOON + 180, '{ "bpm" : 0 }')
    path = loose(tmp_path, heart_rate(NOON, 0), heart_rate(NOON + 60, 255), heart_rate(NOON + 120, -1), spaced)
    read = Read(path)
    assert read.rows["heart_rate"] == []
    assert sorted(read.out["no_data"]) == [2, 3, 4, 5]


def test_a_placeholder_night_is_no_data(tmp_path: Path) -> None:
    empty = {"bedtime": NOON, "wake_up_time": NOON, "duration": 0, "timezone": 4, "has_stage": False, "items": []}
    zero = {"bedtime": 0, "wake_up_time": 0, "duration": 0}
    read = Read(loose(tmp_path, sleep(empty), sleep(zero, time=NOON), sleep(night())))
    assert read.out["no_data"] == [2, 3]
    assert read.column("sleep_episode", "row") == [4]


def test_other_keys_are_out_of_scope(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, record("stress", NOON, {"stress": 30}), heart_rate(NOON, 61), record("", NOON, "")))
    assert read.out == {"header": [1], "other_key": [2, 4]}


def test_impossible_but_readable_values_are_left_to_validation(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, heart_rate(NOON, 999), heart_rate(NOON + 60, -40), steps(NOON, -3)))
    assert read.column("heart_rate", "heart_rate_bpm") == [999, -40]
    assert read.column("step_count", "steps") == [-3]


# ---- containers


def test_the_zip_is_known_by_its_file_names_whatever_the_brand(tmp_path: Path) -> None:
    other = "20250101_1_Smartband_hlth_center_fitness_data (1).csv"
    read = Read(as_zip(tmp_path / "x", {f"copy/{other}": as_csv([heart_rate(NOON, 61)]), PROFILE_NAME: b"Name\nA\n"}))
    assert read.is_sniffed
    assert read.extents == {f"copy/{other}": 2}


def test_an_encrypted_zip_is_read_with_its_password(tmp_path: Path) -> None:
    read = Read(zipped(tmp_path, [heart_rate(NOON, 61)], [], password="correct horse"), passwords=("correct horse",))
    assert read.column("heart_rate", "heart_rate_bpm") == [61]


def test_a_loose_file_is_known_by_its_header_and_a_sport_record_is_not_ours(tmp_path: Path) -> None:
    with open_export(loose(tmp_path, heart_rate(NOON, 61))) as export:
        assert mi_fitness.sniff(export)
    with open_export(loose(tmp_path, header=DAILY_HEADER)) as export:
        assert mi_fitness.sniff(export)
    with open_export(loose(tmp_path, header=SPORT_HEADER)) as export:
        assert not mi_fitness.sniff(export)
        with pytest.raises(UnreadableExportError, match=r"no hlth_center_fitness_data in it\)") as caught:
            list(mi_fitness.parse(export, mi_fitness.Settings()))
    assert caught.value.reason == "wrong_format"


def test_a_zip_without_our_files_is_the_wrong_format(tmp_path: Path) -> None:
    with open_export(as_zip(tmp_path / "x", {SPORT_NAME: as_csv([], SPORT_HEADER)})) as export:
        assert not mi_fitness.sniff(export)
        with pytest.raises(UnreadableExportError, match="does not look like a Mi Fitness export"):
            list(mi_fitness.parse(export, mi_fitness.Settings()))


def test_an_export_saved_with_a_byte_order_mark_and_crlf_reads_the_same(tmp_path: Path) -> None:
    records = [heart_rate(NOON, 61), sleep(night())]
    plain = Read(loose(tmp_path, *records)).rows
    path = tmp_path / "windows"
    path.write_bytes(b"\xef\xbb\xbf" + as_csv(records).replace(b"\n", b"\r\n"))
    assert Read(path).rows == plain


def test_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    order = ["Time", "Value", "Key", "Sid", "New", "Uid"]
    read = Read(loose(tmp_path, [NOON, '{"bpm":61}', "heart_rate", WATCH, "", "1"], header=order))
    assert read.column("heart_rate", "heart_rate_bpm") == [61]


# ---- damage: bad records beside good ones


def test_each_broken_value_costs_its_own_record_and_says_why(tmp_path: Path) -> None:
    bad = {
        '{"bpm":72': "bad_json",
        "": "bad_json",
        "[72]": "bad_json",
        '{"bpm":NaN,"time":1}': "bad_json",
        '{"bpm":-Infinity}': "bad_json",
        '{"bpm":72,"bpm":73}': "bad_json",
        '{"bpm":' + "9" * 5000 + "}": "bad_json",
        "[" * 100_000: "bad_json",
        '{"bpm":1e999}': "bad_number",
        '{"bpm":1e300}': "bad_number",
        '{"bpm":9999999999}': "bad_number",
        '{"bpm":"72"}': "wrong_type",
        '{"bpm":true}': "wrong_type",
        '{"bpm":[72]}': "wrong_type",
        '{"bpm":null}': "missing_value",
        '{"rate":72}': "missing_value",
    }
    records = [line for text in bad for line in (record("heart_rate", NOON, text), heart_rate(NOON + 60, 61))]
    read = Read(loose(tmp_path, *records))
    assert read.reasons == {2 * i + 2: reason for i, reason in enumerate(bad.values())}
    assert read.column("heart_rate", "row") == [2 * i + 3 for i in range(len(bad))]
    assert all(len(item.text) <= 500 and item.text.startswith("heart_rate,") for item in read.unread)
    assert read.unread[3].detail == "Value is not JSON (NaN is not a number in JSON)."


def test_each_broken_time_costs_its_own_record_and_says_why(tmp_path: Path) -> None:
    bad = {
        "": "bad_time",
        "noon": "bad_time",
        "1.77288E+09": "bad_time",
        "1772884800.5": "bad_time",
        "0x69ab": "bad_time",
        "١٧٧٢٨٨٤٨٠٠": "bad_time",
        "-1772884800": "time_out_of_range",
        "0": "time_out_of_range",
        "99999999999": "time_out_of_range",
        "9" * 18: "time_out_of_range",
        "9" * 5000: "bad_time",
    }
    records = [line for text in bad for line in (record("steps", text, '{"steps":3}'), steps(NOON, 5))]
    read = Read(loose(tmp_path, *records))
    assert read.reasons == {2 * i + 2: reason for i, reason in enumerate(bad.values())}
    assert read.column("step_count", "row") == [2 * i + 3 for i in range(len(bad))]
    assert read.unread[2].detail == "Time is not a whole number of seconds. A spreadsheet has rounded it."


def test_milliseconds_are_taken_only_where_another_time_proves_them(tmp_path: Path) -> None:
    read = Read(
        loose(
            tmp_path,
            record("heart_rate", NOON * 1000 + 250, {"bpm": 61, "time": NOON}),
            record("heart_rate", NOON * 1000, {"bpm": 62}),
            record("heart_rate", NOON * 1000, {"bpm": 63, "time": NOON + 7200}),
            sleep(night(), time=NOON * 1000),
        )
    )
    assert read.column("heart_rate", "start") == [at(NOON) + timedelta(milliseconds=250)]
    assert read.reasons == {3: "epoch_unit_unproved", 4: "epoch_unit_unproved"}
    assert read.column("sleep_episode", "fault") == [None]


def test_a_record_whose_two_times_differ_is_a_fault_with_both(tmp_path: Path) -> None:
    read = Read(
        loose(
            tmp_path,
            heart_rate(NOON, 61),
            record("heart_rate", NOON, {"bpm": 62, "time": NOON + 3600}),
            heart_rate(NOON + 60, 63),
            sleep(night(), time=NOON - 460 * 60),
        )
    )
    assert read.column("heart_rate", "row") == [2, 3, 4]
    fault = f"time_mismatch: Time {NOON}, time inside Value {NOON + 3600}"
    assert read.column("heart_rate", "fault") == [None, fault, None]
    fault = f"time_mismatch: Time {NOON - 460 * 60}, wake_up_time {NOON}"
    assert set(read.column("sleep_episode", "fault") + read.column("sleep_stage", "fault")) == {fault}


def test_damaged_lines_cost_their_neighbours_nothing(tmp_path: Path) -> None:
    good = as_csv([heart_rate(NOON, 61)]).splitlines()[1]
    lines = [
        good,
        b'1,2,heart_rate,1772884800,"{""bpm"":72,5',
        good,
        b"1,2,heart_rate",
        good,
        b"",
        b"1,2,heart_rate,1772884800,{bpm:72},5,,",
        good,
        b"1,2,heart_rate,1772884800,\xff\xfe,5",
        b"1,2,heart\rrate,1772884800,x,5",
        b",".join(name.encode() for name in FITNESS_HEADER),
        good,
    ]
    path = tmp_path / "x"
    path.write_bytes(as_csv([]) + b"\n".join(lines))
    read = Read(path)
    assert read.reasons == {
        3: "unbalanced_quotes",
        5: "wrong_field_count",
        8: "wrong_field_count",
        10: "wrong_encoding",
        11: "stray_line_end",
    }
    assert read.column("heart_rate", "row") == [2, 4, 6, 9, 13]
    assert read.out == {"header": [1, 12], "blank": [7]}
    details = [item.detail for item in read.unread]
    assert details[1] == "the record has 3 fields, the header 6."
    assert details[3] == "the record is not UTF-8. Set settings.encoding: gbk if it comes from a Chinese system."


def test_a_value_broken_over_two_lines_costs_those_two_lines(tmp_path: Path) -> None:
    broken = record("heart_rate", NOON, '{"bpm":72,\n"time":1}')
    read = Read(loose(tmp_path, heart_rate(NOON, 61), broken, heart_rate(NOON, 62)))
    assert read.reasons == {3: "unbalanced_quotes", 4: "unbalanced_quotes"}
    assert read.column("heart_rate", "row") == [2, 5]


def test_a_gbk_copy_is_read_when_the_setting_says_so_and_never_guessed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(as_csv([heart_rate(NOON, 61, sid="手机"), heart_rate(NOON, 62)]).decode().encode("gbk"))
    assert Read(path, encoding="gbk").column("heart_rate", "device") == ["手机", WATCH]
    unset = Read(path)
    assert unset.reasons == {2: "wrong_encoding"}
    assert unset.column("heart_rate", "device") == [WATCH]


@pytest.mark.parametrize(
    ("data", "reason", "text"),
    [
        (as_csv([heart_rate(NOON, 61)]).replace(b'""', b"+ACIAIg-"), "utf7_damaged", "saved again as UTF-7"),
        (as_csv([heart_rate(NOON, 61)]).decode().encode("utf-16"), "wrong_encoding", "the file is UTF-16 text"),
        (
            b"Uid,Sid,Key,Time,UpdateTime\n1,2,heart_rate,3,4\n",
            "missing_columns",
            r'column "Value" is not in the file \(it has Uid, Sid, Key, Time, UpdateTime\)',
        ),
        (b"8298429185,2,heart_rate,3,72,4\n", "missing_columns", r"\(it has heart_rate\)"),
        (b"", "empty_file", r"the file is empty \(0 bytes\)"),
    ],
)
def test_a_damaged_file_is_refused_as_a_whole_with_a_sentence(
    tmp_path: Path, data: bytes, reason: str, text: str
) -> None:
    path = as_zip(tmp_path / "x", {FITNESS_NAME: data})
    with open_export(path) as export, pytest.raises(DamagedMemberError, match=text) as caught:
        list(mi_fitness.parse(export, mi_fitness.Settings()))
    assert (caught.value.reason, caught.value.member) == (reason, FITNESS_NAME)
    assert "Use the file as it came from Xiaomi's privacy page." in str(caught.value)


# ---- sleep that does not add up


def test_a_night_whose_stages_do_not_add_up_is_a_fault_of_its_stages_only(tmp_path: Path) -> None:
    wrong = night(stated={"deep": 95, "light": 265})
    read = Read(loose(tmp_path, sleep(wrong), *(sleep(night(NOON + day * DAY)) for day in (1, 2))))
    fault = (
        "stage_total_mismatch: deep 120 min by stages, 95 min by session; light 240 min by stages, 265 min by session"
    )
    by_row = {row["row"]: row["fault"] for row in read.rows["sleep_stage"]}
    assert by_row == {2: fault, 3: None, 4: None}
    assert read.column("sleep_episode", "fault") == [None] * 3


def test_a_changed_stage_map_is_found_out(tmp_path: Path) -> None:
    swapped = {"deep": 3, "light": 2}
    read = Read(loose(tmp_path, *(sleep(night(NOON + day * DAY, states=swapped)) for day in range(3))))
    faults = set(read.column("sleep_stage", "fault"))
    assert len(faults) == 1
    assert "stage_map_unproved: 3 of 3 sessions disagree, the first deep 240 min by stages, 120 min" in faults.pop()


def test_an_unknown_stage_code_is_named_and_its_neighbours_are_judged_by_the_totals(tmp_path: Path) -> None:
    read = Read(loose(tmp_path, sleep(night(states={"awake": 7}, stated={"awake": 0}))))
    faults = [row["fault"] for row in read.rows["sleep_stage"]]
    assert faults[3::4] == ["stage_code_unknown: state 7 is not 2, 3, 4 or 5"] * 4
    assert read.column("sleep_stage", "stage")[3] is None
    assert {fault for i, fault in enumerate(faults) if i % 4 != 3} == {None}


def test_a_broken_stage_is_unread_and_the_rest_of_the_night_is_kept(tmp_path: Path) -> None:
    value = night()
    value["items"][0] = {"start_time": NOON - 460 * 60, "state": 3}
    value["items"][1] = "deep"
    read = Read(loose(tmp_path, sleep(value), sleep(night(NOON + DAY), time=NOON + DAY)))
    assert [(item.row, item.reason, item.detail) for item in read.unread] == [
        (2, "bad_stage", "2 of its stages can't be read.")
    ]
    assert read.column("sleep_episode", "row") == [2, 3]
    assert {row["flags"] for row in read.rows["sleep_stage"] if row["row"] == 2} == {"unproved_stages"}


@pytest.mark.parametrize(
    ("timezone", "offset"),
    [(32, 480), (-48, -720), (56, 840), (22, 330), (23, 345), (0, 0), (480, 480), (60, 60), (-180, -180), (32.0, 480)],
)
def test_timezone_counts_quarter_hours_and_what_is_too_large_counts_minutes(
    tmp_path: Path, timezone: float, offset: int
) -> None:
    read = Read(loose(tmp_path, sleep(night(timezone=timezone))))
    assert read.column("sleep_episode", "utc_offset_min") == [offset]
    assert read.column("sleep_episode", "fault") == [None]


@pytest.mark.parametrize("timezone", [9999, 57, -49, 855, 7.5])
def test_a_timezone_that_is_neither_is_a_fault(tmp_path: Path, timezone: float) -> None:
    read = Read(loose(tmp_path, sleep(night(timezone=timezone)), sleep(night(NOON + DAY))))
    text = f"timezone_impossible: timezone {timezone} is neither quarter hours nor minutes"
    assert read.column("sleep_episode", "fault") == [text, None]
    assert read.column("sleep_episode", "utc_offset_min") == [None, 60]


def test_a_night_without_timezone_leaves_the_offset_to_the_ledger(tmp_path: Path) -> None:
    value = night()
    del value["timezone"]
    read = Read(loose(tmp_path, sleep(value)))
    assert (read.column("sleep_episode", "utc_offset_min"), read.column("sleep_episode", "fault")) == ([None], [None])


# ---- daily reports


def report(day: int, total: int = 440, wake: int | None = None, timezone: int = 4) -> Record:
    wake = NOON + day * DAY if wake is None else wake
    segment = {"bedtime": wake - 460 * 60, "wake_up_time": wake, "timezone": timezone, "duration": total}
    return daily("sleep", MIDNIGHT + day * DAY, {"total_duration": total, "segment_details": [segment]})


def test_daily_reports_prove_and_give_no_rows(tmp_path: Path) -> None:
    reports = [report(0), daily("heart_rate", MIDNIGHT, {"avg_hr": 70}), daily("sleep", MIDNIGHT, {}, "daily_mark")]
    read = Read(zipped(tmp_path, [sleep(night())], reports))
    assert read.out["daily_report"] == [2, 3]
    assert read.out["other_key"] == [4]
    assert read.column("sleep_episode", "fault") + read.column("sleep_episode", "flags") == [None, None]


def test_a_broken_daily_report_is_unread_and_the_others_still_prove(tmp_path: Path) -> None:
    reports = [
        [*daily("sleep", MIDNIGHT, {})[:5], '{"total_duration":', 1],
        daily("steps", NOON, {"steps": 100}),
        report(0, 300),
    ]
    read = Read(zipped(tmp_path, [sleep(night())], reports))
    assert read.reasons == {2: "bad_json", 3: "bad_time"}
    assert read.column("sleep_episode", "flags") == ["daily_total_differs"]


def test_one_day_that_differs_from_its_report_is_flagged_and_kept(tmp_path: Path) -> None:
    nights = [sleep(night(NOON + day * DAY)) for day in range(4)]
    read = Read(zipped(tmp_path, nights, [report(day, 440 if day else 300) for day in range(4)]))
    assert read.column("sleep_episode", "flags") == ["daily_total_differs", None, None, None]
    assert set(read.column("sleep_episode", "fault")) == {None}


def test_minutes_that_are_seconds_are_found_out_by_the_daily_reports(tmp_path: Path) -> None:
    fields = {"deep": 7200, "light": 14400, "rem": 4800, "awake": 1200}
    nights = [sleep(night(NOON + day * DAY, stated=fields)) for day in range(3)]
    read = Read(zipped(tmp_path, nights, [report(day) for day in range(3)]))
    assert set(read.column("sleep_episode", "fault")) == {
        "sleep_total_unproved: 3 of 3 totals disagree, the first (2026-03-07) 26400 min by rows, 440 min by report"
    }


def test_a_night_seen_by_two_devices_meets_the_report_of_one(tmp_path: Path) -> None:
    nights = [
        line
        for day in range(3)
        for line in (sleep(night(NOON + day * DAY)), sleep(night(NOON + day * DAY, 3), "watch_night_sleep", sid=PHONE))
    ]
    read = Read(zipped(tmp_path, nights, [report(day) for day in range(3)]))
    assert set(read.column("sleep_episode", "fault") + read.column("sleep_episode", "flags")) == {None}


def test_a_night_that_stands_under_both_keys_counts_once(tmp_path: Path) -> None:
    nights = [sleep(night(NOON + day * DAY), key) for day in range(3) for key in ("sleep", "watch_night_sleep")]
    read = Read(zipped(tmp_path, nights, [report(day) for day in range(3)]))
    assert len(read.rows["sleep_episode"]) == 6
    assert set(read.column("sleep_episode", "fault") + read.column("sleep_episode", "flags")) == {None}


def test_an_offset_that_the_daily_report_contradicts_is_a_fault_of_that_night(tmp_path: Path) -> None:
    nights = [sleep(night(NOON + day * DAY, timezone=4 if day else 8)) for day in range(3)]
    read = Read(zipped(tmp_path, nights, [report(day) for day in range(3)]))
    text = "offset_mismatch: 120 min by session, 60 min by daily report"
    assert read.column("sleep_episode", "fault") == [text, None, None]
    assert {row["fault"] for row in read.rows["sleep_stage"] if row["row"] == 2} == {text}


def test_offsets_that_put_nights_on_other_dates_than_their_reports_are_unproved(tmp_path: Path) -> None:
    wakes = [MIDNIGHT + day * DAY - 1800 for day in range(3)]  # 06:30 at UTC+7; at UTC-7 the day before
    nights = [sleep(night(wake, timezone=-28)) for wake in wakes]
    read = Read(zipped(tmp_path, nights, [report(day, wake=wake, timezone=-28) for day, wake in enumerate(wakes)]))
    (fault,) = set(read.column("sleep_episode", "fault"))
    assert fault.startswith("offset_unproved: 3 of 3 listed sessions end on another date than their report's")


def walks(days: int, minute_steps: int, sid: str = WATCH) -> list[Record]:
    return [steps(NOON + day * DAY + 60 * i, minute_steps, sid) for day in range(days) for i in range(10)]


def test_steps_beyond_the_daily_reports_are_a_fault_of_that_device_only(tmp_path: Path) -> None:
    reports = [daily("steps", MIDNIGHT + day * DAY, {"steps": 1000}) for day in range(3)]
    read = Read(zipped(tmp_path, [sleep(night()), *walks(3, 500), *walks(3, 90, PHONE)], reports))
    text = (
        "step_total_unproved: 3 of 3 totals disagree, the first (2026-03-07) 5000 steps by rows, 1000 steps by report"
    )
    faults = {(row["device"], row["fault"]) for row in read.rows["step_count"]}
    assert faults == {(WATCH, text), (PHONE, None)}


def test_repeated_step_records_do_not_count_twice_against_the_report(tmp_path: Path) -> None:
    reports = [daily("steps", MIDNIGHT + day * DAY, {"steps": 1000}) for day in range(3)]
    read = Read(zipped(tmp_path, [sleep(night()), *walks(3, 90), *walks(3, 90)], reports))
    assert len(read.rows["step_count"]) == 60
    assert "fault" not in read.rows["step_count"][0]


def test_steps_beyond_what_is_held_share_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mi_steps, "MAX_HELD", 10)
    monkeypatch.setattr("pdp.formats.mi_fitness.records.BLOCK_BYTES", 2000)
    reports = [daily("steps", MIDNIGHT + day * DAY, {"steps": 1000}) for day in range(9)]
    read = Read(zipped(tmp_path, [sleep(night()), *walks(9, 90)], reports))
    assert read.column("step_count", "row") == list(range(3, 93))


def test_a_local_day_is_taken_from_the_recorded_offset(tmp_path: Path) -> None:
    late = [steps(MIDNIGHT + day * DAY - 60 * i - 60, 90) for day in (1, 3, 5) for i in range(10)]
    reports = [daily("steps", MIDNIGHT + day * DAY, {"steps": 900 if day % 2 else 1}) for day in range(6)]
    read = Read(zipped(tmp_path, [sleep(night()), *late], reports))  # 00:50 at UTC+1 is the next day
    assert "fault" not in read.rows["step_count"][0]


# ---- properties


@st.composite
def sessions(draw: st.DrawFn) -> list[dict[str, Any]]:
    values = []
    wake = NOON
    for _ in range(draw(st.integers(1, 4))):
        wake += draw(st.integers(DAY, 3 * DAY))
        values.append(night(wake, draw(st.integers(1, 6)), timezone=draw(st.integers(-48, 56))))
    return values


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(sessions())
def test_sessions_that_are_written_are_read_back_equal(tmp_path: Path, values: list[dict[str, Any]]) -> None:
    read = Read(loose(tmp_path, *(sleep(value) for value in values)))
    for value, row in zip(values, read.rows["sleep_episode"], strict=True):
        assert (row["start"], row["end"]) == (at(value["bedtime"]), at(value["wake_up_time"]))
        assert row["utc_offset_min"] == value["timezone"] * 15
        assert all(
            row[f"{stage}_min"] == value[f"sleep_{stage}_duration"] for stage in ("deep", "light", "rem", "awake")
        )
        assert row["fault"] is None
    code_of = {"deep": 2, "light": 3, "rem": 4, "awake": 5}
    written = [(at(x["start_time"]), at(x["end_time"]), x["state"]) for value in values for x in value["items"]]
    assert [(x["start"], x["end"], code_of[x["stage"]]) for x in read.rows["sleep_stage"]] == written
    assert set(read.column("sleep_stage", "fault") + read.column("sleep_stage", "flags")) == {None}


layouts = st.sampled_from(
    [
        '{{"bpm":{0},"time":{1}}}',
        '{{"bpm": {0}, "time": {1}}}',
        '{{"time":{1},"bpm":{0}}}',
        '{{"bpm":{0}}}',
        '{{ "x": null, "bpm" : {0} }}',
    ]
)


@quick
@given(st.lists(st.tuples(st.integers(1_400_000_000, 4_000_000_000), st.integers(1, 254), layouts), min_size=1))
def test_pulses_are_read_back_equal_however_their_json_is_laid_out(
    tmp_path: Path, samples: list[tuple[int, int, str]]
) -> None:
    read = Read(loose(tmp_path, *(record("heart_rate", time, text.format(bpm, time)) for time, bpm, text in samples)))
    found = [(row["row"], row["start"], row["heart_rate_bpm"]) for row in read.rows["heart_rate"]]
    assert found == [(i, at(time), bpm) for i, (time, bpm, _) in enumerate(samples, 2)]


@quick
@given(st.binary(max_size=400))
def test_arbitrary_bytes_after_the_header_never_crash_and_are_all_covered(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(as_csv([heart_rate(NOON, 61), steps(NOON, 5)]) + junk)
    assume(not any(mark in junk for mark in (b"+ACI", b"+AF8-")))  # refused as a whole: tested above
    read = Read(path)
    assert read.column("heart_rate", "row")[0] == 2
    assert read.column("step_count", "row")[0] == 3
    assert read.extents[""] == 3 + len(junk.split(b"\n")) - (not junk or junk.endswith(b"\n"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.integers(NOON, NOON + DAY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["bpm", "time", "steps", *night()]) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=12,
)
keys = st.sampled_from(["heart_rate", "resting_heart_rate", "steps", "sleep", "watch_night_sleep"])
times = st.integers() | st.integers(NOON - DAY, NOON + DAY) | st.text(max_size=12)


@quick
@given(st.lists(st.tuples(keys, times, json_values | st.text()), max_size=8))
def test_any_json_under_our_keys_is_read_or_refused_but_never_lost(
    tmp_path: Path, parts: list[tuple[str, object, object]]
) -> None:
    def one_line(value: object) -> object:
        return value.replace("\n", " ").encode("utf-8", "replace").decode() if isinstance(value, str) else value

    read = Read(
        loose(
            tmp_path,
            *(record(key, one_line(time), one_line(value)) for key, time, value in parts),
            heart_rate(NOON, 61),
        )
    )
    assert read.column("heart_rate", "row")[-1] == len(parts) + 2


@quick
@given(st.lists(json_values, max_size=4), st.lists(json_values, max_size=4))
def test_any_json_in_a_daily_report_leaves_the_rows_in_place(
    tmp_path: Path, nights: list[object], walked: list[object]
) -> None:
    reports = [daily("sleep", MIDNIGHT, value) for value in nights] + [daily("steps", MIDNIGHT, x) for x in walked]
    read = Read(zipped(tmp_path, [sleep(night()), steps(NOON, 10)], reports))
    assert (len(read.rows["sleep_episode"]), len(read.rows["step_count"])) == (1, 1)


@pytest.mark.parametrize("size", [400, 1000, 5000])
def test_where_blocks_are_cut_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    rng = np.random.default_rng(1)
    records = [heart_rate(NOON + 60 * i, int(bpm)) for i, bpm in enumerate(rng.integers(0, 200, 60))]
    records[10:10] = [sleep(night()), record("heart_rate", NOON, "{"), steps(NOON, 3)]
    path = tmp_path / "x"
    path.write_bytes(as_csv(records).rstrip(b"\n") + b"\n\nhalf a record")
    whole = Read(path)
    monkeypatch.setattr("pdp.formats.mi_fitness.records.BLOCK_BYTES", size)
    cut = Read(path)
    assert (cut.rows, cut.extents, cut.reasons) == (whole.rows, whole.extents, whole.reasons)
    assert {reason: sorted(rows) for reason, rows in cut.out.items()} == {
        reason: sorted(rows) for reason, rows in whole.out.items()
    }


def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pdp.formats.mi_fitness.records.MAX_RECORD_BYTES", 1000)
    monkeypatch.setattr("pdp.formats.mi_fitness.records.BLOCK_BYTES", 500)
    path = tmp_path / "x"
    path.write_bytes(as_csv([heart_rate(NOON, 61)]) + b"x" * 5000)
    with open_export(path) as export, pytest.raises(DamagedMemberError, match="its line ends are missing"):
        list(mi_fitness.parse(export, mi_fitness.Settings()))
