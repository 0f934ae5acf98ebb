"""What the back ends in Google Drive share: files read whole and checked, faults told as faults of the state."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pdp.errors import GoogleError, StateError
from pdp.google import credentials
from pdp.google.content import CHECKSUM_FIELDS
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
        GoogleError: not_found: there is no such file. And the like.
        StateError: In the trash, larger than such a file can be, or Drive knows of it and does not give its content.
    """
    for read in range(1, _MOST_READS + 1):
        about = drive.get(id, f"{CHECKSUM_FIELDS},trashed")
        if about.get("trashed"):
            raise refuse_trashed(what)
        if not (checksum := checksum_of(about)):
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
            drive.download(id, target, size=size, checksum=checksum)
        except GoogleError as error:
            # It was changed between the two requests, or the line flipped a bit: both are gone the next time. A content
            # that is not there of a file that is there is a fault of Drive's, and never taken for "no such file".
            if error.reason not in ("damaged_download", "not_found"):
                raise
            if read == _MOST_READS:
                if error.reason == "damaged_download":
                    raise
                raise StateError(
                    f"Google Drive knows {what}, but does not give its content.",
                    where=WHERE,
                    hint="Try again in some minutes. It is not taken for missing, and nothing was written.",
                ) from None
        else:
            return target.getvalue()
    raise AssertionError("the last read returns or raises")


def checksum_of(about: Mapping[str, Any]) -> str:
    """What a file's content is checked against, by its fields: SHA-256, else MD5, "" where Drive has neither."""
    for algorithm in ("sha256", "md5"):
        if found := about.get(f"{algorithm}Checksum"):
            return f"{algorithm}:{str(found).lower()}"
    return ""


def sha256_of(drive: Drive, id: str, about: Mapping[str, Any]) -> str:
    """SHA-256 in hex of a file with these fields: as Drive tells it, else measured by fetching the file.

    Raises:
        GoogleError: It can't be fetched, or has another MD5 than Drive tells.
    """
    checksum = checksum_of(about)
    if checksum.startswith("sha256:"):
        return checksum.removeprefix("sha256:")
    meter = _Meter()
    drive.download(id, meter, size=int(about.get("size", 0)), checksum=checksum)
    return meter.digest.hexdigest()


class _Meter(io.BytesIO):
    """A stream that keeps nothing but the digest of what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return len(data)
