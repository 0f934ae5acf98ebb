"""`pdp rejected` in words: what was not taken, counted by reason, then row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from pdp.cli import text as cli_text
from pdp.cli.explain_text import local, pairs
from pdp.discretion import is_discreet
from pdp.lineage.rejects import QUARANTINED, UNREAD, Answer, Kind, Rejected
from pdp.lineage.summary import counted

MOST = 5  # rows of each kind that people are shown
_MEANING = {
    QUARANTINED: "read, but impossible or in contradiction with itself",
    UNREAD: "no reading could be made of the record",
}


def text(answer: Answer, most: int) -> str:
    """The answer for people."""
    counts = {fate: sum(kind.count for kind in answer.kinds if kind.fate == fate) for fate in (QUARANTINED, UNREAD)}
    lines = [*_left_out(answer)]
    if not answer.kinds:
        return "\n".join(["Nothing was rejected: every row was taken.", *lines])
    told = [f"{counted(counts[fate], 'row')} {fate} ({_MEANING[fate]})" for fate in counts if counts[fate]]
    lines = [f"{'; '.join(told)}.", *lines, ""]
    rows = [
        [f"{kind.count:,}", kind.fate, f"{kind.subject}/{kind.source}", kind.measure or "-", words(kind.reason)]
        for kind in answer.kinds
    ]
    lines.append(cli_text.columns(["ROWS", "FATE", "SOURCE", "MEASURE", "WHY"], rows, right=(0,)))
    for kind in answer.kinds if most and not is_discreet() else ():
        shown = [row for row in answer.rows if _kind(row) == _kind(kind)]
        lines += ["", f"{kind.subject}/{kind.source}, {kind.fate}: {words(kind.reason)} {_of(kind)}".rstrip()]
        for row in shown:
            lines += _row(row)
        if kind.count > len(shown):
            lines.append(f"  and {kind.count - len(shown):,} more (--most {kind.count} shows them)")
    return "\n".join(lines)


def words(code: str) -> str:
    """A rule's or reason's name as words."""
    return code.replace("_", " ")


def _left_out(answer: Answer) -> Iterator[str]:
    if answer.without_measure:
        number = counted(answer.without_measure, "unread row")
        yield f"{number} not shown: what could not be read belongs to no measure. Ask without --measure."


def _kind(one: Kind | Rejected) -> tuple[str, ...]:
    return one.fate, one.subject, one.source, one.measure, one.reason


def _of(kind: Kind) -> str:
    return f"({kind.measure})" if kind.measure else ""


def _row(row: Rejected) -> Iterator[str]:
    inside = f", {PurePosixPath(row.member).name}" if row.member else ""  # --json has the whole path
    record = f"row {row.row:,}" if row.row else "the whole file" if row.member else "the whole export"
    when = f"{local(row.start_utc, row.utc_offset_min)}  " if row.start_utc else ""
    yield f"  {when}{_document(row)}{inside}, {record}"
    if row.detail:
        about = " ".join(part for part in (row.column, row.value) if part)
        yield f"      {f'{about}: ' if about else ''}{row.detail}"
    if row.values:
        yield f"      {pairs(row.values)}"
    if row.text:
        yield f"      | {row.text.replace(chr(10), ' / ')}"


def _document(row: Rejected) -> str:
    return f'"{row.document}"' if row.document else f"export {row.export}"
