"""Tables of nights."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import UnreadableExportError
from pdp.formats import sleep_log
from pdp.formats.sleep_log import Columns, Settings
from tests.formats.log_files import parse, sniffed, workbook

NIGHTS = (
    '"sleep_begin","sleep_end","sleep_duration","sleep_awake_duration","sleep_rem_duration","sleep_light_duration",'
    '"sleep_deep_duration"\n'
    '"2020-01-21 06:21:45","2020-01-21 09:00:48","9543.000","","","",""\n'
    '"2020-05-05 21:48:53","2020-05-06 08:02:09","36796.000","600.000","","1200.000","60.000"\n'
)


def test_stated_durations_are_kept_and_absent_stages_stay_missing() -> None:
    outcome = parse(sleep_log, NIGHTS, Settings(duration_unit="s"))
    assert outcome.column("start") == [datetime(2020, 1, 21, 6, 21, 45), datetime(2020, 5, 5, 21, 48, 53)]
    assert outcome.column("end") == [datetime(2020, 1, 21, 9, 0, 48), datetime(2020, 5, 6, 8, 2, 9)]
    assert outcome.column("total_sleep_time_min") == [9543 / 60, 36796 / 60]
    assert outcome.column("awake_min") == [None, 10]
    assert outcome.column("rem_min") == [None, None]
    assert outcome.column("light_min") == [None, 20]
    assert sniffed(sleep_log, NIGHTS)


def test_a_total_is_never_made_from_start_and_end() -> None:
    outcome = parse(sleep_log, "start,end,duration (min)\n2025-01-01 23:00,2025-01-02 07:00,\n")
    assert outcome.column("total_sleep_time_min") == [None]


def test_a_unit_that_nothing_states_is_asked_for() -> None:
    with pytest.raises(UnreadableExportError) as error:
        parse(sleep_log, NIGHTS)
    assert error.value.reason == "unit_not_set"
    assert str(error.value) == (
        'neither the header "sleep_duration" nor its cells state the unit of durations. Set settings.duration_unit '
        "to s, min, h or ms."
    )


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("duration (min)", "425"),
        ("duration_s", "25500"),
        ("Sleep duration [h]", "7.0833333333333333"[:15]),
        ("duration", "7:05"),
        ("duration", "7:05:00"),
        ("duration", "7 h 5 min"),
        ("duration", "7h 5m"),
        ("duration", "425 min"),
    ],
)
def test_a_duration_is_read_in_the_unit_of_its_header_or_cell(header: str, cell: str) -> None:
    outcome = parse(sleep_log, f"start,end,{header}\n2025-01-01 23:00,2025-01-02 07:00,{cell}\n")
    assert outcome.column("total_sleep_time_min") == [pytest.approx(425)]


@pytest.mark.parametrize("cell", [time(7, 5), timedelta(hours=7, minutes=5)])
def test_a_workbooks_time_is_a_duration_in_a_duration_column(cell: object) -> None:
    rows = [["start", "end", "duration"], [datetime(2025, 1, 1, 23), datetime(2025, 1, 2, 7), cell]]
    outcome = parse(sleep_log, workbook({"Nights": rows}))
    assert outcome.column("total_sleep_time_min") == [425]
    assert outcome.column("end") == [datetime(2025, 1, 2, 7)]


def test_bad_nights_stand_beside_good_ones() -> None:
    outcome = parse(
        sleep_log,
        "start,end,duration (min)\n2025-01-01 23:00,,400\n2025-01-01,2025-01-02 07:00,400\nx,2025-01-02 07:00,400\n"
        "2025-01-01 23:00,2025-01-02 07:00,much\n2025-01-01T23:00:00Z,2025-01-02 07:00,400\n-,-,\n"
        "2025-01-01 23:00,2025-01-02 07:00,400\n2025-01-01 23:00,2025-01-02 07:00,72 mmHg\n",
    )
    assert outcome.column("row") == [8]
    assert {row: reason for (_, row), reason in outcome.unread.items()} == {
        2: "no_date",
        3: "no_time",
        4: "not_a_date",
        5: "not_a_number",
        6: "mixed_clocks",
        9: "wrong_unit",
    }
    assert "end: the record has no date" in outcome.details
    assert outcome.out["no_data"] == [7]


def test_a_missing_end_names_the_key_to_set() -> None:
    with pytest.raises(UnreadableExportError) as error:
        parse(sleep_log, "begin,until,duration (min)\n")
    assert str(error.value) == (
        "no column in the file is the end of the sleep (it has begin, until, duration (min)). Set settings.columns.end "
        "to one of these."
    )
    assert parse(
        sleep_log,
        "begin,until,duration (min)\n2025-01-01 23:00,2025-01-02 07:00,1\n",
        Settings(columns=Columns(end="until")),
    ).readings


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_covered_or_refused_with_a_reason(data: bytes) -> None:
    for content in (data or b"\n", b"start,end,duration\n" + data):
        try:
            parse(sleep_log, content, Settings(duration_unit="h"))
        except UnreadableExportError as error:
            assert error.reason  # noqa: PT017


SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is absent")
def test_real_nights_are_read_whole() -> None:
    content = (SHARED / "welltory_a" / "sleep.csv").read_bytes()
    people = {line.split(b'"')[1].decode() for line in content.splitlines()[1:]}
    outcomes = [parse(sleep_log, content, Settings(person=person, duration_unit="s")) for person in sorted(people)]
    assert sum(len(outcome.readings) for outcome in outcomes) == 236
    assert all(outcome.reasons == [] for outcome in outcomes)
