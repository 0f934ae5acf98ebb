"""What people give by mistake: each is a sentence that says what, where and what to do, and costs nothing beside it.

A fault in an export is a value (a row of `unread`), never a failed job; one in the configuration stops the run
before any data is seen. The sentences are asserted whole: they are what the person who made the mistake reads.
"""

from __future__ import annotations

import dataclasses
import struct
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import yaml

from pdp import config, config_check, formats, transports
from pdp.errors import ConfigError, UnreadableExportError
from tests.formats import mi_fitness_files as mi
from tests.formats.fixtures import zepp_life as zepp
from tests.pipeline import Taken, take_in

SCHEMA = Path(__file__).parents[1] / "workflow" / "schemas" / "config.schema.yaml"

FORMATS = ", ".join(formats.names())
SOURCE_KEYS = ", ".join(sorted(field.name for field in dataclasses.fields(config.Source)))

HEADER = "Date,Time,Sys,Dia,Pulse\n"
GOOD = "2025-03-14,07:12,128,81,66\n"
ALSO_GOOD = "2025-03-16,07:14,124,79,64\n"

BAND_HEADER = "date,time,heartRate\n"
BAND_GOOD = "2025-01-15,00:05,58\n"
BAND_ALSO_GOOD = "2025-01-17,00:05,61\n"


def a_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "0123456789abcdef"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def a_zip(folder: Path, files: dict[str, Any], password: str = "") -> Path:
    path = folder / "0123456789abcdef"
    with pyzipper.AESZipFile(path, "w", compression=pyzipper.ZIP_DEFLATED) as archive:
        if password:
            archive.setpassword(password.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def log(folder: Path, content: str | bytes, **chosen: Any) -> Taken:
    return take_in(a_file(folder, content), "bp_log", chosen)


def band(folder: Path, content: str | bytes) -> Taken:
    return take_in(a_file(folder, content), "zepp_life")


# The export can't be opened


def test_no_password(tmp_path: Path) -> None:
    path = a_zip(tmp_path, zepp.members(), "of this export")
    assert take_in(path, "zepp_life").refusal == (
        "no_password",
        "the zip is protected by a password, and none is configured. List the name of an environment variable that "
        "holds it in passwords_from, and set that variable.",
    )


def test_a_wrong_password_is_told_and_not_repeated(tmp_path: Path) -> None:
    path = a_zip(tmp_path, zepp.members(), "of this export")
    assert take_in(path, "zepp_life", passwords=["of the other one"]).refusal == (
        "wrong_password",
        "the password that passwords_from names does not open the zip. Each export has its own password: add the "
        "variable of this one to passwords_from.",
    )
    several = take_in(path, "zepp_life", passwords=["of the other one", "of none"])
    assert several.refusal == (
        "wrong_password",
        "none of the 2 passwords that passwords_from names opens the zip. Each export has its own password: add the "
        "variable of this one to passwords_from.",
    )
    assert len(take_in(path, "zepp_life", passwords=["of the other one", "of this export"]).rows("heart_rate")) == 4


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_zip(tmp_path: Path, share: float) -> None:
    whole = a_zip(tmp_path, zepp.members()).read_bytes()
    assert take_in(a_file(tmp_path, whole[: int(len(whole) * share)]), "zepp_life").refusal == (
        "truncated",
        "the zip is cut off: its directory, which stands at the end, is missing. Copy or download the export again.",
    )


def test_a_zip_whose_beginning_was_lost(tmp_path: Path) -> None:
    whole = a_zip(tmp_path, zepp.members()).read_bytes()
    assert take_in(a_file(tmp_path, whole[100:]), "zepp_life").refusal == (
        "not_a_zip",
        "the file ends like a zip but does not begin like one. Copy or download the export again.",
    )


def test_one_damaged_file_in_a_zip_costs_itself_alone(tmp_path: Path) -> None:
    path = a_zip(tmp_path, zepp.members())
    name = next(each for each in zepp.members() if "HEARTRATE_AUTO" in each)
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo(name).header_offset + 30 + len(name) + 20
    data = bytearray(path.read_bytes())
    data[at : at + 8] = b"\xff" * 8
    found = take_in(a_file(tmp_path, bytes(data)), "zepp_life")
    (row,) = found.unread
    assert (row["member"], row["row"], row["reason"]) == (name, 0, "bad_compression")
    assert row["detail"] == (
        f"{name} can't be decompressed. Copy or download the export again; the other files in it are kept."
    )
    assert {row["context"] for row in found.rows("heart_rate")} == {"manual"}
    assert len(found.rows("sleep_episode")) == 2


def test_a_file_damaged_alone_in_its_zip_is_told_once_and_not_as_the_wrong_format(tmp_path: Path) -> None:
    found = take_in(
        a_zip(tmp_path, {"log.csv": (HEADER + GOOD).encode() + "2025-03-15,07:12,128,81,müde\n".encode("cp1252")}),
        "bp_log",
    )
    ((member, row, reason),) = [(row["member"], row["row"], row["reason"]) for row in found.unread]
    assert (member, row, reason) == ("log.csv", 0, "unknown_encoding")
    assert found.tally.unreadable is None
    assert found.tally.damaged == {"log.csv": "unknown_encoding"}


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "0123456789abcdef"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("HEARTRATE_AUTO_1.csv", "w") as file:
        for _ in range(101):
            file.write(bytes(1000**2))
    reason, detail = take_in(path, "zepp_life").refusal
    assert reason == "zip_bomb"
    assert detail.startswith("one file in the zip unpacks to ")
    assert detail.endswith(
        "times its size; the limit is 1000. If that is honest, unpack it and give the files one by one."
    )


def test_a_zip_that_says_it_is_larger_than_any_disk(tmp_path: Path) -> None:
    path = a_zip(tmp_path, {f"{n}.csv": "x" for n in range(20)})
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24 : at + 28] = struct.pack("<L", 0xFFFFFFF0)
        at = data.find(b"PK\x01\x02", at + 1)
    assert take_in(a_file(tmp_path, bytes(data)), "zepp_life").refusal == (
        "zip_bomb",
        "unpacked, the zip would take 80 GiB; the limit is 50 GiB. If that is honest, split the export.",
    )


