"""A table that a page hands out as CSV: inside the page itself, so that nothing has to lie beside it."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import pyarrow as pa

from pdp.publish import sheet

_PLAIN = " ,:;/?()'*!+="  # may stand as they are in an address that stands in quotes


def link(name: str, table: pa.Table, about: str = "") -> str:
    """A link that saves the table as a file.

    Args:
        name: Of the file, without its suffix.
        table: All that is to be in it; columns by the names that programs know.
        about: What is told behind the counts.
    """
    address = "data:text/csv;charset=utf-8," + quote(sheet.data(table), safe=_PLAIN)
    counts = f"{len(table):,} {'row' if len(table) == 1 else 'rows'}, {table.num_columns} columns"
    file = escape(f"{name}.csv")
    more = f"; {escape(about)}" if about else ""
    return (
        f'<p class="save"><a download="{file}" href="{escape(address)}">Save as CSV</a> '
        f'<span class="muted">{file}: {counts}{more}</span></p>'
    )
