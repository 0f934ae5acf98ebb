"""Which number an address asks for: ?metric=table.column&day=..., or ?table=...&figure=...&day=..., and row keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from dash_app.view import View
from pdp.errors import PdpError
from pdp.lineage.cell import Asked

DAILY, USUAL = "daily", "bp_systolic_mean_mmhg"
OWN = (
    "metric",
    "table",
    "day",
    "since",
    "share",
    "rows",
)  # "figure" is a key of the row where `metric` names the column


def asked(params: Mapping[str, str]) -> Asked:
    """The number.

    Raises:
        PdpError: The day is no date, or the share no number.
    """
    keys = {name: value for name, value in params.items() if name not in OWN}
    if "metric" in params:
        table, _, column = params["metric"].rpartition(".")
    else:
        table, column = params.get("table", DAILY), keys.pop("figure", USUAL)
    day, since = (_day(params.get(name, ""), name) for name in ("day", "since"))
    return Asked(table or DAILY, column, day, keys, since, _share(params.get("share", "")))


def of_day(view: View, column: str, day: date, keys: Mapping[str, str]) -> str:
    """Address of a figure of a day: a column of daily, or "table.column" with the row's keys."""
    return view.link("/lineage", metric=column, day=day, **keys)


def other(view: View, one: Asked, keys: Mapping[str, str]) -> str:
    """Address of the same number in another row of the same day."""
    return view.link("/lineage", metric=f"{one.table}.{one.column}", day=one.day, **(dict(one.keys) | dict(keys)))


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PdpError(f'"{text[:40]}" is no date.', where=name, hint="Write it as 2025-10-06.") from None


def _share(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"[01]|0?\.\d{1,6}", text, re.ASCII):
        raise PdpError(f'"{text[:40]}" is no share.', where="share", hint="Write it as 0.5.")
    return float(text)
