"""What stands on the doctor's page: facts chosen from the tables, and the words for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from pdp import home_bp
from pdp.errors import PdpError
from pdp.report import colors, model, record, scales, words
from tests.report_states import HAPPENED, LAST, LONG, crowded, facts_of, measured_days
from tests.summary_subject import Subject

ESC, AHA = home_bp.guideline("esc_2024"), home_bp.guideline("acc_aha_2017")


def test_the_sentence_gives_the_average_its_threshold_and_what_it_rests_on(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(25, 32):
        for time, systolic in (("07:00", 130), ("07:02", 132), ("20:00", 126), ("20:02", 128)):
            subject.cuff(f"2026-03-{day} {time}", systolic, 79, 66)
    said, rest = words.verdict(facts_of(subject, tmp_path), ESC)
    assert said == "7-day home average 129/79 mmHg: below the 135/85 threshold (ESC 2024)."
    assert rest == (
        "Level: Elevated (120/70 to below 135/85). 24 readings on 6 days, 25–31 Mar 2026 (4 left out by the protocol). "
        "Enough for a verdict (at least 12 readings on 3 days)."
    )


@pytest.mark.parametrize(("diastolic", "side"), [(84.4, "below"), (84.5, "at or above"), (85, "at or above")])
def test_an_average_is_held_against_the_threshold_as_it_is_shown(tmp_path: Path, diastolic: float, side: str) -> None:
    subject = Subject()
    for day in range(25, 32):
        for time in ("07:00", "07:02", "20:00", "20:02"):
            subject.cuff(f"2026-03-{day} {time}", 120, diastolic)
    facts = facts_of(subject, tmp_path)
    said, rest = words.verdict(facts, ESC)
    assert f"{side} the 135/85 threshold" in said
    assert ("Hypertension range" in rest) == (side == "at or above")


def test_another_guideline_changes_threshold_and_level_and_not_the_average(tmp_path: Path) -> None:
    facts = facts_of(measured_days(30, systolic=133, diastolic=78), tmp_path)
    assert "132/78 mmHg: below the 135/85 threshold (ESC 2024)" in words.verdict(facts, ESC)[0]
    said, rest = words.verdict(facts, AHA)
    assert "132/78 mmHg: at or above the 130/80 threshold (ACC/AHA 2017)" in said
    assert "Stage 1 range" in rest


def test_too_few_readings_give_no_average_at_all(tmp_path: Path) -> None:
    facts = facts_of(measured_days(2, systolic=171, diastolic=103), tmp_path)
    said, rest = words.verdict(facts, ESC)
    assert said == "Insufficient for a verdict."
    assert rest.startswith("25–31 Mar 2026: 4 readings of at least 12. 1 day of at least 3.")
    assert "171" not in said + rest
    assert not any(period.is_enough for period in facts.periods)


def test_a_thin_week_names_the_last_period_with_enough_by_its_days(tmp_path: Path) -> None:
    subject = measured_days(10, last=date(2026, 2, 20), systolic=140)
    subject.cuff("2026-03-31 07:00", 110, 70)
    facts = facts_of(subject, tmp_path)
    said, rest = words.verdict(facts, ESC)
    assert said == "Insufficient for a verdict."
    assert "The last period with enough was 14–20 Feb 2026: 140/78 mmHg, at or above 135/85." in rest
    assert "110" not in rest


def test_nothing_on_record_is_said_so(tmp_path: Path) -> None:
    facts = facts_of(Subject(), tmp_path)
    assert words.verdict(facts, ESC) == ("No blood pressure readings are on record.", "Nothing can be said.")
    assert words.quality(facts) == [("Readings", "none")]
    assert facts.periods == facts.sittings == facts.months == facts.devices == ()


def test_the_rows_of_the_week_are_the_readings_that_the_protocol_counts(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-03-25 07:00", 190, 110, 99)  # the first day, left out
    for day in range(26, 32):
        subject.cuff(f"2026-03-{day} 07:00", 130 + day, 80, 60)
        subject.cuff(f"2026-03-{day} 20:00", 110 + day, 70, 70)
        subject.cuff(f"2026-03-{day} 14:00", 200, 120, 90)  # neither morning nor evening
    periods = {period.key: period for period in facts_of(subject, tmp_path).periods}
    found = {
        key: (period.n, period.systolic.mean, period.systolic.lowest, period.systolic.highest, period.pulse_bpm)
        for key, period in periods.items()
        if period.systolic
    }
    assert found["week"] == (12, 148.5, 136, 161, 65)
    assert found["morning"] == (6, 158.5, 156, 161, 60)
    assert found["evening"] == (6, 138.5, 136, 141, 70)
    assert found["month"][0] == 19
    assert found["month"][3] == 200
    assert words.row_name(periods["week"]) == "7 days"


def test_devices_are_counted_by_local_day_over_ninety_days(tmp_path: Path) -> None:
    subject = measured_days(90, device="Cuff A")
    subject.cuff(f"{LAST - timedelta(days=90)} 23:30", 120, 80, device="Old")  # still 31 Dec at home, 1 Jan nowhere
    subject.cuff("2026-03-31 21:00", 120, 80, device="", source="log", modality="self_reported")
    facts = facts_of(subject, tmp_path)
    assert [(each.name, each.is_typed, each.n) for each in facts.devices] == [
        ("Cuff A", False, 360),
        ("log", True, 1),
    ]
    assert dict(words.quality(facts))["Devices"] == "Cuff A 360, log (typed in) 1 readings in 90 days"


def test_missing_mornings_and_readings_stand_in_the_quality(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(25, 32):
        subject.cuff(f"2026-03-{day} 20:00", 120, 80)
        subject.cuff(f"2026-03-{day} 20:02", 120, 80)
    told = dict(words.quality(facts_of(subject, tmp_path)))
    assert told["Readings"] == "12 of 24 that the protocol asks for"
    assert told["Days with"] == "a morning 0 of 6, an evening 6 of 6; any reading 7 of the last 90"


def test_what_the_checks_found_is_told_with_what_shakes_an_average_first(tmp_path: Path) -> None:
    facts = facts_of(crowded(), tmp_path)
    assert len(facts.habits) >= 3
    assert "end in" in facts.habits[0]
    assert all(len(sentence) <= record.LONGEST_SENTENCE for sentence in facts.habits)
    assert not any("(" in sentence for sentence in facts.habits)


def test_events_have_letters_and_what_finds_no_room_is_counted(tmp_path: Path) -> None:
    facts = facts_of(measured_days(40), tmp_path, happened=[*HAPPENED, {**HAPPENED[0], "date": "2025-01-01"}])
    told = words.events(facts)
    assert told.startswith("a 1 Mar a medicine with a long name, 2.…; b 2 Mar ")
    assert told.endswith("; 5 more without a mark")
    alone = words.events(replace(facts, events=facts.events[:1]))
    assert alone == "a 1 Mar a medicine with a long name, 2.5 mg twice a day"


def test_the_trend_is_that_of_the_trends_table_and_breaks_where_it_does(tmp_path: Path) -> None:
    subject = measured_days(20, last=date(2026, 2, 10))
    for row in measured_days(20).rows["blood_pressure"]:
        subject.rows["blood_pressure"].append(row)
    facts = facts_of(subject, tmp_path)
    in_gap = [each for each in facts.trend if date(2026, 2, 11) <= each.date <= date(2026, 3, 11)]
    assert in_gap
    assert all(each.systolic is None for each in in_gap)
    assert facts.trend[-1].systolic is not None
    assert facts.trend_days == 14


def test_facts_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    for place, (subject, happened) in enumerate([(crowded(), HAPPENED), (Subject(), []), (measured_days(1), [])]):
        facts = facts_of(subject, tmp_path / str(place), happened=happened, name=LONG)
        assert model.parse(json.dumps(model.to_json(facts))) == facts


def test_facts_of_another_format_are_refused_with_what_to_do(tmp_path: Path) -> None:
    told = {**model.to_json(facts_of(Subject(), tmp_path)), "format": 99}
    with pytest.raises(PdpError, match=r"report\.json: is of format 99, this program reads 1\. Run the workflow again"):
        model.from_json(told)


def test_numbers_that_nobody_checked_are_named_on_the_sheet(tmp_path: Path) -> None:
    facts = facts_of(measured_days(30), tmp_path)
    assert "Not checked in the guideline's own text: below 120/70; 120/70 to below 135/85." in words.method(facts, ESC)
    assert "Not checked" not in words.method(facts, AHA)


def test_the_sheet_says_that_it_is_no_diagnosis() -> None:
    assert "not a diagnosis" in words.cautions()


def test_every_level_of_every_guideline_has_a_colour_on_paper() -> None:
    used = {level.color for guideline in home_bp.guidelines().values() for level in guideline.levels}
    assert used <= set(colors.LEVELS)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (date(2026, 3, 25), date(2026, 3, 31), "25–31 Mar 2026"),
        (date(2026, 3, 25), date(2026, 4, 1), "25 Mar – 1 Apr 2026"),
        (date(2025, 12, 30), date(2026, 1, 5), "30 Dec 2025 – 5 Jan 2026"),
        (date(2026, 3, 31), date(2026, 3, 31), "31 Mar 2026"),
    ],
)
def test_days_are_told_without_saying_a_month_or_year_twice(first: date, last: date, told: str) -> None:
    assert scales.days(first, last) == told


def test_labels_that_would_touch_are_pushed_apart_by_as_little_as_needed() -> None:
    assert scales.apart({"a": 10, "b": 12, "c": 40}, 13) == pytest.approx({"a": 4.5, "b": 17.5, "c": 40})


def test_an_axis_holds_values_far_outside_the_usual() -> None:
    scale = scales.pressures([38, 233], 200, 0)
    assert scale.low <= 35
    assert scale.high >= 236
    assert len(scales.ticks(scale, 9)) <= 9


def test_a_name_of_any_length_and_with_line_breaks_is_one_short_line(tmp_path: Path) -> None:
    facts = replace(facts_of(Subject(), tmp_path), name="Jo\nDoe " + "x" * 500)
    assert words.person(facts).startswith("Jo Doe xxx")
    assert len(words.person(facts)) < 100
