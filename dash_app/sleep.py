"""What the page about sleep reads and says: nights by day, local times, what the minutes are, its cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from dash.development.base_component import Component

from dash_app import cards, pressure
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import Row, many
from dash_app.view import View
from pdp.trends.regularity import LEAST_PAIRS

ASLEEP = "sleep_total_min"
DEFAULT_WINDOW_DAYS = 28  # steadier than a week, and the same weekdays in each
SPARK_DAYS = 28
MINUTES = 1440
BASES = {
    "stages": "from stages",
    "vendor": "the device's own total",
    "vendor_stages": "sum of the device's totals of stages",
    "mixed": "stages for one part, the device's total for another",
    "none": "not told",
}
BELONGING = (
    "A night stands under the local day on which it ends, unless the settings name another day for it. Time asleep is "
    "all sleeps of the night: light, deep and REM, or the device's own total; awake in bed and naps are not in it."
)
REGULARITY = (
    "The sleep regularity index (Phillips 2017) is the chance to be in the same state, asleep or awake, at two moments "
    "24 hours apart: 100 is the same every day, 0 is chance. Minutes are by the local clock; nights without data are "
    "left out, not counted as awake; naps count."
)


def by_day(data: Dataset, first: date, last: date) -> dict[date, Row]:
    """Rows of the table "nights" by the day that they belong to."""
    return {row["night_date"]: row for row in pressure.rows(data, "nights", None, first, last)}


def regularity(data: Dataset, first: date, last: date, window_days: int) -> dict[date, Row]:
    """Rows of the table "regularity" of one length of window, by day."""
    found = pressure.rows(data, "regularity", None, first, last)
    return {row["date"]: row for row in found if row["window_days"] == window_days}


def window(view: View) -> int:
    """Days of the index's window that the address asks for; the usual ones for what is none."""
    asked = view.params.get("window", "")
    return int(asked) if asked in map(str, LEAST_PAIRS) else DEFAULT_WINDOW_DAYS


def duration(minutes: float) -> str:
    """ "7 h 05"."""
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02}"


def wall(minutes: float | None) -> str | None:
    """Minutes after a midnight, before it or after the next one, as the wall clock shows them: "23:41"."""
    if minutes is None:
        return None
    whole = round(minutes) % MINUTES
    return f"{whole // 60:02}:{whole % 60:02}"


def span(night: Row) -> str | None:
    """ "23:41 to 06:50", from falling asleep to waking."""
    onset, offset = wall(night["onset_local_min"]), wall(night["offset_local_min"])
    return None if onset is None or offset is None else f"{onset} to {offset}"


def middle(night: Row) -> float | None:
    """Mid-sleep in minutes after the day's midnight, as the table "regularity" has it for a window of one day."""
    onset, offset = night["onset_local_min"], night["offset_local_min"]
    return None if onset is None or offset is None else float(onset + offset) / 2


def woke(night: Row) -> datetime:
    """When the night ended, by the wall clock."""
    at: datetime = night["night_end_utc"] + timedelta(minutes=night["end_offset_min"])
    return at.replace(tzinfo=None)


def oddities(night: Row) -> str:
    """What the table flags, in words; "" for nothing that changes how the night reads."""
    words = {
        "dst_night": "clocks were moved",
        "zone_change_night": "the time zone changed",
        "two_devices": "two devices",
        "partial_stages": "stages for a part only",
        "total_incomplete": "a part is of unknown length",
    }
    flags = night["flags"].split(";")
    return "; ".join(text for flag, text in words.items() if flag in flags)


def last_night(view: View, nights: Mapping[date, Row], trend: Mapping[date, Row]) -> Component:
    """The newest night of the range against the usual."""
    day = max(nights)
    night, row = nights[day], trend.get(day)
    minutes = night["total_sleep_min"]
    band = (row["usual_q1"], row["usual_q3"]) if row and row["usual_q1"] is not None else None
    where = ""
    if band and minutes is not None:
        low, high = map(round, band)
        where = "below " if round(minutes) < low else "above " if round(minutes) > high else "in "
    usual = f"{where}your usual {duration(band[0])} to {duration(band[1])}" if band else "your usual is not known yet"
    shown = [view.last - timedelta(days=n) for n in range(SPARK_DAYS - 1, -1, -1)]
    return cards.number_card(
        f"Asleep, night to {cards.day_text(day)}",
        None if minutes is None else duration(minutes),
        "",
        detail=usual,
        n=f"1 night, {BASES.get(night['basis'], night['basis'])}",
        as_of=woke(night),
        lineage=view.lineage(ASLEEP, day),
        spark=cards.spark([nights.get(one, {}).get("total_sleep_min") for one in shown], "sleep", band),
    )