def test_overlapping_entries(tmp_path: Path) -> None:
    data = bytearray(a_zip(tmp_path, {"a.csv": "x" * 100, "b.csv": "x" * 100}).read_bytes())
    second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = struct.pack("<L", 0)  # at the place of the first
    assert take_in(a_file(tmp_path, bytes(data)), "zepp_life").refusal == (
        "overlapping_entries",
        "files inside the zip overlap, as in a zip bomb, or reach beyond its end. Copy or download the export again.",
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../HEARTRATE_1.csv", 'an entry\'s name leads out of its folder ("..")'),
        ("/etc/HEARTRATE_1.csv", "an entry's name is empty or an absolute path"),
        ("C:/HEARTRATE_1.csv", "an entry's name is empty or an absolute path"),
    ],
)
def test_absurd_entries(tmp_path: Path, name: str, what: str) -> None:
    path = tmp_path / "0123456789abcdef"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "time,heartRate\n")
    assert take_in(path, "zepp_life").refusal == (
        "absurd_entries",
        f"the zip is not believable: {what}. No health app writes such a zip: unpack it, look at it, and pack the "
        "files again.",
    )


@pytest.mark.parametrize("format", formats.names())
def test_an_empty_zip_and_one_of_folders_alone(tmp_path: Path, format: str) -> None:
    refusal = ("empty_zip", "there is no file in the zip. Copy or download the export again.")
    assert take_in(a_zip(tmp_path, {}), format).refusal == refusal
    assert take_in(a_zip(tmp_path, {"HEARTRATE/": b""}), format).refusal == refusal


@pytest.mark.parametrize("format", formats.names())
@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (
            b"\n<!DOCTYPE html><html><body>Please sign in</body></html>\n",
            "the file is a web page: the download gave a page, perhaps to sign in, instead of the export. Sign in and "
            "download it again.",
        ),
        (b"%PDF-1.7\n", "the file is a PDF document. Export or save the data as CSV or XLSX."),
        (
            b"7z\xbc\xaf'\x1c" + bytes(100),
            "the file is a 7z archive. Unpack it, and give the files one by one or packed as an ordinary zip.",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
            "the file is an Excel workbook in the old format, or one with a password. Save it without a password as "
            "XLSX or CSV.",
        ),
    ],
)
def test_a_file_that_is_no_export_at_all_is_named_in_every_format(
    tmp_path: Path, format: str, content: bytes, detail: str
) -> None:
    assert take_in(a_file(tmp_path, content), format).refusal == ("foreign_file", detail)


def test_the_wrong_format_says_which_one_it_looks_like(tmp_path: Path) -> None:
    band = a_zip(tmp_path, zepp.members())
    assert take_in(band, "mi_fitness").refusal == (
        "wrong_format",
        "does not look like a Mi Fitness export (no hlth_center_fitness_data in it); it looks like zepp_life. "
        "Set format: zepp_life.",
    )
    assert take_in(band, "bp_log").refusal == (
        "wrong_format",
        "does not look like a blood-pressure log; it looks like zepp_life. Set format: zepp_life.",
    )
    cuff = a_file(tmp_path, HEADER + GOOD)
    assert take_in(cuff, "zepp_life").refusal == (
        "wrong_format",
        "does not look like a Zepp Life export; it looks like bp_log. Set format: bp_log.",
    )
    assert take_in(cuff, "sleep_log").refusal == (
        "wrong_format",
        "does not look like a table of nights; it looks like bp_log. Set format: bp_log.",
    )


def test_a_file_like_no_format_asks_whether_it_is_whole_and_lists_the_formats(tmp_path: Path) -> None:
    assert take_in(a_file(tmp_path, '{"error": "not found"}'), "zepp_life").refusal == (
        "wrong_format",
        "does not look like a Zepp Life export, nor like any other format. Is it the whole export, as the app gave it? "
        f"Formats that can be set: {FORMATS}.",
    )


def test_an_unreadable_export_fails_the_job_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"")
    assert take_in(path, "bp_log").refusal[0] == "empty_file"
    with pytest.raises(UnreadableExportError, match=r"the file is empty \(0 bytes\)"):
        take_in(path, "bp_log", on_unreadable="fail")


# The file is no table, or not the one that was expected


@pytest.mark.parametrize("format", formats.names())
def test_an_empty_file(tmp_path: Path, format: str) -> None:
    assert take_in(a_file(tmp_path, b""), format).refusal == (
        "empty_file",
        "the file is empty (0 bytes). Copy or download the export again.",
    )


def test_a_file_of_blank_lines(tmp_path: Path) -> None:
    assert log(tmp_path, "\n  \n\n").refusal == (
        "empty_file",
        "there is nothing but blank lines in the file. Copy or download the export again.",
    )


