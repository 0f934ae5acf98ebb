"""What was forgotten on another machine, as a journal of what that means in this folder."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pdp import forgotten
from pdp.forget import finding, places
from pdp.forget import journal as journals
from pdp.forget.journal import Journal
from pdp.forget.plan import RAW, Asked, ForgetError, Plan, plan
from pdp.forgotten import mark

Findings = tuple[tuple[str, str], ...]  # paths, and what is there


def of_entry(root: Path, subject: str, entry: forgotten.Entry, folder: Path) -> tuple[Journal, Findings]:
    """What an entry of another machine means here: by its digests, with the names that this folder knows.

    Exports of this folder alone that hold the period are cut as well. One that can't be stays, as nobody was asked: its
    path is returned, and why.
    """
    held = finding.held_by(root / RAW / subject)
    going = {
        place
        for place, export in held.items()
        if export.sha256 in entry.exports
        or entry.what == forgotten.SUBJECT
        or any(
            entry.replaced(place[0], one.id, one._asdict()) or mark(entry.id, place[0], one.id) in entry.documents
            for one in export.documents
        )
    }
    whole = finding.whole_documents(held, going, set())
    told = [(place[0], one) for place in sorted(going) for one in held[place].documents]
    versions = {(s, d.id, d.checksum) for s, d in told if mark(entry.id, s, d.id, d.checksum) in entry.versions}
    exports = tuple((source, name, held[source, name].sha256) for source, name in sorted(going))
    journal = replace(
        journals.begin(
            Plan(Asked(subject, "subject"), (), (), (), ()), id=entry.id, at=entry.at, secret=secrets.token_hex(32)
        ),
        what=entry.what,
        first=entry.first,
        last=entry.last,
        exports=exports or tuple(("", sha256[:16], sha256) for sha256 in entry.exports),
        documents=tuple(sorted(whole)),
        versions=tuple(sorted(versions)),
        names=finding.names_gone(root, subject, held, whole),
        revisions=tuple(sorted({(s, one.id, one.first_seen, one.redacted) for s, one in told})),
    )
    if entry.what != forgotten.PERIOD:
        return journal, ()
    uncut: Findings = ()
    with suppress(ForgetError):
        own = plan(root, Asked(subject, "period", "", entry.first, entry.last), folder)
        cut = {place for place, _ in own.copies}
        uncut = tuple(
            (
                f"{RAW}/{subject}/{e.name}",
                f"days that were forgotten; it goes with --whole-exports alone: {e.why_whole}",
            )
            for e in own.exports
            if e.why_whole and e.sha256 not in entry.exports
        )
        gone = finding.whole_documents(held, cut, {place for place, copy in own.copies if copy.path})
        own = replace(
            own,
            exports=tuple(e for e in own.exports if (e.source, e.name) in cut),
            documents=tuple(sorted(gone)),
            names=finding.names_gone(root, subject, held, gone),
            versions=(),
        )
        places.stage_copies(root, own)
        about = {"id": entry.id, "at": entry.at, "secret": journal.secret}
        journal = journal.with_more(journals.begin(own, **about))
    return journal, uncut
