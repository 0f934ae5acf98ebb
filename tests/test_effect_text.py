"""What `pdp why` says of many changed values: nothing that changed in few rows is lost among what changed in many."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from pdp.cli import effect_text, why_text
from pdp.lineage.differences import Change

FIRST = date(2026, 1, 1)
PRESSURE, HEART = "bp_systolic_mean_mmhg", "rhr_lowest_30min_bpm"


def told(corrected: dict[str, dict[str, list[Any]]]) -> list[str]:
    """The lines about a daily table."""
    effect = {"added": [], "gone": [], "unknown": [], "columns": [], "corrected": corrected}
    effect["n_corrected"] = sum(map(len, corrected.values()))  # type: ignore[assignment]
    table = {"path": "results/summary/ada/daily.parquet", "before": 1, "after": 2, "only": [], "effect": effect}
    return effect_text.table_text(table)


def days(count: int) -> dict[str, dict[str, list[Any]]]:
    """Heart rates that rose by 1, 2, 3, ... tenths."""
    return {(FIRST + timedelta(days=n)).isoformat(): {HEART: [60.0, 60 + (n + 1) / 10]} for n in range(count)}


def test_one_day_among_many_is_told_by_its_figure_and_shown() -> None:
    corrected = days(50)
    corrected["2026-02-01"][PRESSURE] = [129.0, 131.5]
    text = told(corrected)
    figures = [line.strip() for line in text if line.startswith("    ") and " by " in line]
    assert figures == [
        f"{PRESSURE}: 1 day (2026-02-01), by +2.5",
        f"{HEART}: 50 days (2026-01-01 to 2026-02-19), by +0.1 to +5",
    ]
    shown = [line.split()[0] for line in text if line.strip().startswith("2026-")]
    assert len(shown) == 12
    assert shown == sorted(shown)
    assert "2026-02-01" in shown
    assert any(line.strip().startswith("and 38 days more") for line in text)


def test_few_days_are_told_one_by_one_alone() -> None:
    text = told(days(12))
    assert sum(line.strip().startswith("2026-") for line in text) == 12
    assert not any(HEART in line and "days (" in line for line in text)


def test_values_that_are_no_numbers_or_came_to_be_have_no_difference() -> None:
    corrected: dict[str, dict[str, list[Any]]] = {day: {"verdict": ["a", "b"]} for day in days(13)}
    corrected["2026-01-02"][HEART] = [None, 61.0]
    text = told(corrected)
    assert f"    {HEART}: 1 day (2026-01-02)" in text
    assert "    verdict: 13 days (2026-01-01 to 2026-01-13)" in text


def test_discreetly_neither_days_nor_values_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_DISCREET", "1")
    text = "\n".join(told(days(50)))
    assert "2026-" not in text
    assert "60" not in text
    assert f"{HEART}: 50 days" in text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", '"05:00-12:00"', 'not set -> "05:00-12:00"'),
        ('"05:00-12:00"', "", '"05:00-12:00" -> not set'),
        ("5", "7", "5 -> 7"),
    ],
)
def test_a_setting_is_told_with_what_it_was(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str, said: str
) -> None:
    change = Change("setting", "summary.morning", before, after)
    assert why_text._line(change) == f"summary.morning: {said}"
    monkeypatch.setenv("PDP_DISCREET", "1")
    assert why_text._line(change) == f"summary.morning: {change.verb}"
