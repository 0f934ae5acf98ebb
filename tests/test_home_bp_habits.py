"""What the readings tell of how they are taken: found where it is, not found where it is not, silent below its n."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import home_bp
from pdp.home_bp import Finding, HomeBpSettings, Readings, habits, last_digits, routine
from pdp.summarize.summary_settings import SummarySettings

SETTINGS = HomeBpSettings()
START = datetime(2026, 1, 1, 6, tzinfo=UTC)


def readings(
    times: list[datetime], systolic: list[float], diastolic: list[float] | None = None, modality: str = "self_reported"
) -> Readings:
    n = len(times)
    table = pa.table(
        {
            "start_utc": pa.array(times, pa.timestamp("ms", tz="UTC")),
            "utc_offset_min": pa.array([60] * n, pa.int16()),
            "modality": pa.array([modality] * n, pa.string()),
            "systolic_mmhg": pa.array(systolic, pa.float64()),
            "diastolic_mmhg": pa.array(diastolic or [80.0] * n, pa.float64()),
            "pulse_bpm": pa.nulls(n, pa.float64()),
        }
    )
    return Readings.of(table, SummarySettings(), SETTINGS.session_gap_min)


def daily(values: list[float], modality: str = "self_reported") -> Readings:
    return readings([START + timedelta(days=n) for n in range(len(values))], values, modality=modality)


def of_check(found: Readings, check: str, item: str = "") -> Finding:
    windows = home_bp.find(found, home_bp.protocols()["esh"])
    (chosen,) = [f for f in habits.findings(found, windows, SETTINGS) if (f.check, f.item) == (check, item)]
    return chosen


def normal(n: int, mean: float, sd: float, seed: int = 1) -> list[float]:
    draw = random.Random(seed)
    return [float(round(draw.gauss(mean, sd))) for _ in range(n)]


# Last digits


@given(st.lists(st.integers(90, 180), min_size=50, max_size=300))
@settings(max_examples=40, deadline=None)
def test_digits_are_counted_and_tested_as_in_plain_python_and_scipy_stats(values: list[int]) -> None:
    found = [
        f
        for f in last_digits.findings(daily([float(value) for value in values]), 50)
        if f.check == "last_digit_systolic"
    ]
    counts = [sum(1 for value in values if str(value)[-1] == digit) for digit in "0123456789"]
    assert [f.count for f in found[1:]] == counts
    assert [f.value for f in found[1:]] == pytest.approx([count / len(values) for count in counts])
    whole = found[0]
    assert whole.p_value == pytest.approx(scipy.stats.chisquare(counts).pvalue, rel=1e-9)
    assert (whole.n, whole.count) == (len(values), counts[0])
    is_seen = scipy.stats.chisquare(counts).pvalue < 0.01 and any(counts[1::2])
    assert (whole.verdict == "seen") == is_seen


def test_a_third_that_ends_in_zero_is_seen_and_said_with_n_and_p() -> None:
    values = [float(round(v, -1)) if n % 3 == 0 else v for n, v in enumerate(normal(300, 128, 12))]
    found = of_check(daily(values), "last_digit_systolic")
    zeros = sum(1 for value in values if value % 10 == 0)
    assert found.verdict == "seen"
    assert found.sentence == (
        f"Of 300 typed systolic values {zeros / 3:.0f} % end in 0, where 10 % are expected (p < 0.001): some may have "
        "been rounded."
    )


def test_values_as_a_device_stores_them_show_no_preference() -> None:
    found = of_check(daily(normal(600, 128, 12), "sensed"), "last_digit_systolic")
    assert (found.verdict, found.modality) == ("as_expected", "sensed")


def test_a_device_with_steps_of_two_is_not_taken_for_a_person_who_rounds() -> None:
    found = of_check(daily([2 * round(value / 2) for value in normal(200, 128, 12)]), "last_digit_systolic")
    assert found.verdict == "even_only"


def test_typed_readings_do_not_vanish_among_stored_ones() -> None:
    stored, typed = daily(normal(400, 128, 12), "sensed"), daily([120.0] * 60)
    both = Readings(*(np.concatenate([getattr(stored, f), getattr(typed, f)]) for f in Readings.__annotations__))
    found = {
        f.modality: f.verdict
        for f in last_digits.findings(both, 50)
        if (f.check, f.item) == ("last_digit_systolic", "")
    }
    assert found == {"self_reported": "even_only", "sensed": "as_expected"}


def test_values_with_decimals_have_no_last_digit() -> None:
    assert of_check(daily([120.5] * 60), "last_digit_systolic").n == 0


def test_below_fifty_readings_nothing_is_said_of_digits() -> None:
    found = of_check(daily([120.0] * 49), "last_digit_systolic")
    assert (found.verdict, found.value, found.p_value, found.n) == ("too_few", None, None, 49)
    assert found.sentence == "49 typed systolic values: too few to look at their last digits, which takes 50."


# Just below a threshold


@pytest.mark.parametrize("mean", [115, 125, 135, 145])
@pytest.mark.parametrize("sd", [8, 14])
def test_honest_readings_are_rarely_suspected_wherever_their_average_lies(mean: float, sd: float) -> None:
    seen = 0
    for seed in range(60):
        found = list(last_digits.findings(daily(normal(500, mean, sd, seed)), 50))
        seen += next(f for f in found if (f.check, f.item) == ("below_threshold_systolic", "135")).verdict == "seen"
    assert seen <= 3


def test_zero_and_five_preference_is_no_heaping_below_the_threshold() -> None:
    values = [5.0 * round(v / 5) if n % 2 else v for n, v in enumerate(normal(800, 132, 12))]
    found = daily(values)
    assert of_check(found, "below_threshold_systolic", "135").verdict != "seen"
    assert of_check(found, "below_threshold_systolic", "130").verdict != "seen"


def test_values_told_as_just_below_are_seen() -> None:
    values = [134.0 if value in (135, 136, 137) else value for value in normal(600, 133, 10)]
    found = of_check(daily(values), "below_threshold_systolic", "135")
    around = [value for value in values if 131 <= value <= 136]
    inside = [value for value in values if value in (133, 134)]
    assert (found.n, found.count, found.verdict) == (len(around), len(inside), "seen")
    wanted = scipy.stats.binomtest(len(inside), len(around), 1 / 3, alternative="greater").pvalue
    assert found.p_value == pytest.approx(wanted, rel=1e-9, abs=0)
    assert "some may have been told lower than shown" in found.sentence


def test_few_values_around_a_threshold_say_nothing_of_it() -> None:
    found = of_check(daily([134.0] * 49), "below_threshold_systolic", "135")
    assert (found.verdict, found.value) == ("too_few", None)


# Sittings, mornings, pauses


def sittings(differences: list[float]) -> Readings:
    times, values = [], []
    for n, difference in enumerate(differences):
        start = START + timedelta(days=n)
        times += [start, start + timedelta(minutes=2), start + timedelta(minutes=4)]
        values += [130.0, 130.0 - difference, 90.0]  # a third reading is no part of the comparison
    return readings(times, values)


def test_the_first_of_two_readings_is_compared_with_the_second_with_an_interval() -> None:
    differences = [3.0 + n % 5 for n in range(40)]
    found = of_check(sittings(differences), "first_of_sitting_systolic")
    interval = scipy.stats.ttest_1samp(differences, 0).confidence_interval()
    assert (found.n, found.value, found.verdict) == (40, 5.0, "seen")
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.sentence.startswith("The first systolic reading of a sitting is on average 5.0 mmHg higher than the")
    assert found.sentence.endswith("n = 40 sittings).")


def test_a_difference_within_chance_is_called_that() -> None:
    found = of_check(sittings([1.0, -1.0] * 20), "first_of_sitting_systolic")
    assert (found.verdict, found.value) == ("as_expected", 0)


def test_nineteen_sittings_are_too_few_to_compare() -> None:
    found = of_check(sittings([5.0] * 19), "first_of_sitting_systolic")
    assert (found.verdict, found.value, found.n) == ("too_few", None, 19)
    assert of_check(sittings([5.0] * 20), "first_of_sitting_systolic").value == 5.0


def test_missing_mornings_and_evenings_are_counted_in_days() -> None:
    times = [START + timedelta(days=n, hours=h) for n in range(30) for h in (0, 13) if not (n % 3 == 0 and h == 13)]
    found = readings(times, [130.0] * len(times))
    evenings = of_check(found, "missing_evenings", "90d")
    assert (evenings.n, evenings.count, evenings.value, evenings.verdict) == (30, 10, pytest.approx(1 / 3), "seen")
    assert evenings.sentence == "No evening reading on 10 of the last 30 days."
    assert of_check(found, "missing_mornings", "90d").sentence == "A morning reading on each of the last 30 days."
    newest = of_check(found, "missing_evenings", "newest_window")
    assert (newest.n, newest.count) == (7, 2)


def test_days_after_a_pause_are_compared_with_the_others() -> None:
    times, values = [], []
    for series in range(12):
        for day in range(4):
            times.append(START + timedelta(days=20 * series + day))
            values.append((150.0 if day == 0 and series else 130.0) + (series + day) % 3)
    found = of_check(readings(times, values), "after_pause_systolic")
    days = list(zip([n % 4 == 0 and n > 0 for n in range(48)], values, strict=True))
    new, others = [v for is_new, v in days if is_new], [v for is_new, v in days if not is_new]
    wanted = scipy.stats.ttest_ind(new, others, equal_var=False).confidence_interval()
    assert (found.n, found.verdict) == (11, "seen")
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert "averages over months do not stand for all days" in found.sentence


def test_few_pauses_say_nothing() -> None:
    assert of_check(daily(normal(60, 130, 10)), "after_pause_systolic").verdict == "too_few"


def test_exactly_seven_days_without_a_reading_are_a_pause_and_six_are_not() -> None:
    for step, n in ((8, 14), (7, 0)):
        found = readings([START + timedelta(days=step * k) for k in range(15)], [130.0] * 15)
        (systolic, _) = routine.after_pause(found)
        assert systolic.n == n


def test_dipping_is_never_judged() -> None:
    found = of_check(daily([130.0] * 100), "dipping")
    assert (found.verdict, found.value, found.n) == ("cannot_be_judged", None, 100)


def test_no_finding_below_its_least_n_has_a_value_and_each_has_a_sentence_and_an_n() -> None:
    for size in (0, 1, 9, 48, 400):
        found = daily(normal(size, 130, 10))
        windows = home_bp.find(found, home_bp.protocols()["esh"])
        for finding in habits.findings(found, windows, SETTINGS):
            assert finding.verdict != "too_few" or finding.value is None
            assert finding.item.isdigit() or finding.sentence.endswith(".")
            assert finding.n >= 0
