"""A Google sheet gives the table that its CSV gives, whatever the country it is set to."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import ConfigError, UnreadableExportError
from pdp.formats import bp_log, recognise, sleep_log
from pdp.tabular import google_sheet
from pdp.tabular.written_dates import DateOrder
from tests.formats.log_files import Outcome, opened, parse, sniffed

ORIGIN = datetime(1899, 12, 30)
HEADER = ["Date", "Time", "SYS", "DIA", "Pulse", "Note"]

# How Google Sheets shows dates, times and decimals by default: date, time, decimal mark, order.
SHOWN: dict[str, tuple[str, str, str, DateOrder]] = {
    "en_US": ("%-m/%-d/%Y", "%-I:%M:%S %p", ".", "mdy"),
    "en_GB": ("%d/%m/%Y", "%H:%M:%S", ".", "dmy"),
    "de_DE": ("%d.%m.%Y", "%H:%M:%S", ",", "dmy"),
    "ru_RU": ("%d.%m.%Y", "%-H:%M:%S", ",", "dmy"),
    "fr_FR": ("%d/%m/%Y", "%H:%M:%S", ",", "dmy"),
    "sv_SE": ("%Y-%m-%d", "%H:%M:%S", ",", "ymd"),
    "ja_JP": ("%Y/%m/%d", "%-H:%M:%S", ".", "ymd"),
    "hu_HU": ("%Y. %m. %d.", "%-H:%M:%S", ",", "ymd"),
    "no_NO": ("%d.%m.%Y", "%H:%M:%S", ",", "dmy"),
}


def shown(cell: Any, locale: str) -> str:
    """The text in which a sheet shows a cell, and its CSV has it."""
    day, clock, mark, _ = SHOWN[locale]
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return cell.strftime(f"{day} {clock}")
    if isinstance(cell, date | time):
        return cell.strftime(day if isinstance(cell, date) else clock)
    if isinstance(cell, timedelta):
        minutes = cell // timedelta(minutes=1)
        return f"{minutes // 60}:{minutes % 60:02d}:00"
    return str(cell).replace(".", mark) if isinstance(cell, float) else str(cell)


def serial(cell: date | time | timedelta) -> float:
    """Days since the origin, as Google stores a date, a time or a duration."""
    if isinstance(cell, time):
        cell = datetime.combine(ORIGIN, cell)
    elif isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime.combine(cell, time())
    return (cell if isinstance(cell, timedelta) else cell - ORIGIN) / timedelta(days=1)


def delivered(cell: Any, locale: str) -> Any:
    """A cell as the transport gets it."""
    return (serial(cell), shown(cell, locale)) if isinstance(cell, date | time | timedelta) else cell


def as_sheet(rows: Sequence[Sequence[Any]], locale: str, title: str = "Log") -> bytes:
    return google_sheet.write(locale, "Europe/Berlin", [(title, [[delivered(c, locale) for c in r] for r in rows])])


def as_csv(rows: Sequence[Sequence[Any]], locale: str) -> str:
    stream = io.StringIO()
    width = max(map(len, rows))
    rows = rows[: 1 + max(number for number, row in enumerate(rows) if row)]  # as Google, without blank rows at the end
    csv.writer(stream).writerows([shown(c, locale) for c in [*row, *[None] * (width - len(row))]] for row in rows)
    return stream.getvalue()


def told(outcome: Outcome) -> tuple[Any, ...]:
    """Everything but the member, which is the worksheet's title or nothing."""
    unread = {row: reason for (_, row), reason in outcome.unread.items()}
    return outcome.readings, outcome.clocks, unread, outcome.out, list(outcome.extents.values())


