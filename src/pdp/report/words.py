"""The sentences of the report. No average is given where there is too little of it."""

from __future__ import annotations

from pdp.home_bp import DIPPING, NOT_A_DIAGNOSIS, Guideline
from pdp.report import plot_days, scales
from pdp.report.model import Facts, Period, Verdict

TITLE = "Home blood pressure report"
LONGEST_NAME = 60
LONGEST_DEVICE = 34
MOST_DEVICES = 3
MOST_HABITS = 2
LONGEST_EVENTS = 192  # characters of all marks together


def short(text: str, most: int) -> str:
    """At most so many characters, cut with a sign that it is."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


def counted(count: int, noun: str) -> str:
    """ "1 reading", "20 readings"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def person(facts: Facts) -> str:
    """Whose, and of when."""
    parts = [short(facts.name, LONGEST_NAME)]
    if facts.born:
        parts.append(f"born {short(facts.born, 20)}")
    if facts.first and facts.last:
        parts.append(f"{counted(facts.n, 'reading')} on record, {scales.days(facts.first, facts.last)}")
    return " · ".join(parts)


def verdict(facts: Facts, guideline: Guideline) -> tuple[str, str]:
    """The sentence of the report: what it says, and what that rests on."""
    found = facts.verdict
    if found is None:
        return "No blood pressure readings are on record.", "Nothing can be said."
    week = f"{scales.days(found.from_date, found.to_date)}"
    if not found.is_enough or found.systolic_mmhg is None or found.diastolic_mmhg is None:
        rest = f"{week}: {found.why_not} No average is given of fewer than {facts.method['least']}."
        return "Insufficient for a verdict.", f"{rest}{_previous(facts, guideline)}"
    n_days = (found.to_date - found.from_date).days + 1
    side = "at or above" if is_above(found, guideline) else "below"
    level = guideline.level(found.levels[guideline.key])
    said = (
        f"{n_days}-day home average {average(found)} mmHg: {side} the {guideline.threshold.text} threshold "
        f"({guideline.name})."
    )
    rests = f"{counted(found.n, 'reading')} on {counted(found.n_days, 'day')}, {week}{_left_out(facts)}."
    return (
        said,
        f"Level: {level.title} ({level.words}). {rests} Enough for a verdict (at least {facts.method['least']}).",
    )


def average(found: Verdict) -> str:
    """ "132/81"."""
    return f"{found.systolic_mmhg}/{found.diastolic_mmhg}"


def is_above(found: Verdict, guideline: Guideline) -> bool:
    """Whether either average, as it is shown, reaches the guideline's threshold."""
    systolic, diastolic = found.systolic_mmhg or 0, found.diastolic_mmhg or 0
    return systolic >= guideline.threshold.systolic_mmhg or diastolic >= guideline.threshold.diastolic_mmhg


def _left_out(facts: Facts) -> str:
    found = facts.verdict
    return f" ({found.n_left_out} left out by the protocol)" if found and found.n_left_out else ""


def _previous(facts: Facts, guideline: Guideline) -> str:
    if facts.previous is None:
        return ""
    side = "at or above" if is_above(facts.previous, guideline) else "below"
    when = scales.days(facts.previous.from_date, facts.previous.to_date)
    return (
        f" The last period with enough was {when}: {average(facts.previous)} mmHg, {side} {guideline.threshold.text}."
    )


ROWS = {"week": "{days} days", "morning": "– mornings", "evening": "– evenings", "month": "30 days, all"}


def row_name(period: Period) -> str:
    """Of a row of the table of periods."""
    return ROWS[period.key].format(days=(period.to_date - period.from_date).days + 1)


def quality(facts: Facts) -> list[tuple[str, str]]:
    """How good the record is: names and what is to be said of each."""
    found = facts.verdict
    if found is None:
        return [("Readings", "none")]
    expected = f" of {found.n_expected} that the protocol asks for" if found.n_expected else ""
    told = [
        ("Readings", f"{found.n}{expected}"),
        (
            "Days with",
            f"a morning {found.n_days_morning} of {found.n_days_possible}, an evening {found.n_days_evening} of "
            f"{found.n_days_possible}; any reading {facts.n_days_90} of the last {plot_days.DAYS}",
        ),
        ("Devices", _devices(facts)),
    ]
    return [*told, ("Habits", _habits(facts))]


