"""What became of every row: the proof by source and by measure, and what was not taken, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pdp import drawing, in_words, tables
from pdp.drawing import fates
from pdp.report_pages import csv_link
from pdp.report_pages import page as pages
from pdp.report_pages.page import Column, text, value

_FATES = ("accepted", "duplicate", "superseded", "quarantined", "unread")


def page(account: Mapping[str, Any], quarantine: Iterable[Path], unread: Iterable[Path]) -> str:
    """The proof in numbers, and drawn."""
    total = account["total"]
    verdict = (
        f"{total['read']:,} rows were read, and every one of them has a place in this table."
        if account["is_conserved"]
        else "The account does not balance: rows were lost. The run that made it has failed."
    )
    columns = (
        Column("Source", "", text("name"), is_text=True),
        Column("Read", "rows", value("read")),
        Column("= accepted", "rows", value("accepted")),
        Column("+ duplicate", "rows", value("duplicate")),
        Column("+ superseded", "rows", value("superseded")),
        Column("+ quarantined", "rows", value("quarantined")),
        Column("+ unread", "rows", value("unread")),
        Column("Balances", "", lambda row: "yes" if row["read"] == sum(row[f] for f in _FATES) else "NO", is_text=True),
    )
    by_source = [{"name": name, **counts} for name, counts in account["sources"].items()]
    by_measure = [{"name": name.replace("_", " "), **counts} for name, counts in account["measures"].items()]
    of_measure = (Column("Measure", "", text("name"), is_text=True), *columns[1:])
    graph = fates.of_account(account)
    counted = [("source", row) for row in by_source] + [("measure", row) for row in by_measure]
    fates_of = [
        {"of": kind, "name": row["name"], "read": row["read"], **{fate: row[fate] for fate in _FATES}}
        for kind, row in counted
    ]
    body = (
        f"<p><strong>{verdict}</strong></p>"
        + csv_link.link(f"rows-{account['subject']}", pa.Table.from_pylist(fates_of))
        + pages.table("By source", columns, [*by_source, {"name": "all", **total}])
        + pages.table("By measure, of what could be read", of_measure, by_measure)
        + f"<h2>The way of the rows</h2>{pages.figure(drawing.svg(graph), graph.title)}"
        + f"<h2>What was not taken, by reason</h2>{_reasons(quarantine, unread)}"
        + "<p>Row by row, with file and record: <code>pdp rejected</code>.</p>"
        + f"<h2>What was not chosen, by reason</h2>{_not_chosen(account)}"
    )
    lead = (
        "A row that was read is accepted, a duplicate of one, superseded by another device's or a later one, "
        "quarantined because it is impossible, or unread because no rule could read it."
    )
    return pages.document(f"What became of every row: {account['subject']}", lead, body)


def _reasons(quarantine: Iterable[Path], unread: Iterable[Path]) -> str:
    found: Counter[tuple[str, ...]] = Counter()
    for path in quarantine:
        for (source, measure, rule), count in tables.count_by(path, "source", "measure", "rule").items():
            found["quarantined", source, measure, rule] += count
    for path in unread:
        for (source, reason), count in tables.count_by(path, "source", "reason").items():
            found["unread", source, "", reason] += count
    rows = [
        {
            "fate": fate,
            "source": source,
            "measure": measure.replace("_", " "),
            "reason": in_words.reason(reason),
            "count": count,
        }
        for (fate, source, measure, reason), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]
    columns = (
        Column("Reason", "", text("reason"), is_text=True),
        Column("Fate", "", text("fate"), is_text=True),
        Column("Source", "", text("source"), is_text=True),
        Column("Measure", "", text("measure"), is_text=True),
        Column("Rows", "n", value("count")),
    )
    if not rows:
        return pages.table("Rows that were not taken", columns, rows)
    saved = csv_link.link("not-taken", pa.Table.from_pylist(rows))
    return saved + pages.table("Rows that were not taken", columns, rows)


def _not_chosen(account: Mapping[str, Any]) -> str:
    rows = [
        {"name": name, "reason": in_words.reason(reason), "count": count}
        for name, counts in account["sources"].items()
        for reason, count in counts["superseded_by_reason"].items()
    ]
    columns = (
        Column("Source", "", text("name"), is_text=True),
        Column("Reason", "", text("reason"), is_text=True),
        Column("Rows", "n", value("count")),
    )
    saved = csv_link.link("not-chosen", pa.Table.from_pylist(rows)) if rows else ""
    return saved + pages.table("Rows superseded", columns, rows)
