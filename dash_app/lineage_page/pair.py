"""Blood pressure is read as a pair: from the one number to the other."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app.native import Markup, Native, tag
from dash_app.view import View
from pdp.lineage.number import Number

SIDES = ("systolic", "diastolic")
IN_KEYS = ("figure", "check")  # tables with a row per figure name the side there


def links(number: Number, view: View) -> list[Component]:
    """ "systolic | diastolic", the one that is shown without a link; nothing for numbers that are no pair."""
    shown = Markup()
    for at, side in enumerate(SIDES):
        where = _where(number, view, side)
        if where is None:
            return []
        shown += Markup(" | " if at else "")
        shown += tag("strong", side, aria_current="true") if where == "" else tag("a", side, href=where)
    return [Native("p", Markup("The pair: ") + shown, {"class": "others"})]


def _where(number: Number, view: View, side: str) -> str | None:
    """Address of that side of the pair; "" where it is the one shown, None where there is none."""
    asked = number.asked
    found = next((one for one in SIDES if one in asked.column), None)
    if found is not None:
        column = asked.column.replace(found, side)
        keys = dict(asked.keys)
        known = column in number.row
    else:
        told = {name: str(number.row.get(name) or "") for name in IN_KEYS if name in number.row}
        found = next((one for value in told.values() for one in SIDES if one in value), None)
        if found is None:
            return None
        column = asked.column
        keys = dict(asked.keys) | {name: value.replace(found, side) for name, value in told.items()}
        swapped = {value.replace(found, side) for value in told.values()}
        known = side == found or any(swapped & set(other.values()) for other in number.others)
    if side == found:
        return ""
    if not known:
        return None
    since = {"since": asked.since} if asked.since else {}
    return view.link("/lineage", metric=f"{asked.table}.{column}", day=asked.day, **since, **keys)