def _devices(facts: Facts) -> str:
    named = [
        f"{short(each.name, LONGEST_DEVICE)}{' (typed in)' if each.is_typed else ''} {each.n:,}"
        for each in facts.devices[:MOST_DEVICES]
    ]
    rest = sum(each.n for each in facts.devices[MOST_DEVICES:])
    if rest:
        named.append(f"{len(facts.devices) - MOST_DEVICES} more {rest:,}")
    return f"{', '.join(named)} readings in {plot_days.DAYS} days"


def _habits(facts: Facts) -> str:
    if facts.habits:
        return " ".join(facts.habits[:MOST_HABITS])
    if not facts.n_habits:
        return "too few readings to tell how they are taken."
    return f"nothing unusual in {counted(facts.n_habits, 'check')} of how readings are taken and written down."


def events(facts: Facts) -> str:
    """The marks of the plot, by their letters; "" without any."""
    shown = facts.events[: plot_days.MOST_EVENTS]
    most = LONGEST_EVENTS // max(len(shown), 2)
    told = [
        f"{plot_days.letter(place)} {scales.day(each.date, year=False)} {short(each.text, most)}"
        for place, each in enumerate(shown)
    ]
    rest = len(facts.events) - len(shown)
    return "; ".join(told) + (f"; {rest} more without a mark" if rest else "")


def method(facts: Facts, guideline: Guideline) -> str:
    """How it was computed, and by whose numbers."""
    unchecked = [level.words for level in guideline.levels if not level.is_checked]
    doubt = f" Not checked in the guideline's own text: {'; '.join(unchecked)}." if unchecked else ""
    told = facts.method
    return (
        f"Average: {told['protocol_title']} ({told['protocol']}); morning {told['morning']}, evening {told['evening']} "
        f"local time. SD: of the means of days. A mark is a sitting: readings within {told['sitting_gap_min']} min. "
        f"Share of days: mean of a day with at least {told['day_least_readings']} readings. Threshold "
        f"{guideline.threshold.text} mmHg at home and levels: {guideline.citation}.{doubt}"
    )


def cautions() -> str:
    """What the report is not."""
    return f"{NOT_A_DIAGNOSIS.sentence} {DIPPING.sentence}"


def alt_days(facts: Facts, guideline: Guideline) -> str:
    """The plot of 90 days in words."""
    if facts.last is None:
        return "Chart of the last 90 days: no readings."
    systolic = [each.systolic_mmhg for each in facts.sittings]
    diastolic = [each.diastolic_mmhg for each in facts.sittings]
    return (
        f"Chart of blood pressure over the 90 days to {scales.day(facts.last)}: {counted(len(systolic), 'sitting')}, "
        f"systolic {min(systolic):.0f} to {max(systolic):.0f} mmHg, diastolic {min(diastolic):.0f} to "
        f"{max(diastolic):.0f} mmHg, with the rolling median of {facts.trend_days} days, its quartiles, and the "
        f"{guideline.name} home thresholds of {guideline.threshold.text} mmHg."
    )


def alt_hours(facts: Facts) -> str:
    """The plot of the time of day in words."""
    told = [
        f"{each.daytime} {scales.clock(each.first_minute)} to {scales.clock(each.last_minute)}, "
        f"{counted(each.n, 'sitting')}"
        + (f", median {each.systolic[1]:.0f}/{each.diastolic[1]:.0f} mmHg" if each.systolic and each.diastolic else "")
        for each in facts.daytimes
    ]
    return f"Chart of the time of day, 30 days: {'; '.join(told) or 'no readings'}."


def alt_months(facts: Facts, guideline: Guideline) -> str:
    """The share of days in words."""
    if not facts.months:
        return "Chart of the share of days by level, each month: no readings."
    last = facts.months[-1]
    found = last.levels.get(guideline.key, {})
    told = ", ".join(f"{level.title} {found.get(level.key, 0)}" for level in guideline.levels)
    return (
        f"Chart of the share of days by {guideline.name} level over {counted(len(facts.months), 'month')}; in "
        f"{scales.MONTH_NAMES[last.month.month - 1]} {last.month.year}, of {counted(last.n_days, 'day')}: {told}."
    )
