"""The blood pressure page's part on how the readings are taken: each check in words, and the last digits as bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, pressure, tables
from dash_app.figures import blood_pressure as drawn
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import Row
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline

TITLE = "How the readings are taken"
VERDICTS = {
    "seen": "noticed",
    "even_only": "even digits only",
    "as_expected": "as expected",
    "too_few": "too few to tell",
    "cannot_be_judged": "cannot be judged",
}
KINDS = {"self_reported": "typed", "sensed": "stored by the device"}
CHECKS = {
    "last_digit": "Last digits",
    "below_threshold": "Just below the threshold",
    "missing_mornings": "Mornings without a reading",
    "missing_evenings": "Evenings without a reading",
    "first_of_sitting": "First and second of a sitting",
    "after_pause": "After a pause",
}
LEAD = (
    "These checks look at the numbers alone, over all readings there are. They tell what is noticed, not why, and find "
    "no fault with anyone: a device rounds as well as a hand, and a first reading is often the highest."
)


def section(data: Dataset, view: View, guide: Guideline) -> Component | None:
    """Each check's sentence, its verdict in words and its n; last digits against a tenth each."""
    every = pressure.rows(data, "bp_habits", None, None, None)
    shown = [row for row in every if row["sentence"] and _kind(row) and _is_of(row, guide)]
    if not shown:
        return None
    order = list(CHECKS)
    shown.sort(key=lambda row: (order.index(_kind(row)), row["modality"], _side(row) != "systolic", row["item"]))
    groups = [_group(list(rows), view) for _, rows in groupby(shown, lambda row: (_kind(row), row["modality"]))]
    digits = [_digits(view, every, modality) for modality in KINDS if _shares(every, modality, "systolic")]
    parts: list[Any] = [html.P(LEAD, className="method"), html.Div([*digits, *groups], className="habits")]
    return cards.card(TITLE, parts, id="habits")


def _kind(row: Row) -> str:
    return next((kind for kind in CHECKS if row["check"].startswith(kind)), "")


def _side(row: Row) -> str:
    return next((side for side in ("systolic", "diastolic") if row["check"].endswith(side)), "")


def _is_of(row: Row, guide: Guideline) -> bool:
    """Thresholds of other guidelines are looked at when those are chosen."""
    bounds = {"systolic": guide.threshold.systolic_mmhg, "diastolic": guide.threshold.diastolic_mmhg}
    return _kind(row) != "below_threshold" or row["item"] == str(bounds[_side(row)])


def _group(rows: Sequence[Row], view: View) -> Component:
    """The findings of one check; two that say the same are told once."""
    title = CHECKS[_kind(rows[0])] + (f", {KINDS[rows[0]['modality']]}" if rows[0]["modality"] else "")
    once = {row["sentence"]: row for row in reversed(rows)}
    items = Markup().join(_item(row, title, view) for row in reversed(once.values()))
    return html.Div([html.H3(title), Native("ul", items)])


def _item(row: Row, title: str, view: View) -> Markup:
    column = "n" if row["value"] is None else "value"
    keys = {name: row[name] for name in ("check", "modality", "item")}
    where = view.link("/lineage", metric=f"bp_habits.{column}", **keys)
    about = " ".join(part for part in (title, _side(row), row["item"].replace("_", " ")) if part)
    how = tag("a", Markup("how was this computed?") + tag("span", f" ({about})", class_="unseen"), href=where)
    told = tag("span", VERDICTS[row["verdict"]], class_=f"habit habit-{row['verdict']}") + f" {row['sentence']}"
    n = tag("span", f"n = {row['n']:,} {_counted(_kind(row), row['n'])}")
    return tag("li", tag("p", told) + tag("p", Markup(f"{n} · {how}"), class_="chart-note"))


def _counted(kind: str, n: int) -> str:
    what = {"first_of_sitting": "sitting", "missing_mornings": "day", "missing_evenings": "day", "after_pause": "day"}
    return f"{what.get(kind, 'value')}{'' if n == 1 else 's'}"


def _shares(every: Sequence[Row], modality: str, side: str) -> list[Row]:
    """The ten digits; none where there are too few values to look at them."""
    of_kind = [row for row in every if (row["check"], row["modality"]) == (f"last_digit_{side}", modality)]
    return sorted((row for row in of_kind if row["item"]), key=lambda row: row["item"])


def _digits(view: View, every: Sequence[Row], modality: str) -> Component:
    sides = {side: _shares(every, modality, side) for side in ("systolic", "diastolic")}
    n = sides["systolic"][0]["n"]
    columns = [tables.Column("Last digit")]
    columns += [tables.Column(f"{side.title()} values") for side in sides]
    columns += [tables.Column(f"{side.title()} share", "%", 1) for side in sides]
    columns.append(tables.Column("Expected", "%", 1))
    body = [
        (
            top["item"],
            top["count"],
            low["count"],
            *(100 * one["value"] for one in (top, low)),
            100 * top["expected"],
        )
        for top, low in zip(*sides.values(), strict=True)
    ]
    most = max((row for rows in sides.values() for row in rows), key=lambda row: row["value"])
    title = f"Last digits of {n:,} readings, {KINDS[modality]}"
    return charts.chart(
        f"pressure-digits-{modality.replace('_', '-')}",
        title,
        drawn.last_digits(view, sides),
        description=f"Percent of values by last digit, a tenth expected for each; the largest share is "
        f"{100 * most['value']:.0f} % with {most['item']}.",
        table=tables.behind(title, columns, body),
        legend=[
            charts.Key("systolic", "systolic", "square"),
            charts.Key("diastolic", "diastolic", "square"),
            charts.Key("expected: 10 %", "threshold", "dashed"),
        ],
        note="Percent of values that end in each digit.",
        level=3,
    )
