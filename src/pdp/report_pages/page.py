"""A page: HTML with all that it needs inside, and tables with a unit under every head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from pdp import drawing

NONE = "–"
PRIVATE = "Private: this page holds health data. Whoever has the file can read all of it."
# Nothing is fetched and no script runs, whatever a text on the page says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light; }
body { margin: 0; padding: 1rem 1.25rem 3rem; background: #fff; color: #1c2430;
  font: 15px/1.5 Inter, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; overflow-wrap: break-word; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.2; } h2 { margin: 2rem 0 .25rem; font-size: 1.15rem; }
h3 { margin: 1.25rem 0 .25rem; font-size: 1rem; } p { margin: .25rem 0 .5rem; max-width: 46rem; }
.private { padding: .375rem .75rem; border-left: 4px solid #8a3b00; background: #fbf1ea; color: #662200; }
.muted, caption, .unit { color: #5b6573; } .unit { display: block; font-size: .8125rem; font-weight: 400; }
.table-box { width: fit-content; max-width: 100%; max-height: 85vh; overflow: auto; margin: .5rem 0 1rem;
  border: 1px solid #dfe3e8; border-radius: 8px; }
.table-box:focus-visible, .figure:focus-visible, pre:focus-visible, a:focus-visible, summary:focus-visible {
  outline: 3px solid #00705f; outline-offset: 2px; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; font-size: .875rem; }
caption { padding: .375rem .625rem; text-align: left; }
th, td { padding: .25rem .625rem; border-top: 1px solid #dfe3e8; text-align: right; vertical-align: top; }
th, td { white-space: nowrap; } th { font-weight: 600; }
thead th { position: sticky; top: 0; z-index: 1; background: #fff; border-bottom: 1px solid #dfe3e8;
  vertical-align: bottom; }
tbody th { position: sticky; left: 0; background: #fff; } tbody tr:nth-child(even) > * { background: #f6f7f9; }
td.text, th.text { text-align: left; } td.text { min-width: 4rem; max-width: 26rem; white-space: normal; }
tbody th.text { min-width: 6rem; max-width: 20rem; white-space: normal; overflow-wrap: anywhere; }
code { font: .875em ui-monospace, monospace; overflow-wrap: anywhere; } a { color: #00705f; }
pre { max-height: 20rem; overflow: auto; padding: .5rem; border: 1px solid #dfe3e8; border-radius: 6px;
  font-size: .8125rem; }
details { margin: .25rem 0; } summary { cursor: pointer; } svg { display: block; overflow: visible; }
.figure { margin: .5rem 0 1.5rem; overflow-x: auto; } nav a { margin-right: 1rem; }
@media (max-width: 40rem) { body { padding: .75rem .75rem 2rem; } tbody th.text { max-width: 9rem; } }
@page { margin: 12mm; }
@media print {
  body { padding: 0; font-size: 10pt; } pre { max-height: none; white-space: pre-wrap; } nav, .save { display: none; }
  .table-box, .figure { max-width: none; max-height: none; overflow: visible; border: 0; }
  table { font-size: 7.5pt; } th, td { padding: 1pt 2pt; white-space: normal; } .unit { font-size: 6.5pt; }
  .many { font-size: 6.5pt; } tbody th:not(.text), td:not(.text) { white-space: nowrap; }
  thead th, tbody th { position: static; } tr, svg { break-inside: avoid; }
  h2, h3, caption, thead { break-after: avoid; }
  .figure svg { max-width: 100% !important; height: auto; }
}
"""
_MANY_COLUMNS = 14  # of more, a sheet of paper takes the small print
ACROSS = "@page { size: landscape; }"  # style of a page with such a table


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        head, unit: What stands above it.
        tell: The text of a cell, from the row.
        is_text: Set to the left.
    """

    head: str
    unit: str
    tell: Callable[[Mapping[str, Any]], str]
    is_text: bool = False


def document(title: str, lead: str, body: str, style: str = "", note: str = PRIVATE) -> str:
    """A whole page.

    Args:
        title: Its heading.
        lead: What it shows, a sentence or two.
        body: Markup.
        style: CSS beside the page's own.
        note: What whoever holds the page has to know.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{drawing.STYLE}{style}</style></head>\n"
        f'<body><main><h1>{escape(title)}</h1><p>{escape(lead)}</p><p class="private">{escape(note)}</p>\n'
        f"{body}</main></body></html>\n"
    )


