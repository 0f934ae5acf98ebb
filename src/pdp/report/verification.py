"""Is a printed report what was made here, and is it of the data as they are now?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pdp.errors import PdpError
from pdp.report import document, model
from pdp.report.sheet import Marks

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FACTS = "report.json"
KEY = "keys/report_pdf.json"
_PACKET = re.compile(rb"<\?xpacket begin=.*?<\?xpacket end=", re.DOTALL)
_MARK = re.compile(re.escape(document.MARK).encode() + rb"([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Recorded:
    """A version of a dataset in the registry, and the run that made it first ("" where none is on record)."""

    path: str
    number: int
    newest: int
    run: str
    seen: str


@dataclass(frozen=True)
class Verdict:
    """What is known of a report.

    Attributes:
        sha256: Of the file.
        data_sha256: Of the facts that the file says it was made from.
        bytes_are: recorded (a job made them), reprinted (printing the same facts now gives them), other (it gives
            others), or unknown (the facts are not here, or nothing can be printed here).
        file: The version that a job made, where these are its bytes.
        data: The version of the facts.
        is_current: The facts are the newest on record, and the file with them is as it was.
    """

    sha256: str
    data_sha256: str
    bytes_are: Literal["recorded", "reprinted", "other", "unknown"]
    file: Recorded | None
    data: Recorded | None
    is_current: bool

    @property
    def is_genuine(self) -> bool:
        """Made from data on record, and not a byte of it altered."""
        return self.bytes_are in ("recorded", "reprinted") and self.data is not None


def data_sha256(pdf: bytes) -> str:
    """The digest of the facts that a report names; "" of a file that names none."""
    found = _PACKET.search(pdf)
    mark = _MARK.search(found[0]) if found else None
    return mark[1].decode() if mark else ""


def verify(session: Session, root: Path, path: Path) -> Verdict:
    """Hold a report against the registry and the results.

    Args:
        session: Of the registry.
        root: The results folder.
        path: The PDF, wherever it lies.

    Raises:
        PdpError: It can't be read, or is no report of this program.
    """
    try:
        pdf = path.read_bytes()
    except OSError as error:
        raise PdpError(f"can't be read: {error.strerror}.", where=str(path), hint="Name a report as PDF.") from error
    named = data_sha256(pdf)
    if not named:
        raise PdpError(
            "names no data that it was made from.",
            where=str(path),
            hint="Only reports that `snakemake report` or the dashboard printed do; saving one anew may take it out.",
        )
    digest = hashlib.sha256(pdf).hexdigest()
    file = _recorded(session, digest, "results/published/")
    data = _recorded(session, named, "results/summary/")
    facts = _facts(root, named)
    state: Literal["recorded", "reprinted", "other", "unknown"] = "recorded"
    if file is None:
        state = _printed_again(pdf, facts, named, root) if facts is not None else "unknown"
    is_current = data is not None and data.number == data.newest and facts is not None
    return Verdict(digest, named, state, file, data, is_current)


def _recorded(session: Session, sha256: str, layer: str) -> Recorded | None:
    """The newest version with these bytes, of any subject."""
    from sqlalchemy import select

    from pdp.lineage import queries
    from pdp.lineage.model import Dataset, DatasetVersion

    query = select(Dataset.path).join(DatasetVersion).where(DatasetVersion.sha256 == sha256)
    for path in sorted(set(session.scalars(query))):
        made = [each for each in queries.versions(session, path) if each.made_by is not None]
        version = next((each for each in reversed(made) if each.sha256 == sha256), None)
        if path.startswith(layer) and version is not None:
            makers = queries.makers(session, version)
            run = (makers[0].run_id or "") if makers else ""
            return Recorded(path, version.number, made[-1].number, run, version.seen)
    return None


def _facts(root: Path, sha256: str) -> bytes | None:
    """The facts with this digest, if they are those of a subject now."""
    for path in sorted(root.glob(f"summary/*/{FACTS}")):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
    return None


def _printed_again(pdf: bytes, facts: bytes, named: str, root: Path) -> Literal["reprinted", "other", "unknown"]:
    """Print the facts as the dashboard and as the rule would, under each guideline, and compare."""
    try:
        is_same = any(document.print_pdf(*way) == pdf for way in _ways(model.parse(facts), named, root))
    except PdpError:  # no Pango on this system
        return "unknown"
    return "reprinted" if is_same else "other"


def _ways(facts: model.Facts, named: str, root: Path) -> Iterator[tuple[model.Facts, Marks]]:
    from pdp.home_bp import guidelines

    key = root / KEY
    codes = ["", *([hashlib.sha256(key.read_bytes()).hexdigest()] if key.is_file() else [])]
    for guideline in sorted(guidelines(), key=lambda name: name != facts.guideline):
        for code in codes if guideline == facts.guideline else codes[:1]:
            yield replace(facts, guideline=guideline), Marks(named, code)
