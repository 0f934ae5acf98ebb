"""`pdp history` of a reading or of a figure, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pdp.cli import text as cli_text
from pdp.cli.explain_text import local
from pdp.cli.rejected_text import words
from pdp.cli.withheld import WORD
from pdp.discretion import is_discreet
from pdp.lineage.figure_history import FigureHistory, FigureVersion
from pdp.lineage.in_documents import ABSENT, GONE, UNKNOWN, InDocument, Version
from pdp.lineage.one_export import QUARANTINED, UNREAD, Occurrence
from pdp.lineage.reading_history import ReadingHistory
from pdp.lineage.summary import counted

_MOST_NAMES = 4  # in a cell
_SECONDS = 19  # of a stamp in ISO 8601


def of_reading(found: ReadingHistory) -> str:
    """What was seen of a reading, document by document."""
    begun = _first_offset(found)
    when = WORD if is_discreet() else local(found.start_utc, begun)
    lines = [f"{found.measure} of {found.subject}, {when}"]
    for document in found.documents:
        there = "there now" if document.is_there else "not there now"
        name = "a document" if is_discreet() else f'"{document.document}"'
        lines += ["", f"{name} of {document.source} ({counted(document.revisions, 'revision')}, {there})"]
        lines.append(_table(document))
    return "\n".join([*lines, "", _now(found)])


def _first_offset(found: ReadingHistory) -> int | None:
    seen = [version.found for document in found.documents for version in document.versions if version.found]
    return next((one.utc_offset_min for one in seen if one.utc_offset_min is not None), None)


def _table(document: InDocument) -> str:
    rows = []
    before: Occurrence | None = None
    for version in document.versions:
        exports = _few([export[:8] for export in dict.fromkeys(version.exports)])
        numbers = _few([f"{row}" for row in version.rows])
        rows.append([_stamp(version.since), _stamp(version.until), exports, numbers, _said(version, before)])
        before = version.found or before
    table = cli_text.columns(["FIRST SEEN", "LAST SEEN", "EXPORT", "ROW", "WHAT"], rows)
    return "\n".join(f"  {line}" for line in table.splitlines())


def _few(names: Sequence[str]) -> str:
    """All of a few; of many the first and the last, and how many there are (--json has all)."""
    if len(names) > _MOST_NAMES:
        return f"{names[0]} ... {names[-1]} ({len(names):,} in all)"
    return ", ".join(names) or "-"


def _stamp(stamp: str) -> str:
    return f"{stamp[:10]} {stamp[11:_SECONDS]}"  # to the second: edits of one minute are told apart


def _said(version: Version, before: Occurrence | None) -> str:
    if version.what == GONE:
        return "the document was not there"
    if version.what == ABSENT:
        return "deleted: the document no longer has it" if before else "not in the document"
    if version.what == UNKNOWN or version.found is None:
        return "can't be told" if is_discreet() else f"can't be told: {version.note}"
    found = version.found
    if found.fate == UNREAD:
        text = "" if is_discreet() or not found.text else f"  | {' / '.join(found.text.splitlines())}"
        return f"unread, {words(found.reason)}: {found.detail}{text}" if not is_discreet() else "unread"
    fate = f"  (quarantined, {words(found.reason)})" if found.fate == QUARANTINED else ""
    if before is None or not before.values:
        return f"{_values(found.values)}{fate}"
    if before.says_the_same(found):
        return f"again as before{fate}"
    return f"{_changes(before, found)}{fate}"


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items())


def _changes(before: Occurrence, after: Occurrence) -> str:
    names = dict.fromkeys([*before.values, *after.values])
    told = [
        f"{name} {_value(before.values.get(name))} -> {_value(after.values.get(name))}"
        for name in names
        if before.values.get(name) != after.values.get(name)
    ]
    for name in ("start_utc", "end_utc"):
        old, new = getattr(before, name), getattr(after, name)
        if old and old != new:
            told.append(f"{name} {_value(old[:_SECONDS])} -> {_value(new[:_SECONDS])}")
    return ", ".join(told) or f"as before: {_values(after.values)}"


def _value(value: Any) -> str:
    if is_discreet():
        return WORD
    return "empty" if value is None else f"{value:g}" if isinstance(value, float) else f"{value}"


def _now(found: ReadingHistory) -> str:
    if not found.now:
        return "Now: not in the data set."
    names = {
        export: document.document
        for document in found.documents
        for version in document.versions
        for export in version.exports
    }

    def place(export: str, row: int) -> str:
        name = f'"{names[export]}"' if export in names and not is_discreet() else f"export {export[:8]}"
        return f"row {row} of {name}"

    lines = []
    for one in found.now:
        if one.winner is None:
            lines.append(f"Now: counts in the data set, from {place(one.export, one.row)}.")
        else:
            source, export, _, row = one.winner
            why = f"superseded ({words(one.reason)}) by {place(export, row)}, {source}"
            lines.append(f"Now: {place(one.export, one.row)} is {why}.")
    return "\n".join(lines)


def of_figure(found: FigureHistory) -> str:
    """The versions of a figure, changes only."""
    unit = f" in {found.unit}" if found.unit not in ("", "1") else ""
    rows = []
    for one in found.versions:
        last = one.number + one.versions - 1
        number = f"v{one.number}" if last == one.number else f"v{one.number}-v{last}"
        rows.append([number, _stamp(one.seen), _figure(one), _count(one.n), one.run or "-", one.cause])
    head = f"{found.figure} of {found.subject} on {found.day}: {found.title}{unit}"
    table = cli_text.columns(["VERSION", "MADE", "VALUE", "N", "RUN", "CAUSE"], rows, right=(2, 3))
    unknown = any(not one.is_noted and not one.is_erased for one in found.versions)
    note = ["", "?: the change to it, or from it, was not noted."] if unknown else []
    return "\n".join([head, table, *note])


def _figure(one: FigureVersion) -> str:
    if not one.is_noted:
        return "erased" if one.is_erased else "?"
    if not one.is_day:
        return "no such day"
    return "no value" if one.value is None else _value(one.value)


def _count(n: object) -> str:
    return "-" if n is None else WORD if is_discreet() else f"{n}"