def table(caption: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> str:
    """A table whose first column names its row; a sentence where there is no row."""
    if not rows:
        return f"<p>{escape(caption)}: none.</p>"
    heads = "".join(
        f'<th scope="col"{_side(column)}>{escape(column.head)}<span class="unit">{escape(column.unit)}</span></th>'
        for column in columns
    )
    lines = "\n".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    inside = f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody>"
    box = f'<div class="table-box" role="region" aria-label="{escape(caption)}" tabindex="0">'
    many = ' class="many"' if len(columns) > _MANY_COLUMNS else ""
    return f"{box}<table{many}>{inside}</table></div>"


def used(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns that say something in any row."""
    return tuple(column for column in columns if any(column.tell(row) != NONE for row in rows))


def _cells(columns: Sequence[Column], row: Mapping[str, Any]) -> str:
    first, *others = columns
    told = f'<th scope="row"{_side(first)}>{escape(first.tell(row))}</th>'
    return told + "".join(f"<td{_side(column)}>{escape(column.tell(row))}</td>" for column in others)


def _side(column: Column) -> str:
    return ' class="text"' if column.is_text else ""


def figure(svg: str, name: str) -> str:
    """A drawing that a narrow screen scrolls sideways, with the keyboard, too.

    Args:
        svg: Markup.
        name: What those hear who reach it without seeing it.
    """
    return f'<div class="figure" role="region" aria-label="{escape(name)}" tabindex="0">{svg}</div>'


def value(name: str, digits: int = 0) -> Callable[[Mapping[str, Any]], str]:
    """A number with so many digits."""

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(name)
        # Adding 0 takes the sign off a 0 that was rounded from below.
        return NONE if found is None else f"{round(found, digits) + 0:,.{digits}f}".replace("-", "−")

    return tell


def text(name: str) -> Callable[[Mapping[str, Any]], str]:
    """A text as it stands."""

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(name)
        return NONE if found in (None, "") else str(found)

    return tell


def day(name: str) -> Callable[[Mapping[str, Any]], str]:
    """A date as it sorts."""

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(name)
        return found.isoformat() if isinstance(found, date) else NONE

    return tell


def pair(systolic: str, diastolic: str) -> Callable[[Mapping[str, Any]], str]:
    """Blood pressure as it is read: 128/81."""

    def tell(row: Mapping[str, Any]) -> str:
        from pdp.home_bp import whole_mmhg

        high, low = row.get(systolic), row.get(diastolic)
        return NONE if high is None or low is None else f"{whole_mmhg(high)}/{whole_mmhg(low)}"

    return tell


def share(name: str) -> Callable[[Mapping[str, Any]], str]:
    """A share as whole percent."""

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(name)
        return NONE if found is None else f"{found * 100:.0f}"

    return tell


def length(name: str) -> Callable[[Mapping[str, Any]], str]:
    """Minutes as 7:35."""

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(name)
        if found is None:
            return NONE
        hours, minutes = divmod(round(found), 60)
        return f"{hours}:{minutes:02d}"

    return tell


def wall(name: str) -> Callable[[Mapping[str, Any]], str]:
    """Minutes after local midnight, negative on the evening before, as 23:10."""

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(name)
        if found is None:
            return NONE
        hours, minutes = divmod(round(found) % 1440, 60)
        return f"{hours:02d}:{minutes:02d}"

    return tell