def same(module: ModuleType, rows: Sequence[Sequence[Any]], locale: str) -> Outcome:
    """What both the sheet and its CSV give; the CSV is told the order of dates, which the sheet's locale says."""
    by_csv = parse(module, as_csv(rows, locale), module.Settings(date_order=SHOWN[locale][3]))
    by_sheet = parse(module, as_sheet(rows, locale))
    assert told(by_sheet) == told(by_csv)
    return by_sheet


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
PRESSURES = st.one_of(st.integers(40, 250), st.integers(400, 2500).map(lambda tenths: tenths / 10), st.none())
ODD = st.sampled_from([None, "-", "#N/A", "#DIV/0!", True, "n. a.", "118.5", 0])
NOTES = st.one_of(st.none(), st.text("aé ,;\"'x", max_size=6), st.integers(0, 9))
READINGS = st.tuples(MOMENTS, PRESSURES, PRESSURES, st.one_of(PRESSURES, ODD), NOTES)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(READINGS, st.none()), max_size=6), MOMENTS, st.sampled_from(sorted(SHOWN)), st.booleans())
def test_any_sheet_gives_the_table_of_its_csv(
    readings: list[Any], first: datetime, locale: str, is_one_column: bool
) -> None:
    rows: list[list[Any]] = [["Datetime", *HEADER[2:]] if is_one_column else HEADER]
    for reading in [(first, 120, 80, 60, None), *readings]:
        if reading is None:
            rows.append([])
        else:
            when, *values = reading
            rows.append([when, *values] if is_one_column else [when.date(), when.time(), *values])
    assert same(bp_log, rows, locale).readings[0]["start"] == first


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(MOMENTS, st.integers(1, 2880).map(lambda minutes: timedelta(minutes=minutes))), min_size=1, max_size=5
    ),
    st.sampled_from(sorted(SHOWN)),
)
def test_any_table_of_nights_gives_that_of_its_csv_also_with_more_than_a_day(nights: list[Any], locale: str) -> None:
    rows: list[list[Any]] = [["Start", "End", "Duration", "Deep (min)"]]
    rows += [[start, start + span, span, 61.5] for start, span in nights]
    outcome = same(sleep_log, rows, locale)
    expected = [span / timedelta(minutes=1) for _, span in nights]
    assert outcome.column("total_sleep_time_min") == expected
    assert outcome.column("deep_min") == [61.5] * len(nights)


@pytest.mark.parametrize("locale", sorted(SHOWN))
def test_midnight_is_a_time_and_a_day_without_a_time_is_none(locale: str) -> None:
    rows = [["Datetime", "SYS", "DIA"], [datetime(2025, 3, 15), 120, 80], [date(2025, 3, 16), 121, 81]]
    outcome = same(bp_log, rows, locale)
    assert outcome.column("start") == [datetime(2025, 3, 15)]
    assert outcome.reasons == ["no_time"]


def test_a_clock_without_colons_is_one_too() -> None:
    cells = [(45731, "15.3.2025 0.00.00"), 120, 80]
    data = google_sheet.write("fi_FI", "Europe/Helsinki", [("Log", [["Datetime", "SYS", "DIA"], cells])])
    assert parse(bp_log, data).column("start") == [datetime(2025, 3, 15)]


def test_a_serial_number_is_rounded_to_the_millisecond() -> None:
    nearly = serial(datetime(2025, 3, 15, 8, 30)) - 1e-9
    rows = [["Datetime", "SYS", "DIA"], [(nearly, "3/15/2025 8:30:00"), 120, 80], [(45731.99999999999, "x"), 121, 81]]
    data = google_sheet.write("en_US", "", [("Log", rows)])
    assert parse(bp_log, data).column("start") == [datetime(2025, 3, 15, 8, 30), datetime(2025, 3, 16)]


def test_a_number_in_a_column_of_durations_is_no_time_of_day() -> None:
    rows = [["Start", "End", "Duration (h)"], [datetime(2025, 3, 15), datetime(2025, 3, 15, 1), 0.5]]
    assert parse(sleep_log, as_sheet(rows, "en_US")).column("total_sleep_time_min") == [30]
    rows[1][2] = time(0, 30)
    assert parse(sleep_log, as_sheet(rows, "en_US")).column("total_sleep_time_min") == [30]


