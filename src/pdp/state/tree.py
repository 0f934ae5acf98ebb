"""What a state holds: every file that travels, with its digest and time, and the sealed blob it lies in.

A tree is one JSON document that is sealed like any blob. Small files that change together share a blob, a
pack; a raw export is a blob of its own. What a tree says is believed only after `read` has checked it: its
paths come from outside and decide where a pull writes.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pdp.errors import StateError
from pdp.state.backends import Blob

FORMAT = 2  # 1: of before something could be forgotten; still written where nothing was
Kind = Literal["raw", "source", "forgotten", "receipts", "registry", "glance", "derived"]

REGISTRY = "results/lineage.sqlite"
GLANCE = "results/pipeline_state.json"
METADATA = ".snakemake/metadata"
DERIVED = ("manifests", "keys", "normalized", "validated", "quarantine", "merged", "superseded", "summary", "history")
_NAME = r"[a-z0-9][a-z0-9_-]*"  # a subject or a source, as the rules' wildcards have it
_FILE = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PATHS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("raw", re.compile(rf"resources/raw/{_NAME}/[0-9a-f]{{16}}")),
    ("source", re.compile(rf"resources/raw/{_NAME}/{_NAME}\.manifest\.json")),
    ("forgotten", re.compile(rf"resources/raw/{_NAME}/forgotten\.json")),
    ("receipts", re.compile(r"results/receipts/(?:\d{4}-\d\d|undated)\.jsonl")),
    ("registry", re.compile(re.escape(REGISTRY))),
    ("glance", re.compile(re.escape(GLANCE))),
    ("derived", re.compile(rf"results/(?:{'|'.join(DERIVED)})(?:/{_FILE})+")),
    ("derived", re.compile(rf"{re.escape(METADATA)}(?:/@[A-Za-z0-9_=-]+)*/[A-Za-z0-9_=-]+")),
)
_HEX = re.compile(r"[0-9a-f]{64}")
_PER_EXPORT = re.compile(r"results/(?:normalized|validated|quarantine)/([^/]+/[^/]+/[^/.]+)(?:[/.].*)?")
_PER_SUBJECT = re.compile(r"results/(merged|superseded|summary)/([^/]+)/.*")


@dataclass(frozen=True)
class File:
    """One file: size in bytes, SHA-256, time in ns since 1970, and the name of its blob ("" while it has none)."""

    path: str
    bytes: int
    sha256: str
    mtime_ns: int
    blob: str = ""


@dataclass(frozen=True)
class Sealed(Blob):
    """A blob that files of the tree lie in; a pack of several, or one as it stands."""

    is_pack: bool = False


@dataclass(frozen=True)
class Tree:
    """All files by path, all blobs by their keyed name."""

    files: Mapping[str, File] = field(default_factory=dict)
    blobs: Mapping[str, Sealed] = field(default_factory=dict)

    def of(self, *kinds: Kind) -> dict[str, File]:
        """The files of some kinds."""
        return {path: file for path, file in self.files.items() if kind_of(path) in kinds}

    def contents(self) -> dict[str, str]:
        """What is in it, times and blobs left out: digest by path."""
        return {path: file.sha256 for path, file in self.files.items()}

    def write(self) -> bytes:
        """The document; the same bytes for the same tree."""
        files = [[f.path, f.bytes, f.sha256, f.mtime_ns, f.blob] for _, f in sorted(self.files.items())]
        blobs = {name: asdict(blob) for name, blob in sorted(self.blobs.items())}
        format = FORMAT if self.of("forgotten") else 1  # an older program would bring back what was forgotten
        return json.dumps({"pdp_tree": format, "files": files, "blobs": blobs}, separators=(",", ":")).encode()


def kind_of(path: str) -> Kind | None:
    """What a path is, or None for what does not travel: logs, benchmarks, locks, what is staged."""
    if path.endswith(".tmp"):
        return None
    return next((kind for kind, pattern in _PATHS if pattern.fullmatch(path)), None)


def unit_of(path: str) -> str:
    """What a file changes together with; a unit is one blob. Snakemake's record of a file goes with that file."""
    if path.startswith(f"{METADATA}/"):
        path = recorded(path) or "results/keys"
    if kind_of(path) in ("raw", "receipts", "registry"):
        return path
    if match := _PER_EXPORT.fullmatch(path):
        return f"tables/{match[1]}"
    if match := _PER_SUBJECT.fullmatch(path):
        return f"{'summary' if match[1] == 'summary' else 'merged'}/{match[2]}"
    return "small" if kind_of(path) == "derived" else "sources"


def is_alone(path: str) -> bool:
    """Whether a file is a blob as it stands, not a member of a pack."""
    return kind_of(path) in ("raw", "receipts", "registry")


def read(data: bytes) -> Tree:
    """A tree from its document.

    Raises:
        StateError: It is of a newer program, damaged, or names a place that a state has no business in.
    """
    try:
        document = json.loads(data)
        version = document["pdp_tree"]
        if type(version) is not int or version < 1:
            raise ValueError("format")
        if version > FORMAT:
            raise StateError(
                f"its list of files has format {version}, this program knows {FORMAT}.",
                where="state",
                hint="Update pdp on this machine (git pull, then install again).",
            )
        blobs = {str(name): _sealed(value) for name, value in document["blobs"].items()}
        files = [_file(entry) for entry in document["files"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(f"can't be read ({type(error).__name__})") from None
    _check(files, blobs)
    return Tree({file.path: file for file in files}, blobs)


def _sealed(value: Mapping[str, Any]) -> Sealed:
    sealed = Sealed(str(value["id"]), int(value["size"]), str(value["sha256"]), bool(value["is_pack"]))
    if not _HEX.fullmatch(sealed.sha256) or sealed.size < 0:
        raise ValueError("blob")
    return sealed


def _file(entry: list[Any]) -> File:
    path, size, digest, mtime_ns, blob = entry
    if not isinstance(path, str) or not isinstance(digest, str) or not _HEX.fullmatch(digest) or size < 0:
        raise ValueError("file")
    return File(path, int(size), digest, int(mtime_ns), str(blob))


def _check(files: Iterable[File], blobs: Mapping[str, Sealed]) -> None:
    """Refuse before anything is written. Patterns leave no room for .., absolute paths, or names that hide."""
    seen: set[str] = set()
    folders: set[str] = set()
    for file in files:
        kind = kind_of(file.path)
        if kind is None:
            raise _damaged("names a file outside the places of a state")
        if file.path in seen:
            raise _damaged("names a file twice")
        if kind == "raw" and not file.sha256.startswith(file.path.rpartition("/")[2]):
            raise _damaged("holds a raw export whose name is not that of its content")
        if file.blob not in blobs:
            raise _damaged("holds a file that lies in no blob of it")
        seen.add(file.path)
        parts = file.path.split("/")
        folders |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    if folders & seen:
        raise _damaged("has a file where it has a folder")


def _damaged(what: str) -> StateError:
    return StateError(
        f"its list of files {what}. Nothing was written.",
        where="state",
        hint="Look at its history with `pdp state log`; another copy of the state may be whole.",
    )


def recorded(path: str) -> str:
    """The path that a file of Snakemake's metadata is about: its name is that path in base64, long ones in pieces."""
    text = path.removeprefix(f"{METADATA}/").replace("/@", "").removeprefix("@").replace("/", "")
    try:
        return urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        return ""
