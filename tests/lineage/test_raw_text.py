"""Single records of a raw export, as they stand in it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.export import open_export
from pdp.lineage.raw_text import texts
from pdp.tabular import google_sheet


def records(tmp_path: Path, content: bytes, rows: set[int], member: str = "") -> dict[int, str]:
    path = tmp_path / "0123456789abcdef"
    path.write_bytes(content)
    with open_export(path) as export:
        return texts(export, member, rows)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_record_is_found_by_its_number_in_any_encoding_and_line_end(tmp_path: Path, end: str, encoding: str) -> None:
    content = end.join(["Größe;Wert", "", "ä;1", "ö;2"]).encode(encoding)
    assert records(tmp_path, content, {1, 3, 9}) == {1: "Größe;Wert", 3: "ä;1"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_quoted_cell_may_hold_line_ends(tmp_path: Path, delimiter: str) -> None:
    content = f'a{delimiter}b\n1{delimiter}"two\nlines"\n3{delimiter}4\n'.encode()
    assert records(tmp_path, content, {2, 3}) == {2: f'1{delimiter}"two\nlines"', 3: f"3{delimiter}4"}


def test_a_stray_quote_swallows_nothing(tmp_path: Path) -> None:
    assert records(tmp_path, b'a,b\n5" tall,1\n2,3\n4" wide,5\n', {2, 3, 4}) == {
        2: '5" tall,1',
        3: "2,3",
        4: '4" wide,5',
    }


def test_a_member_of_a_zip_is_read_and_a_missing_one_gives_nothing(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("HEARTRATE/a.csv", "time,rate\n1,60\n")
        archive.writestr("b.csv", "x\n")
    assert records(tmp_path, target.getvalue(), {2}, "HEARTRATE/a.csv") == {2: "1,60"}


def test_a_worksheets_row_is_told_cell_by_cell(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book, target = Workbook(), io.BytesIO()
    book.active.title = "Readings"
    for row in (["Date", "Sys"], ["2025-03-14", 128]):
        book.active.append(row)
    book.save(target)
    assert records(tmp_path, target.getvalue(), {2}, "Readings") == {2: "2025-03-14 | 128"}


@given(
    st.lists(
        st.text(st.characters(blacklist_characters='"\r\n\x00', codec="utf-8"), max_size=20), min_size=1, max_size=30
    )
)
def test_lines_without_quotes_are_the_records(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    content = "\n".join(["header", *lines, "end"]).encode()
    expected = dict(enumerate(["header", *lines, "end"], start=1))
    folder = tmp_path_factory.mktemp("lines")
    assert records(folder, content, set(expected)) == expected


def test_a_row_of_a_google_sheet_is_shown_as_the_sheet_shows_it(tmp_path: Path) -> None:
    rows = [["Datum", "Sys"], [], [(45731.5, "15.03.2025 12:00"), 118.5, True]]
    content = google_sheet.write("de_DE", "Europe/Berlin", [("Log", rows), ("Log 2", [["x"]])])
    assert records(tmp_path, content, {1, 2, 3, 9}, "Log") == {
        1: "Datum | Sys",
        2: "",
        3: "15.03.2025 12:00 | 118.5 | TRUE",
    }
    assert records(tmp_path, content, {1}, "Log 2") == {1: "x"}
    assert records(tmp_path, content[:-20], {1}, "Log") == {}


def test_a_long_record_says_that_there_is_more_of_it(tmp_path: Path) -> None:
    told = records(tmp_path, b"a\n" + b"x" * 500 + b"\n" + b"y" * 1501 + b"\n", {2, 3})
    assert told == {2: "x" * 500, 3: f"{'y' * 500} ... (1,501 characters)"}
