"""The table behind a chart: the same numbers, to read, to hear and to copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any

from dash_app.native import Markup, Native, tag

NO_READING = "no reading"
MOST_BEHIND = 1500  # rows of a table behind a chart: four years of days, a year of the full schedule's readings


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        title: Its head.
        unit: Of its numbers; "" for none.
        decimals: Of its numbers as shown.
        is_text: Whether it is text, set to the left.
    """

    title: str
    unit: str = ""
    decimals: int = 0
    is_text: bool = False


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], ident: str | None = None) -> Native:
    """A table that scrolls sideways within itself; the first cell of a row is its head.

    Args:
        caption: What it shows, from when to when.
        columns: One per cell of a row.
        rows: Cells: numbers, text, Markup (a link), or None, which is written out as "no reading".
        ident: Id of the element around it.
    """
    heads = Markup().join(
        tag("th", Markup(f"{tag('span', column.title)}{_unit(column)}"), scope="col", class_=_side(column))
        for column in columns
    )
    body = Markup().join(tag("tr", Markup().join(_cells(columns, row))) for row in rows)
    inside = Markup().join([tag("caption", caption), tag("thead", tag("tr", heads)), tag("tbody", body)])
    around = {"class": "table", "tabindex": "0", "role": "region", "aria-label": caption}
    return Native("div", tag("table", inside), around, **({"id": ident} if ident else {}))


def behind(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Native:
    """The table of a chart's data, folded away; of very many days the newest, and a word about the others.

    Args:
        title: Of the chart.
        columns: As `table`.
        rows: As `table`, by time where they are many.
    """
    every = list(rows)
    few = every[-MOST_BEHIND:]
    rest = "" if few == every else f"; the newest {len(few):,} of {len(every):,} rows, choose fewer days for the others"
    shown = table(f"{title}{rest}", columns, few)
    region = tag("div", Markup(shown.markup), **shown.attributes)
    summary = tag("summary", Markup(f"Table{tag('span', f' of {title}', class_='unseen')}"))
    return Native("details", Markup(summary + region), {"class": "behind"})


def shown(value: Any, decimals: int = 0) -> str | Markup:
    """A cell's text: a number with its decimals, a day as such, None as "no reading"."""
    if value is None:
        return tag("span", NO_READING, class_="missing")
    if isinstance(value, float):
        return rounded(value, decimals)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, (str, Markup)) else str(value)


def rounded(value: float, decimals: int = 0) -> str:
    """A number with its decimals, halves up as cards and verdicts round: 134.5 is 135."""
    if not isfinite(value):
        return f"{value}"
    # By the decimals that are shown, not by the nearest binary fraction: 0.15 is 0.2. Adding 0 takes the sign off -0.
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0
    return f"{exact:,.{decimals}f}"


def _cells(columns: Sequence[Column], row: Sequence[Any]) -> Iterable[Markup]:
    for at, (column, value) in enumerate(zip(columns, row, strict=True)):
        text = shown(value, column.decimals)
        yield tag("td" if at else "th", text, class_=_side(column), scope=None if at else "row")


def _unit(column: Column) -> Markup:
    return tag("span", f" {column.unit}", class_="unit") if column.unit else Markup()


def _side(column: Column) -> str | None:
    return "text" if column.is_text else None
