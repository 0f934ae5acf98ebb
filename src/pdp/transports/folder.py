"""Exports in a folder of this machine: loose files, or whole sub-folders taken as one export each."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from pdp.discretion import is_discreet
from pdp.errors import ConfigError, SourceUnreachableError
from pdp.settings import option, required
from pdp.transports import Document, Listing

TITLE = "A folder on this machine"

UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".tmp", ".swp")
BLOCK = 1 << 20


@dataclass(frozen=True)
class Settings:
    """Where the files are."""

    path: str = required("The folder; ~ and ${VARIABLE} are expanded.")
    pattern: str = option("**/*", "Which files (or folders) below it, as a glob.")
    unit: str = option(
        "file",
        "What one export is: each file, or each matching folder with all it holds (an unpacked zip).",
        choices=("file", "folder"),
    )
    settle_s: float = option(2.0, "A file younger than this is looked at again before it is taken.", unit="s")

    def __post_init__(self) -> None:
        if not self.path.strip():
            raise ConfigError("is empty.", where="path", hint="Write the folder that holds the exports.")
        try:
            next(Path(os.devnull).glob(self.pattern), None)  # below it there is nothing to look through
        except (ValueError, NotImplementedError):
            what = f'"{self.pattern}" is no pattern for files below path.'
            hint = 'Write one such as "*.csv" or "**/*": relative, and ** alone between slashes.'
            raise ConfigError(what, where="pattern", hint=hint) from None


def documents(settings: Settings) -> Listing:
    """What is in the folder: hidden and unfinished files left out, files still being copied postponed.

    Raises:
        SourceUnreachableError: The folder is missing or can't be listed.
    """
    root = _root(settings)
    with _told(root):
        found = [path for path in sorted(root.glob(settings.pattern)) if _is_wanted(path, root, settings.unit)]
        before = {path: _stamp(path) for path in found}
        _wait_for_the_youngest(before, settings.settle_s)
        taken, postponed = [], {}
        for path in found:
            identity = path.relative_to(root).as_posix()
            checksum = _checksum(path)
            stamp = _stamp(path)
            if stamp != before[path]:
                postponed[identity] = "it was still being written; it is taken when it has come to rest"
                continue
            modified = datetime.fromtimestamp(stamp[1] / 1e9, UTC).isoformat(timespec="seconds")
            taken.append(Document(identity, path.name, stamp[0], modified, checksum))
    return Listing(tuple(taken), postponed)


@contextmanager
def fetch(settings: Settings, document: Document) -> Iterator[BinaryIO]:
    """The document's bytes; a folder as an uncompressed zip whose bytes depend on its content alone."""
    path = _root(settings) / document.id
    with ExitStack() as stack:
        with _told(path):  # not the yield: what the reader does wrong is not the source's fault
            if settings.unit == "file":
                stream: BinaryIO = stack.enter_context(path.open("rb"))
            else:
                if not path.is_dir():
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
                stream = cast(BinaryIO, stack.enter_context(TemporaryFile()))
                _pack(path, stream)
                stream.seek(0)
        yield stream


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Faults of the operating system as a sentence."""
    try:
        yield
    except OSError as error:
        raise SourceUnreachableError(
            f"{_shown(error.filename or path)} can't be read ({error.strerror or type(error).__name__}).",
            hint="Check that it is there and that you may read it (location.path).",
        ) from error


def _shown(path: object) -> str:
    """A path, unless what is printed may be read by anyone."""
    return "(of location.path)" if is_discreet() else str(path)


def _root(settings: Settings) -> Path:
    expanded = os.path.expandvars(settings.path)
    if "${" in expanded:
        raise SourceUnreachableError(
            f"a variable in {settings.path} is not set.", hint="Set it in the environment or write the path out."
        )
    try:
        root = Path(expanded).expanduser()
    except RuntimeError:
        who = expanded.partition("/")[0]
        raise SourceUnreachableError(
            f"there is no home folder {who}.", hint="Write the path out, or ~ alone for your own."
        ) from None
    if not root.is_dir():
        raise SourceUnreachableError(
            f"there is no folder {_shown(root)}.",
            hint="Create it, mount it, or set location.path to where the exports are.",
        )
    return root


def _is_wanted(path: Path, root: Path, unit: str) -> bool:
    is_kind = path.is_file() if unit == "file" else path.is_dir()
    relative = path.relative_to(root)
    is_hidden = any(part.startswith((".", "~$", "__MACOSX")) for part in relative.parts)
    return is_kind and not is_hidden and path.suffix.lower() not in UNFINISHED


def _stamp(path: Path) -> tuple[int, int]:
    """Bytes and newest modification time in ns, of the file or of everything in the folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    status = [each.stat() for each in files]
    return sum(each.st_size for each in status), max((each.st_mtime_ns for each in status), default=0)


def _wait_for_the_youngest(stamps: dict[Path, tuple[int, int]], settle_s: float) -> None:
    """A file being copied looks whole at every instant; two looks `settle_s` apart tell.

    One wait for all, and none where nothing is young. A time in the future counts as young.
    """
    newest = max((modified for _, modified in stamps.values()), default=0)
    age_s = time.time() - newest / 1e9
    if age_s < settle_s:
        time.sleep(min(settle_s, settle_s - age_s))


def _checksum(path: Path) -> str:
    if path.is_file():
        with path.open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    sink = _HashingSink()
    _pack(path, sink)
    return f"sha256:{sink.digest.hexdigest()}"


class _HashingSink(io.RawIOBase):
    """Write-only, so that zipfile streams into it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self.digest.update(view)
        return view.nbytes


class _Unseekable(io.RawIOBase):
    """Makes zipfile write the same bytes to a file as to a hash."""

    def __init__(self, target: io.IOBase) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._target.write(data)  # type: ignore[no-any-return]


def _pack(folder: Path, target: object) -> None:
    stream = target if isinstance(target, _HashingSink) else _Unseekable(target)  # type: ignore[arg-type]
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(each for each in folder.rglob("*") if _is_wanted(each, folder, "file")):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            with path.open("rb") as source, archive.open(entry, "w") as member:
                while block := source.read(BLOCK):
                    member.write(block)
