"""What the back ends in Google Drive share: files read whole and checked, faults told as faults of the state."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from pdp.errors import GoogleError, StateError
from pdp.google import credentials
from pdp.google.drive import Drive
from pdp.state.backends import Step

WHERE = "the state in Google Drive"  # no id: what is printed may be public
_MAX_DOCUMENT_BYTES = 64 << 20  # of a commit, keyring or head, which are some kB; a limit to what is taken into memory
_MOST_READS = 5  # of a file that is being changed while it is read


@contextmanager
def told() -> Iterator[None]:
    """Google's faults as StateError."""
    try:
        yield
    except GoogleError as error:
        raise StateError(error.what, where=WHERE, hint=error.hint) from error


@contextmanager
def stepped(step: Step, what: str) -> Iterator[None]:
    """Around a request."""
    step(f"before {what}")
    yield
    step(f"after {what}")


def open_drive() -> Drive:
    """Drive, as whoever keeps the state."""
    with told():
        return Drive(credentials.for_state())


def refuse_trashed(what: str) -> StateError:
    """The error for something that lies in the bin."""
    return StateError(
        f"{what} is in the trash.",
        where=WHERE,
        hint='Open Google Drive, Trash, choose "Restore" (within 30 days), then try again. Nothing was written.',
    )


def read_whole(drive: Drive, id: str, what: str) -> bytes:
    """The bytes of a small file.

    Args:
        drive: Who reads.
        id: Of the file.
        what: It, as a noun for people.

    Raises:
        GoogleError: not_found and the like.
        StateError: In the trash, or larger than such a file can be.
    """
    for read in range(1, _MOST_READS + 1):
        about = drive.get(id, "size,sha256Checksum,trashed")
        if about.get("trashed"):
            raise refuse_trashed(what)
        if "sha256Checksum" not in about:
            raise StateError(
                f"{what} is no plain file.",
                where=WHERE,
                hint="A Google document or a folder has its name or place; it must be an uploaded file.",
            )
        size = int(about.get("size", 0))
        if size > _MAX_DOCUMENT_BYTES:
            raise StateError(f"{what} is larger than it can be.", where=WHERE, hint="Something was put in its place.")
        target = io.BytesIO()
        try:
            drive.download(id, target, size=size, checksum=f"sha256:{about['sha256Checksum']}")
        except GoogleError as error:
            # Either it was changed between the two requests, or the line flipped a bit: both are gone the next time.
            if error.reason != "damaged_download" or read == _MOST_READS:
                raise
        else:
            return target.getvalue()
    raise AssertionError("the last read returns or raises")
