"""Trends, and what is usual, against plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import described, tables
from pdp.summarize import DAILY
from pdp.summarize.daily import EPOCH
from pdp.trends import rolling
from tests.summary_oracle import quantile

FIRST = date(2026, 1, 1)
Values = list[float | None]


def daily_of(**figures: Values) -> pa.Table:
    """A daily table from FIRST on; figures that are not given are null, counts 0."""
    days = len(next(iter(figures.values())))
    columns: dict[str, Any] = {field.name: [0 if not field.nullable else None] * days for field in DAILY}
    columns["date"] = [(FIRST - EPOCH).days + day for day in range(days)]
    return described.table(columns | figures, DAILY)


def trend_of(name: str, values: Values) -> list[dict[str, Any]]:
    found = rolling.trends(daily_of(**{name: values})).to_pylist()
    return [row for row in found if row["figure"] == name]


def quartiles(values: list[float]) -> list[float]:
    return [pytest.approx(quantile(values, share), rel=1e-12) for share in (0.25, 0.5, 0.75)]


def expected(values: Values, window: int, least: int) -> list[dict[str, Any]]:
    known = {day: value for day, value in enumerate(values) if value is not None}
    rows = []
    for day in range(len(values)):
        row: dict[str, Any] = dict.fromkeys(("q1", "median", "q3", "usual_q1", "usual_median", "usual_q3"))
        inside: list[float] = []
        before = [each for each in known if each <= day]
        after = [each for each in known if each >= day]
        if before and after and min(after) - max(before) <= 7:
            reached = max(before)
            for each in sorted(before, reverse=True):
                if reached - each > 7 or each <= day - window:
                    break
                inside.append(known[each])
                reached = each
        if len(inside) >= least:
            row |= dict(zip(("q1", "median", "q3"), quartiles(inside), strict=True))
        usual = [value for each, value in known.items() if day - 35 < each <= day - 7]
        if len(usual) >= 10:
            row |= dict(zip(("usual_q1", "usual_median", "usual_q3"), quartiles(usual), strict=True))
        recent = [value for each, value in known.items() if day - 7 < each <= day]
        row |= {"n": len(inside), "usual_n": len(usual), "recent_n": len(recent)}
        row["recent_mean"] = pytest.approx(mean(recent), rel=1e-12) if recent else None
        rows.append(row)
    return rows


def gappy(days: int) -> st.SearchStrategy[Values]:
    """Values with single days missing, and longer gaps."""
    runs = st.tuples(st.booleans(), st.integers(1, 14), st.lists(st.floats(40, 220), min_size=14, max_size=14))
    return st.lists(runs, min_size=1, max_size=days // 7).map(
        lambda parts: [value if known else None for known, length, values in parts for value in values[:length]]
    )


@settings(deadline=None, max_examples=150)
@given(values=gappy(70))
def test_the_trend_of_blood_pressure_equals_one_made_in_plain_python(values: Values) -> None:
    found = trend_of("bp_morning_systolic_mean_mmhg", values)
    for row, wanted in zip(found, expected(values, 14, 4), strict=True):
        assert {name: row[name] for name in wanted} == wanted, row["date"]


@settings(deadline=None, max_examples=50)
@given(values=gappy(140))
def test_the_trend_of_resting_heart_rate_equals_one_made_in_plain_python(values: Values) -> None:
    found = trend_of("rhr_sleep_p05_bpm", values)
    for row, wanted in zip(found, expected(values, 28, 7), strict=True):
        assert {name: row[name] for name in wanted} == wanted, row["date"]


def test_a_week_without_data_keeps_the_line_and_a_day_more_breaks_it() -> None:
    week = trend_of("bp_systolic_mean_mmhg", [120.0] * 6 + [None] * 6 + [130.0] * 6)
    assert all(row["median"] is not None for row in week[5:])
    longer = trend_of("bp_systolic_mean_mmhg", [120.0] * 6 + [None] * 7 + [130.0] * 6)
    assert [row["median"] for row in longer[6:13]] == [None] * 7
    assert [row["n"] for row in longer[6:13]] == [0] * 7
    assert [row["median"] for row in longer[13:]] == [None] * 3 + [130.0] * 3, "no window reaches over the gap"


def test_there_is_no_trend_after_the_last_day_with_data() -> None:
    found = trend_of("bp_systolic_mean_mmhg", [120.0] * 10 + [None] * 3)
    assert [row["median"] for row in found[9:]] == [120.0, None, None, None]


def test_what_is_usual_leaves_the_last_week_out() -> None:
    found = trend_of("sleep_total_min", [400.0] * 28 + [300.0] * 7)
    assert (found[-1]["usual_q1"], found[-1]["usual_q3"], found[-1]["recent_mean"]) == (400.0, 400.0, 300.0)


def test_every_figure_has_a_row_for_every_day_and_missing_is_never_zero() -> None:
    found = rolling.trends(daily_of(steps=[None] * 40)).to_pylist()
    assert len(found) == 40 * len(rolling.FIGURES)
    assert {row["median"] for row in found} == {row["usual_q1"] for row in found} == {None}
    assert found[0]["date"] == FIRST
    assert found[-1]["date"] == FIRST + timedelta(days=39)


def test_every_figure_of_a_trend_is_a_column_of_daily() -> None:
    assert set(rolling.FIGURES) <= set(DAILY.names)


def test_a_subject_without_any_day_has_an_empty_table_with_its_descriptions(tmp_path: Path) -> None:
    described.write(tmp_path / "trends.parquet", rolling.trends(daily_of(steps=[])))
    schema = pq.read_schema(tmp_path / "trends.parquet")
    assert tables.row_count(tmp_path / "trends.parquet") == 0
    assert all(set(field.metadata) >= {b"title", b"unit", b"method"} for field in schema)


def test_ten_years_take_less_than_a_second() -> None:
    import time

    chance = np.random.default_rng(0)
    daily = daily_of(**{name: chance.normal(100, 10, 3650).round().tolist() for name in rolling.FIGURES})
    started = time.process_time()
    rolling.trends(daily)
    assert time.process_time() - started < 1
