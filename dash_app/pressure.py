"""What pages say about home blood pressure: the guideline asked for, the newest protocol window, and both in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import event_marks
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline, guidelines, whole_mmhg

Row = dict[str, Any]
SYSTOLIC, DIASTOLIC = "bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg"


def rows(data: Dataset, name: str, columns: Sequence[str] | None, first: date | None, last: date | None) -> list[Row]:
    """Rows of a summary table; none where the runs have not made it."""
    if not data.has_table(name):
        return []
    found: list[Row] = data.table(name, columns, first, last).to_pylist()
    return found


def trend(data: Dataset, figure: str, first: date, last: date) -> dict[date, Row]:
    """The trend of a column of daily, by day."""
    return {row["date"]: row for row in rows(data, "trends", None, first, last) if row["figure"] == figure}


def chosen(data: Dataset, view: View) -> tuple[Guideline, list[Component]]:
    """The guideline that the address names, else the configuration's; a note where there is none of that name."""
    known = guidelines()
    if view.guideline in known:
        return known[view.guideline], []
    months = rows(data, "bp_months", ["month", "guideline", "is_default"], None, None)
    default = next((row["guideline"] for row in months if row["is_default"]), "")
    guide = known.get(default) or next(iter(known.values()))
    return guide, unknown(view, guide)


def unknown(view: View, shown: Guideline) -> list[Component]:
    """A note where the address names a guideline that is none."""
    if not view.guideline or view.guideline in guidelines():
        return []
    told = f'There is no guideline "{view.guideline}": this is {shown.name}.'
    return [html.P(told, className="state state-note", role="status")]


def switch(view: View, guide: Guideline) -> Native:
    """Links that choose the guideline whose threshold is drawn."""
    links = Markup()
    for key, one in guidelines().items():
        current = {"aria_current": "true"} if key == guide.key else {}
        links += tag("li", tag("a", f"{one.name}: {one.threshold.text}", href=view.link(guide=key), **current))
    return Native("nav", tag("ul", links), {"class": "ranges guides", "aria-label": "Guideline of the threshold"})


def threshold_words(guide: Guideline) -> str:
    """ "Dashed: 135/85 mmHg, home threshold of ESC 2024", with a warning where nobody has looked the number up."""
    told = f"Dashed: {guide.threshold.text} mmHg, home threshold of {guide.name}."
    return told if guide.threshold.is_checked else f"{told} Not yet checked against the guideline's own text."


def window(data: Dataset, view: View) -> Row | None:
    """The newest window of the configured protocol that ends within the view."""
    found = [row for row in rows(data, "bp_windows", None, view.first, view.last) if row["is_default"]]
    return max(found, key=lambda row: row["to_date"], default=None)


def today(data: Dataset, view: View) -> date:
    """The day against which a reading is old: the view's last, where the view looks back; the demo's data has ended."""
    newest = view.data_last or view.last
    if view.last < newest:
        return view.last
    return newest if data.is_synthetic else data.as_of.date()


def pair(systolic: float | None, diastolic: float | None) -> str | None:
    """ "132/81", in whole mmHg as levels are judged; None for no reading."""
    if systolic is None or diastolic is None:
        return None
    return f"{whole_mmhg(systolic)}/{whole_mmhg(diastolic)}"


def of_window(found: Row, prefix: str = "") -> str | None:
    """A window's average, of the morning with prefix "morning_"; None below the minimum, as in the report."""
    if not found["is_sufficient"]:
        return None
    return pair(found[f"{prefix}systolic_mean_mmhg"], found[f"{prefix}diastolic_mean_mmhg"])


def few(found: Row) -> str:
    """What is said in the place of an average of too few readings; "" where there are enough, or none at all."""
    return "" if found["is_sufficient"] or not found["n_readings"] else "too few readings"


def against(found: Row, guide: Guideline) -> str:
    """ "below 135/85", "at or above 135/85"; "" where the window does not suffice for a verdict."""
    if not found["is_sufficient"]:
        return ""
    bound = guide.threshold
    is_below = (
        whole_mmhg(found["systolic_mean_mmhg"]) < bound.systolic_mmhg
        and whole_mmhg(found["diastolic_mean_mmhg"]) < bound.diastolic_mmhg
    )
    return f"{'below' if is_below else 'at or above'} {bound.text}"


def usual(value: float | None, row: Row | None) -> str:
    """Where a value lies against the own usual: below, in, above; "" where one of them is not known."""
    if value is None or row is None or row["usual_q1"] is None:
        return ""
    low, high = whole_mmhg(row["usual_q1"]), whole_mmhg(row["usual_q3"])
    return "below" if whole_mmhg(value) < low else "above" if whole_mmhg(value) > high else "in"


def usual_words(value: float | None, row: Row | None) -> str:
    """ "below your usual systolic of 126 to 132"."""
    where = usual(value, row)
    if not where or row is None:
        return "your usual is not known yet"
    return f"{where} your usual systolic of {whole_mmhg(row['usual_q1'])} to {whole_mmhg(row['usual_q3'])}"


def letters(events: Sequence[Row]) -> tuple[list[tuple[str, date]], str]:
    """A letter for each day of events, and what each letter stands for."""
    names = event_marks.names(events)
    return [(letter, day) for day, letter in names.items()], event_marks.told(events)


def local(row: Row) -> datetime:
    """A sitting's time by the wall clock."""
    at: datetime = row["start_utc"] + timedelta(minutes=row["utc_offset_min"])
    return at.replace(tzinfo=None)


def many(count: int, noun: str, plural: str = "") -> str:
    """ "1 reading", "4 readings"; with a plural of its own, "4 entries"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
