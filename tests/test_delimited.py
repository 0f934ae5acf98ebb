"""The block reader must say the same as a patient reading line by line, for clean and damaged bytes alike."""

from __future__ import annotations

import csv
import io
from datetime import date, time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.delimited import Block, Layout, blocks
from pdp.delimited.records import cut_blocks, header_of, lines

LAYOUT = Layout(
    ("date", "time", "heartRate"),
    {"date": pa.date32(), "time": pa.time32("s"), "heartRate": pa.float32()},
    ("date", "time"),
)
HEADER = b"date,time,heartRate\n"


def read(data: bytes, layout: Layout = LAYOUT, block_bytes: int = 64) -> list[Block]:
    return list(blocks(io.BytesIO(data), layout, block_bytes))


def readings(found: list[Block]) -> list[tuple[int, date, time, float | None]]:
    return [
        (row, *values.values())
        for block in found
        for row, values in zip(block.rows.tolist(), block.table.to_pylist(), strict=True)
    ]


def fates(found: list[Block]) -> dict[int, str]:
    """Every record once, by what became of it."""
    fate: dict[int, str] = {}
    expected = 1
    for block in found:
        assert block.first_row == expected
        expected += block.records
        for reason, rows in (
            ("read", block.rows.tolist()),
            ("header", block.headers),
            ("blank", block.blanks),
            ("bad", [record.row for record in block.bad]),
        ):
            for row in rows:
                assert row not in fate
                fate[row] = reason
    assert sorted(fate) == list(range(1, expected))
    return fate


def test_records_are_numbered_with_header_and_blank_ones_counted() -> None:
    found = read(HEADER + b"2024-05-01,08:00,61\n\n  \n2024-05-01,08:01:30,62.5\n")
    assert readings(found) == [
        (2, date(2024, 5, 1), time(8), 61.0),
        (5, date(2024, 5, 1), time(8, 1, 30), 62.5),
    ]
    assert fates(found) == {1: "header", 2: "read", 3: "blank", 4: "blank", 5: "read"}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("block_bytes", [25, 64, 1 << 20])