@pytest.mark.parametrize(
    ("format", "header"),
    [
        ("bp_log", HEADER),
        ("sleep_log", "start,end,duration_min\n"),
        ("zepp_life", BAND_HEADER),
        ("mi_fitness", "Uid,Sid,Key,Time,Value,UpdateTime\n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_file_of_only_a_header_is_a_whole_file_without_readings(
    tmp_path: Path, format: str, header: str, end: str
) -> None:
    found = take_in(a_file(tmp_path, header.strip() + end), format)
    assert found.unread == []
    assert found.tally.unreadable is None
    assert found.tally.members[""].records == 1
    assert found.tally.members[""].out_of_scope == {"header": 1}


def test_a_file_without_a_header_is_told_without_its_values(tmp_path: Path) -> None:
    assert log(tmp_path, GOOD + ALSO_GOOD).refusal == (
        "no_header",
        "no record has known column names, and the first one holds numbers or dates. Put a line with the names of the "
        "columns above the first reading.",
    )
    found = take_in(a_zip(tmp_path, {"HEARTRATE_AUTO_1.csv": BAND_GOOD, "SLEEP_1.csv": "\n"}), "zepp_life")
    ((detail,),) = [(row["detail"],) for row in found.unread]
    assert detail == (
        "HEARTRATE_AUTO_1.csv is a HEARTRATE_AUTO file, but its columns are not named; date, heartrate, time are "
        "needed. If an editor has saved it, give the file as the app exported it (UTF-8, commas)."
    )


def test_missing_columns_are_named_with_those_there_are(tmp_path: Path) -> None:
    assert log(tmp_path, "Date,Time,SYS,Puls\n2025-03-14,07:12,128,66\n").refusal == (
        "missing_columns",
        "no column in the file is the diastolic pressure (it has Date, Time, SYS, Puls). Set "
        "settings.columns.diastolic to one of these.",
    )
    assert log(tmp_path, HEADER + GOOD, columns={"systolic": "Syst"}).refusal == (
        "missing_columns",
        'column "Syst" is not in the file (it has Date, Time, Sys, Dia, Pulse). Did you mean "Sys"? Set '
        "settings.columns.systolic to one of these.",
    )
    path = a_zip(tmp_path, {mi.FITNESS_NAME: "Uid,Sid,Key,Time\n1,2,heart_rate,3\n"})
    (row,) = take_in(path, "mi_fitness").unread
    assert (row["member"], row["reason"]) == (mi.FITNESS_NAME, "missing_columns")
    assert row["detail"] == (
        'column "Value" is not in the file (it has Uid, Sid, Key, Time). Use the file as it came from Xiaomi\'s '
        "privacy page."
    )


def test_a_file_that_lost_a_column_costs_the_others_in_its_zip_nothing(tmp_path: Path) -> None:
    files = {"HEARTRATE_AUTO_1.csv": "date,time\n2025-01-15,00:06\n", "HEARTRATE_AUTO_2.csv": BAND_HEADER + BAND_GOOD}
    found = take_in(a_zip(tmp_path, files), "zepp_life")
    assert found.column("heart_rate", "heart_rate_bpm") == [58.0]
    ((member, detail),) = [(row["member"], row["detail"]) for row in found.unread]
    assert member == "HEARTRATE_AUTO_1.csv"
    assert detail.startswith(
        "HEARTRATE_AUTO_1.csv is a HEARTRATE_AUTO file, but its columns are date, time; date, heartrate, time are "
    )


def test_duplicate_headers_are_never_chosen_between(tmp_path: Path) -> None:
    assert log(tmp_path, "Date,Time,Sys,Sys,Dia\n2025-03-14,07:12,128,129,81\n").refusal == (
        "ambiguous_columns",
        "more than one column could be the systolic: Sys, Sys. Set settings.columns.systolic to one of these; give "
        "columns of equal name different names.",
    )
    assert band(tmp_path, "date,time,heartRate,heartRate\n2025-01-15,00:06,58,59\n").refusal == (
        "ambiguous_columns",
        'the file has more than one column "heartrate". If an editor has saved it, give the file as the app exported '
        "it (UTF-8, commas).",
    )
    assert take_in(a_file(tmp_path, "Uid,Sid,Key,Time,Value,Value\n"), "mi_fitness").refusal == (
        "missing_columns",
        'column "Value" stands twice in the file (it has Uid, Sid, Key, Time, Value, Value). Use the file as it came '
        "from Xiaomi's privacy page.",
    )


# How the text is written


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_log_in_any_unicode_is_read(tmp_path: Path, encoding: str) -> None:
    found = log(tmp_path, (HEADER + GOOD + ALSO_GOOD).encode(encoding))
    assert found.column("blood_pressure", "systolic_mmhg") == [128.0, 124.0]
    assert found.unread == []


def test_an_apps_own_file_in_utf_16_says_that_something_has_saved_it_again(tmp_path: Path) -> None:
    assert band(tmp_path, (BAND_HEADER + BAND_GOOD).encode("utf-16")).refusal == (
        "wrong_format",
        "does not look like a Zepp Life export: it is UTF-16 text, as a spreadsheet or an editor saves it. Give it as "
        "the app exported it.",
    )
    files = {"HEARTRATE_AUTO_1.csv": (BAND_HEADER + BAND_GOOD).encode("utf-16"), "HEARTRATE_AUTO_2.csv": BAND_HEADER}
    (row,) = take_in(a_zip(tmp_path, files), "zepp_life").unread
    assert (row["member"], row["reason"]) == ("HEARTRATE_AUTO_1.csv", "wrong_encoding")
    assert row["detail"].startswith("HEARTRATE_AUTO_1.csv is UTF-16 text.")
    path = a_zip(tmp_path, {mi.FITNESS_NAME: mi.as_csv([mi.heart_rate(mi.NOON, 62)]).decode().encode("utf-16")})
    (row,) = take_in(path, "mi_fitness").unread
    assert row["detail"] == (
        "the file is UTF-16 text: a spreadsheet or an editor has saved it again. Use the file as it came from Xiaomi's "
        "privacy page."
    )


def test_a_cyrillic_log_in_cp1251_is_read_because_its_header_proves_it(tmp_path: Path) -> None:
    text = "Дата,Время,Верхнее,Нижнее,Пульс,Примечание\n14.03.2025,07:12,128,81,66,хорошо\n"
    found = log(tmp_path, text.encode("cp1251"))
    assert found.column("blood_pressure", "note") == ["хорошо"]
    assert found.column("blood_pressure", "systolic_mmhg") == [128.0]


def test_an_encoding_that_nothing_proves_is_asked_for(tmp_path: Path) -> None:
    text = "Datum,Uhrzeit,Sys,Dia,Bemerkung\n14.03.2025,07:12,128,81,müde\n".encode("cp1252")
    assert log(tmp_path, text).refusal == (
        "unknown_encoding",
        "the file is not UTF-8, and its header does not prove another encoding. Set settings.encoding, for example to "
        "utf-8, cp1252 (Western Europe) or cp1251 (Cyrillic).",
    )
    assert log(tmp_path, text, encoding="cp1252").column("blood_pressure", "note") == ["müde"]
    assert log(tmp_path, text, encoding="ascii").refusal == (
        "wrong_encoding",
        "the file is not valid ascii. Set settings.encoding, for example to utf-8, cp1252 (Western Europe) or cp1251 "
        "(Cyrillic).",
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_missing_final_newline_loses_nothing(tmp_path: Path, line_end: str) -> None:
    cuff = (HEADER + GOOD + ALSO_GOOD).strip().replace("\n", line_end)
    assert log(tmp_path, cuff).column("blood_pressure", "systolic_mmhg") == [128.0, 124.0]
    samples = (BAND_HEADER + BAND_GOOD + BAND_ALSO_GOOD).strip().replace("\n", line_end)
    assert band(tmp_path, samples).column("heart_rate", "heart_rate_bpm") == [58.0, 61.0]


def test_nul_bytes_of_a_crashed_writer_cost_their_own_records(tmp_path: Path) -> None:
    found = log(tmp_path, f"{HEADER}{GOOD}2025-03-15,07:1\0002,128,81,66\n\0\0\0\0\0\n{ALSO_GOOD}")
    assert found.column("blood_pressure", "systolic_mmhg") == [128.0, 124.0]
    assert found.faults == {3: ("not_a_date", "the cell holds no date or time that can be read")}
    assert found.tally.members[""].out_of_scope == {"header": 1, "blank": 1}
    found = band(tmp_path, f"{BAND_HEADER}{BAND_GOOD}2025-01-16,00:0\0006,58\n\0\0\0\n{BAND_ALSO_GOOD}")
    assert found.column("heart_rate", "heart_rate_bpm") == [58.0, 61.0]
    assert found.faults == {
        3: ("bad_value", "column time is not a time of day (HH:MM)"),
        4: ("wrong_field_count", "1 fields where the header has 3"),
    }


def test_shifted_columns_are_never_read_as_if_they_stood_right(tmp_path: Path) -> None:
    shifted = "2025-03-15,07:14,,128,81,66\n07:15,128,81,66\n,2025-03-15,07:14,128,81\n"
    found = log(tmp_path, HEADER + GOOD + shifted + ALSO_GOOD)
    assert found.column("blood_pressure", "systolic_mmhg") == [128.0, 124.0]
    assert found.faults == {
        3: (
            "too_many_cells",
            "the record has 6 cells and the header 5: one of them holds a delimiter and has no quotes, so no cell can "
            "be trusted.",
        ),
        4: ("not_a_date", "the cell holds no date or time that can be read"),
        5: ("not_a_number", "Sys: the cell holds more than a number and its unit"),
    }
    found = band(
        tmp_path, f"{BAND_HEADER}{BAND_GOOD}2025-01-16,00:06,,58\n00:07,58\n58,2025-01-16,00:06\n{BAND_ALSO_GOOD}"
    )
    assert found.column("heart_rate", "heart_rate_bpm") == [58.0, 61.0]
    assert found.faults == {
        3: ("wrong_field_count", "4 fields where the header has 3"),
        4: ("wrong_field_count", "2 fields where the header has 3"),
        5: ("bad_value", "column date is not a date (YYYY-MM-DD)"),
    }


# Numbers and dates


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("9" * 5000, "the number has more than 15 digits"),
        ("inf", "the cell holds no number"),
        ("-Infinity", "the cell holds no number"),
        ("NaN", "the cell holds no number"),
        ("1e400", "the cell holds more than a number and its unit"),
        ("0x80", "the cell holds more than a number and its unit"),
        ("128.5.1", "the cell holds more than a number and its unit"),
        ("TRUE", "the cell holds no number"),
        ("#REF!", "the cell holds no number"),
        ("=A1+B1", "the cell holds no number"),
        ("128 %", "the cell holds more than a number and its unit"),
    ],
)
def test_what_is_no_finite_number_costs_its_own_record_of_a_log(tmp_path: Path, text: str, detail: str) -> None:
    found = log(tmp_path, f"{HEADER}{GOOD}2025-03-15,07:12,{text},81,66\n{ALSO_GOOD}")
    assert found.column("blood_pressure", "systolic_mmhg") == [128.0, 124.0]
    assert found.faults == {3: ("not_a_number", f"Sys: {detail}")}
    (row,) = found.unread
    assert row["text"] == f"2025-03-15,07:12,{text},81,66"[:500]


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("9" * 5000, "bad_value", "the heart rate or its time is not a number that means anything"),
        ("inf", "bad_value", "the heart rate or its time is not a number that means anything"),
        ("nan", "bad_value", "the heart rate or its time is not a number that means anything"),
        ("1e400", "bad_value", "the heart rate or its time is not a number that means anything"),
        ("58,5", "wrong_field_count", "4 fields where the header has 3"),
        ("fast", "bad_value", "column heartrate is not a number"),
    ],
)
def test_what_is_no_finite_number_costs_its_own_record_of_a_band(
    tmp_path: Path, text: str, reason: str, detail: str
) -> None:
    found = band(tmp_path, f"{BAND_HEADER}{BAND_GOOD}2025-01-16,00:06,{text}\n{BAND_ALSO_GOOD}")
    assert found.column("heart_rate", "heart_rate_bpm") == [58.0, 61.0]
    assert found.faults == {3: (reason, detail)}


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("9" * 5000, "bad_json", "Value is not JSON (a number in it has thousands of digits)."),
        ("inf", "bad_json", "Value is not JSON (Expecting value at character 7)."),
        ("NaN", "bad_json", "Value is not JSON (NaN is not a number in JSON)."),
        ("1e400", "bad_number", '"bpm" is infinite or beyond any measurement.'),
        ('"fast"', "wrong_type", '"bpm" is text, not a number.'),
        ("[62]", "wrong_type", '"bpm" is a list, not a number.'),
        ("{}", "wrong_type", '"bpm" is an object, not a number.'),
        ("true", "wrong_type", '"bpm" is true or false, not a number.'),
    ],
)
def test_what_is_no_finite_number_costs_its_own_record_of_a_watch(
    tmp_path: Path, text: str, reason: str, detail: str
) -> None:
    records = [
        mi.heart_rate(mi.NOON, 62),
        mi.record("heart_rate", mi.NOON + 60, f'{{"bpm":{text},"time":{mi.NOON + 60}}}'),
        mi.heart_rate(mi.NOON + 120, 63),
    ]
    found = take_in(a_file(tmp_path, mi.as_csv(records)), "mi_fitness")
    assert found.column("heart_rate", "heart_rate_bpm") == [62.0, 63.0]
    assert found.faults == {3: (reason, detail)}


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2100-01-01", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_date_of_the_year_1_or_9999_costs_its_own_record_in_any_zone(tmp_path: Path, day: str, zone: str) -> None:
    out_of_range = {3: ("date_out_of_range", "its time is not in the years 1970 to 2099.")}
    found = take_in(a_file(tmp_path, f"{HEADER}{GOOD}{day},23:59,128,81,66\n{ALSO_GOOD}"), "bp_log", zone=zone)
    assert (found.column("blood_pressure", "systolic_mmhg"), found.faults) == ([128.0, 124.0], out_of_range)
    found = take_in(
        a_file(tmp_path, f"{BAND_HEADER}{BAND_GOOD}{day},23:59,58\n{BAND_ALSO_GOOD}"), "zepp_life", zone=zone
    )
    assert (found.column("heart_rate", "heart_rate_bpm"), found.faults) == ([58.0, 61.0], out_of_range)
    nights = f"start,end,duration_min\n2025-02-03 23:10,2025-02-04 06:45,431\n2025-02-04 23:10,{day} 06:45,431\n"
    found = take_in(a_file(tmp_path, nights), "sleep_log", zone=zone)
    assert (found.column("sleep_episode", "total_sleep_time_min"), found.faults) == ([431.0], out_of_range)


