"""Delimited text: encodings, delimiters, quotes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.errors import UnreadableExportError
from pdp.tabular.cells import Record
from pdp.tabular.text import DELIMITERS, choose_delimiter, decode, split

KNOWN = {"date", "sys", "grösse", "дата", "время", "systolisch"}


def score(record: Record) -> int:
    return sum(str(cell).casefold() in KNOWN for cell in record)


@given(
    st.lists(
        st.lists(st.text(alphabet='ab1 ,;"\n\r\t|é', max_size=6).map(str.strip), min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_a_csv_writer_quotes_is_read_back(
    rows: list[list[str]], delimiter: str, line_end: str, has_final_newline: bool
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    text = stream.getvalue() if has_final_newline else stream.getvalue().removesuffix(line_end)
    assert split(text, delimiter) == [[] if row == [""] else row for row in rows]


@given(st.text(alphabet='a",\n', max_size=40), st.sampled_from(DELIMITERS))
def test_any_text_splits_and_no_line_without_quotes_is_lost(text: str, delimiter: str) -> None:
    records = split(text, delimiter)
    assert len(records) <= text.count("\n") + 1
    if '"' not in text:
        assert len(records) == len(text.removesuffix("\n").split("\n")) if text else records == []


def test_a_lost_quote_swallows_no_record_below_it() -> None:
    assert split('a,"b\nc,"d"\n"e",f', ",") == [["a", "b"], ["c", "d"], ["e", "f"]]


def test_a_missing_quote_on_the_last_line_loses_nothing() -> None:
    assert split('"a","b"\n"1","2', ",") == [["a", "b"], ["1", "2"]]


def test_a_quoted_line_end_stays_in_its_record_and_blank_lines_are_records() -> None:
    assert split('a,b\n\n1,"x\ny"\n', ",") == [["a", "b"], [], ["1", "x\ny"]]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_header_proves_the_delimiter(delimiter: str) -> None:
    text = f"Title, with; all|kinds\nDate{delimiter}SYS\n1,5{delimiter}2;5\n"
    assert choose_delimiter(text, score) == delimiter


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("cp1251", "cp1251"),
    ],
)
def test_the_encoding_is_proved_by_mark_or_validity_or_header(encoding: str, read_as: str) -> None:
    text = "Дата;Время;SYS\n01;02;03\n" if encoding == "cp1251" else "Date;SYS;Größe\n01;02;03\n"
    assert decode(text.encode(encoding), None, score) == (text, read_as)


def test_a_western_header_proves_its_code_page() -> None:
    assert decode("Date;SYS;Größe\n01;02;03\n".encode("cp1252"), None, score)[0] == "Date;SYS;Größe\n01;02;03\n"


def test_an_encoding_that_nothing_proves_is_refused_and_the_setting_named() -> None:
    data = "Date;SYS\n01;müde\n".encode("cp1252")
    with pytest.raises(UnreadableExportError) as error:
        decode(data, None, score)
    assert error.value.reason == "unknown_encoding"
    assert str(error.value) == (
        "the file is not UTF-8, and its header does not prove another encoding. Set settings.encoding, for example "
        "to utf-8, cp1252 (Western Europe) or cp1251 (Cyrillic)."
    )
    assert decode(data, "cp1252", score)[0].endswith("müde\n")


def test_code_pages_that_agree_on_the_header_only_are_not_chosen_between() -> None:
    with pytest.raises(UnreadableExportError, match=r"Set settings\.encoding"):
        decode("Date;SYS;Größe\n01;02;mañana\n".encode("cp1252"), None, score)


@pytest.mark.parametrize(
    ("encoding", "what"),
    [
        ("utf-8", "the file is not valid utf-8."),
        ("utf8000", 'there is no text encoding "utf8000".'),
        ("zlib", 'there is no text encoding "zlib".'),
    ],
)
def test_a_wrong_encoding_in_the_settings_is_named(encoding: str, what: str) -> None:
    with pytest.raises(UnreadableExportError) as error:
        decode(b"Date;SYS\n\xfc", encoding, score)
    assert error.value.what == what


@given(st.binary(max_size=200))
def test_any_bytes_give_a_text_or_an_error_with_a_reason(data: bytes) -> None:
    try:
        text, encoding = decode(data, None, score)
    except UnreadableExportError as error:
        assert error.reason in ("unknown_encoding", "wrong_encoding")  # noqa: PT017
        return
    assert encoding
    split(text, choose_delimiter(text, score))