def test_the_locale_decides_order_and_decimals_where_no_cell_does() -> None:
    rows = [["Date", "Time", "SYS", "DIA"], ["03/04/2025", "8:00", 120, 80]]
    assert parse(bp_log, as_sheet(rows, "en_US")).column("start") == [datetime(2025, 3, 4, 8)]
    assert parse(bp_log, as_sheet(rows, "en_GB")).column("start") == [datetime(2025, 4, 3, 8)]
    rows[1][2] = "118,125"
    outcome = parse(bp_log, as_sheet(rows, "de_DE"))
    assert outcome.column("systolic_mmhg") == [118.125]
    how = "locale de_DE, time zone Europe/Berlin; order of dates dmy (as in de_DE); decimal mark ',' (as in de_DE)"
    assert outcome.read_as == [f"a Google sheet, {how}"]
    assert parse(bp_log, as_sheet(rows, "en_GB")).reasons == ["ambiguous_number"]


def test_the_cells_go_before_the_locale_and_the_settings_before_both(caplog: pytest.LogCaptureFixture) -> None:
    rows = [["Date", "Time", "SYS", "DIA"], ["13/04/2025", "8:00", 120, 80], ["03/04/2025", "8:00", "1,125", 80]]
    rows += [["02/04/2025", "8:00", 120, "80.5"]]
    with caplog.at_level("INFO"):
        outcome = parse(bp_log, as_sheet(rows, "en_US"))
    assert outcome.column("start")[0] == datetime(2025, 4, 13, 8)
    said = "a Google sheet, locale en_US, time zone Europe/Berlin; order of dates dmy; decimal mark '.'"
    assert said in caplog.text
    assert "120" not in caplog.text
    del rows[1]
    assert parse(bp_log, as_sheet(rows, "en_US"), bp_log.Settings(date_order="dmy")).column("start")[0].month == 4


def test_a_locale_that_nobody_knows_decides_nothing() -> None:
    rows = [["Date", "Time", "SYS", "DIA"], ["03/04/2025", "8:00", 120, 80]]
    data = google_sheet.write("xx_XX", "", [("Log", rows)])
    with pytest.raises(UnreadableExportError, match=r"Set settings\.date_order to dmy, mdy or ymd"):
        parse(bp_log, data)


@pytest.mark.parametrize("is_pair", [True, False])
def test_dates_that_a_sheet_has_half_converted_are_refused(is_pair: bool) -> None:
    day: Any = (serial(date(2025, 2, 1)), "2/1/2025") if is_pair else serial(date(2025, 2, 1))
    rows = [["Date", "Time", "SYS", "DIA"], [day, "8:00", 120, 80], ["13/01/2025", "8:00", 120, 80]]
    data = google_sheet.write("en_US", "", [("Log", rows)])
    with pytest.raises(UnreadableExportError, match="day and month of the former may be exchanged"):
        parse(bp_log, data)
    assert len(parse(bp_log, data, bp_log.Settings(date_order="dmy")).readings) == 2


def test_the_header_may_be_set_and_what_stands_above_it_is_no_reading() -> None:
    rows: list[list[Any]] = [["Date", "Time", "SYS", "DIA"], [date(2024, 1, 1), time(8), 120, 80]]
    rows += [[], ["Date", "Time", "DIA", "SYS"], [date(2025, 1, 1), time(8), 80, 120]]
    assert parse(bp_log, as_sheet(rows, "en_US")).column("row") == [2, 5]
    outcome = parse(bp_log, as_sheet(rows, "en_US"), bp_log.Settings(header_row=4))
    assert (outcome.column("row"), outcome.column("systolic_mmhg")) == ([5], [120])
    for row in (3, 9):
        with pytest.raises(UnreadableExportError, match=f"row {row}, set as the one with the names of the columns, is"):
            parse(bp_log, as_sheet(rows, "en_US"), bp_log.Settings(header_row=row))
    with pytest.raises(ConfigError, match="header_row: is no row"):
        bp_log.Settings(header_row=-1)


def test_each_worksheet_is_a_member_and_one_that_is_no_log_is_left_out() -> None:
    rows = [HEADER, [date(2025, 1, 1), time(8), 120, 80]]
    cells = [[delivered(cell, "de_DE") for cell in row] for row in rows]
    data = google_sheet.write("de_DE", "", [("2025", cells), ("Übersicht", [["Mittel"], [120]]), ("Leer", [])])
    outcome = parse(bp_log, data)
    assert outcome.extents == {"2025": 2, "Übersicht": 2, "Leer": 0}
    assert outcome.out["no_data"] == [1, 2]
    assert len(outcome.readings) == 1


