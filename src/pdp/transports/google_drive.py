"""Exports in a folder of Google Drive: what an app saved there, what somebody uploaded."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pdp.errors import ConfigError, DocumentPostponedError, GoogleError, SourceUnreachableError
from pdp.google import addresses
from pdp.settings import option, required
from pdp.transports import Document, Listing, unreachable
from pdp.transports.folder import UNFINISHED

if TYPE_CHECKING:
    from pdp.google.drive import Drive

TITLE = "A folder on Google Drive"

MOST_FILES = 50_000  # a wrong folder, such as all of a Drive, is told before it is listed to its end
MOST_DEPTH = 30  # folders in folders; Drive itself allows 100
_FIELDS = "id,name,mimeType,size,md5Checksum,sha256Checksum,modifiedTime,trashed,shortcutDetails(targetId)"
_MOST_DOWNLOADS = 3  # of one file in one run
_NATIVE = "application/vnd.google-apps."
_FOLDER, _SHORTCUT, _SHEET = f"{_NATIVE}folder", f"{_NATIVE}shortcut", f"{_NATIVE}spreadsheet"
_OWN_FAULT = ("not_found", "not_shared", "no_permission")  # of one file; the next may be sound


@dataclass(frozen=True)
class Settings:
    """Which folder, and which of the files below it."""

    folder: str = required(
        "The folder: the address one copies from the browser, its id, or ${VARIABLE} that holds either."
    )
    pattern: str = option("**/*", "Which files below it, as a glob; capital and small letters are the same.")
    recursive: bool = option(True, "Whether to look into the folders below it.")

    def __post_init__(self) -> None:
        addresses.check(self.folder, "folder")
        parts = self.pattern.split("/")
        if "" in parts or ".." in parts or any("**" in part and part != "**" for part in parts):
            what = f'"{self.pattern}" is no pattern for files below the folder.'
            hint = 'Write one such as "*.csv" or "**/*": relative, and ** alone between slashes.'
            raise ConfigError(what, where="pattern", hint=hint)


@dataclass(frozen=True)
class _Listed(Document):
    """A document with its id on Drive, which is written nowhere, and the connection that found it."""

    drive_id: str = field(repr=False, default="")
    drive: Drive | None = field(repr=False, compare=False, default=None)


@dataclass
class _Found:
    """What a walk through the folder has met so far."""

    documents: dict[str, _Listed] = field(default_factory=dict)
    postponed: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def refuse(self, id: str, path: PurePosixPath, why: str) -> None:
        identity = _identity(id)
        self.postponed[identity], self.names[identity] = why, str(path)


def documents(settings: Settings) -> Listing:
    """What is in the folder: trashed, hidden and unfinished files left out, Google's own documents refused.

    Raises:
        SourceUnreachableError: The folder is not there, not shared or none; or Google can't be asked.
    """
    with _told():
        drive = _drive()
        root = addresses.id_of(settings.folder, "folder")
        _check_root(drive, root)
        found = _Found()
        _walk(drive, root, settings, found)
    for identity in found.documents:  # met by one path as a file, by another as what can't be taken
        found.postponed.pop(identity, None)
    ordered = sorted(found.documents.values(), key=lambda document: (document.name, document.id))
    return Listing(tuple(ordered), found.postponed, found.names)


@contextmanager
def fetch(settings: Settings, document: Document) -> Iterator[BinaryIO]:
    """The document's bytes, whole and verified before the first is given.

    Raises:
        DocumentPostponedError: It was changed or is gone since it was listed, or may not be downloaded.
        SourceUnreachableError: Google can't be asked.
    """
    assert isinstance(document, _Listed)
    drive = document.drive
    assert drive is not None
    with TemporaryFile() as stream:
        target = cast(BinaryIO, stream)
        with _told():
            _download(drive, document, target)
        stream.seek(0)
        yield target


def _download(drive: Drive, document: _Listed, target: BinaryIO) -> None:
    """Write the bytes; once more from the start where the line changed some."""
    for left in reversed(range(_MOST_DOWNLOADS)):
        target.seek(0)
        target.truncate()
        try:
            return drive.download(document.drive_id, target, size=document.size, checksum=document.checksum)
        except GoogleError as error:
            _postpone(drive, document, error)
            if error.reason != "damaged_download":
                raise
            if not left:
                what = f"its bytes did not arrive as they are in Drive, {_MOST_DOWNLOADS} times."
                raise DocumentPostponedError(what, hint="It is tried again in the next run.") from None


def _postpone(drive: Drive, document: _Listed, error: GoogleError) -> None:
    """Raise where what went wrong is this one document's matter."""
    if error.reason in _OWN_FAULT:
        what = "it is gone or may no longer be downloaded."
        raise DocumentPostponedError(what, hint=error.hint) from None
    if error.reason == "damaged_download":
        now = drive.get(document.drive_id, _FIELDS)
        if now.get("trashed") or _checksum(now) != document.checksum:
            raise DocumentPostponedError("it was changed while it was read.", hint="It is taken in the next run.")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except GoogleError as error:
        raise unreachable(error) from None