@pytest.mark.parametrize("time", ["-62135596800", "253402300799", "0", "9" * 5000])
def test_an_epoch_of_no_measurement_costs_its_own_record_of_a_watch(tmp_path: Path, time: str) -> None:
    records = [
        mi.heart_rate(mi.NOON, 62),
        mi.record("heart_rate", time, '{"bpm":61}'),
        mi.heart_rate(mi.NOON + 120, 63),
    ]
    found = take_in(a_file(tmp_path, mi.as_csv(records)), "mi_fitness")
    assert found.column("heart_rate", "heart_rate_bpm") == [62.0, 63.0]
    ((_, detail),) = found.faults.values()
    assert detail in ("Time is before 2014 or after 2099.", "Time is not a whole number of seconds.")


@pytest.mark.parametrize("day", ["0000-00-00", "2025-02-30", "99999-01-01", "yesterday"])
def test_a_date_that_is_none_costs_its_own_record(tmp_path: Path, day: str) -> None:
    found = log(tmp_path, f"{HEADER}{GOOD}{day},07:12,128,81,66\n{ALSO_GOOD}")
    assert found.column("blood_pressure", "systolic_mmhg") == [128.0, 124.0]
    assert found.faults == {3: ("not_a_date", "the cell holds no date or time that can be read")}
    found = band(tmp_path, f"{BAND_HEADER}{BAND_GOOD}{day},00:06,58\n{BAND_ALSO_GOOD}")
    assert found.column("heart_rate", "heart_rate_bpm") == [58.0, 61.0]
    assert found.faults == {3: ("bad_value", "column date is not a date (YYYY-MM-DD)")}