def test_an_empty_worksheet_is_told() -> None:
    with pytest.raises(UnreadableExportError, match='nothing but blank lines in "Log"'):
        parse(bp_log, google_sheet.write("de_DE", "", [("Log", [])]))


def test_a_sheet_is_recognised_by_its_content_and_by_no_other_format() -> None:
    log = as_sheet([HEADER, [date(2025, 1, 1), time(8), 120, 80]], "de_DE")
    nights = as_sheet([["Start", "End", "Duration"]], "de_DE")
    assert (sniffed(bp_log, log), sniffed(sleep_log, log)) == (True, False)
    assert opened(log, recognise) == ["bp_log"]
    assert opened(nights, recognise) == ["sleep_log"]
    with pytest.raises(UnreadableExportError, match="Set format: sleep_log"):
        parse(bp_log, nights)


def test_other_json_is_named_for_what_it_is() -> None:
    for text in ('{"systolic": 120}', ' [\n{"sys": 1}]'):
        with pytest.raises(UnreadableExportError, match="the file is JSON, which is no table of cells") as error:
            parse(bp_log, text)
        assert error.value.reason == "foreign_file"
    newer = as_sheet([HEADER], "de_DE").replace(b"google-sheet/1", b"google-sheet/2")
    with pytest.raises(UnreadableExportError, match="a newer version of this program"):
        parse(bp_log, newer)


# -- the bytes -----------------------------------------------------------------------------------------------------

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4)
)


@given(st.lists(st.lists(CELLS, max_size=4), max_size=4))
def test_equal_content_makes_equal_bytes_however_a_number_was_delivered(rows: list[list[Any]]) -> None:
    data = google_sheet.write("de_DE", "Europe/Berlin", [("Log", rows)])
    floats = [[float(c) if isinstance(c, int) and not isinstance(c, bool) else c for c in row] for row in rows]
    padded = [[*row, "", None] for row in floats] + [[], [None]]
    assert google_sheet.write("de_DE", "Europe/Berlin", [("Log", padded)]) == data
    assert data.startswith(google_sheet.MAGIC)
    json.loads(data)


def test_huge_numbers_arrive_as_one_wherever_they_come_from() -> None:
    assert google_sheet.write("", "", [("A", [[10**30, -0.0]])]) == google_sheet.write("", "", [("A", [[1e30, 0]])])
    rows = [["Date", "Time", "SYS", "DIA"], [date(2025, 1, 1), time(8), 10**30, 80]]
    assert parse(bp_log, as_sheet(rows, "en_US")).reasons == ["not_a_number"]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_export_is_refused_or_read_and_never_a_fault_of_the_program(data: st.DataObject) -> None:
    whole = as_sheet([HEADER, [date(2025, 1, 1), time(8), 120, 80, 60, "é"]], "de_DE")
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([*whole[:at], whole[at] ^ 1 << data.draw(st.integers(0, 7)), *whole[at + 1 :]])
    for damaged in (whole[: max(at, 1)], flipped):
        with suppress(UnreadableExportError):
            parse(bp_log, damaged)


@pytest.mark.parametrize(
    "rows", ['[["a"],5]', '{"a":1}', '[[["x","y"]]]', "[[[1,2,3]]]", "[[[true,3]]]", "[[[1,2]]]", "[[{}]]", "null"]
)
def test_what_is_no_worksheet_is_refused(rows: str) -> None:
    head = '{"kind":"pdp.google-sheet/1","locale":"","time_zone":"","worksheets":[{"title":"A","rows":'
    with pytest.raises(UnreadableExportError, match=r"the export of the sheet is damaged\. Delete the raw export"):
        google_sheet.read(f"{head}{rows}}}]}}".encode())


def test_a_worksheet_wider_and_longer_than_google_allows_is_refused() -> None:
    rows = "[" + ",".join(["[]"] * 100_000) + f",{json.dumps([0] * 200)}]"
    head = '{"kind":"pdp.google-sheet/1","locale":"","time_zone":"","worksheets":[{"title":"A","rows":'
    with pytest.raises(UnreadableExportError, match="damaged"):
        google_sheet.read(f"{head}{rows}}}]}}".encode())