def mid_sleep(view: View, found: Mapping[date, Row], nights: Mapping[date, Row]) -> Component:
    """The median of mid-sleep over four weeks, and where it was four weeks before."""
    day = max(nights)
    row, before = found.get(day), found.get(day - timedelta(days=DEFAULT_WINDOW_DAYS))
    where = view.link("/lineage", metric="regularity.mid_sleep_local_min", day=day, window_days=DEFAULT_WINDOW_DAYS)
    now = row["mid_sleep_local_min"] if row else None
    then = before["mid_sleep_local_min"] if before else None
    if now is None or row is None:
        return cards.number_card("Mid-sleep", None, "", n="0 nights", as_of=None, lineage=where)
    told = f"middle half {wall(row['mid_sleep_q1_local_min'])} to {wall(row['mid_sleep_q3_local_min'])}"
    return cards.number_card(
        "Mid-sleep, median of 28 days",
        wall(now),
        "local time",
        detail=f"{drift(now, then)}; {told}",
        n=many(row["n_nights"], "night"),
        as_of=woke(nights[day]),
        lineage=where,
    )


def drift(now: float, then: float | None) -> str:
    """How far mid-sleep has moved against the four weeks before."""
    if then is None:
        return "the 28 days before are not known"
    moved = round(now) - round(then)
    if not moved:
        return "as in the 28 days before"
    return f"{abs(moved)} min {'later' if moved > 0 else 'earlier'} than in the 28 days before"


def index(view: View, found: Mapping[date, Row], nights: Mapping[date, Row], window_days: int) -> Component:
    """The sleep regularity index of the window that ends with the newest night."""
    day, least = max(nights), LEAST_PAIRS[window_days]
    row = found.get(day)
    where = view.link("/lineage", metric="regularity.sri", day=day, window_days=window_days)
    n_pairs = row["n_pairs"] if row else 0
    value = row["sri"] if row else None
    told = "100 is the same every day, 0 is chance"
    return cards.number_card(
        f"Sleep regularity index, {window_days} days",
        None if value is None else f"{value:.0f}",
        "" if value is None else "of 100",
        detail=told if value is not None else f"{n_pairs} of {many(least, 'pair')} of days: too few",
        n=f"{n_pairs} of {window_days - 1} pairs of days",
        as_of=woke(nights[day]),
        lineage=where,
    )


def with_data(view: View, found: Mapping[date, Row], nights: Mapping[date, Row]) -> Component:
    """How many of the last four weeks' nights have data."""
    last = max(found, default=view.last)  # the data may end before the range does
    days = [last - timedelta(days=n) for n in range(DEFAULT_WINDOW_DAYS - 1, -1, -1)]
    row = found.get(last)
    where = view.link("/lineage", metric="regularity.n_nights", day=last, window_days=DEFAULT_WINDOW_DAYS)
    in_range = sum(view.first <= day <= view.last for day in nights)
    marks = Markup().join(
        tag("circle", cx=8 + 16 * (at % 14), cy=9 + 18 * (at // 14), r=5, class_=None if day in nights else "none")
        for at, day in enumerate(days)
    )
    box = {"class": "dots mark-sleep", "viewBox": "0 0 256 36", "aria-hidden": "true"}
    return cards.number_card(
        f"Nights with data, {DEFAULT_WINDOW_DAYS} days",
        None if row is None else f"{row['n_nights']}/{DEFAULT_WINDOW_DAYS}",
        "nights",
        detail=f"{in_range:,} of the {view.n_days:,} shown",
        n=f"{cards.moment(days[0])} to {cards.moment(days[-1])}",
        as_of=woke(nights[max(nights)]),
        lineage=where,
        spark=Native("svg", marks, box),
    )
