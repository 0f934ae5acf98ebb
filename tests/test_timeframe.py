"""pdp.timeframe: local wall clocks on the UTC line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import ConfigError, LedgerGapError
from pdp.timeframe import Placed, ZoneLedger, zones
from pdp.vocabulary import OFFSET_BASES

BERLIN = ZoneLedger.from_config("Europe/Berlin")
NEW_YORK = ZoneLedger.from_config("America/New_York")
TRAVELS_WEST = ZoneLedger.from_config(
    [{"zone": "Europe/Berlin"}, {"zone": "America/New_York", "since": "2024-05-01T12:00"}]
)
TRAVELS_EAST = ZoneLedger.from_config([{"zone": "Europe/Berlin"}, {"zone": "Asia/Tokyo", "since": "2024-05-01T08:00"}])


def ms(*times: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(times, dtype="datetime64[ms]").astype(np.int64)


def utc(placed: Placed) -> list[str]:
    return [str(time) for time in placed.utc_ms.astype("datetime64[ms]").astype("datetime64[m]")]


def bases(placed: Placed) -> list[str]:
    return [OFFSET_BASES[index] for index in placed.basis]


def hours(ledger: ZoneLedger, day: str) -> float:
    start, end = ledger.day_bounds(date.fromisoformat(day))
    return (end - start) / 3_600_000


# Daylight saving


def test_the_autumn_switch_in_berlin_is_resolved_by_one_step_back():
    placed = BERLIN.place_local(
        ms("2024-10-27T01:59", "2024-10-27T02:00", "2024-10-27T02:50", "2024-10-27T02:00", "2024-10-27T03:00")
    )
    assert utc(placed) == [
        "2024-10-26T23:59",
        "2024-10-27T00:00",
        "2024-10-27T00:50",
        "2024-10-27T01:00",
        "2024-10-27T02:00",
    ]
    assert placed.offset_min.tolist() == [120, 120, 120, 60, 60]
    assert bases(placed) == ["ledger", "ambiguous", "ambiguous", "ambiguous", "ledger"]
    assert not placed.is_undecided.any()


def test_the_autumn_switch_in_new_york_is_resolved_by_one_step_back():
    placed = NEW_YORK.place_local(ms("2024-11-03T00:59", "2024-11-03T01:30", "2024-11-03T01:10", "2024-11-03T02:00"))
    assert placed.offset_min.tolist() == [-240, -240, -300, -300]
    assert not placed.is_undecided.any()


def test_a_time_that_berlin_skips_in_spring_is_nonexistent_and_takes_the_offset_before():
    placed = BERLIN.place_local(ms("2024-03-31T01:59", "2024-03-31T02:30", "2024-03-31T03:00"))
    assert utc(placed) == ["2024-03-31T00:59", "2024-03-31T01:30", "2024-03-31T01:00"]
    assert bases(placed) == ["ledger", "nonexistent", "ledger"]
    assert placed.offset_min.tolist() == [60, 60, 120]


def test_a_time_that_new_york_skips_in_spring_is_nonexistent():
    placed = NEW_YORK.place_local(ms("2024-03-10T01:59", "2024-03-10T02:00", "2024-03-10T02:59", "2024-03-10T03:00"))
    assert bases(placed) == ["ledger", "nonexistent", "nonexistent", "ledger"]


def test_lord_howe_repeats_and_skips_half_an_hour():
    ledger = ZoneLedger.from_config("Australia/Lord_Howe")
    placed = ledger.place_local(
        ms("2024-04-07T01:29", "2024-04-07T01:30", "2024-04-07T01:30", "2024-04-07T02:00", "2024-10-06T02:15")
    )
    assert bases(placed) == ["ledger", "ambiguous", "ambiguous", "ledger", "nonexistent"]
    assert placed.offset_min.tolist() == [660, 660, 660, 630, 630]


def test_kathmandu_is_five_hours_and_three_quarters_ahead():
    assert ZoneLedger.from_config("Asia/Kathmandu").place_local(ms("2024-01-01")).offset_min.tolist() == [345]


def test_the_day_that_apia_skipped_is_nonexistent_and_has_no_length():
    apia = ZoneLedger.from_config("Pacific/Apia")
    placed = apia.place_local(ms("2011-12-29T23:59", "2011-12-30T12:00", "2011-12-31T00:00"))
    assert bases(placed) == ["ledger", "nonexistent", "ledger"]
    assert placed.offset_min.tolist() == [-600, -600, 840]
    assert [hours(apia, day) for day in ("2011-12-29", "2011-12-30", "2011-12-31")] == [24, 0, 24]


def test_casablanca_goes_back_for_ramadan_and_forward_after_it():
    ledger = ZoneLedger.from_config("Africa/Casablanca")  # Ramadan of 2024: 11 March to 9 April
    placed = ledger.place_local(ms("2024-03-09T12:00", "2024-03-20T12:00", "2024-04-15T12:00"))
    assert placed.offset_min.tolist() == [60, 0, 60]
    skipped = ledger.place_local(ms("2024-04-14T02:30"))
    assert bases(skipped) == ["nonexistent"]


# The order of rows


def test_a_file_that_runs_backwards_is_resolved_by_its_one_step_forward():
    placed = BERLIN.place_local(
        ms("2024-10-27T03:00", "2024-10-27T02:10", "2024-10-27T02:40", "2024-10-27T02:00", "2024-10-27T01:59")
    )
    assert placed.offset_min.tolist() == [60, 60, 120, 120, 120]
    assert not placed.is_undecided.any()


def test_a_backward_file_without_a_step_is_undecided_and_placed_in_the_first_pass():
    placed = BERLIN.place_local(ms("2024-10-27T03:00", "2024-10-27T02:30", "2024-10-27T02:10", "2024-10-27T01:59"))
    assert placed.offset_min.tolist() == [60, 120, 120, 120]
    assert placed.is_undecided.tolist() == [False, True, True, False]


def test_an_ascending_file_without_a_step_back_is_undecided_and_placed_in_the_first_pass():
    placed = BERLIN.place_local(ms("2024-10-27T01:59", "2024-10-27T02:30", "2024-10-27T02:40", "2024-10-27T03:00"))
    assert placed.offset_min.tolist() == [120, 120, 120, 60]
    assert placed.is_undecided.tolist() == [False, True, True, False]


def test_two_equal_times_in_the_repeated_hour_keep_both_and_stay_undecided():
    placed = BERLIN.place_local(ms("2024-10-27T02:30", "2024-10-27T02:30"))
    assert utc(placed) == ["2024-10-27T00:30", "2024-10-27T00:30"]
    assert placed.is_undecided.all()


def test_two_steps_back_in_the_repeated_hour_decide_nothing():
    placed = BERLIN.place_local(
        ms(
            "2024-10-27T01:59",
            "2024-10-27T02:30",
            "2024-10-27T02:20",
            "2024-10-27T02:10",
            "2024-10-27T02:05",
            "2024-10-27T03:00",
        )
    )
    assert placed.is_undecided.tolist() == [False, True, True, True, True, False]
    assert placed.offset_min.tolist() == [120, 120, 120, 120, 120, 60]


def test_a_file_without_order_decides_nothing():
    placed = BERLIN.place_local(ms("2024-12-01T00:00", "2024-10-27T02:30", "2024-10-27T02:10", "2024-12-02T00:00"))
    assert placed.is_undecided.tolist() == [False, True, True, False]


def test_a_file_that_lies_in_the_repeated_hour_is_resolved_if_only_one_direction_fits():
    placed = BERLIN.place_local(ms("2024-10-27T02:10", "2024-10-27T02:20", "2024-10-27T02:30", "2024-10-27T02:00"))
    assert placed.offset_min.tolist() == [120, 120, 120, 60]
    assert not placed.is_undecided.any()
    assert BERLIN.place_local(ms("2024-10-27T02:30", "2024-10-27T02:10")).is_undecided.all()


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_block_boundary_anywhere_in_the_repeated_hour_changes_nothing(cut):
    times = ms(
        "2024-10-27T01:59",
        "2024-10-27T02:00",
        "2024-10-27T02:50",
        "2024-10-27T02:00",
        "2024-10-27T02:30",
        "2024-10-27T03:00",
    )
    placer = BERLIN.placer()
    first = placer.place(times[:cut])
    rest = placer.place(times[len(first) :], is_last=True)
    whole = BERLIN.place_local(times)
    assert [*utc(first), *utc(rest)] == utc(whole)
    assert [*first.is_undecided, *rest.is_undecided] == whole.is_undecided.tolist()


def test_what_a_block_ends_on_in_the_repeated_hour_is_held_back():
    placer = BERLIN.placer()
    assert len(placer.place(ms("2024-10-27T01:59", "2024-10-27T02:00", "2024-10-27T02:10"))) == 1
    assert len(placer.place(ms("2024-10-27T02:00", "2024-10-27T02:10"))) == 0
    assert len(placer.place(ms("2024-10-27T02:00", "2024-10-27T02:10", "2024-10-27T03:00"))) == 3


def test_the_row_before_a_block_tells_the_direction_of_the_next():
    placer = BERLIN.placer()
    placer.place(ms("2024-10-27T01:00"))
    # Without the row before, these two could as well run backwards in one pass.
    assert placer.place(ms("2024-10-27T02:30", "2024-10-27T02:10"), is_last=True).offset_min.tolist() == [120, 60]


# Journeys


def test_a_trip_west_repeats_hours_that_one_step_back_resolves():
    placed = TRAVELS_WEST.place_local(
        ms("2024-05-01T11:59", "2024-05-01T17:30", "2024-05-01T12:30", "2024-05-01T18:00")
    )
    assert placed.offset_min.tolist() == [120, 120, -240, -240]
    assert bases(placed) == ["ledger", "ambiguous", "ambiguous", "ledger"]
    assert not placed.is_undecided.any()


def test_a_trip_east_skips_hours():
    placed = TRAVELS_EAST.place_local(ms("2024-05-01T00:59", "2024-05-01T04:00", "2024-05-01T08:00"))
    assert bases(placed) == ["ledger", "nonexistent", "ledger"]
    assert placed.offset_min.tolist() == [120, 120, 540]


def test_past_days_stay_as_they_are_after_a_journey():
    times = ms("2024-01-15T08:00", "2024-04-30T08:00", "2023-07-01T23:30")
    for ledger in (TRAVELS_WEST, TRAVELS_EAST):
        assert ledger.place_local(times).utc_ms.tolist() == BERLIN.place_local(times).utc_ms.tolist()


def test_a_journey_years_ago_does_not_carry_its_summer_offset_along():
    ledger = ZoneLedger.from_config([{"zone": "Asia/Tokyo"}, {"zone": "Europe/Berlin", "since": "2015-07-01"}])
    assert ledger.place_local(ms("2030-01-15T12:00", "2030-07-15T12:00")).offset_min.tolist() == [60, 120]


def test_a_journey_before_the_last_change_of_its_zone_takes_that_change_along():
    ledger = ZoneLedger.from_config([{"zone": "Europe/Berlin"}, {"zone": "Asia/Kathmandu", "since": "1975-01-01"}])
    assert ledger.place_local(ms("1985-01-01")).offset_min.tolist() == [330]
    assert ledger.place_local(ms("2024-01-01")).offset_min.tolist() == [345]


def test_a_trip_west_in_the_night_of_the_switch_is_resolved_where_order_allows_one_choice():
    # 01:30 by London summer time (00:30 UTC), half an hour before both zones go back.
    ledger = ZoneLedger.from_config([{"zone": "Europe/Berlin"}, {"zone": "Europe/London", "since": "2024-10-27T01:30"}])
    placed = ledger.place_local(
        ms("2024-10-27T00:50", "2024-10-27T02:20", "2024-10-27T01:45", "2024-10-27T01:10", "2024-10-27T02:40")
    )
    assert placed.offset_min.tolist() == [120, 120, 60, 0, 0]
    assert not placed.is_undecided.any()


# Ends of intervals


def ends(start: str, end: str, offset: int = 120, ledger: ZoneLedger = BERLIN) -> Placed:
    begin = ms(start)
    starts = Placed(
        begin - offset * 60_000, np.array([offset], np.int16), np.array([3], np.int8), np.array([False], np.bool_)
    )
    return ledger.place_ends(ms(end), starts)


def test_a_minute_in_the_second_pass_ends_in_the_second_pass():
    placed = ends("2024-10-27T02:10", "2024-10-27T02:11", offset=60)
    assert utc(placed) == ["2024-10-27T01:11"]
    assert not placed.is_undecided.any()


def test_the_last_minute_of_the_first_pass_lasts_one_minute():
    assert utc(ends("2024-10-27T02:59", "2024-10-27T03:00")) == ["2024-10-27T01:00"]


def test_an_end_before_its_start_on_the_clock_lies_in_the_second_pass():
    placed = ends("2024-10-27T02:50", "2024-10-27T02:10")
    assert utc(placed) == ["2024-10-27T01:10"]
    assert not placed.is_undecided.any()


def test_a_night_that_ends_in_the_repeated_hour_is_undecided_and_ends_in_the_first_pass():
    placed = ends("2024-10-26T23:00", "2024-10-27T02:30")
    assert utc(placed) == ["2024-10-27T00:30"]
    assert placed.is_undecided.all()


def test_a_night_across_the_switch_is_an_hour_longer_than_its_clock_times():
    assert utc(ends("2024-10-26T23:00", "2024-10-27T07:00")) == ["2024-10-27T06:00"]


def test_the_minute_before_clocks_go_forward_ends_at_a_time_they_never_show_and_is_no_fault():
    placed = ends("2024-03-31T01:59", "2024-03-31T02:00", offset=60)
    assert utc(placed) == ["2024-03-31T01:00"]
    assert bases(placed) == ["ledger"]


def test_an_end_that_precedes_its_start_stays_before_it():
    assert utc(ends("2024-07-01T10:00", "2024-07-01T09:00")) == ["2024-07-01T07:00"]


# Days


def test_days_of_the_switches_have_23_and_25_hours():
    assert [hours(BERLIN, day) for day in ("2024-03-31", "2024-10-27", "2024-06-01")] == [23, 25, 24]
    assert [hours(NEW_YORK, day) for day in ("2024-03-10", "2024-11-03")] == [23, 25]


def test_days_of_a_journey_are_as_long_as_they_were():
    assert hours(TRAVELS_WEST, "2024-05-01") == 30
    assert hours(TRAVELS_EAST, "2024-05-01") == 17
    assert hours(TRAVELS_WEST, "2024-05-02") == 24


def test_a_day_that_begins_in_a_skipped_hour_begins_after_it():
    sao_paulo = ZoneLedger.from_config("America/Sao_Paulo")  # 00:00 -> 01:00 on 4 November 2018
    start, _ = sao_paulo.day_bounds(date(2018, 11, 4))
    assert start == ms("2018-11-04T03:00")[0]
    assert hours(sao_paulo, "2018-11-04") == 23


@given(st.dates(date(1971, 1, 1), date(2098, 12, 30)), st.sampled_from([BERLIN, TRAVELS_WEST, TRAVELS_EAST]))
def test_days_have_no_gaps_between_them(day, ledger):
    assert ledger.day_bounds(day)[1] == ledger.day_bounds(day + timedelta(days=1))[0]


# Extremes


def test_the_years_1_and_9999_are_placed_without_overflow():
    placed = BERLIN.place_local(ms("0001-01-01T00:00", "9999-12-31T23:59"))
    assert utc(placed)[0].startswith("0000-12-31T23:00")
    assert utc(placed)[1].startswith("9999-12-31T22:59")
    assert BERLIN.offsets(ms("0001-01-01", "9999-12-31")).tolist() == [60, 60]


def test_no_rows_are_placed_as_no_rows():
    assert len(BERLIN.place_local(ms())) == 0
    assert len(BERLIN.offsets(ms())) == 0


# Agreement with the standard library

INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30)).map(
    lambda time: int(time.replace(tzinfo=UTC).timestamp())
)
# Liberia's half minutes end in 1972: whole minutes only.
ZONES = st.sampled_from([name for name in zones.names() if name != "Africa/Monrovia"])


@settings(max_examples=150, deadline=None)
@given(ZONES, INSTANTS)
def test_offsets_agree_with_zoneinfo_at_random_instants(name, instant):
    expected = datetime.fromtimestamp(instant, zones.load(name)).utcoffset()
    found = ZoneLedger.from_config(name).offsets(np.array([instant * 1000]))
    assert timedelta(minutes=int(found[0])) == expected


@settings(max_examples=150, deadline=None)
@given(ZONES, INSTANTS)
def test_an_instant_comes_back_from_its_local_time_or_is_ambiguous(name, instant):
    ledger = ZoneLedger.from_config(name)
    at = np.array([instant * 1000])
    placed = ledger.place_local(at + ledger.offsets(at).astype(np.int64) * 60_000)
    assert bases(placed)[0] in ("ledger", "ambiguous")
    assert placed.utc_ms[0] == at[0] or (placed.is_undecided[0] and placed.utc_ms[0] < at[0])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 48 * 60), min_size=1, max_size=60, unique=True),
    st.sampled_from([(BERLIN, "2024-10-26T00:00"), (TRAVELS_WEST, "2024-04-30T12:00"), (NEW_YORK, "2024-11-02T12:00")]),
    st.booleans(),
    st.integers(1, 60),
)
def test_rows_in_order_come_back_exactly_or_are_undecided_however_they_are_cut(minutes, place, is_backward, block):
    ledger, origin = place
    instants = np.sort(np.array(minutes, np.int64))[:: -1 if is_backward else 1] * 60_000 + ms(origin)[0]
    local = instants + ledger.offsets(instants).astype(np.int64) * 60_000
    placer, at, parts = ledger.placer(), 0, []
    for end in [*range(block, len(local), block), len(local)]:
        parts.append(placer.place(local[at:end], is_last=end == len(local)))
        at += len(parts[-1])
    got = np.concatenate([part.utc_ms for part in parts])
    is_undecided = np.concatenate([part.is_undecided for part in parts])
    assert len(got) == len(instants)
    assert (got == instants)[~is_undecided].all()
    assert (got <= instants).all()


def test_every_zone_has_the_offsets_of_zoneinfo_on_every_day_of_many_years():
    days = np.arange(0, 365 * 60 + 14) * 86_400 + 86_400 * 365 * 3
    for name in zones.names()[::60]:
        expected = [datetime.fromtimestamp(int(day), zones.load(name)).utcoffset() for day in days]
        found = ZoneLedger.from_config(name).offsets(days * 1000)
        assert [timedelta(minutes=int(minute)) for minute in found] == expected, name


# Faults of the configuration


def test_an_unknown_zone_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match=r'"Europe/Berln" is no IANA time zone\. Did you mean "Europe/Berlin"\?'):
        ZoneLedger.from_config("Europe/Berln")
    with pytest.raises(ConfigError, match=r'Did you mean "America/New_York"\?'):
        ZoneLedger.from_config("new york")


def test_a_zone_that_is_a_path_is_no_zone():
    with pytest.raises(ConfigError, match="is no IANA time zone"):
        ZoneLedger.from_config("../../etc/passwd")


def test_entries_that_do_not_ascend_are_refused():
    with pytest.raises(ConfigError, match='"Asia/Tokyo" since 2023-01-01 does not come after "America/New_York" since'):
        ZoneLedger.from_config(
            [
                {"zone": "Europe/Berlin"},
                {"zone": "America/New_York", "since": "2024-05-01"},
                {"zone": "Asia/Tokyo", "since": "2023-01-01"},
            ]
        )


def test_a_second_entry_without_since_is_refused():
    with pytest.raises(ConfigError, match='entry 2, "Asia/Tokyo", has no since'):
        ZoneLedger.from_config([{"zone": "Europe/Berlin"}, {"zone": "Asia/Tokyo"}])


def test_a_ledger_whose_first_zone_begins_late_leaves_a_gap():
    with pytest.raises(LedgerGapError, match=r"times before 2024-05-01 have no zone.*first, without since"):
        ZoneLedger.from_config([{"zone": "Europe/Berlin", "since": "2024-05-01"}])


@pytest.mark.parametrize("since", ["yesterday", "2024-05-01T08:00Z", "1969-01-01", "2024-13-01", 5])
def test_a_since_that_is_no_local_time_is_refused(since):
    with pytest.raises(ConfigError, match="is not a local date or date-time of the years 1971 to 2099"):
        ZoneLedger.from_config([{"zone": "Europe/Berlin"}, {"zone": "Asia/Tokyo", "since": since}])


@pytest.mark.parametrize("value", [[], ["Europe/Berlin"], [{"since": "2024-01-01"}], [{"zone": "UTC", "until": "x"}]])
def test_what_is_no_list_of_zones_is_refused_with_an_example(value):
    with pytest.raises(ConfigError, match="Write a list of"):
        ZoneLedger.from_config(value)


def test_dates_that_yaml_made_dates_are_taken():
    from_yaml = [{"zone": "Europe/Berlin"}, {"zone": "Asia/Tokyo", "since": datetime(2024, 5, 1, 8)}]
    assert ZoneLedger.from_config(from_yaml).place_local(ms("2024-06-01")).offset_min.tolist() == [540]
