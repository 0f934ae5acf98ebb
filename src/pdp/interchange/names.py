"""What things are called outside: stable ids for what we know by ours, and hashes in the place of people's names.

Names of subjects and sources are chosen by the owner, documents and files are named at the source, and all of
them stand in paths. A bare hash of a short name is found by trying names, so the hash is keyed with something that
no export ever holds: the id of this registry's first job, which was drawn at random.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage.model import JobRun, Run

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:pdp:lineage")
_EXPORT = re.compile(r"[0-9a-f]{16}")
# Where a path names a subject, and whether a source follows. What stands nowhere here is not spelt out at all.
_HAS_SOURCE = {"normalized": True, "validated": True, "quarantine": True, "manifests": True}
_HAS_SOURCE |= {"merged": False, "superseded": False, "summary": False, "published": False}


def stable_id(*parts: object) -> str:
    """A UUID that is always the same for the same parts."""
    return str(uuid.uuid5(_SPACE, "\n".join(map(str, parts))))


class Names:
    """How subjects, sources and paths are told.

    Args:
        key: Of the hashes.
        is_discreet: Whether hashes stand in their place.
    """

    def __init__(self, key: bytes, *, is_discreet: bool) -> None:
        self._key = key
        self.is_discreet = is_discreet

    def pseudonym(self, kind: str, name: str) -> str:
        """A hash of a name, such as "subject-1f0c9a52be7d"; the same wherever this registry is told of."""
        digest = hmac.new(self._key, f"{kind}\n{name}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{digest[:12]}"

    def told(self, kind: str, name: str) -> str:
        """The name, or the hash in its place."""
        return self.pseudonym(kind, name) if self.is_discreet else name

    def wildcards(self, values: Mapping[str, object]) -> dict[str, str]:
        """A job's wildcards. Exports (hashes already) and measures name nobody."""
        return {
            name: str(value) if name in ("export", "measure") else self.told(name, str(value))
            for name, value in values.items()
        }

    def path(self, path: str) -> str:
        """An artifact's path; the layer, the export and the program's own file names stay readable."""
        if not self.is_discreet:
            return path
        top, *parts = PurePosixPath(path).parts
        if (top, *parts[:1]) == ("resources", "raw") and len(parts) == 3 and _EXPORT.fullmatch(parts[2]):
            return f"{top}/raw/{self.pseudonym('subject', parts[1])}/{parts[2]}"
        if top == "results" and len(parts) > 2 and parts[0] in _HAS_SOURCE:
            layer, subject, *rest = parts
            told = [top, layer, self.pseudonym("subject", subject)]
            if _HAS_SOURCE[layer]:
                source, *rest = rest
                name = PurePosixPath(source)
                told.append(
                    f"{self.pseudonym('source', name.stem if not rest else source)}{'' if rest else name.suffix}"
                )
            return "/".join([*told, *rest])
        return f"elsewhere/{self.pseudonym('file', path)}"


def of_registry(session: Session, *, is_discreet: bool) -> Names:
    """The names of a registry."""
    # Not a look at a source: those of runs that did nothing may be pruned, and the hashes would be others from then on
    is_poll = JobRun.rule == "ingest"
    first = session.scalar(select(JobRun.id).order_by(is_poll, JobRun.seq, JobRun.id).limit(1))
    first = first or session.scalar(select(Run.id).order_by(Run.seq, Run.id).limit(1))
    return Names((first or "").encode(), is_discreet=is_discreet)