def test_line_ends_of_any_kind_and_a_byte_order_mark_change_nothing(end: bytes, block_bytes: int) -> None:
    data = b"\xef\xbb\xbf" + (HEADER + b"2024-05-01,08:00,61\n2024-05-01,08:01,62\n2024-05-01,08:02,").replace(
        b"\n", end
    )
    found = read(data + b"63", block_bytes=block_bytes)
    assert [(row, value) for row, _, _, value in readings(found)] == [(2, 61.0), (3, 62.0), (4, 63.0)]
    assert fates(found)[1] == "header"


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"2024-05-01,08:00", "wrong_field_count", "2 fields where the header has 3"),
        (b"2024-05-01,08:00,61,9", "wrong_field_count", "4 fields where the header has 3"),
        (b"2024-02-30,08:00,61", "bad_value", "column date is not a date (YYYY-MM-DD)"),
        (b"2024-05-01,24:00,61", "bad_value", "column time is not a time of day (HH:MM)"),
        (b"2024-05-01,08:00,6l", "bad_value", "column heartRate is not a number"),
        (b",08:00,61", "bad_value", "column date is not a date (YYYY-MM-DD)"),
        (b"2024-05-01,08:00,6\x001", "bad_value", "column heartRate is not a number"),
        (b'2024-05-01,"08:00,61', "wrong_field_count", "2 fields where the header has 3"),
        (b"\xff\xfe\xfd", "wrong_field_count", "1 fields where the header has 3"),
    ],
)
def test_a_bad_record_costs_itself_and_no_neighbour(line: bytes, reason: str, detail: str) -> None:
    good = [b"2024-05-01,%02d:%02d,%d" % (minute // 60, minute % 60, 50 + minute % 90) for minute in range(1440)]
    data = HEADER + b"\n".join([*good[:700], line, *good[700:]]) + b"\n"
    for block_bytes in (64, 4096, 1 << 20):
        found = read(data, block_bytes=block_bytes)
        bad = [record for block in found for record in block.bad]
        if b'"' in line:  # kept as it stands, since the quote never closes
            reason, detail = "bad_value", "column time is not a time of day (HH:MM)"
        assert [(record.row, record.reason, record.detail) for record in bad] == [(702, reason, detail)]
        assert bad[0].text == line.decode("utf-8", errors="replace")
        assert [value for *_, value in readings(found)] == [50 + minute % 90 for minute in range(1440)]
        assert set(fates(found).values()) == {"header", "read", "bad"}


def test_a_missing_value_is_null_and_a_missing_time_is_bad() -> None:
    found = read(HEADER + b"2024-05-01,08:00,\n2024-05-01,08:01,null\n2024-05-01,,61\n")
    assert [value for *_, value in readings(found)] == [None, None]
    assert fates(found)[4] == "bad"


def test_cells_in_quotes_are_read_as_a_spreadsheet_wrote_them() -> None:
    layout = Layout(("a", "b"), {"a": pa.string(), "b": pa.int32()})
    found = read(b'a,b\n"one, ""two""\nthree",1\n"four",2\nfive,3\n', layout)
    assert [row["a"] for block in found for row in block.table.to_pylist()] == ['one, "two" three', "four", "five"]
    assert fates(found) == {1: "header", 2: "read", 3: "read", 4: "read"}


def test_a_quoted_cell_across_the_end_of_a_block_stays_whole() -> None:
    layout = Layout(("a", "b"), {"a": pa.string(), "b": pa.int32()})
    data = b"a,b\n" + b'"x\ny",1\n' * 50
    for block_bytes in range(9, 40):
        found = read(data, layout, block_bytes)
        assert len(readings(found)) == 50, block_bytes
        assert set(fates(found).values()) == {"header", "read"}


def test_two_stray_quotes_do_not_swallow_the_records_between_them() -> None:
    data = HEADER + b'2024-05-01,08:"00,61\n2024-05-01,08:01,62\n2024-05-01,08:0"2,63\n'
    assert fates(read(data)) == {1: "header", 2: "bad", 3: "read", 4: "bad"}


def test_blank_cells_that_a_spreadsheet_appended_are_left_out() -> None:
    assert readings(read(HEADER + b"2024-05-01,08:00,61,,\n"))[0][3] == 61.0


def test_a_header_in_the_middle_is_no_bad_record() -> None:
    found = read(HEADER + b"2024-05-01,08:00,61\n" + HEADER + b"2024-05-01,08:01,62\n")
    assert fates(found) == {1: "header", 2: "read", 3: "header", 4: "read"}


def test_the_text_of_any_record_can_be_asked_for() -> None:
    (found,) = read(HEADER + b"2024-05-01,08:00,inf\n2024-05-01,08:01,62\n", block_bytes=1 << 20)
    assert found.texts([2]) == {2: "2024-05-01,08:00,inf"}


def test_a_line_that_never_ends_is_one_bad_record_in_little_memory() -> None:
    data = HEADER + b"1," * 20_000_000 + b"\n2024-05-01,08:00,61\n"
    found = read(data, block_bytes=1 << 20)
    assert fates(found) == {1: "header", 2: "bad", 3: "read"}
    assert max(len(block.data) for block in found) < 3 << 20


def test_offsets_in_the_times_are_taken_into_account() -> None:
    layout = Layout(("time", "heartRate"), {"time": pa.timestamp("ms", "UTC"), "heartRate": pa.float32()}, ("time",))
    found = read(
        b"time,heartRate\n2025-01-20 10:20:26+0000,67\n2025-01-20 12:20:26+0200,68\n2025-01-20 10:20:26,69\n", layout
    )
    assert [row["time"].isoformat() for block in found for row in block.table.to_pylist()] == [
        "2025-01-20T10:20:26+00:00"
    ] * 2
    assert found[-1].bad[0].detail == "column time is not a time with its offset (YYYY-MM-DD HH:MM:SS+0000)"


def test_nothing_gives_nothing() -> None:
    assert read(b"") == []
    assert read(b"\xef\xbb\xbf") == []
    assert header_of(b'\xef\xbb\xbf\r\n date , "time"\r\n') == ("date", "time")
    assert header_of(b"\n\n") == ()


def test_lines_are_counted_across_blocks() -> None:
    assert list(lines(io.BytesIO(b"\xef\xbb\xbfa\r\n\r\nb\rc"), 2)) == [(1, "a"), (2, ""), (3, "b"), (4, "c")]


CELLS = st.one_of(
    st.sampled_from(
        [b"2024-05-01", b"08:00", b"61", b"", b"null", b'"', b'""', b"\0", b"\r", b"\xff", b",", b"\n", b"\r\n"]
    ),
    st.binary(max_size=6),
)
DAYS = st.dates(date(1970, 1, 1), date(2099, 12, 31))


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(DAYS, st.integers(0, 1439), st.integers(0, 300)), max_size=200),
    end=st.sampled_from(["\n", "\r\n"]),
    has_bom=st.booleans(),
    is_quoted=st.booleans(),
    block_bytes=st.integers(40, 5000),
)
def test_whatever_is_written_as_csv_is_read_back(
    rows: list[tuple[date, int, int]], end: str, has_bom: bool, is_quoted: bool, block_bytes: int
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    writer.writerow(LAYOUT.names)
    times = [time(minute // 60, minute % 60) for _, minute, _ in rows]
    writer.writerows((day.isoformat(), f"{at:%H:%M}", value) for (day, _, value), at in zip(rows, times, strict=True))
    found = read(text.getvalue().encode("utf-8-sig" if has_bom else "utf-8"), block_bytes=block_bytes)
    expected = [(n, day, at, float(value)) for n, ((day, _, value), at) in enumerate(zip(rows, times, strict=True), 2)]
    assert readings(found) == expected
    assert not any(block.bad for block in found)


@settings(deadline=None, max_examples=300)
@given(pieces=st.lists(CELLS, max_size=60), block_bytes=st.integers(1, 200))
def test_any_bytes_are_covered_record_by_record(pieces: list[bytes], block_bytes: int) -> None:
    found = read(b"".join(pieces), block_bytes=block_bytes)
    fates(found)


@settings(deadline=None, max_examples=300)
@given(pieces=st.lists(CELLS, max_size=60))
def test_without_quotes_the_size_of_the_blocks_changes_nothing(pieces: list[bytes]) -> None:
    data = HEADER + b"".join(piece.replace(b'"', b"") for piece in pieces)
    whole = read(data, block_bytes=1 << 20)
    parts = read(data, block_bytes=8)
    assert readings(whole) == readings(parts)
    assert fates(whole) == fates(parts)
    assert len(fates(whole)) == len(data.splitlines())


@given(data=st.binary(max_size=300), size=st.integers(1, 50))
def test_blocks_put_together_are_the_file(data: bytes, size: int) -> None:
    assert b"".join(cut_blocks(io.BytesIO(data), size)) == data.removeprefix(b"\xef\xbb\xbf")
