"""What a new export would bring, before anything of it is stored: read, checked, merged and summarized aside.

Everything is done by the stages themselves, in a folder of its own that is gone afterwards. Nothing is written below
results/ or resources/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pdp import formats
from pdp.aside import aside
from pdp.errors import UnreadableExportError
from pdp.export import open_export
from pdp.preview import known as known_of
from pdp.preview import reading
from pdp.preview.configured import Chosen, Owner, choose, owner
from pdp.preview.known import Known, Revision
from pdp.preview.present import Beside, beside
from pdp.preview.reading import Taken
from pdp.preview.shape import Shape, shape
from pdp.vocabulary import MEASURES

__all__ = ["Asked", "Preview", "preview"]

_RAW = "resources"


@dataclass(frozen=True)
class Asked:
    """What is to be previewed.

    Args:
        file: The export.
        root: The results folder.
        configfile: Laid over config/config.yaml, as a run does.
        subject, source, format: Named by the person, else found.
    """

    file: Path
    root: Path
    configfile: Path | None = None
    subject: str | None = None
    source: str | None = None
    format: str | None = None


@dataclass(frozen=True)
class Preview:
    """The answer.

    Attributes:
        kind: "zip" or "file"; "" for one that can't be opened.
        members: Files inside and their unpacked bytes; one named "" for a file.
        looks_like: Formats that recognise it.
        refused: Why nothing of it can be read, as normalize says; "" otherwise.
        is_forgotten: Whether these bytes were erased on purpose.
        chosen: As which source's it was read; None where none could be.
        known: The same bytes, seen before.
        revision: The document at the source that has its name.
        passed_over: Why the source would not take a file of this name; "" if it would.
        taken: Its rows by fate; None where it was not read.
        shapes: What the accepted rows tell, by measure.
        beside: What the merge would make of them; None where these bytes are in the data set already.
    """

    file: str
    sha256: str
    bytes: int
    kind: str
    members: Mapping[str, int]
    looks_like: tuple[str, ...]
    subject: str
    refused: str
    is_forgotten: bool
    chosen: Chosen | None
    known: tuple[Known, ...]
    revision: Revision | None
    passed_over: str
    taken: Taken | None
    shapes: Mapping[str, Shape]
    beside: Beside | None

    @property
    def accepted(self) -> int:
        """Rows that would be taken, of all measures."""
        return sum(self.taken.accepted(measure) for measure in MEASURES) if self.taken else 0

    @property
    def is_current(self) -> bool:
        """Whether the data set holds these bytes already, as this source's."""
        return bool(self.chosen) and any(one.is_current and one.source == self._source for one in self.known)

    @property
    def _source(self) -> str:
        return self.chosen.name if self.chosen else ""


def preview(asked: Asked, say: Callable[[str], None] = lambda _: None) -> Preview:
    """Read the file and compare.

    Args:
        asked: What.
        say: Is told what is being done, in a few words, when that begins.

    Raises:
        PdpError: The configuration can't be used, a name is unknown, or the file changed meanwhile.
    """
    whose = owner(asked.root, asked.configfile, asked.subject)
    data = (asked.root, asked.root.absolute().parent / _RAW)
    with aside(data) as folder:
        before = asked.file.stat()
        say("looking at it")
        sha256 = reading.digest(asked.file)
        link = folder / sha256[:16]
        link.symlink_to(asked.file.absolute())
        kind, members, looks_like, fault = _looked_at(link, whose, asked)
        on_gone = {name: source.on_gone for name, source in whose.person.sources.items()}
        found = known_of.known(whose.manifests.values(), sha256, on_gone)
        erased = whose.forgotten.of_bytes(sha256)
        chosen = None
        if erased:
            fault = f"it was forgotten on {erased.day}, and what was forgotten is not taken in again."
        elif looks_like or asked.source or asked.format:
            chosen = choose(whose, asked.file, looks_like, asked.source, asked.format)
        revision, taken, compared, passed_over = None, None, None, ""
        shapes: dict[str, Shape] = {}
        if chosen:
            passed_over = chosen.would_not_be_taken(asked.file.name)
            revision = known_of.revision(whose.manifests.get(chosen.name), chosen, asked.file, sha256)
            say(f"reading every record as {chosen.settings.format}")
            taken = reading.take(link, whose, chosen, _arrived_ms(found), folder)
            told = {measure: shape(measure, taken.validated(measure)) for measure in MEASURES}
            shapes = {measure: one for measure, one in told.items() if one}
            fault = _refusal(taken)
            if not fault and not any(one.is_current and one.source == chosen.name for one in found):
                say("merging it with what is there")
                compared = beside(asked.root, whose, chosen, taken, revision, folder)
        reading.unchanged(asked.file, before.st_size, before.st_mtime_ns)
        return Preview(
            file=asked.file.name,
            sha256=sha256,
            bytes=before.st_size,
            kind=kind,
            members=members,
            looks_like=looks_like,
            subject=whose.name,
            refused=fault,
            is_forgotten=erased is not None,
            chosen=chosen,
            known=found,
            revision=revision,
            passed_over=passed_over,
            taken=taken,
            shapes=shapes,
            beside=compared,
        )


def _looked_at(link: Path, whose: Owner, asked: Asked) -> tuple[str, dict[str, int], tuple[str, ...], str]:
    """Kind, members, formats that recognise it; and the fault of a file that can't be opened or is nobody's."""
    try:
        with open_export(link, whose.passwords_at_hand(asked.source)) as export:
            members = {member.name: member.size for member in export.members}
            looks_like = tuple(formats.recognise(export))
            fault = "" if looks_like else f"it {formats.unlike(export, '', 'an export of any app that is known')}"
            return export.kind, members, looks_like, fault
    except UnreadableExportError as error:
        return "", {}, (), str(error)


def _refusal(taken: Taken) -> str:
    if taken.tally.unreadable is None:
        return ""
    whole = [example for kind in taken.kinds for example in kind.examples if example.row == 0]
    return whole[0].detail if whole else taken.tally.unreadable


def _arrived_ms(found: tuple[Known, ...]) -> int:
    """When the bytes were first seen: now, for new ones. A reading of after that can't be true."""
    seen = [datetime.fromisoformat(one.first_seen) for one in found]
    return int(min(seen, default=datetime.now(UTC)).timestamp() * 1000)
