"""Associations, and before and after an event, against SciPy's own, and against made-up people whose truth is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pdp.events import from_config
from pdp.trends import association, before_after, resampling
from tests.test_trends import FIRST, Values, daily_of

SYSTOLIC = "bp_morning_systolic_mean_mmhg"
points = st.lists(st.tuples(st.integers(300, 540), st.integers(100, 160)), min_size=3, max_size=40)


def associated(sleep: Values, systolic: Values) -> dict[str, Any]:
    (row,) = association.associations(daily_of(sleep_total_min=sleep, **{SYSTOLIC: systolic})).to_pylist()
    return row


def correlated(n: int, slope_per_h: float, seed: int = 0) -> tuple[list[float], list[float]]:
    chance = np.random.default_rng(seed)
    sleep = chance.normal(420, 60, n)
    systolic = 130 + slope_per_h * (sleep - 420) / 60 + chance.normal(0, 3, n)
    return sleep.tolist(), systolic.tolist()


@settings(deadline=None)
@given(points)
def test_slope_and_rank_correlation_equal_scipys(drawn: list[tuple[int, int]]) -> None:
    x, y = (np.array(side, float) for side in zip(*drawn, strict=True))
    if np.ptp(x):
        assert association.theil_sen(x, y) == pytest.approx(stats.theilslopes(y, x).slope)
    if np.ptp(x) and np.ptp(y):
        assert association.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


def test_a_known_slope_is_found_with_its_interval_and_unit() -> None:
    row = associated(*correlated(120, -2.4))
    assert row["is_shown"]
    assert row["n"] == 120
    assert row["slope_unit"] == "mm[Hg]/h"
    assert row["slope_low"] < -2.4 < row["slope_high"]
    assert row["slope_low"] < row["theil_sen_slope"] < row["slope_high"] < 0
    assert row["rho_low"] < row["spearman_rho"] < row["rho_high"] < 0
    assert row["verdict"] == "lower"
    assert row["intercept"] + row["theil_sen_slope"] * 7 == pytest.approx(130, abs=1.5)


def test_nineteen_pairs_show_no_number_and_twenty_do() -> None:
    sleep, systolic = correlated(20, -2.4)
    few = associated(sleep, [None, *systolic[1:]])
    assert (few["n"], few["is_shown"], few["verdict"]) == (19, False, "too_few")
    assert {few[name] for name in ("theil_sen_slope", "intercept", "spearman_rho", "rho_low", "rho_high")} == {None}
    assert associated(sleep, systolic)["is_shown"]


def test_a_pair_is_the_night_and_the_morning_it_ended_on() -> None:
    sleep, systolic = correlated(60, -6)
    shifted = associated(sleep, [None, *systolic[:-1]])
    assert abs(shifted["spearman_rho"]) < 0.4
    assert associated(sleep, systolic)["spearman_rho"] < -0.8


def test_figures_that_never_change_are_not_compared() -> None:
    row = associated([420.0] * 30, correlated(30, 0)[1])
    assert (row["n"], row["is_shown"], row["theil_sen_slope"]) == (30, False, None)


def test_only_the_last_year_counts() -> None:
    old, new = correlated(400, 6, seed=1), correlated(365, -6, seed=2)
    row = associated(old[0] + new[0], old[1] + new[1])
    assert (row["n"], row["from_date"]) == (365, FIRST + timedelta(days=400))
    assert row["theil_sen_slope"] < -5


def test_no_data_is_a_row_that_says_so() -> None:
    row = associated([], [])
    assert (row["n"], row["is_shown"], row["from_date"], row["verdict"]) == (0, False, None, "too_few")


def test_the_same_days_give_the_same_interval() -> None:
    daily = daily_of(sleep_total_min=correlated(60, -1)[0], **{SYSTOLIC: correlated(60, -1)[1]})
    assert association.associations(daily).equals(association.associations(daily))


def drifting(n: int, correlation: float, chance: np.random.Generator) -> np.ndarray:
    """Days that are like the day before."""
    values = chance.normal(size=n)
    values[0] /= np.sqrt(1 - correlation**2)
    for day in range(1, n):
        values[day] += correlation * values[day - 1]
    return values


@pytest.mark.parametrize("n", [20, 60])
def test_the_interval_of_a_correlation_that_is_none_holds_zero_about_as_often_as_it_says(n: int) -> None:
    chance = np.random.default_rng(3)
    held = 0
    for case in range(100):
        x, y = drifting(n, 0.4, chance), drifting(n, 0.4, chance)
        rho = association.spearman(x, y)
        drawn = [association.spearman(x[days], y[days]) for days in resampling.draws(n, str(case), 150)]
        low, high = resampling.interval(rho, drawn, resampling.blocks(n), scale=(association._fisher, np.tanh))
        held += low <= 0 <= high
    assert held / 100 >= 0.9


# --- before and after


def effects(values: Values, *days: int, name: str = "bp_systolic_mean_mmhg") -> dict[int, dict[str, Any]]:
    """Span -> row of the first event."""
    events = from_config(
        [{"date": str(FIRST + timedelta(days=day)), "kind": "medication", "text": f"event {day}"} for day in days]
    )
    rows = before_after.before_after(daily_of(**{name: values}), events).to_pylist()
    first = str(FIRST + timedelta(days=days[0]))
    return {row["span_days"]: row for row in rows if row["figure"] == name and str(row["event_date"]) == first}


def stepped(before: float, after: float, seed: int = 0) -> list[float]:
    chance = np.random.default_rng(seed)
    return [float(value) for value in chance.normal(0, 4, 200) + np.repeat([before, after], 100)]


def test_a_fall_of_ten_after_a_tablet_is_found() -> None:
    for row in effects(stepped(140, 130), 100).values():
        assert row["low"] < -10 < row["high"] < 0
        assert (row["verdict"], row["other_events_n"]) == ("lower", 0)


def test_the_days_compared_are_those_before_and_those_after_the_days_left_out() -> None:
    values: Values = [None] * 200
    values[72:100] = [140.0 + day % 2 for day in range(28)]
    values[100:107] = [999.0] * 7
    values[107:135] = [130.0 + day % 2 for day in range(28)]
    row = effects(values, 100)[28]
    assert (row["mean_before"], row["mean_after"], row["n_before"], row["n_after"]) == (140.5, 130.5, 28, 28)
    assert row["difference"] == -10.0


def test_nothing_that_stands_out_is_told_as_such() -> None:
    row = effects(stepped(140, 140), 100)[28]
    assert row["low"] < 0 < row["high"]
    assert row["verdict"] == "cannot_tell"
    assert "cannot tell" in before_after.VERDICTS[row["verdict"]]


def test_too_few_days_on_a_side_give_no_number() -> None:
    values: Values = [*stepped(140, 130)]
    values[72:91] = [None] * 19
    row = effects(values, 100)[28]
    assert (row["n_before"], row["n_after"], row["verdict"], row["difference"]) == (9, 28, "too_few", None)
    values[90] = 140.0
    assert effects(values, 100)[28]["verdict"] == "lower"


def test_an_event_outside_the_data_is_a_row_without_numbers() -> None:
    for day in (-400, 0, 199, 5_000):
        assert {row["verdict"] for row in effects(stepped(140, 130), day).values()} == {"too_few"}


def test_other_events_in_these_weeks_are_counted() -> None:
    rows = effects(stepped(140, 130), 100, 100, 72, 71, 134, 135)
    assert (rows[28]["other_events_n"], rows[56]["other_events_n"]) == (2, 4)


def test_no_event_no_row() -> None:
    assert before_after.before_after(daily_of(steps=[1] * 50), from_config([])).num_rows == 0


@pytest.mark.parametrize(("correlation", "at_least"), [(0.0, 0.93), (0.3, 0.92), (0.6, 0.87)])
def test_of_two_months_without_a_difference_the_interval_holds_zero_about_as_often_as_it_says(
    correlation: float, at_least: float
) -> None:
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        days = drifting(63, correlation, chance)
        found = before_after._compared(days[:28], days[35:], before_after.SPANS[0], "x")
        held += bool(found["low"] <= 0 <= found["high"])
    assert at_least <= held / 300 < 1


def test_resamples_keep_weeks_together() -> None:
    drawn = resampling.draws(28, "name", 50)
    steps = np.diff(drawn, axis=1) % 28
    assert drawn.shape == (50, 28)
    assert (steps[:, [n for n in range(27) if n % 7 != 6]] == 1).all()
    assert not np.array_equal(drawn, resampling.draws(28, "other name", 50))


def test_every_column_says_what_it_is() -> None:
    for schema in (association.SCHEMA, before_after.SCHEMA):
        assert all(set(field.metadata) == {b"title", b"unit", b"method"} for field in schema)
    assert isinstance(association.SCHEMA, pa.Schema)
    assert date(2026, 1, 1) == FIRST
