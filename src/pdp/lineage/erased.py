"""What was erased at the owner's wish (pdp.forgotten), in words: said in the place of "there is no such thing"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pdp import forgotten
from pdp.errors import RegistryError
from pdp.forgotten import EXPORT, PERIOD, Entry
from pdp.lineage.summary import counted

MARK = "forgotten-"  # digests and export names of the erased begin so in the registry
_MOST = 3
_NAME = re.compile(r"(?<![0-9a-z])[0-9a-f]{8,64}(?![0-9a-z])")


def is_erased(sha256: str) -> bool:
    """Whether a version is of a table that went with an erasure."""
    return sha256.startswith(MARK)


def sentences(root: Path, subject: str, day: str = "") -> list[str]:
    """Erasures of a person, the last ones first; with a local day, only those that may have been of it.

    Args:
        root: The results folder.
        subject: Whose.
        day: ISO 8601.
    """
    entries = [one for one in _entries(root, subject) if not (day and one.what == PERIOD and not _holds(one, day))]
    told = [_told(one, subject) for one in reversed(entries)]
    more = [f"There were {len(told) - _MOST} more erasures before."] if len(told) > _MOST else []
    return [*told[:_MOST], *more]


def hint(root: Path, subject: str, day: str = "") -> str:
    """The same behind an error: " " and the sentences, or ""."""
    return "".join(f" {one}" for one in sentences(root, subject, day))


def refuse(root: Path, dataset: str) -> None:
    """What a dataset's name says of an export that is gone for good.

    Raises:
        RegistryError: The name holds that of an erased export.
    """
    for subject, known in forgotten.every(root.absolute().parent).items():
        for name in _NAME.findall(dataset):
            for entry in known.entries:
                if any(one.startswith(name) or name.startswith(one[:16]) for one in entry.exports):
                    what = (
                        f"export {name[:16]} of {subject} was erased on {entry.day} at the owner's wish (pdp forget)."
                    )
                    raise RegistryError(what, where=dataset, hint="Nothing of it is kept but that it was there.")


def _entries(root: Path, subject: str) -> Iterator[Entry]:
    yield from forgotten.read(root.absolute().parent / "resources/raw" / subject).entries


def _holds(entry: Entry, day: str) -> bool:
    return entry.first <= day <= entry.last


def _told(entry: Entry, subject: str) -> str:
    if entry.what == PERIOD:
        what = f"what was measured from {entry.first} to {entry.last}"
    elif entry.what == EXPORT:
        what = counted(len(entry.exports), "export")
    else:
        what = f"everything of {subject}"
    was = "were" if entry.what == EXPORT and len(entry.exports) != 1 else "was"
    return f"On {entry.day} {what} {was} erased at the owner's wish (pdp forget); nothing of it is kept."