# The configuration

CONFIG = """\
subjects:
  ada:
    time_zone: Europe/Berlin
    sources:
      cuff:
        transport: folder
        location: {path: in}
        format: bp_log
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was accepted is remembered below the current folder."""
    monkeypatch.chdir(tmp_path)


def load(text: str) -> config.Config:
    """As the Snakefile does with config/me.yaml."""
    path = Path("me.yaml")
    path.write_text(text, encoding="utf-8")
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError:
        values = {}  # the file itself is looked at, too
    return config.load(values or {}, {}, [path], SCHEMA)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    with pytest.raises(ConfigError):
        load(text)  # a refused configuration is not remembered as accepted
    return str(caught.value)


def changed(old: str, new: str) -> str:
    assert old in CONFIG
    return CONFIG.replace(old, new, 1)


def with_source(text: str) -> str:
    return CONFIG + textwrap.indent(textwrap.dedent(text), " " * 8)


def test_the_configuration_that_the_others_are_made_of_is_accepted() -> None:
    assert load(CONFIG).subjects["ada"].sources["cuff"].format == "bp_log"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            CONFIG + "sumary: {}\n",
            "sumary: is not a key that is known here. Known: as_of, home_bp, limits, merge, openlineage, subjects, "
            'summary. Did you mean "summary"?',
            id="top",
        ),
        pytest.param(
            changed("time_zone", "timezone"),
            "subjects.ada.timezone: is not a key that is known here. "
            "Known: born, events, name, priority, sources, time_zone. "
            'Did you mean "time_zone"?',
            id="subject",
        ),
        pytest.param(
            with_source("devise: Omron\n"),
            f"subjects.ada.sources.cuff.devise: is not a key that is known here. Known: {SOURCE_KEYS}. "
            'Did you mean "device"?',
            id="source",
        ),
        pytest.param(
            changed("{path: in}", "{path: in, patern: x}"),
            "subjects.ada.sources.cuff.location.patern: is not a key that is known here. Known: path, pattern, "
            'settle_s, unit. Did you mean "pattern"?',
            id="location",
        ),
        pytest.param(
            with_source("settings: {date_ordr: dmy}\n"),
            "subjects.ada.sources.cuff.settings.date_ordr: is not a key that is known here. Known: clock, columns, "
            "date_order, decimal_mark, delimiter, encoding, header_row, modality, person, pressure_unit. "
            'Did you mean "date_order"?',
            id="settings",
        ),
        pytest.param(
            with_source("settings: {columns: {systol: SYS}}\n"),
            "subjects.ada.sources.cuff.settings.columns.systol: is not a key that is known here. Known: combined, "
            "date, datetime, device, diastolic, location, note, person, posture, pulse, systolic, time, utc_offset. "
            'Did you mean "systolic"?',
            id="settings of settings",
        ),
        pytest.param(
            changed("bp_log", "zepp_life") + "        settings: {zone: UTC}\n",
            "subjects.ada.sources.cuff.settings.zone: is not a key that is known here. There are no keys here.",
            id="settings of a format without any",
        ),
        pytest.param(
            CONFIG + "limits: {systolic: {possible: [40, 300]}}\n",
            "limits.systolic: is not a key that is known here. Known: awake_min, deep_min, diastolic_mmhg, "
            "heart_rate_bpm, light_min, pulse_bpm, rem_min, steps, systolic_mmhg, total_sleep_time_min. "
            'Did you mean "systolic_mmhg"?',
            id="limits",
        ),
        pytest.param(
            CONFIG + "limits: {systolic_mmhg: {posible: [40, 300]}}\n",
            "limits.systolic_mmhg.posible: is not a key that is known here. Known: likely, possible. "
            'Did you mean "possible"?',
            id="limits of a column",
        ),
        pytest.param(
            CONFIG + "merge: {heartrate: {twins: false}}\n",
            "merge.heartrate: is not a key that is known here. Known: blood_pressure, heart_rate, sleep_episode, "
            'sleep_stage, step_count. Did you mean "heart_rate"?',
            id="merge",
        ),
        pytest.param(
            CONFIG + "merge: {heart_rate: {fusion: 5}}\n",
            "merge.heart_rate.fusion: is not a key that is known here. Known: fusion_min, twins. "
            'Did you mean "fusion_min"?',
            id="merge of a measure",
        ),
        pytest.param(
            CONFIG + "summary: {nap_windw: '10:00-20:00'}\n",
            "summary.nap_windw: is not a key that is known here. Known: agreement_least_n, evening, "
            "heart_rate_slot_min, lowest_window_least_n, lowest_window_least_span_min, morning, nap_longest_min, "
            "nap_window, night_gap_min, night_rule, sleep_rate_least_n, stages_least_cover. "
            'Did you mean "nap_window"?',
            id="summary",
        ),
        pytest.param(
            changed("Europe/Berlin", "[{zone: Europe/Berlin}, {zone: Asia/Tokyo, sinse: '2025-01-01'}]"),
            "subjects.ada.time_zone, entry 2, sinse: is not a key that is known here. Known: since, zone. "
            'Did you mean "since"?',
            id="time_zone",
        ),
        pytest.param(
            CONFIG + "    priority: {bloodpressure: [cuff]}\n",
            "subjects.ada.priority.bloodpressure: is not a key that is known here. Known: blood_pressure, heart_rate, "
            'sleep_episode, sleep_stage, step_count. Did you mean "blood_pressure"?',
            id="priority",
        ),
    ],
)
def test_a_misspelt_key_is_answered_with_its_place_and_the_nearest(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            changed("Europe/Berlin", "Europe/Berln"),
            'subjects.ada.time_zone: "Europe/Berln" is no IANA time zone. Did you mean "Europe/Berlin"?',
            id="unknown zone",
        ),
        pytest.param(
            changed("Europe/Berlin", "[{zone: Europe/Berlin}, {zone: Tokio, since: '2025-01-01'}]"),
            'subjects.ada.time_zone: "Tokio" is no IANA time zone. Did you mean "Asia/Tokyo"?',
            id="unknown zone in a list",
        ),
        pytest.param(
            changed("Europe/Berlin", "[{zone: Europe/Berlin}, {zone: Asia/Tokyo}]"),
            'subjects.ada.time_zone: entry 2, "Asia/Tokyo", has no since. Write a list of {zone: "Europe/Berlin"} '
            'with, from the second entry on, since: "2024-05-01T08:00".',
            id="zone without since",
        ),
        pytest.param(
            changed("Europe/Berlin", "[Europe/Berlin]"),
            "subjects.ada.time_zone, entry 1: must be keys with values, not text. Known: since, zone.",
            id="a list of names",
        ),
        pytest.param(
            changed("bp_log", "bplog"),
            f'subjects.ada.sources.cuff.format: there is no format "bplog". Known: {FORMATS}. Did you mean "bp_log"?',
            id="unknown format",
        ),
        pytest.param(
            changed("transport: folder", "transport: fodler"),
            'subjects.ada.sources.cuff.transport: there is no transport "fodler". '
            f'Known: {", ".join(transports.names())}. Did you mean "folder"?',
            id="unknown transport",
        ),
        pytest.param(
            CONFIG + "    priority: {blood_pressure: [omron, cuff]}\n",
            'subjects.ada.priority.blood_pressure: "omron" is not a source of this subject. Known: cuff.',
            id="priority of an unknown source",
        ),
        pytest.param(
            CONFIG + "    priority: {blood_pressure: cuff}\n",
            "subjects.ada.priority.blood_pressure: must be a list, not text. Put it in brackets: [...].",
            id="priority without brackets",
        ),
        pytest.param(
            with_source("on_gone: keap\n"),
            'subjects.ada.sources.cuff.on_gone: "keap" is not one of the values. Known: drop, keep. '
            'Did you mean "keep"?',
            id="unknown word",
        ),
        pytest.param(
            with_source("on_unreachable: no\n"),
            "subjects.ada.sources.cuff.on_unreachable: is not one of the values. Known: fail, keep.",
            id="YAML's no",
        ),
        pytest.param(
            with_source("device: 705\n"),
            "subjects.ada.sources.cuff.device: must be text, not a number. Put it in quotes: YAML takes numbers, yes, "
            "no, on and off for something else than text.",
            id="a number for a name",
        ),
        pytest.param(
            changed("cuff", "705"),
            'subjects.ada.sources: one of the keys, "705", is not text. Put it in quotes: YAML takes numbers, yes, no, '
            "on and off for something else.",
            id="a number for a key",
        ),
        pytest.param(
            changed("ada", "Ada Lovelace"),
            'subjects: "Ada Lovelace" can\'t be a name here. Names are lower-case letters, digits, - and _, and begin '
            "with a letter or digit.",
            id="a name that is no file's",
        ),
        pytest.param(
            changed("ada", "../ada"),
            'subjects: "../ada" can\'t be a name here. Names are lower-case letters, digits, - and _, and begin '
            "with a letter or digit.",
            id="a name that leads out of the folder",
        ),
        pytest.param(
            changed("{path: in}", "in"),
            "subjects.ada.sources.cuff.location: must be keys with values, not text. Known: path, pattern, settle_s, "
            "unit.",
            id="text for keys",
        ),
        pytest.param(
            changed("        location: {path: in}\n", ""),
            'subjects.ada.sources.cuff: the key "location" is missing. See config/README.md.',
            id="no location",
        ),
        pytest.param(
            changed("{path: in}", "{path: ''}"),
            "subjects.ada.sources.cuff.location.path: is empty. Write the folder that holds the exports.",
            id="empty path",
        ),
        pytest.param(
            changed("{path: in}", "{path: in, pattern: /mnt/*.csv}"),
            'subjects.ada.sources.cuff.location.pattern: "/mnt/*.csv" is no pattern for files below path. Write one '
            'such as "*.csv" or "**/*": relative, and ** alone between slashes.',
            id="absolute pattern",
        ),
        pytest.param(
            with_source("settings: {delimiter: ';;'}\n"),
            "subjects.ada.sources.cuff.settings.delimiter: must be one character, no letter, digit or quote. Write one "
            'such as ";" or, in double quotes, "\\t" for the tab; or leave it out.',
            id="delimiter of two characters",
        ),
        pytest.param(
            with_source("settings: {encoding: klingon}\n"),
            'subjects.ada.sources.cuff.settings.encoding: there is no text encoding "klingon". Write one such as '
            "utf-8, cp1252 (Western Europe) or cp1251 (Cyrillic); or leave it out.",
            id="unknown encoding",
        ),
    ],
)
def test_a_value_that_can_not_be_is_refused_with_its_place_and_what_can_be(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("subjects: {ada: {time_zone: UTC}}\n", 'subjects.ada: the key "sources" is missing. See config/README.md.'),
        (
            "subjects: {ada: {time_zone: UTC, sources: {}}}\n",
            "subjects.ada.sources: is empty; there must be at least one. The person's sources by name, the most "
            "trusted first.",
        ),
        (
            "subjects: {ada: {time_zone: UTC, sources: }}\n",
            "subjects.ada.sources: is empty; it must be keys with values. The person's sources by name, the most "
            "trusted first.",
        ),
        (
            "subjects: {ada: }\n",
            "subjects.ada: is empty; it must be keys with values. "
            "Known: born, events, name, priority, sources, time_zone.",
        ),
        (
            "subjects: {}\n",
            "subjects: is empty; there must be at least one. The people, by a short name of your choice.",
        ),
        ("limits: {}\n", 'the key "subjects" is missing. See config/README.md.'),
    ],
)
def test_a_subject_without_sources_and_a_configuration_without_subjects(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("possible: [300, 40]", "limits.systolic_mmhg.possible: 300 is not below 40. Write [low, high]."),
        ("possible: [.nan, 40]", "limits.systolic_mmhg.possible: nan is not below 40. Write [low, high]."),
        ("possible: [40]", "limits.systolic_mmhg.possible: must have 2 entries, not 1. Write [low, high]."),
        ("possible: [a, b]", "limits.systolic_mmhg.possible, entry 1: must be a number, not text. Write [low, high]."),
        (
            "likely: [10, 400]",
            "limits.systolic_mmhg: likely values (10 to 400) must be possible (40 to 300). Set both ranges.",
        ),
        (
            "",
            "limits.systolic_mmhg: is no pair of ranges. Write possible: [low, high], likely: [low, high].",
        ),
    ],
)
def test_limits_upside_down(text: str, said: str) -> None:
    assert refusal(f"{CONFIG}limits: {{systolic_mmhg: {{{text}}}}}\n") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "summary: {morning: 4-12}",
            'summary.morning: "4-12" is not a window of the day. Write "04:00-12:00": from, to, not past 24:00.',
        ),
        ("summary: {stages_least_cover: 90}", "summary.stages_least_cover: must be 0 to 1."),
        ("summary: {night_gap_min: -1}", "summary.night_gap_min: must be 0 to 1440."),
        ("summary: {agreement_least_n: 0}", "summary.agreement_least_n: must be at least 1."),
        ("merge: {heart_rate: {fusion_min: -5}}", "merge.heart_rate.fusion_min: must be 0 to 1440."),
    ],
)
def test_what_a_stage_would_refuse_is_refused_before_any_stage_runs(text: str, said: str) -> None:
    assert refusal(f"{CONFIG}{text}\n") == said