def _drive() -> Drive:
    from pdp.google import credentials, drive  # costs half a second, which a check of the configuration need not pay

    return drive.Drive(credentials.for_sources())


def _check_root(drive: Drive, root: str) -> None:
    found = drive.get(root, "id,mimeType,trashed")
    if found.get("mimeType") != _FOLDER:
        hint = "Set location.folder to the address of the folder that holds it."
        if found.get("mimeType") == _SHEET:
            hint = "Set transport: google_sheets and location: {spreadsheet: ...}."
        raise SourceUnreachableError("location.folder is no folder but a single file.", hint=hint)
    if found.get("trashed"):
        raise SourceUnreachableError("the folder lies in the bin.", hint="Restore it, or set location.folder.")


def _walk(drive: Drive, root: str, settings: Settings, found: _Found) -> None:
    """Every file below the root, breadth first; a folder that two ways lead to is entered once."""
    entered = {root}
    waiting = [(root, PurePosixPath())]
    while waiting:
        folder, at = waiting.pop(0)
        query = f"'{folder}' in parents and trashed = false"
        for listed in sorted(drive.files(query, _FIELDS), key=lambda file: (str(file.get("name")), str(file["id"]))):
            name = _component(str(listed.get("name", "")))
            path = at / name
            if name.startswith((".", "~$", "__MACOSX")) or path.suffix.lower() in UNFINISHED:
                continue
            file = _target(drive, listed, path, settings, found) if listed.get("mimeType") == _SHORTCUT else listed
            if file is None or file.get("trashed"):
                continue
            if file.get("mimeType") != _FOLDER:
                _take(drive, file, path, settings, found)
            elif settings.recursive and file["id"] not in entered and len(path.parts) <= MOST_DEPTH:
                entered.add(file["id"])
                waiting.append((file["id"], path))
        if len(found.documents) > MOST_FILES:
            what = f"more than {MOST_FILES:,} files are in the folder."
            raise SourceUnreachableError(what, hint="Set location.folder to the one with the exports, or a pattern.")


def _component(name: str) -> str:
    """A name as part of a path: Drive allows slashes, and letters composed or not."""
    return unicodedata.normalize("NFC", name).replace("/", "_").replace("\0", "_").strip() or "_"


def _target(
    drive: Drive, shortcut: dict[str, Any], path: PurePosixPath, settings: Settings, found: _Found
) -> dict[str, Any] | None:
    """What a shortcut leads to; None, and why, where that can't be seen."""
    target = str(shortcut.get("shortcutDetails", {}).get("targetId", ""))
    try:
        return drive.get(target, _FIELDS)
    except GoogleError as error:
        if error.reason not in _OWN_FAULT:
            raise
        if _matches(path, settings.pattern):
            found.refuse(target, path, f"it is a shortcut to what is gone or not shared. {error.hint}".strip())
        return None


def _take(drive: Drive, file: dict[str, Any], path: PurePosixPath, settings: Settings, found: _Found) -> None:
    """A file that is no folder: a document, or why it is none."""
    if not _matches(path, settings.pattern):
        return
    kind = str(file.get("mimeType", ""))
    if kind == _SHEET:
        why = "it is a Google Sheet, which has no file: make it a source of its own with transport: google_sheets"
        found.refuse(file["id"], path, why)
    elif kind.startswith(_NATIVE):
        found.refuse(file["id"], path, "it is a document of Google's own, which has no file: download it as one")
    elif "size" not in file or not _checksum(file):
        found.refuse(file["id"], path, "its upload is not finished; it is taken when it is")
    else:
        identity = _identity(file["id"])
        modified = str(file.get("modifiedTime", ""))
        document = _Listed(identity, str(path), int(file["size"]), modified, _checksum(file), file["id"], drive)
        found.documents.setdefault(identity, document)  # of the ways to one file, the shortest names it


def _identity(id: str) -> str:
    return f"file-{addresses.mark(id)}"


def _checksum(file: dict[str, Any]) -> str:
    for algorithm in ("sha256", "md5"):
        if digest := file.get(f"{algorithm}Checksum"):
            return f"{algorithm}:{digest}"
    return ""


def _matches(path: PurePosixPath, pattern: str) -> bool:
    wanted = unicodedata.normalize("NFC", pattern).casefold()
    return _is_match(tuple(part.casefold() for part in path.parts), tuple(wanted.split("/")))


def _is_match(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Part by part; ** stands for any number of folders, also none."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_is_match(parts[skip:], pattern[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and _fits(parts[0], pattern[0]) and _is_match(parts[1:], pattern[1:])


def _fits(part: str, pattern: str) -> bool:
    return re.match(fnmatch.translate(pattern), part) is not None
