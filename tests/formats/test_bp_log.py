"""Blood-pressure logs."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.formats import bp_log
from pdp.formats.bp_log import Columns, Settings
from tests.formats.log_files import parse, sniffed, workbook

OMRON = """\
Date,Time,Systolic (mmHg),Diastolic (mmHg),Pulse (bpm),Symptoms,Consumed,TruRead,Notes
Jan 12 2025,08:12,114,74,47,-,-,-,-
Jan 6 2025,08:46,117,76,-,-,-,-,after coffee
"""
IHEALTH = 'Date,Time,SYS(mmHg),DIA(mmHg),Pulse(Beats/Min),Note\r\n"Dec 31, 2025",07:04,120,80,60,\r\n'
WITHINGS = 'Date,Heart rate,Systolic,Diastolic,Comments\n"2025-01-12 08:15:00",61,120,80,\n'
SAMSUNG = """\
com.samsung.shealth.blood_pressure,6301003,8
com.samsung.health.blood_pressure.start_time,com.samsung.health.blood_pressure.systolic,com.samsung.health.blood_pressure.diastolic,com.samsung.health.blood_pressure.pulse,com.samsung.health.blood_pressure.time_offset,com.samsung.health.blood_pressure.datauuid
2024-06-01 08:00:00.000,120.0,80.0,60,UTC+0200,abc,
"""
FORM = "Timestamp,SYS,DIA,Pulse\n1/13/2025 8:05:00,120,80,60\n"
GERMAN = "\ufeffDatum;Uhrzeit;Systolisch;Diastolisch;Puls;Bemerkung\n15.01.2026;8:05 Uhr;120,5;80;60;müde\n"
SPANISH = "Fecha;Hora;Sistólica;Diastólica;Pulso\n15/01/2026;8:05 a. m.;120;80;60\n"


@pytest.mark.parametrize(
    ("content", "start", "systolic", "clock"),
    [
        (IHEALTH, datetime(2025, 12, 31, 7, 4), 120, "local"),
        (WITHINGS, datetime(2025, 1, 12, 8, 15), 120, "local"),
        (SAMSUNG, datetime(2024, 6, 1, 8), 120, "utc"),
        (FORM, datetime(2025, 1, 13, 8, 5), 120, "local"),
        (GERMAN, datetime(2026, 1, 15, 8, 5), 120.5, "local"),
        (SPANISH, datetime(2026, 1, 15, 8, 5), 120, "local"),
        (SPANISH.encode("utf-16"), datetime(2026, 1, 15, 8, 5), 120, "local"),
        (SPANISH.encode("cp1252"), datetime(2026, 1, 15, 8, 5), 120, "local"),
    ],
)
def test_a_log_is_read_and_recognised_as_its_maker_writes_it(
    content: str | bytes, start: datetime, systolic: float, clock: str
) -> None:
    outcome = parse(bp_log, content)
    assert outcome.column("start") == [start]
    assert outcome.column("systolic_mmhg") == [systolic]
    assert outcome.column("diastolic_mmhg") == [80]
    assert outcome.clocks == [clock]
    assert outcome.unread == {}
    assert sniffed(bp_log, content) or content == SPANISH.encode("cp1252")


def test_omron_dashes_are_missing_and_notes_kept() -> None:
    outcome = parse(bp_log, OMRON)
    assert outcome.column("pulse_bpm") == [47, None]
    assert outcome.column("note") == [None, "after coffee"]
    assert outcome.column("row") == [2, 3]
    assert outcome.out == {"header": [1]}


def test_samsung_metadata_is_a_header_and_its_offset_recorded() -> None:
    outcome = parse(bp_log, SAMSUNG)
    assert outcome.out == {"header": [1, 2]}
    assert outcome.column("utc_offset_min") == [120]


def test_bad_rows_stand_beside_good_ones_each_with_its_reason() -> None:
    outcome = parse(
        bp_log,
        "My log\n\nDate,Time,SYS,DIA,Pulse,Note\n"
        "13/01/2025,08:00,120,80,60,fine\n"  # 4
        "14/01/2025,08:00,abc,80,60,\n"
        "14/01/2025,,120,80,60,\n"
        ",08:00,120,80,60,\n"
        "31/02/2025,08:00,120,80,60,\n"
        "14/01/2025,8,120,80,60,\n"
        "14/01/2025,08:00,118,5,76,5,60\n"  # decimal commas between commas: 7 cells
        "14/01/2025,08:00,1,200,80,\n"
        "14/01/2025,08:00,120\n"  # 12: short; validate rejects it for its missing value
        "14/01/2025,08:00,,,,only a note\n"
        "Date,Time,SYS,DIA,Pulse,Note\n"
        "15/01/2025,08:00,inf,80,60,\n"
        "\x00\x00\x00\x00\n"
        f"15/01/2025,08:00,{'9' * 5000},80,60,\n"
        "15/01/2025,08:00,120 ms,80,60,\n"
        "15/01/2025,08:00,120,80 mmHg,60 bpm,last",
    )
    assert outcome.column("row") == [4, 11, 12, 19]
    assert outcome.column("diastolic_mmhg")[2] is None
    assert {row: reason for (_, row), reason in outcome.unread.items()} == {
        5: "not_a_number",
        6: "no_time",
        7: "no_date",
        8: "not_a_date",
        9: "not_a_date",
        10: "too_many_cells",
        15: "not_a_number",
        17: "not_a_number",
        18: "wrong_unit",
    }
    assert outcome.out == {"header": [1, 3, 14], "blank": [2, 16], "no_data": [13]}


def test_two_sound_pressures_are_kept_beside_an_unreadable_pulse_and_flagged() -> None:
    outcome = parse(
        bp_log, "Date,Time,Systolic,Diastolic,Pulse\n2025-03-04,07:25,140,80,abc\n2025-03-04,07:27,139,79,61\n"
    )
    assert outcome.column("systolic_mmhg") == [140.0, 139.0]
    assert outcome.column("pulse_bpm") == [None, 61.0]
    assert outcome.column("flags") == ["pulse_unread", None]
    assert outcome.unread == {}


def test_a_whole_reading_in_one_cell_is_taken_apart() -> None:
    outcome = parse(
        bp_log,
        "Date;Time;BP\n2025-01-01;8:00;120/80\n2025-01-01;9:00;130/85/72\n2025-01-01;10:00;120/80 72\n"
        "2025-01-01;11:00;118 / 76 mmHg, 61 bpm\n2025-01-01;12:00;-\n",
    )
    values = [(r["systolic_mmhg"], r["diastolic_mmhg"], r["pulse_bpm"]) for r in outcome.readings]
    assert values == [(120, 80, None), (130, 85, 72), (120, 80, 72), (118, 76, 61)]
    assert outcome.out["no_data"] == [6]


def test_a_whole_reading_typed_into_the_first_of_two_columns_is_taken_apart() -> None:
    outcome = parse(
        bp_log,
        "Date,Time,SYS,DIA,Pulse\n2025-01-01,8:00,138/86,,74\n2025-01-01,8:01,141/88/66,-,\n"
        "2025-01-01,8:02,120/80,80,60\n2025-01-01,8:03,120/80/60,,61\n2025-01-01,8:04,120/80/60,,60\n",
    )
    values = [(r["systolic_mmhg"], r["diastolic_mmhg"], r["pulse_bpm"]) for r in outcome.readings]
    assert values == [(138, 86, 74), (141, 88, 66), (120, 80, 60)]
    assert outcome.unread == {("", 4): "not_a_number", ("", 5): "two_pulses"}


def test_the_time_asked_for_in_a_form_goes_before_the_time_it_was_sent() -> None:
    text = "Timestamp,Date,Time,SYS,DIA\n1/13/2025 21:00:00,1/13/2025,8:05,120,80\n"
    assert parse(bp_log, text).column("start") == [datetime(2025, 1, 13, 8, 5)]


def test_a_date_asked_for_in_a_form_must_be_the_day_it_was_sent_or_there_is_no_time() -> None:
    text = "Timestamp,Date,SYS,DIA\n1/13/2025 21:00:00,1/13/2025,120,80\n1/14/2025 9:00:00,1/13/2025,120,80\n"
    outcome = parse(bp_log, text)
    assert outcome.column("start") == [datetime(2025, 1, 13, 21)]
    assert outcome.reasons == ["two_dates"]


def test_a_column_that_the_settings_name_is_not_taken_for_another_field() -> None:
    text = "Date,Time,High,Low,Pulse\n2025-01-01,8:00,120,80,60\n"
    outcome = parse(bp_log, text, Settings(columns=Columns(note="Pulse")))
    assert outcome.column("pulse_bpm") == [None]
    assert outcome.column("note") == ["60"]


def test_a_zip_is_read_where_it_holds_a_log_and_left_alone_elsewhere() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data/bp.csv", WITHINGS)
        archive.writestr("data/weight.csv", "Date,Comments,Weight (kg)\n2025-01-12,,70\n")
        archive.writestr("data/photo.jpg", b"\xff\xd8")
        archive.writestr("data/empty.csv", b"")
        archive.writestr("data/friends.csv", "Freund,Größe\nJörg,1.80\n".encode("cp1252"))
        archive.writestr("log.xlsx", workbook({"2025": SHEET}))
    assert sniffed(bp_log, stream.getvalue())
    outcome = parse(bp_log, stream.getvalue())
    assert outcome.extents == {"data/bp.csv": 2, "log.xlsx/2025": 3}
    assert len(outcome.readings) == 3


def test_one_file_of_a_zip_that_cannot_be_read_is_named_so_that_the_others_can() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("bp.csv", WITHINGS)
        archive.writestr("old.csv", "Date,Systolic,Diastolic,Comments\n2020-01-01 8:00,1,1,müde\n".encode("cp1252"))
    with pytest.raises(DamagedMemberError, match=r"old\.csv: the file is not UTF-8") as error:
        parse(bp_log, stream.getvalue())
    assert (error.value.member, error.value.reason) == ("old.csv", "unknown_encoding")


def test_how_a_file_was_read_is_recorded_and_logged_without_a_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="pdp.tabular"):
        outcome = parse(bp_log, SPANISH.encode("cp1252"))
    (said,) = outcome.read_as
    assert said.startswith("cp1252, delimiter ';'; order of dates ")
    assert caplog.messages == [f"read as {said}"]


@pytest.mark.parametrize("cell", ["12-Aug", "Dec-80", "Aug 12", "12. Aug"])
def test_a_reading_that_excel_made_a_date_is_not_guessed_back(cell: str) -> None:
    outcome = parse(bp_log, f"Date,Time,BP\n2025-01-01,8:00,120/80\n2025-01-01,9:00,{cell}\n")
    assert outcome.reasons == ["spreadsheet_date"]
    assert outcome.details == ["the spreadsheet made a date of this reading; type it again, as text: '120/80"]


def test_a_reading_that_a_workbook_holds_as_a_date_is_not_guessed_back() -> None:
    rows = [
        ["Date", "Time", "BP"],
        [datetime(2025, 1, 1), time(8), datetime(2025, 8, 12)],
        ["2025-01-01", "9:00", "120/80"],
    ]
    outcome = parse(bp_log, workbook({"Log": rows}))
    assert outcome.unread == {("Log", 2): "spreadsheet_date"}
    assert outcome.column("row") == [3]


def test_kilopascals_are_converted_by_cell_header_or_setting() -> None:
    lines = "2025-01-01,8:00,16,10.7\n"
    for header, chosen in (("Date,Time,SYS (kPa),DIA (kPa)", None), ("Date,Time,SYS,DIA", "kPa")):
        outcome = parse(bp_log, f"{header}\n{lines}", Settings(pressure_unit=chosen))
        assert outcome.column("systolic_mmhg") == [120.0]
        assert outcome.column("diastolic_mmhg") == [80.3]
    assert parse(bp_log, "Date,Time,SYS,DIA\n2025-01-01,8:00,16 kPa,80\n").column("systolic_mmhg") == [120.0]


def test_a_file_with_people_gives_one_persons_rows() -> None:
    text = "User,Date,Time,SYS,DIA\nanna,2025-01-01,8:00,120,80\nbert,2025-01-01,8:01,150,90\n,2025-01-01,8:02,1,1\n"
    outcome = parse(bp_log, text, Settings(person="anna"))
    assert outcome.column("row") == [2]
    assert outcome.out["other_person"] == [3]
    assert outcome.unread == {("", 4): "no_person"}


PEOPLE = "User,Date,Time,SYS,DIA\nanna,2025-01-01,8:00,120,80\n"


@pytest.mark.parametrize(
    ("content", "chosen", "reason", "text"),
    [
        (
            PEOPLE,
            Settings(),
            "person_not_set",
            'the file has a column that says whose each row is ("User"). Set settings.person to the value of the '
            "person whose rows to take.",
        ),
        (
            PEOPLE,
            Settings(person="carl"),
            "person_absent",
            "none of the 1 people in the file is the one in settings.person. Set settings.person exactly as the file "
            "writes it.",
        ),
        (
            "Date,Time,SYS,DIA\n",
            Settings(person="anna"),
            "missing_columns",
            "no column in the file is the person's (it has Date, Time, SYS, DIA). Set settings.columns.person to one "
            "of these.",
        ),
        (
            "Date,Time,SYS,Unten\n",
            Settings(),
            "missing_columns",
            "no column in the file is the diastolic pressure (it has Date, Time, SYS, Unten). Set "
            "settings.columns.diastolic to one of these.",
        ),
        (
            "Date,Time,Sys,Dia\n",
            Settings(columns=Columns(systolic="SYST")),
            "missing_columns",
            'column "SYST" is not in the file (it has Date, Time, Sys, Dia). Set settings.columns.systolic to one of '
            "these.",
        ),
        (
            "SYS,DIA,Puls\n",
            Settings(),
            "missing_columns",
            "no column in the file is the date and time (it has SYS, DIA, Puls). Set settings.columns.datetime to one "
            "of these.",
        ),
        (
            "Date,Time,SYS,Systolic,DIA\n",
            Settings(),
            "ambiguous_columns",
            "more than one column could be the systolic: SYS, Systolic. Set settings.columns.systolic to one of "
            "these; give columns of equal name different names.",
        ),
        (
            "Date,Time,SYS,DIA,SYS\n",
            Settings(columns=Columns(systolic="SYS")),
            "ambiguous_columns",
            "more than one column could be the systolic: SYS, SYS. Set settings.columns.systolic to one of these; "
            "give columns of equal name different names.",
        ),
        (
            "colour,taste\nred,sweet\n",
            Settings(),
            "no_header",
            "no record has known column names (the first has colour, taste). Set settings.columns to the names of "
            "your columns.",
        ),
        (
            "Timestamp,Offset,SYS,DIA\n2025-01-01 8:00,+02:00,120,80\n",
            Settings(),
            "clock_not_set",
            'the file states offsets from UTC ("Offset"), but not whether its times are local or UTC. Set '
            "settings.clock to local or utc.",
        ),
    ],
)
def test_what_the_file_leaves_open_is_an_error_that_names_columns_and_key(
    content: str, chosen: Settings, reason: str, text: str
) -> None:
    with pytest.raises(UnreadableExportError) as error:
        parse(bp_log, content, chosen)
    assert error.value.reason == reason
    assert str(error.value) == text


def test_a_near_miss_in_the_settings_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnreadableExportError, match='Did you mean "Oberer"'):
        parse(bp_log, "Date,Time,Oberer,Dia\n", Settings(columns=Columns(systolic="Obere")))


def test_settings_name_columns_that_no_table_knows() -> None:
    outcome = parse(
        bp_log,
        "When,top,bottom\n2025-01-01 8:00,120,80\n",
        Settings(columns=Columns(datetime="when", systolic="top", diastolic="bottom")),
    )
    assert outcome.column("systolic_mmhg") == [120]


def test_date_order_comes_from_the_file_or_the_settings_never_from_a_guess() -> None:
    text = "Date,Time,SYS,DIA\n02/03/2025,8:00,120,80\n"
    with pytest.raises(UnreadableExportError, match=r"Set settings\.date_order to dmy, mdy or ymd"):
        parse(bp_log, text)
    assert parse(bp_log, text, Settings(date_order="mdy")).column("start") == [datetime(2025, 2, 3, 8)]
    assert parse(bp_log, text + "13/03/2025,8:00,120,80\n").column("start")[0] == datetime(2025, 3, 2, 8)


def test_a_date_that_does_not_fit_the_order_in_the_settings_is_unread() -> None:
    outcome = parse(
        bp_log, "Date,Time,SYS,DIA\n02/13/2025,8:00,120,80\n13/02/2025,8:00,120,80\n", Settings(date_order="dmy")
    )
    assert outcome.unread == {("", 2): "not_a_date"}
    assert outcome.column("row") == [3]


def test_times_with_an_offset_are_utc_and_those_without_are_local() -> None:
    outcome = parse(
        bp_log,
        "Timestamp,SYS,DIA\n2025-01-01T08:00:00+02:00,120,80\n2025-01-01T08:00:00Z,121,80\n2025-01-01 08:00,122,80\n",
    )
    assert list(zip(outcome.column("start"), outcome.column("utc_offset_min"), strict=True)) == [
        (datetime(2025, 1, 1, 6), 120),
        (datetime(2025, 1, 1, 8), 0),
        (datetime(2025, 1, 1, 8), None),
    ]


def test_a_file_all_in_utc_records_no_offset_of_the_person() -> None:
    outcome = parse(bp_log, "Timestamp,SYS,DIA\n2025-01-01 08:00:00+0000,120,80\n2025-01-01T09:00:00Z,121,80\n")
    assert outcome.clocks == ["utc", "utc"]
    assert outcome.column("utc_offset_min") == [None, None]


@pytest.mark.parametrize(("clock", "hour"), [("local", 6), ("utc", 8)])
def test_an_offset_column_is_read_as_the_clock_setting_says(clock: str, hour: int) -> None:
    outcome = parse(
        bp_log,
        "Timestamp,UTC offset,SYS,DIA\n2025-01-01 08:00,+02:00,120,80\n2025-01-01 08:00,+99,1,1\n",
        Settings(clock=clock),
    )
    assert outcome.column("start") == [datetime(2025, 1, 1, hour)]
    assert outcome.column("utc_offset_min") == [120]
    assert outcome.reasons == ["not_an_offset"]


def test_the_earliest_year_with_an_offset_does_not_overflow() -> None:
    outcome = parse(bp_log, "Timestamp,SYS,DIA\n0001-01-01T00:00:00+02:00,120,80\n2025-01-01T08:00:00+02:00,120,80\n")
    assert outcome.reasons == ["date_out_of_range"]


def test_posture_and_arm_take_the_vocabularys_words_and_unknown_ones_go_to_the_note() -> None:
    outcome = parse(
        bp_log,
        "Date,Time,SYS,DIA,Position,Arm,Note\n2025-01-01,8:00,1,1,Sitzend,L,\n"
        "2025-01-01,9:00,1,1,on one leg,left arm,hm\n",
    )
    assert outcome.column("body_posture") == ["sitting", None]
    assert outcome.column("measurement_location") == ["left upper arm", "left upper arm"]
    assert outcome.column("note") == [None, "hm; posture: on one leg"]


SHEET = [
    ["Date", "Time", "SYS", "DIA", "Pulse"],
    [datetime(2025, 1, 13), time(8, 5), 120, 80, 60],
    [datetime(2025, 2, 1), time(20, 15, 30), 118.5, 79, None],
]


def test_a_workbook_and_its_csv_and_its_serial_numbers_give_equal_tables() -> None:
    text = "Date,Time,SYS,DIA,Pulse\n13/01/2025,8:05,120,80,60\n01/02/2025,8:15:30 PM,118.5,79,\n"
    serials = [SHEET[0], [45670, 485 / 1440, 120, 80, 60], [45689, 72930 / 86400, 118.5, 79, None]]
    expected = parse(bp_log, text).readings
    assert len(expected) == 2
    assert parse(bp_log, workbook({"Log": SHEET})).readings == expected
    assert parse(bp_log, workbook({"Log": serials})).readings == expected


def test_each_sheet_is_a_member_and_one_that_is_no_log_is_left_out() -> None:
    outcome = parse(bp_log, workbook({"2025": SHEET, "Chart": [["Date", "Time", "kg"], [1, 2, 3]], "2026": SHEET[:2]}))
    assert outcome.extents == {"2025": 3, "Chart": 2, "2026": 2}
    assert outcome.out["no_data"] == [1, 2]
    assert len(outcome.readings) == 3


def test_blank_rows_of_a_sheet_count_as_records_but_not_those_below_its_end() -> None:
    rows = [[], SHEET[0], [None, " "], [], SHEET[1], [None, ""], []]
    outcome = parse(bp_log, workbook({"Log": rows}))
    assert outcome.extents == {"Log": 5}
    assert outcome.column("row") == [5]
    assert sorted(outcome.out["blank"]) == [1, 3, 4]


def test_a_sheet_that_lost_a_column_is_unread_beside_one_that_is_whole() -> None:
    outcome = parse(bp_log, workbook({"2025": SHEET, "2026": [["Date", "Time", "SYS"], ["2026-01-01", "8:00", 120]]}))
    assert outcome.unread == {("2026", 1): "missing_columns", ("2026", 2): "missing_columns"}
    assert len(outcome.readings) == 2


def test_dates_that_a_spreadsheet_has_half_converted_are_refused() -> None:
    half = [["Date", "Time", "SYS", "DIA"], [datetime(2025, 2, 1), "8:00", 120, 80], ["13/01/2025", "8:00", 120, 80]]
    with pytest.raises(UnreadableExportError, match="day and month of the former may be exchanged") as error:
        parse(bp_log, workbook({"Log": half}))
    assert error.value.reason == "mixed_date_cells"
    assert len(parse(bp_log, workbook({"Log": half}), Settings(date_order="dmy")).readings) == 2


def test_another_formats_file_is_named_as_such() -> None:
    nights = "start,end,sleep duration (min)\n2025-01-01 23:00,2025-01-02 07:00,400\n"
    with pytest.raises(UnreadableExportError) as error:
        parse(bp_log, nights)
    assert error.value.reason == "wrong_format"
    assert (
        str(error.value) == "does not look like a blood-pressure log; it looks like sleep_log. Set format: sleep_log."
    )


def test_modality_is_as_the_settings_say() -> None:
    assert parse(bp_log, OMRON).modalities == {"self_reported"}
    assert parse(bp_log, OMRON, Settings(modality="sensed")).modalities == {"sensed"}


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(alphabet='0123456789/:-., ;"\n\tSYSDIAdateTimepulse', max_size=200).map(str.encode)
)
def test_any_bytes_are_covered_or_refused_with_a_reason(data: bytes) -> None:
    for content in (data, b"Date,Time,SYS,DIA,Pulse,Note\n" + data):
        try:
            parse(bp_log, content)
        except UnreadableExportError as error:
            assert error.reason  # noqa: PT017


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_workbook_never_crashes(data: st.DataObject) -> None:
    content = bytearray(workbook({"Log": SHEET}))
    for _ in range(data.draw(st.integers(1, 8))):
        content[4 + data.draw(st.integers(0, 1_000_000)) % (len(content) - 4)] = data.draw(st.integers(0, 255))
    try:
        parse(bp_log, bytes(content))
    except UnreadableExportError as error:
        assert error.reason  # noqa: PT017


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.integers(40, 300), st.integers(20, 200)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y"), ("ymd", "%y-%m-%d"), ("ymd", "%Y.%m.%d")]),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_log_in_any_layout_is_read_back(
    readings: list[tuple[datetime, int, int]], layout: tuple[str, str], delimiter: str, encoding: str
) -> None:
    order, form = layout
    lines = [["Datum", "Uhrzeit", "Systole", "Diastole"]]
    lines += [[when.strftime(form), when.strftime("%H:%M:%S"), str(high), str(low)] for when, high, low in readings]
    content = "\n".join(delimiter.join(line) for line in lines).encode(encoding)
    outcome = parse(bp_log, content, Settings(date_order=order))
    found = [(r["start"], r["systolic_mmhg"], r["diastolic_mmhg"]) for r in outcome.readings]
    assert found == [(when.replace(microsecond=0), high, low) for when, high, low in readings]


SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is absent")
def test_real_logs_are_read_whole() -> None:
    omron: Any = parse(bp_log, next((SHARED / "omron").glob("*.csv")).read_bytes())
    assert [len(omron.readings), omron.reasons] == [3, []]
    welltory = (SHARED / "welltory_a" / "blood_pressure.csv").read_bytes()
    people = {line.split(b'"')[1].decode() for line in welltory.splitlines()[1:]}
    outcomes = [parse(bp_log, welltory, Settings(person=person)) for person in sorted(people)]
    assert sum(len(outcome.readings) for outcome in outcomes) == 423
    assert all(outcome.reasons == [] for outcome in outcomes)
