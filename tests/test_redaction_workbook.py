"""Days taken out of a workbook: the copy has the cells of the other days, and nothing else that was in it."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula

from pdp.formats import bp_log, sleep_log
from pdp.redaction import CannotRedactError, Copy, How, UndatedError, copy_without
from tests.formats.log_files import parse, workbook
from tests.workbooks import Diary, Reading, cells, computed, days, every_byte

HOW = How("bp_log", {}, "", "Europe/Berlin")
MAY_2 = (("2025-05-02", "2025-05-02"),)
ROW = ["Date", "Systolic", "Diastolic"]


def without(data: bytes, how: How = HOW, gone: tuple[tuple[str, str], ...] = MAY_2) -> tuple[Copy | None, bytes]:
    """The copy and its bytes."""
    with TemporaryDirectory() as folder:
        (file := Path(folder, "original")).write_bytes(data)
        copy = copy_without(file, "cuff", how, gone, Path(folder, "aside"))
        return copy, copy.path.read_bytes() if copy and copy.path else b""


def read(data: bytes) -> list[tuple[Any, ...]]:
    """All readings, in the order of their times."""
    names = ("start", "systolic_mmhg", "diastolic_mmhg", "pulse_bpm", "note")
    return sorted(tuple(one[name] for name in names) for one in parse(bp_log, data).readings)


def told(readings: list[Reading]) -> list[tuple[Any, ...]]:
    """The same, without any reader of ours."""
    return sorted((one.at, *one.values, one.note) for one in readings)


diaries = st.builds(
    Diary,
    dates=st.sampled_from(["date", "1904", "text"]),
    titles=st.integers(0, 3),
    blanks=st.integers(0, 3),
    are_strings_shared=st.booleans(),
    has_more=st.booleans(),
)
hours = st.lists(st.integers(24, 24 * 60), min_size=2, max_size=14, unique=True)


@settings(max_examples=25)
@given(diaries, hours, st.integers(1, 60), st.integers(0, 12))
def test_whatever_a_workbook_keeps_of_some_days_only_the_other_days_are_in_its_copy(
    diary: Diary, hours: list[int], first: int, length: int
) -> None:
    everything = days(datetime(2025, 3, 31, 0, 30), *hours)
    begin, end = date(2025, 3, 31) + timedelta(days=first), date(2025, 3, 31) + timedelta(days=first + length)
    stays = [one for one in everything if not begin <= one.at.date() <= end]
    goes = [one for one in everything if one not in stays]
    data = diary.write(everything)
    assert read(data) == told(everything)

    copy, left = without(data, gone=((begin.isoformat(), end.isoformat()),))

    if not goes:
        assert copy is None
        return
    assert copy is not None
    assert (copy.rows, copy.gone) == (len(stays), len(goes))
    if not stays:
        assert copy.path is None
        return
    assert read(left) == told(stays)
    said, shared = every_byte(left), {spelling for one in stays for spelling in one.spellings()}
    assert [s for one in goes for s in one.spellings() if s in said and s not in shared] == []


def test_nothing_in_a_copy_tells_when_it_was_made_so_it_is_the_same_on_any_machine() -> None:
    _, left = without(Diary().write(days(datetime(2025, 5, 1, 7), 0, 24)))

    with zipfile.ZipFile(io.BytesIO(left)) as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = load_workbook(io.BytesIO(left)).properties
    assert (properties.creator, properties.created, properties.modified) == ("pdp", *[datetime(1980, 1, 1)] * 2)


def test_a_furnished_workbook_says_the_days_in_every_part_and_its_copy_in_none() -> None:
    readings = days(datetime(2025, 5, 1, 7), 0, 24, 25, 48)
    data = Diary(dates="date", titles=2, has_more=True).write(readings)
    going = [spelling for one in readings[1:3] for spelling in one.spellings()]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        told_in = {name for name in archive.namelist() if any(s in archive.read(name) for s in going)}
    assert {"xl/sharedStrings.xml", "xl/comments/comment1.xml", "xl/workbook.xml", "docProps/core.xml"} <= told_in
    assert {"xl/pivotCache/pivotCacheRecords1.xml", "xl/vbaProject.bin", "docProps/thumbnail.jpeg"} <= told_in

    _, left = without(data)

    assert [spelling for spelling in going if spelling in every_byte(left)] == []
    assert {title: [row[1] for row in rows] for title, rows in cells(left).items()} == {
        "Diary": ["Systolic", str(readings[3].values[0])],
        "Evenings": ["Systolic", str(readings[0].values[0])],
    }


def test_cells_keep_type_and_width_and_text_stays_text() -> None:
    odd = [datetime(2025, 5, 3, 7, 15, 30, 250_000), 127, 81.5, "=2+3", "two\nlines ", True, "#N/A", "<&>", None]
    header = [*ROW, "Note", "a", "b", "c", "d", None]
    book, held = Workbook(), io.BytesIO()
    book.active.title = "Log"
    for row in (header, [datetime(2025, 5, 2, 7), 173, 101], odd, ["2025-05-04 07:00", 126, 80]):
        book.active.append(row)
    book.active["D3"].data_type = "s"
    book.active["I1"].number_format = book.active["I3"].number_format = "0.00"
    book.save(held)

    _, left = without(held.getvalue())

    found = [list(row) for row in load_workbook(io.BytesIO(left))["Log"].iter_rows(values_only=True)]
    assert found == [header, odd, ["2025-05-04 07:00", 126, 80, *[None] * 6]]
    assert b"<f>" not in every_byte(left)


def test_a_row_that_a_formatted_cell_of_the_header_makes_wide_enough_is_still_read() -> None:
    data = workbook(
        {"Log": [[*ROW, None], ["2025-05-02 07:00", 173, 101], ["2025-05-03 07:00", 127, 81, "slept badly"]]},
        {"D1": "0.00"},
    )

    copy, left = without(data)

    assert copy is not None
    assert (copy.rows, copy.undated) == (1, 0)
    assert cells(left) == {"Log": [ROW, ["2025-05-03 07:00", "127", "81", "slept badly"]]}


def test_a_sheet_of_which_no_reading_stays_goes_with_its_name_and_so_do_rows_nobody_can_date() -> None:
    data = workbook(
        {
            "2025-05-02 bad": [ROW, ["2025-05-02 07:00", 173, 101]],
            "Later": [["Patient X, born 1950"], [], ROW, ["soon", 188, 99], ["2025-05-03 07:00", 127, 81], ROW],
        }
    )

    copy, left = without(data)

    assert copy is not None
    assert (copy.rows, copy.gone, copy.undated) == (1, 1, 1)
    assert cells(left) == {"Later": [ROW, ["2025-05-03 07:00", "127", "81"], ROW]}


def test_titles_stay_where_the_settings_count_the_rows_above_the_header() -> None:
    data = workbook({"Log": [["of Ada"], ROW, ["2025-05-02 07:00", 173, 101], ["2025-05-03 07:00", 127, 81]]})

    _, left = without(data, How("bp_log", {"header_row": 2}, "", "Europe/Berlin"))

    assert cells(left) == {"Log": [["of Ada"], ROW, ["2025-05-03 07:00", "127", "81"]]}


# --- formulas


def test_results_that_tell_of_other_rows_go_and_those_of_their_own_row_stay() -> None:
    array, own = ArrayFormula("H2:H4", "=SORT(B2:B4)"), ArrayFormula("F4", "=AVERAGE(IF(B4:C4>0,B4:C4))")
    rows: list[Any] = [
        [*ROW, "Mean", "Twice the mean", "Of three", "Yesterday", "Sorted"],
        ["2025-05-01 07:00", 121, 84, "=AVERAGE(B$2:B2)", "=D2*2", "=AVERAGE(B2:C2,B2)", None, array],
        ["2025-05-02 07:00", 173, 101, "=AVERAGE(B$2:B3)", "=D3*2", "=AVERAGE(B3:C3,B3)", "=OFFSET(B3,-1,0)", 127],
        ["2025-05-03 07:00", 127, 81, "=AVERAGE(B$2:B4)", "=D4*2", own, "=OFFSET(B4,-1,0)", 173],
    ]
    data = computed(
        workbook({"Log": rows}),
        {"D2": 121, "E2": 242, "F2": 108.5, "D3": 147, "E3": 294, "F3": 149, "G3": 121, "H2": 121}
        | {"D4": 140.25, "E4": 280.5, "F4": 111.75, "G4": 173},
    )
    assert parse(bp_log, data).column("systolic_mmhg") == [121, 173, 127]

    _, left = without(data)

    assert cells(left)["Log"][1:] == [
        ["2025-05-01 07:00", "121", "84", "121", "242", "108.5"],
        ["2025-05-03 07:00", "127", "81", "111.75"],
    ]
    assert b"173" not in every_byte(left)


@pytest.mark.parametrize(
    ("formula", "stays"),
    [
        *[(f, True) for f in ("=B3-C3", "=ROUND($B3,0)", "=T[[#This Row],[Systolic]]-C3", "=TODAY()-1", "=B3&C3")],
        *[(f, False) for f in ("=B2", "=MAX(B:B)", "=SUM(Log!B3:B3)", "=worst", "=T[Systolic]", "=B3-B2", "=B3:B2")],
        *[(f, False) for f in ("=INDIRECT(B3)", "=MyOwn(B3)", "=B3:INDEX(B:B,2)", "=[1]Other!B3", "=_xlfn.SINGLE(B3)")],
    ],
)
def test_what_a_formula_looks_at_decides(formula: str, stays: bool) -> None:
    rows: list[Any] = [[*ROW, "More"], ["2025-05-02 07:00", 173, 101, None], ["2025-05-03 07:00", 127, 81, formula]]
    data = computed(workbook({"Log": rows}), {"D3": 173.0417})

    _, left = without(data)

    assert cells(left)["Log"][1] == ["2025-05-03 07:00", "127", "81", *(["173.0417"] if stays else [])]


def test_dates_that_count_on_from_the_row_above_stay_and_those_looked_up_go() -> None:
    rows: list[Any] = [
        [*ROW, "Worst on"],
        [datetime(2025, 5, 1, 6), 121, 84, None],
        ["=A2+1", 173, 101, None],
        ["=A3+1", 127, 81, "=INDEX(A:A,MATCH(MAX(B:B),B:B,0))"],
    ]
    shown = dict.fromkeys(("A3", "A4", "D4"), "yyyy-mm-dd hh:mm")
    data = computed(workbook({"Log": rows}, shown), {"A3": 45779.25, "A4": 45780.25, "D4": 45779.25})

    _, left = without(data)

    assert cells(left)["Log"][1:] == [["45778.25", "121", "84"], ["45780.25", "127", "81"]]
    assert b"45779" not in every_byte(left)


def test_readings_that_are_worked_out_from_other_rows_are_not_cut() -> None:
    rows: list[Any] = [
        ROW,
        ["2025-05-01 07:00", 121, 84],
        ["2025-05-02 07:00", 173, 101],
        ["2025-05-03 07:00", "=(B2+B3)/2", 81],
    ]
    data = computed(workbook({"Log": rows}), {"B4": 147})

    with pytest.raises(CannotRedactError, match="without the days and the results of formulas that look at other rows"):
        without(data)


@pytest.mark.parametrize("formula", ["=SUM({1)", "=)"])
def test_a_formula_that_is_not_understood_is_no_way_around(formula: str) -> None:
    rows: list[Any] = [[*ROW, "x"], ["2025-05-02 07:00", 173, 101], ["2025-05-03 07:00", 127, 81, formula]]
    data = computed(workbook({"Log": rows}), {"D3": 173})

    with pytest.raises(CannotRedactError, match="with a formula that is not understood"):
        without(data)


# --- elsewhere


def test_a_table_of_nights_is_cut_as_well() -> None:
    header = ["Start", "End", "Total sleep time (min)"]
    night = [datetime(2025, 5, 1, 23, 5), datetime(2025, 5, 2, 6, 30), 433]
    other = [datetime(2025, 5, 3, 23, 5), datetime(2025, 5, 4, 6, 30), 401]

    copy, left = without(workbook({"Nights": [header, night, other]}), How("sleep_log", {}, "", "Europe/Berlin"))

    assert copy is not None
    assert (copy.rows, copy.gone) == (1, 1)
    assert parse(sleep_log, left).column("total_sleep_time_min") == [401]


def test_workbooks_in_a_zip_are_cut_beside_texts_and_keep_their_names() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("old.csv", "Date,Systolic,Diastolic\n2025-05-02 07:00,171,99\n2025-05-04 07:00,126,80\n")
        archive.writestr("log.xlsx", Diary().write(days(datetime(2025, 5, 1, 7), 0, 24, 48)))
        archive.writestr("plan.xlsx", workbook({"Plan": [["2025-05-02 07:00", 173.0417]]}))

    copy, left = without(packed.getvalue())

    assert copy is not None
    assert copy.rows == 3
    with zipfile.ZipFile(io.BytesIO(left)) as archive:
        assert sorted(archive.namelist()) == ["log.xlsx", "old.csv"]
        assert archive.read("old.csv") == b"Date,Systolic,Diastolic\n2025-05-04 07:00,126,80\n"
        assert [len(rows) for rows in cells(archive.read("log.xlsx")).values()] == [3]
    assert not [s for s in days(datetime(2025, 5, 1, 7), 0, 24)[1].spellings() if s in every_byte(left)]


def test_a_workbook_that_can_not_be_read_can_not_be_dated() -> None:
    whole = Diary().write(days(datetime(2025, 5, 1, 7), 0, 24))
    with zipfile.ZipFile(io.BytesIO(whole)) as made, zipfile.ZipFile(torn := io.BytesIO(), "w") as archive:
        for name in made.namelist():
            archive.writestr(name, made.read(name) if "sheet1" not in name else made.read(name)[:300])

    with pytest.raises(UndatedError, match="can't be read"):
        without(torn.getvalue())
    with pytest.raises(UndatedError, match="can't be read"):
        without(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))  # with a password


def test_a_workbook_without_the_days_stays_as_it_came() -> None:
    book, held = Workbook(), io.BytesIO()
    book.active.append(ROW)
    book.active.append(["2025-05-01 07:00", 121, 84])
    book.save(held)

    assert without(held.getvalue()) == (None, b"")
