"""What an erasure would take, found by manifests and tables, shown before anything goes.

Nothing is written into the data set; copies of exports without a period are made in a folder aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pdp.errors import nearest
from pdp.forget import cuts, finding
from pdp.forget import days as local_days
from pdp.forget.finding import RAW, SUFFIX, Asked, ForgetError, Held, Place
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.redaction import Copy
    from pdp.tables.columns import Integers

__all__ = ["RAW", "SUFFIX", "Asked", "Export", "ForgetError", "Plan", "plan"]


@dataclass(frozen=True)
class Export:
    """One raw export that goes.

    Attributes:
        source: Of which.
        name: 16 digits.
        sha256: Whole.
        bytes: Of the raw file; 0 where it is not here.
        documents: What it is called at the source.
        is_at_source: Whether the source still had one of these documents when it was asked last.
        rows: By measure, as far as a table tells.
        quarantined, unread: Rows; None where no table tells.
        days: Local days with rows.
        days_beside: Those of them that lie outside the period asked for, and go with it.
        rows_left: Readings of other days that stay, in a copy of the export.
        undated: Records that go although nobody can tell their day: unread ones, and kinds that are not taken in.
        why_whole: Of an export that days can't be taken out of: why not; else "".
    """

    source: str
    name: str
    sha256: str
    bytes: int
    documents: tuple[str, ...]
    is_at_source: bool
    rows: Mapping[str, int]
    quarantined: int | None
    unread: int | None
    days: int
    days_beside: int
    rows_left: int = 0
    undated: int = 0
    why_whole: str = ""


@dataclass(frozen=True)
class Plan:
    """All that goes.

    Attributes:
        asked: For what.
        exports: Raw exports, with every table made of them alone.
        documents: (source, id) of documents of which nothing stays.
        versions: (source, id, checksum) of what goes as a whole, as the source tells it.
        names: What the documents of which nothing stays are called, for the search in what stays.
        copies: What exports are without the period, by (source, export).
        revisions: (source, id, first_seen, redacted before) of the documents of these exports.
        undated: Exports of which nobody can tell the days: they stay unless they are revisions of a document that goes.
        unread_elsewhere: Rows without a date in exports that stay; a period can't find them.
    """

    asked: Asked
    exports: tuple[Export, ...]
    documents: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str, str], ...]
    names: tuple[str, ...]
    copies: tuple[tuple[tuple[str, str], Copy], ...] = ()
    revisions: tuple[tuple[str, str, str, str], ...] = ()
    undated: tuple[str, ...] = ()
    unread_elsewhere: int = 0

    @property
    def days_beside(self) -> int:
        """Local days outside the period that go with exports that can't be cut."""
        return sum(each.days_beside for each in self.exports)

    @property
    def erased(self) -> set[Place]:
        """(source, export) of all that goes."""
        return {(each.source, each.name) for each in self.exports}


def plan(root: Path, asked: Asked, aside: Path | None = None) -> Plan:
    """Find what goes.

    Args:
        root: The working folder.
        asked: For what.
        aside: Where copies of exports without a period may be made, with tables on the way; without it they go whole.

    Raises:
        ForgetError: No such subject or export; or nothing lies in the period.
    """
    folder = root / RAW / asked.subject
    known = [place.name for place in (root / RAW).glob("*") if place.is_dir()]
    if asked.subject not in known:  # a name, and no path to another folder
        raise ForgetError(
            f'there is no subject "{asked.subject}".', where="--subject", hint=nearest(asked.subject, known)
        )
    held = finding.held_by(folder)
    days = {each: local_days.of_export(root, asked.subject, *each) for each in held}
    undated = {each for each, found in days.items() if found is None}
    cut: dict[Place, Copy | str | None] = {}
    match asked.what:
        case "subject":
            wanted = set(held)
        case "export":
            wanted = finding.named(asked, held)
        case "period":
            cut = cuts.cuts(root, asked, days, aside) if aside else {}
            hit = {each for each, found in days.items() if cuts.touches(asked, found)}
            hit |= {each for each, made in cut.items() if made is not None}
            undated -= cut.keys()
            wanted = finding.same_documents(held, hit, undated)
            if not wanted:
                raise ForgetError(
                    f"nothing of {asked.subject} lies in these days, as far as tables and exports tell.",
                    where="--from/--to",
                    hint=f"{len(undated)} export(s) can't be read or have no tables here." if undated else "",
                )
    copies = {each: made for each, made in sorted(cut.items()) if made is not None and not isinstance(made, str)}
    whole = finding.whole_documents(held, wanted, {each for each, copy in copies.items() if copy.path})
    is_period = asked.what == "period"
    unread = [root / f"results/normalized/{asked.subject}/{s}/{n}/unread.parquet" for s, n in held.keys() - wanted]
    return Plan(
        asked,
        tuple(_export(root, asked, held[each], days[each], cut.get(each)) for each in sorted(wanted)),
        tuple(sorted(whole)),
        tuple(sorted({(s, d.id, d.checksum) for s, n in wanted - copies.keys() for d in held[s, n].documents})),
        finding.names_gone(root, asked.subject, held, whole),
        tuple(copies.items()),
        tuple(sorted({(s, d.id, d.first_seen, d.redacted) for s, n in copies for d in held[s, n].documents})),
        tuple(sorted(f"{source}/{name}" for source, name in undated - wanted)) if is_period else (),
        sum(local_days.rows(table) or 0 for table in unread) if is_period else 0,
    )


def _export(root: Path, asked: Asked, held: Held, days: Integers | None, cut: Copy | str | None) -> Export:
    at = f"{asked.subject}/{held.source}/{held.name}"
    rows = {measure: local_days.rows(root / f"results/normalized/{at}/{measure}.parquet") for measure in MEASURES}
    raw = root / RAW / asked.subject / held.name
    found = days if days is not None else np.array([], np.int64)
    is_whole = cut is None or isinstance(cut, str)
    beside = 0
    if is_whole and asked.what == "period":
        is_in = (found >= local_days.number(asked.first)) & (found <= local_days.number(asked.last))
        beside = int(np.count_nonzero(~is_in))
    return Export(
        held.source,
        held.name,
        held.sha256,
        raw.stat().st_size if raw.is_file() else 0,
        tuple(dict.fromkeys(one.name for one in held.documents)),
        any(one.is_present for one in held.documents),
        {measure: n for measure, n in rows.items() if n},
        local_days.rows(root / f"results/quarantine/{at}.parquet"),
        local_days.rows(root / f"results/normalized/{at}/unread.parquet"),
        len(found),
        beside,
        *((0, 0, cut or "") if cut is None or isinstance(cut, str) else (cut.rows, cut.undated, "")),
    )