def test_two_sources_of_one_name_are_refused_with_their_lines() -> None:
    twin = "      cuff:\n        transport: folder\n        location: {path: b}\n        format: bp_log\n"
    assert refusal(CONFIG + twin) == (
        "subjects.ada.sources.cuff: stands twice, in lines 5 and 9 of me.yaml. Take one of them out, or give it "
        "another name."
    )


def test_a_configuration_is_not_remembered_as_accepted_for_one_that_only_looks_like_it() -> None:
    load(changed("ada", "'705'"))
    assert "is not text" in refusal(changed("ada", "705"))


def test_a_password_whose_variable_is_not_set_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    text = with_source("passwords_from: [PDP_TEST_ZIP_PASSWORD]\n")
    monkeypatch.delenv("PDP_TEST_ZIP_PASSWORD", raising=False)
    said = (
        "subjects.ada.sources.cuff.passwords_from: the environment variable PDP_TEST_ZIP_PASSWORD is not set. Set it "
        "(export PDP_TEST_ZIP_PASSWORD=..., or a line in .env that your shell reads) or take it out."
    )
    assert refusal(text) == said
    monkeypatch.setenv("PDP_TEST_ZIP_PASSWORD", "")
    assert refusal(text) == said
    monkeypatch.setenv("PDP_TEST_ZIP_PASSWORD", "secret")
    load(text)


