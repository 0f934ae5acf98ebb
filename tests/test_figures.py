"""Every figure of every day can be computed again from its own rows, to the last bit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pdp import vocabulary
from pdp.errors import PdpError
from pdp.summarize.figures import FIGURES, compute, contributing
from pdp.summarize.summary_settings import SummarySettings
from tests.summary_subject import Subject, made_up, summary_of

DEFAULTS = SummarySettings()
TRIP = [{"zone": "Europe/Berlin"}, {"zone": "America/New_York", "since": "2026-03-31T12:00"}]
DATE_LINE = [{"zone": "Pacific/Auckland"}, {"zone": "Pacific/Honolulu", "since": "2026-03-30T06:00"}]


@pytest.mark.parametrize(
    ("zones", "first", "settings"),
    [
        (TRIP, "2026-03-26", DEFAULTS),
        (DATE_LINE, "2026-03-26", DEFAULTS),
        (TRIP[:1], "2026-10-22", SummarySettings(night_rule="noon_to_noon", night_gap_min=30, sleep_rate_least_n=3)),
    ],
)
def test_every_figure_of_every_day_computed_from_its_contributing_rows_is_exactly_the_tables_value(
    zones: list[dict[str, str]], first: str, settings: SummarySettings, tmp_path: Path
) -> None:
    subject = made_up(zones, first, 8, seed=11)
    found = summary_of(subject, tmp_path, settings)
    seen = set()
    for day, row in found.daily.items():
        for name in FIGURES:
            rows = contributing(name, day, found.merged, settings, subject.ledger)
            again = compute(name, rows, day, settings, subject.ledger)
            assert again == row[name], (day, name)
            if row[name] not in (None, 0):
                assert len(rows), (day, name)
                seen.add(name)
    assert seen == set(FIGURES), "a figure that the made-up life never has is not tested"


def test_the_rows_of_a_figure_are_those_it_counts_and_no_others(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 08:00", 120, 80, 60)
    subject.cuff("2026-06-10 08:05", 122, 82)
    subject.cuff("2026-06-10 19:00", 130, 85, 66)
    subject.cuff("2026-06-11 08:00", 140, 90, 70)
    merged = summary_of(subject, tmp_path).merged

    def rows_of(name: str) -> list[int]:
        found = contributing(name, date(2026, 6, 10), merged, DEFAULTS, subject.ledger)
        assert set(found["measure"].to_pylist()) == {"blood_pressure"}
        return found["row"].to_pylist()

    assert rows_of("bp_systolic_mean_mmhg") == [1, 2, 3]
    assert rows_of("bp_morning_systolic_mean_mmhg") == [1, 2]
    assert rows_of("bp_morning_pulse_mean_bpm") == [1]
    assert rows_of("bp_evening_n") == [3]


def test_the_rows_of_a_night_are_its_episodes_and_stages_with_the_table_they_stand_in(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0)
    subject.stages("2026-06-09 23:00", ("light", 240), ("deep", 240))
    subject.sleep("2026-06-10 14:00", "2026-06-10 14:30", 25.0)
    merged = summary_of(subject, tmp_path).merged
    day = date(2026, 6, 10)
    night = contributing("sleep_total_min", day, merged, DEFAULTS, subject.ledger).to_pylist()
    assert [(row["measure"], row["row"], row["stage"]) for row in night] == [
        ("sleep_episode", 1, None),
        ("sleep_stage", 1, "light"),
        ("sleep_stage", 2, "deep"),
    ]
    nap = contributing("sleep_naps_min", day, merged, DEFAULTS, subject.ledger)
    assert nap["row"].to_pylist() == [2]


def test_the_rows_of_resting_heart_rate_in_sleep_begin_on_the_evening_before(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 01:00", 110.0)
    subject.beats("2026-06-09 22:50", range(50, 80))
    merged = summary_of(subject, tmp_path).merged
    rows = contributing("rhr_sleep_p05_bpm", date(2026, 6, 10), merged, DEFAULTS, subject.ledger)
    assert rows["heart_rate_bpm"].to_pylist() == [float(bpm) for bpm in range(52, 76)]


def test_a_day_without_data_has_no_rows_and_no_value(tmp_path: Path) -> None:
    subject = Subject()
    merged = summary_of(subject, tmp_path).merged
    for name, figure in FIGURES.items():
        rows = contributing(name, date(2026, 6, 10), merged, DEFAULTS, subject.ledger)
        assert len(rows) == 0
        value = compute(name, rows, date(2026, 6, 10), DEFAULTS, subject.ledger)
        assert value == (0 if figure.is_count else None)


def test_an_unknown_figure_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(PdpError) as caught:
        contributing("hr_medain_bpm", date(2026, 6, 10), {}, DEFAULTS, Subject().ledger)
    assert str(caught.value).startswith('there is no figure "hr_medain_bpm" in the daily table. Known: bp_')
    assert str(caught.value).endswith('Did you mean "hr_median_bpm"?')


def test_figures_name_measures_and_units_of_the_vocabulary_and_carry_their_unit_in_the_name() -> None:
    suffixes = {"mm[Hg]": "_mmhg", "/min": "_bpm", "min": "_min"}
    for name, figure in FIGURES.items():
        assert figure.measure in vocabulary.MEASURES
        assert figure.method
        assert name.endswith(suffixes.get(figure.unit, name)), name
        assert figure.is_count == name.endswith("_n"), name


def test_no_figure_takes_the_minimum_for_resting_heart_rate() -> None:
    resting = [figure for name, figure in FIGURES.items() if name.startswith("rhr_") and not figure.is_count]
    assert [figure.name for figure in resting] == ["rhr_vendor_bpm", "rhr_sleep_p05_bpm", "rhr_lowest_30min_bpm"]
