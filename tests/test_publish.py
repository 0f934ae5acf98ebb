"""Published tables: values as they are, nothing a spreadsheet would run, the run and the digest in every file."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp import publish
from pdp.errors import PdpError
from pdp.publish import selection, sheet
from tests.published import ORIGIN, rows_of_csv, table_of
from tests.summary_subject import Subject

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "'=1")


@pytest.fixture
def subject() -> Subject:
    """Readings on three days, the middle one that on which clocks go back, some with notes."""
    made = Subject()
    made.cuff("2025-10-25 07:10", 131, 84, 66, modality="self_reported", note="=HYPERLINK(1)")
    made.cuff("2025-10-26 02:30", 128, 81, None, note='after, "coffee"')
    made.add(
        "blood_pressure", made.at("2025-10-26 02:30", fold=1), systolic_mmhg=127.5, diastolic_mmhg=80.0, note="müde"
    )
    made.cuff("2025-10-27 22:05", 135, 86, 70, measurement_location="left upper arm", body_posture="sitting")
    made.beats("2025-10-26 12:00", (61, 62, 63))
    return made


def readings(subject: Subject, folder: Path, first: date, last: date) -> pa.Table:
    merged, _ = subject.write(folder)
    return publish.measure(merged["blood_pressure"], first, last)


EVERY = date(2025, 10, 25), date(2025, 10, 27)


def test_csv_and_parquet_hold_the_same_values_as_the_table(subject: Subject, tmp_path: Path) -> None:
    table = readings(subject, tmp_path, *EVERY)
    lines = rows_of_csv(publish.csv_file(table, ORIGIN).content)
    kept = table_of(publish.parquet_file(table, ORIGIN).content)
    assert len(lines) == kept.num_rows == 4
    for name in table.column_names:
        assert kept[name].to_pylist() == table[name].to_pylist(), name
    for name in ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm"):
        assert [float(line[name]) if line[name] else None for line in lines] == table[name].to_pylist()
    assert [sheet.harmful(line["note"]) or None for line in lines] == table["note"].to_pylist()
    assert [line["start_local"] for line in lines] == table["start_local"].to_pylist()


def test_a_row_tells_its_local_day_and_its_wall_clock_with_the_offset(subject: Subject, tmp_path: Path) -> None:
    lines = rows_of_csv(publish.csv_file(readings(subject, tmp_path, *EVERY), ORIGIN).content)
    assert [(line["date"], line["start_local"]) for line in lines] == [
        ("2025-10-25", "2025-10-25T07:10:00.000+02:00"),
        ("2025-10-26", "2025-10-26T02:30:00.000+02:00"),
        ("2025-10-26", "2025-10-26T02:30:00.000+01:00"),
        ("2025-10-27", "2025-10-27T22:05:00.000+01:00"),
    ]


def test_only_rows_of_the_local_days_asked_for_are_taken(subject: Subject, tmp_path: Path) -> None:
    table = readings(subject, tmp_path, date(2025, 10, 26), date(2025, 10, 26))
    assert table["systolic_mmhg"].to_pylist() == [128.0, 127.5]
    assert len(readings(subject, tmp_path, date(2025, 10, 28), date(2026, 1, 1))) == 0


@pytest.mark.parametrize("text", FORMULAS)
def test_no_spreadsheet_takes_a_text_for_a_formula(text: str) -> None:
    content = publish.csv_file(pa.table({"note": [text]}), ORIGIN).content
    cell = rows_of_csv(content)[0]["note"]
    assert cell == f"'{text}"
    assert sheet.harmful(cell) == text


@given(st.text())
def test_any_text_comes_back_from_the_csv_as_it_was(text: str) -> None:
    read = rows_of_csv(publish.csv_file(pa.table({"note": [text]}), ORIGIN).content)[0]["note"]
    assert sheet.harmful(read) == text
    assert not read.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**62), 2**62))
def test_numbers_are_written_exactly_and_never_touched(real: float, whole: int) -> None:
    read = rows_of_csv(publish.csv_file(pa.table({"x": [real], "n": [whole]}), ORIGIN).content)[0]
    assert float(read["x"]) == real
    assert int(read["n"]) == whole
    assert not read["x"].startswith("'")


def test_missing_is_an_empty_cell_and_null_never_0() -> None:
    table = pa.table({"x": pa.array([None, 0.0]), "note": pa.array([None, "a"])})
    lines = rows_of_csv(publish.csv_file(table, ORIGIN).content)
    assert [line["x"] for line in lines] == ["", "0.0"]
    assert table_of(publish.parquet_file(table, ORIGIN).content)["x"].to_pylist() == [None, 0.0]


@pytest.mark.parametrize("form", [publish.csv_file, publish.parquet_file])
def test_a_file_names_its_run_and_the_digest_of_its_data(form: Any, subject: Subject, tmp_path: Path) -> None:
    made = form(readings(subject, tmp_path, *EVERY), ORIGIN)
    proof = publish.verify(made.content)
    assert proof.run_id == ORIGIN.run_id
    assert proof.stated == made.data_sha256 == proof.found
    assert proof.is_intact


def test_csv_and_parquet_of_the_same_rows_name_the_same_digest(subject: Subject, tmp_path: Path) -> None:
    table = readings(subject, tmp_path, *EVERY)
    assert publish.csv_file(table, ORIGIN).data_sha256 == publish.parquet_file(table, ORIGIN).data_sha256


def test_a_number_that_was_changed_is_found(subject: Subject, tmp_path: Path) -> None:
    table = readings(subject, tmp_path, *EVERY)
    content = publish.csv_file(table, ORIGIN).content
    assert not publish.verify(content.replace(b"131.0", b"121.0")).is_intact
    kept = table_of(publish.parquet_file(table, ORIGIN).content)
    sink = io.BytesIO()
    pa.parquet.write_table(kept.slice(1), sink)
    assert not publish.verify(sink.getvalue()).is_intact


def test_another_file_is_told_from_a_published_one() -> None:
    for content in (b"a,b\r\n1,2\r\n", b"{}", b"\xff\xfe", b""):
        with pytest.raises(PdpError, match="no file that was published from here"):
            publish.verify(content)


@pytest.mark.parametrize("form", [publish.csv_file, publish.parquet_file])
def test_the_same_rows_give_the_same_bytes(form: Any, subject: Subject, tmp_path: Path) -> None:
    first = form(readings(subject, tmp_path / "a", *EVERY), ORIGIN).content
    for measure in subject.rows.values():
        measure.reverse()
    assert form(readings(subject, tmp_path / "b", *EVERY), ORIGIN).content == first


def test_lines_end_as_rfc_4180_has_it_and_quotes_are_doubled(subject: Subject, tmp_path: Path) -> None:
    text = publish.csv_file(readings(subject, tmp_path, *EVERY), ORIGIN).content.decode()
    assert '"after, ""coffee"""' in text
    assert text.endswith("\r\n")
    assert len({len(row) for row in csv.reader(io.StringIO(text, newline=""))}) == 1


def test_parquet_keeps_title_unit_and_method_of_every_field(tmp_path: Path) -> None:
    field = pa.field("x", pa.float64(), metadata={"title": "Steps", "unit": "1", "method": "count"})
    made = publish.parquet_file(pa.table({"x": [1.0]}, schema=pa.schema([field])), ORIGIN)
    read = table_of(made.content).schema.field("x").metadata
    assert read[b"title"] == b"Steps"
    assert read[b"method"] == b"count"


def test_more_rows_than_a_file_holds_are_refused_in_words(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST_ROWS", 3)
    with pytest.raises(
        publish.RangeError, match=r"blood pressure: 2025-10-25 to 2025-10-27 has more than 3 rows.*fewer"
    ):
        readings(subject, tmp_path, *EVERY)