@pytest.mark.parametrize("password", ["hunter2", "Tr0ub4dor&3", "a=b", "x" * 5000])
def test_a_password_in_the_place_of_its_variable_is_not_repeated(password: str) -> None:
    said = refusal(with_source(f"passwords_from: ['{password}']\n"))
    assert said == (
        "subjects.ada.sources.cuff.passwords_from: entry 1 is not the name of an environment variable that is set "
        "(capitals, digits and _). Passwords never stand in a configuration: set a variable to it and write the "
        "variable's name."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            changed("        location", "\tlocation"),
            "me.yaml: line 7 is not valid YAML: it begins with a tab. Indent with spaces, not with tabs.",
            id="tab",
        ),
        pytest.param(
            CONFIG + "   limits: {}\n",
            "me.yaml: line 9 is not valid YAML: its indentation does not fit the lines above (in what begins in "
            "line 2). Look there and in the lines above.",
            id="indentation",
        ),
        pytest.param(
            changed("time_zone:", "time_zone"),
            "me.yaml: line 4 is not valid YAML: a colon stands where none may, or one is missing above. Look there and "
            "in the lines above.",
            id="missing colon",
        ),
        pytest.param(
            changed("Europe/Berlin", '"Europe/Berlin'),
            "me.yaml: line 9 is not valid YAML: a quote is opened and not closed (in what begins in line 3). Look "
            "there and in the lines above.",
            id="open quote",
        ),
        pytest.param(
            "subjects: {ada: [\n",
            "me.yaml: line 2 is not valid YAML: a bracket is opened and not closed. Look there and in the lines above.",
            id="open bracket",
        ),
        pytest.param(
            changed("Europe/Berlin", "Europe/Berlin\x07"),
            "me.yaml: is no text that YAML can hold (special characters are not allowed). Save it as UTF-8 text.",
            id="control character",
        ),
    ],
)
def test_invalid_yaml_is_told_with_file_and_line(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(CONFIG.encode("utf-16"), "is no text that YAML can hold (invalid start byte)", id="utf-16"),
        pytest.param(b"# later\n", "is empty; it must say whose data there is, under subjects", id="empty"),
        pytest.param(b"- subjects\n", "holds no keys; it must say whose data there is, under subjects", id="a list"),
    ],
)
def test_a_file_that_is_no_configuration_at_all_is_named(content: bytes, said: str) -> None:
    config_check.check_file("me.yaml", CONFIG.encode("utf-8-sig"))  # a byte order mark is no fault
    with pytest.raises(ConfigError) as caught:
        config_check.check_file("me.yaml", content)
    assert str(caught.value).startswith(f"me.yaml: {said}")


def test_a_value_of_the_configuration_is_not_repeated_where_it_is_of_the_wrong_kind() -> None:
    text = with_source("device: [sheet-id-1AbC, 5]\n")
    assert "1AbC" not in refusal(text)
