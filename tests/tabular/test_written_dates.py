"""Written dates and times."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.errors import UnreadableExportError
from pdp.tabular.month_names import _MONTHS, MONTHS, plain
from pdp.tabular.written_dates import ORDERS, decide, read


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Jan 6 2025", datetime(2025, 1, 6)),
        ("Dec 31, 2025", datetime(2025, 12, 31)),
        ("15/01/2026 8:05", datetime(2026, 1, 15, 8, 5)),
        ("15.01.2026", datetime(2026, 1, 15)),
        ("2020-04-29  22:33:33", datetime(2020, 4, 29, 22, 33, 33)),
        ("2024-06-01 08:00:00.125", datetime(2024, 6, 1, 8, 0, 0, 125_000)),
        ("2014-02-13 6:04 Uhr", datetime(2014, 2, 13, 6, 4)),
        ("06/24/95 16:00:10", datetime(1995, 6, 24, 16, 0, 10)),
        ("2010-10-13 11:12PM", datetime(2010, 10, 13, 23, 12)),
        ("4/16/2016 7:21:00\u202fAM", datetime(2016, 4, 16, 7, 21)),
        ("6 de enero de 2025 a las 8:05 p.\u00a0m.", datetime(2025, 1, 6, 20, 5)),
        ("mar. 6 janv. 2025", datetime(2025, 1, 6)),
        ("1er août 2025 à 8h05", datetime(2025, 8, 1, 8, 5)),
        ("Mo, 6. März 2023, 8 Uhr", datetime(2023, 3, 6, 8)),
        ("15 мая 2025 г. в 09:30", datetime(2025, 5, 15, 9, 30)),
        ("3 paź 2024", datetime(2024, 10, 3)),
        ("06-Jan-25", datetime(2025, 1, 6)),
        ("Sunday, March 9, 2025 12:30 AM", datetime(2025, 3, 9, 0, 30)),
        ("8:15 AM, 12 Jan 2025", datetime(2025, 1, 12, 8, 15)),
    ],
)
def test_a_date_as_people_and_vendors_write_it_is_read(text: str, moment: datetime) -> None:
    written = read(text)
    assert written is not None
    assert {datetime.combine(day, written.time or time()) for day in written.dates.values()} - {moment} <= (
        {datetime(2006, 1, 25)} if text == "06-Jan-25" else set()
    )
    assert written.dates["mdy" if "dmy" not in written.dates else "dmy"] == moment.date()


@pytest.mark.parametrize(
    ("text", "offset", "is_zulu"),
    [
        ("2025-01-20 10:20:26+0000", 0, True),
        ("2025-01-20T10:20:26Z", 0, True),
        ("2025-01-20T10:20:26.5-03:30", -210, False),
        ("Mon Jan 20 2025 10:20:26 GMT+0100", 60, False),
        ("2025-01-20 10:20:26", None, False),
    ],
)
def test_an_offset_beside_the_time_is_read(text: str, offset: int | None, is_zulu: bool) -> None:
    written = read(text)
    assert written is not None
    assert written.time is not None
    assert (written.time.hour, written.offset_min, written.is_zulu) == (10, offset, is_zulu)


@pytest.mark.parametrize(
    "text",
    [
        *("31/2/2025", "2025-13-01", "12-Aug", "Aug-80", "120/80", "8", "45000", "12/08", "2025", "9" * 5000),
        *("２０２５-01-01", "25:00", "8:60", "13:05 PM", "0:30 PM", "8:05-8:10", "08:05-08:10", "not 2025-01-01 today"),
        *(
            "1/2/3",
            "1/2/202",
            "12/31-2025",
            "Smarch 6 2025",
            "Jan Feb 2025",
            "2025 6 Jan",
            "T",
            "",
            "2025-01-01T",
            "+02:00",
        ),
    ],
)
def test_what_is_no_date_or_time_is_not_made_one(text: str) -> None:
    assert read(text) is None


def test_no_month_name_stands_for_two_months() -> None:
    claims = {
        (plain(word), number)
        for months in _MONTHS.values()
        for number, words in enumerate(months.split("|"), start=1)
        for word in words.split()
    }
    assert len(claims) == len(MONTHS)
    assert all(len(months.split("|")) == 12 for months in _MONTHS.values())


def _decide(*texts: str) -> str | None:
    return decide(((row, written) for row, text in enumerate(texts, start=2) if (written := read(text))), '"Date"')


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (("01/02/2025", "13/02/2025"), "dmy"),
        (("01/02/2025", "02/13/2025"), "mdy"),
        (("01.02.25", "31.01.25"), "dmy"),
        (("95-06-24", "05-06-07"), "ymd"),
        (("2025-01-02", "Jan 6 2025"), None),
        (("2025-01-02", "rubbish", "31/31/2025"), None),
    ],
)
def test_one_number_above_12_decides_the_order_of_a_file(texts: tuple[str, ...], order: str | None) -> None:
    assert _decide(*texts) == order


def test_dates_with_equal_day_and_month_need_no_order() -> None:
    assert _decide("05/05/2025", "06/06/2025") in ORDERS


def test_a_file_that_cannot_decide_says_so_and_names_the_setting() -> None:
    with pytest.raises(UnreadableExportError) as error:
        _decide("01/02/2025", "03/04/2025")
    assert error.value.reason == "date_order_undecided"
    assert str(error.value) == (
        'the file can\'t decide whether the day or the month stands first in "Date": no date has a number above 12 '
        "in one place only. Set settings.date_order to dmy, mdy or ymd."
    )


def test_a_two_digit_year_beside_dashes_may_stand_first_so_the_file_cannot_decide() -> None:
    with pytest.raises(UnreadableExportError, match=r"Set settings\.date_order"):
        _decide("25-01-15", "25-01-16")


def test_a_file_that_contradicts_itself_names_the_two_records() -> None:
    with pytest.raises(UnreadableExportError) as error:
        _decide("01/02/2025", "13/02/2025", "02/13/2025")
    assert error.value.reason == "mixed_date_orders"
    assert str(error.value) == (
        'some dates in "Date" are only valid day-first and some only month-first or year-first (records 3 and 4). '
        "Set settings.date_order to dmy, mdy or ymd; rows that do not fit are then set aside."
    )


_DATES = st.dates(date(1970, 1, 1), date(2069, 12, 31))
_NUMERIC = {"dmy": "{d}{s}{m}{s}{y}", "mdy": "{m}{s}{d}{s}{y}", "ymd": "{y}{s}{m}{s}{d}"}
_TIMES = (
    "{h:02}:{n:02}:{s:02}",
    "{h}:{n:02}:{s:02}",
    "{h:02}.{n:02}.{s:02}",
    "{h12}:{n:02}:{s:02} {half}",
    "{h12}:{n:02}:{s:02}{half}",
)


def _time(moment: datetime, form: str) -> str:
    half = "PM" if moment.hour >= 12 else "AM"
    return form.format(h=moment.hour, h12=moment.hour % 12 or 12, n=moment.minute, s=moment.second, half=half)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31)),
    st.sampled_from(ORDERS),
    st.sampled_from("-/."),
    st.booleans(),
    st.booleans(),
    st.sampled_from(_TIMES),
    st.sampled_from([" ", "  ", ", ", "\u00a0", " \t "]),
)
def test_every_date_in_any_numeric_layout_is_read_back(
    moment: datetime, order: str, separator: str, short: bool, padded: bool, form: str, gap: str
) -> None:
    two = "{:02}" if padded or (short and order == "ymd") else "{}"
    parts = {"d": two.format(moment.day), "m": two.format(moment.month), "s": separator}
    day = _NUMERIC[order].format(y=f"{moment.year % 100:02}" if short else moment.year, **parts)
    written = read(f"{day}{gap}{_time(moment, form)}")
    assert written is not None
    assert written.dates[order] == moment.date()  # type: ignore[index]
    assert written.time == moment.time().replace(microsecond=0)


_NAMED = (
    "{name} {d} {y}",
    "{name} {d}, {y}",
    "{d} {name} {y}",
    "{d}. {name} {y}",
    "{d}-{name}-{y}",
    "{y} {name} {d}",
    "{d} de {name} de {y}",
)


@given(
    _DATES,
    st.sampled_from(sorted(_MONTHS)),
    st.data(),
    st.sampled_from(_NAMED),
    st.sampled_from(["lower", "upper", "title"]),
)
def test_every_date_with_a_month_name_in_any_language_is_read_back(
    day: date, language: str, data: st.DataObject, form: str, case: str
) -> None:
    name = data.draw(st.sampled_from(_MONTHS[language].split("|")[day.month - 1].split()))
    written = read(form.format(name=getattr(name, case)(), d=day.day, y=day.year))
    assert written is not None
    assert set(written.dates.values()) == {day}


@given(st.lists(_DATES, min_size=1, max_size=20), st.sampled_from(["dmy", "mdy"]))
def test_an_order_is_only_decided_for_the_dates_that_were_written(days: list[date], order: str) -> None:
    """Whatever is decided reads every date back; what can't be decided is refused."""
    texts = [_NUMERIC[order].format(d=day.day, m=day.month, y=day.year, s="/") for day in days]
    if all(day.day <= 12 for day in days) and any(day.day != day.month for day in days):
        with pytest.raises(UnreadableExportError, match="can't decide"):
            _decide(*texts)
        return
    decided = _decide(*texts)
    assert [read(text).dates[decided] for text in texts] == days  # type: ignore[union-attr, index]


@given(st.text(max_size=60) | st.text(alphabet="0123456789-/.: tTzZ+apm,", max_size=40))
def test_any_text_gives_a_date_or_none(text: str) -> None:
    read(text)
