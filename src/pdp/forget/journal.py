"""What an erasure has begun, so that one that was killed anywhere can be finished: resources/state/forgetting.json.

It names what is to go, so it goes last. While it is there no run starts, and nothing is pulled or pushed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pdp import store
from pdp.forget.plan import Plan
from pdp.forgotten import PERIOD, SUBJECT, Entry, mark
from pdp.run import FORGETTING

T = TypeVar("T")
_LISTS = ("exports", "documents", "versions", "copies", "revisions")


@dataclass(frozen=True)
class Journal:
    """One erasure that has begun.

    Attributes:
        subject: Whose.
        what: export, period or subject.
        first, last: Of a period.
        id: Of the entry in forgotten.json.
        at: When, ISO 8601 UTC.
        secret: Key of what stands in the place of digests in receipts; forgotten with the journal.
        exports: (source, name, sha256) of raw exports that go.
        documents: (source, id) of which nothing stays.
        versions: (source, id, checksum) that are not fetched again.
        names: What stands in receipts and is to be replaced.
        copies: (source, name, sha256, bytes) of exports that go and what a copy without the days is, "" and 0 where
            nothing would be left.
        revisions: (source, id, first_seen, redacted before) of these exports' documents.
        blobs: Ids of all blobs of the state before its commit that lacks what was erased; None before that was seen.
    """

    subject: str
    what: str
    first: str
    last: str
    id: str
    at: str
    secret: str
    exports: tuple[tuple[str, str, str], ...]
    documents: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str, str], ...]
    names: tuple[str, ...]
    copies: tuple[tuple[str, str, str, int], ...] = ()
    revisions: tuple[tuple[str, str, str, str], ...] = ()
    blobs: tuple[str, ...] | None = None

    @property
    def is_subject(self) -> bool:
        """Whether all of the subject goes."""
        return self.what == SUBJECT

    @property
    def erased(self) -> set[tuple[str, str]]:
        """(source, name) of the exports."""
        return {(source, name) for source, name, _ in self.exports}

    @property
    def names_of_exports(self) -> set[str]:
        """Names alone."""
        return {name for _, name, _ in self.exports}

    @property
    def entry(self) -> Entry:
        """What is remembered of it for good."""
        if self.is_subject:  # all is refused, whatever it is
            return Entry(self.id, self.at, self.what)
        documents = () if self.what == PERIOD else self.documents  # days taken out at the source, the rest may come
        cut = {(source, name) for source, name, _, _ in self.copies}
        return Entry(
            self.id,
            self.at,
            self.what,
            self.first,
            self.last,
            tuple(sorted({sha256 for source, name, sha256 in self.exports if (source, name) not in cut})),
            tuple(sorted(mark(self.id, *each) for each in documents)),
            tuple(sorted(mark(self.id, *each) for each in self.versions)),
            tuple(sorted(mark(self.id, *each) for each in self.revisions)),
        )

    def with_more(self, other: Journal) -> Journal:
        """The same, with what another machine added of it meanwhile."""
        return replace(
            self,
            exports=_united(self.exports, other.exports),
            documents=_united(self.documents, other.documents),
            versions=_united(self.versions, other.versions),
            names=_united(self.names, other.names),
            copies=_united(self.copies, other.copies),
            revisions=_united(self.revisions, other.revisions),
        )


def begin(plan: Plan, *, id: str, at: str, secret: str) -> Journal:
    """Of a plan."""
    asked = plan.asked
    about = (asked.subject, asked.what, asked.first, asked.last, id, at, secret)
    return Journal(*about, _exports(plan), plan.documents, plan.versions, plan.names, _copies(plan), plan.revisions)


def read(root: Path) -> Journal | None:
    """What was begun here and is not finished."""
    said: Mapping[str, Any] | None = store.read_json(root / FORGETTING)
    if said is None:
        return None
    lists = {name: tuple(tuple(each) for each in said.get(name, ())) for name in _LISTS}
    blobs = said["blobs"] if said["blobs"] is None else tuple(said["blobs"])
    return Journal(**{**said, **lists, "names": tuple(said["names"]), "blobs": blobs})


def write(root: Path, journal: Journal) -> None:
    """Keep it; it is on the disk when this returns."""
    (root / FORGETTING).parent.mkdir(parents=True, exist_ok=True)
    store.commit_json(root / FORGETTING, asdict(journal))


def end(root: Path) -> None:
    """The erasure is done."""
    from pdp.forget.places import wipe

    wipe(root / FORGETTING)


def _exports(plan: Plan) -> tuple[tuple[str, str, str], ...]:
    return tuple((each.source, each.name, each.sha256) for each in plan.exports)


def _copies(plan: Plan) -> tuple[tuple[str, str, str, int], ...]:
    return tuple((*place, copy.sha256, copy.bytes) for place, copy in plan.copies)


def _united(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*one, *other)))
