"""Which raw exports an erasure asks for, found by the manifests of a subject's sources and the days of their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pdp.errors import PdpError, nearest
from pdp.forgotten import REDACTED
from pdp.store import read_json, sha256

RAW = Path("resources/raw")
SUFFIX = ".manifest.json"
Place = tuple[str, str]  # source, export
_LEAST_DIGITS = 6  # of a digest, to name an export
_LEAST_NAME = 3  # characters; shorter names of documents are in everything


class ForgetError(PdpError):
    """Nothing was erased: what was asked for is not there, or can't be told apart."""


@dataclass(frozen=True)
class Asked:
    """What a person wants gone: an export or document, a period of local days (both included), all of a subject."""

    subject: str
    what: Literal["export", "period", "subject"]
    export: str = ""
    first: str = ""
    last: str = ""


class Told(NamedTuple):
    """A revision of a document that had an export's bytes, as the manifest tells it. redacted: By which erasure."""

    id: str
    name: str
    checksum: str
    is_present: bool
    first_seen: str
    redacted: str


@dataclass
class Held:
    """An export as the manifests know it."""

    source: str
    name: str
    sha256: str
    documents: list[Told] = field(default_factory=list)


def held_by(folder: Path) -> dict[Place, Held]:
    """Every export that a manifest of the subject names, and those on the disk that none names (of source "")."""
    found: dict[Place, Held] = {}
    for place in sorted(folder.glob(f"*{SUFFIX}")):
        source = place.name.removesuffix(SUFFIX)
        said: dict[str, Any] = read_json(place)
        for document in said["documents"]:
            for revision in document["revisions"]:
                export = found.setdefault(
                    (source, revision["export"]), Held(source, revision["export"], revision["sha256"])
                )
                export.documents.append(
                    Told(
                        str(document["id"]),
                        str(document["name"]),
                        str(revision["checksum"]),
                        bool(document["present"]),
                        str(revision["first_seen"]),
                        str(revision.get(REDACTED, "")),
                    )
                )
    named = {name for _, name in found}
    for place in sorted(folder.glob("[0-9a-f]" * 16)):
        if place.name not in named:
            found["", place.name] = Held("", place.name, sha256(place))
    return found


def named(asked: Asked, held: Mapping[Place, Held]) -> set[Place]:
    """The exports of the document, or of the digits, that are asked for, with every revision of their documents.

    Raises:
        ForgetError: There is none.
    """
    hit = {
        each
        for each, export in held.items()
        if (len(asked.export) >= _LEAST_DIGITS and export.sha256.startswith(asked.export))
        or any(asked.export in (one.id, one.name) for one in export.documents)
    }
    if not hit:
        known = {one.name for export in held.values() for one in export.documents} | {n for _, n in held}
        raise ForgetError(
            f'no export or document is called "{asked.export}".',
            where="--export",
            hint=nearest(asked.export, known),
        )
    return same_documents(held, hit, set(held))


def same_documents(held: Mapping[Place, Held], hit: set[Place], among: set[Place]) -> set[Place]:
    """The hits, and other revisions of their documents: they hold much of the same."""
    ids = {(source, one.id) for source, name in hit for one in held[source, name].documents}
    same = {each for each in among if any((each[0], one.id) in ids for one in held[each].documents)}
    bytes_of = {held[each].sha256 for each in hit | same}
    return {each for each, export in held.items() if each in hit | same or export.sha256 in bytes_of}


def whole_documents(held: Mapping[Place, Held], wanted: set[Place], copied: set[Place]) -> set[Place]:
    """(source, id) of documents of which neither a revision nor a copy stays."""
    going = {(s, d.id) for s, n in wanted for d in held[s, n].documents}
    staying = {(s, d.id) for s, n in (held.keys() - wanted) | copied for d in held[s, n].documents}
    return going - staying


def names_gone(root: Path, subject: str, held: Mapping[Place, Held], whole: set[Place]) -> tuple[str, ...]:
    """What documents of which nothing stays are called, unless one that stays, anybody's, is called so, too."""
    told = [((source, one.id), one) for (source, _), export in held.items() for one in export.documents]
    gone = {text for place, one in told if place in whole for text in (one.id, one.name)}
    stays = {text for place, one in told if place not in whole for text in (one.id, one.name)}
    for place in root.glob(f"{RAW}/*/*{SUFFIX}"):
        if place.parent.name != subject:
            for document in read_json(place)["documents"]:
                stays |= {str(document["id"]), str(document["name"])}
    return tuple(sorted(text for text in gone - stays if len(text) >= _LEAST_NAME))
