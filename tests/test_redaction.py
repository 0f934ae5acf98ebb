"""Days taken out of an export: the copy is the file without their records, and is read as before."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import pyzipper

from pdp.formats import bp_log
from pdp.redaction import CannotRedactError, Copy, How, UndatedError, copy_without
from pdp.redaction.reading import read
from pdp.tabular import google_sheet
from pdp.timeframe import ZoneLedger
from tests.formats import mi_fitness_files as mi

DAY = (("2025-05-02", "2025-05-02"),)
HEADER = "Date,Time,Systolic,Diastolic,Pulse,Note\n"
BEFORE = '2025-05-01,07:10,121,84,61,"two\nlines"\n'
GOING = '2025-05-02,04:56,173,101,93,"Größe,\n🫀"\n'
UNDATED = "soon,07:00,140,90,70,\n"
AFTER = "2025-05-13,07:20,127,81,59,\n"
BEATS = "date,time,heartRate\n2025-05-01,07:10,58\n2025-05-02,04:56,213\n2025-05-02,23:59,\n2025-05-03,00:00,57\n"


def of(format: str, settings: Mapping[str, Any] | None = None, *passwords: str) -> How:
    return How(format, settings or {}, "", "Europe/Berlin", passwords)


def without(tmp_path: Path, data: bytes, how: How, days: tuple[tuple[str, str], ...] = DAY) -> Copy | None:
    file = tmp_path / "original"
    file.write_bytes(data)
    return copy_without(file, "cuff", how, days, tmp_path / "aside")


def left(copy: Copy | None) -> bytes:
    assert copy is not None
    assert copy.path is not None
    return copy.path.read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_log_loses_the_days_and_what_nobody_can_date_and_no_other_byte(
    tmp_path: Path, encoding: str, end: str
) -> None:
    whole = (HEADER + BEFORE + GOING + UNDATED + AFTER).replace("\n", end)
    copy = without(tmp_path, whole.encode(encoding), of("bp_log"))

    assert left(copy) == (HEADER + BEFORE + AFTER).replace("\n", end).encode(encoding)
    assert copy is not None
    assert (copy.rows, copy.gone, copy.undated, copy.days) == (2, 1, 1, 2)


def test_an_encrypted_zip_becomes_a_plain_one_of_the_files_that_are_read_and_always_the_same(tmp_path: Path) -> None:
    how = of("zepp_life", None, "secret")
    copies = []
    for turn in ("one", "two"):
        packed = io.BytesIO()
        with pyzipper.AESZipFile(packed, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
            archive.setpassword(b"secret")
            archive.writestr("1/HEARTRATE_AUTO/HEARTRATE_AUTO_1.csv", BEATS)
            archive.writestr("1/USER/USER_1.csv", "userId,birthday\n1,2025-05-02\n")
        (tmp_path / turn).mkdir()
        copies.append(left(without(tmp_path / turn, packed.getvalue(), how)))

    assert copies[0] == copies[1]
    with zipfile.ZipFile(io.BytesIO(copies[0])) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            "1/HEARTRATE_AUTO/HEARTRATE_AUTO_1.csv": "date,time,heartRate\n2025-05-01,07:10,58\n2025-05-03,00:00,57\n"
        }


def test_a_data_copy_of_mi_fitness_loses_the_days_and_kinds_that_are_not_read(
    tmp_path: Path,
) -> None:
    day = 86_400
    stays = [mi.heart_rate(mi.NOON, 61), mi.sleep(mi.night())]
    goes = [mi.heart_rate(mi.NOON - day, 183), mi.sleep(mi.night(mi.MIDNIGHT - 3600)), mi.record("spo2", mi.NOON, "{}")]
    path = mi.as_zip(tmp_path / "x", {mi.FITNESS_NAME: mi.as_csv([*goes, *stays]), mi.PROFILE_NAME: b"a,b\n"}, "pw")

    copy = without(tmp_path, path.read_bytes(), of("mi_fitness", None, "pw"), (("2026-03-06", "2026-03-06"),))

    with zipfile.ZipFile(io.BytesIO(left(copy))) as archive:
        assert archive.namelist() == [mi.FITNESS_NAME]
        assert archive.read(mi.FITNESS_NAME) == mi.as_csv(stays)


def test_a_sheet_loses_rows_and_worksheets_that_are_not_read(tmp_path: Path) -> None:
    header = ["Date", "Systolic", "Diastolic"]
    days = [["2025-05-01 07:00", 121, 84], ["2025-05-02 04:56", 173, 101], ["2025-05-13 07:00", 127, 81]]
    sheet = google_sheet.write(
        "de_DE",
        "Europe/Berlin",
        [("Log", [header, *days]), ("Plan", [["2025-05-02: 173"]]), ("2 May", [header, days[1]])],
    )

    copy = without(tmp_path, sheet, of("bp_log"))

    assert left(copy) == google_sheet.write("de_DE", "Europe/Berlin", [("Log", [header, days[0], days[2]])])


def test_an_export_that_does_not_touch_the_days_needs_no_copy_and_one_of_these_days_alone_leaves_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert without(tmp_path / "a", (HEADER + BEFORE).encode(), of("bp_log")) is None
    copy = without(tmp_path / "b", (HEADER + GOING).encode(), of("bp_log"))
    assert copy is not None
    assert (copy.path, copy.rows, copy.gone) == (None, 0, 1)


def test_a_log_whose_order_of_dates_only_the_days_prove_is_not_cut(tmp_path: Path) -> None:
    log = "Date,Systolic,Diastolic\n01/05/2025 07:00,121,84\n13/05/2025 07:00,173,101\n02/05/2025 07:00,127,81\n"

    with pytest.raises(CannotRedactError, match="would be read otherwise without the days"):
        without(tmp_path, log.encode(), of("bp_log"), (("2025-05-13", "2025-05-13"),))


def test_titles_above_the_header_go_unless_the_days_are_read_otherwise_without_them(tmp_path: Path) -> None:
    log = ("Diary of Ada,,\n\n" + HEADER + BEFORE + GOING + AFTER).encode()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert left(without(tmp_path / "a", log, of("bp_log"))) == (HEADER + BEFORE + AFTER).encode()
    third = left(without(tmp_path / "b", log, of("bp_log", {"header_row": 3})))
    assert third == ("Diary of Ada,,\n\n" + HEADER + BEFORE + AFTER).encode()


def test_what_can_not_be_read_can_not_be_dated(tmp_path: Path) -> None:
    with pytest.raises(UndatedError, match="can't be read"):
        without(tmp_path, b"{}", of("bp_log"))


def test_forgotten_days_that_an_export_does_not_touch_leave_no_mark_in_its_tables(tmp_path: Path) -> None:
    file = tmp_path / "original"
    file.write_text(HEADER + BEFORE + AFTER, encoding="utf-8")
    how: dict[str, Any] = {
        "module": bp_log,
        "settings": bp_log.Settings(),
        "ledger": ZoneLedger.from_config("Europe/Berlin"),
        "source": "cuff",
        "device": "",
        "passwords": (),
    }

    plain = read(file, tmp_path / "plain", **how)
    without = read(file, tmp_path / "without", days=DAY, **how)

    for table in plain.folder.iterdir():
        assert table.read_bytes() == (without.folder / table.name).read_bytes(), table.name
