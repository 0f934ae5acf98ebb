"""The only way artifacts reach the disk: staged beside their place, synced, moved, vouched for by a receipt.

Order of a job's commit: outputs are moved into place, then the receipt that names their digests.
A job killed between the two runs again and makes the same bytes. Everything staged is called
`<path>.<uuid>.tmp` (what a writer spills beside it ends in .tmp too), is never read by anyone else
and is swept away when the next run starts.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import socket
import sys
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pdp import sealed
from pdp.discretion import WITHHELD, is_discreet
from pdp.errors import PdpError, StoreError, UnreadableExportError
from pdp.forgotten import NOTHING, Forgotten, ForgottenError

if TYPE_CHECKING:
    from pyarrow import Schema

    from pdp.tables import SortingWriter

BLOCK = 1 << 20
RECEIPTS = Path("results/receipts/spool")


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stage(path: Path) -> Path:
    """A name beside `path` to write to; `settle` moves it there."""
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")


def settle(staged: Path, path: Path) -> None:
    """Make the staged file the artifact: sync its bytes, move it, sync the folder."""
    with _told(path):
        _sync(staged)
        staged.replace(path)
        _sync(path.parent)


@contextmanager
def commit(path: Path) -> Iterator[Path]:
    """Write a file so that either the old or the whole new one is there, whatever happens.

    Raises:
        StoreError: Disk full or no permission; the old file is as it was.
    """
    staged = stage(path)
    try:
        with _told(path):
            yield staged
        settle(staged, path)
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def commit_json(path: Path, value: object) -> None:
    """Write JSON the same way: keys in order of insertion, one newline at the end."""
    with commit(path) as staged:
        staged.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class RawStore:
    """The raw exports of one subject, named by their content, and what is known of its sources.

    Attributes:
        folder: Of them.
        forgotten: What was erased on purpose.
        without: Puts a copy that lacks forgotten days in the place of a staged export; whether it did.
    """

    folder: Path
    forgotten: Forgotten = NOTHING
    without: Callable[[Path], bool] | None = None
    _copies: set[str] = field(default_factory=set)

    def is_copy(self, export: str) -> bool:
        """Whether this store took it in without forgotten days."""
        return export in self._copies

    def keep(self, stream: BinaryIO) -> tuple[str, int, bool]:
        """Take a raw export in, byte for byte.

        Returns:
            SHA-256, bytes, and whether it is new here. Bytes already held are not written again.

        Raises:
            ForgottenError: These bytes were erased on purpose; they are not kept.
            DocumentPostponedError: They hold forgotten days, which can't be taken out of them.
        """
        staged = stage(self.folder / "incoming")
        digest, size = hashlib.sha256(), 0
        try:
            with _told(self.folder):
                with staged.open("wb") as target:
                    while block := stream.read(BLOCK):
                        digest.update(block)
                        target.write(block)
                        size += len(block)
                name = digest.hexdigest()
                if entry := self.forgotten.of_bytes(name):
                    raise ForgottenError(f"it was forgotten on {entry.day}.")
                if self.without is not None and self.without(staged):
                    name, size = sha256(staged), staged.stat().st_size
                    self._copies.add(name[:16])
                place = self.folder / name[:16]
                if place.exists() and place.stat().st_size == size and sha256(place) == name:
                    return name, size, False
                staged.chmod(0o440)
            settle(staged, place)
            return name, size, True
        finally:
            with suppress(OSError):
                staged.unlink(missing_ok=True)

    def holds(self, export: str, size: int) -> bool:
        """Whether an export of that size is here (`pdp verify` looks at the bytes)."""
        place = self.folder / export
        return place.is_file() and place.stat().st_size == size

    def recall(self, source: str) -> dict[str, Any] | None:
        """The last manifest of a source. It lies beside the exports, because a clean of results must not forget it."""
        manifest: dict[str, Any] | None = read_json(self.folder / f"{source}.manifest.json")
        return manifest

    def remember(self, source: str, manifest: Mapping[str, Any]) -> None:
        """Keep it."""
        commit_json(self.folder / f"{source}.manifest.json", manifest)


def read_json(path: str | Path) -> Any:
    """A JSON artifact, or None where there is none yet."""
    place = Path(path)
    return json.loads(place.read_text(encoding="utf-8")) if place.exists() else None


def sweep(*folders: Path) -> int:
    """Delete what killed jobs left staged. An orphan still writing loses its file, and so can't commit stale bytes."""
    swept = 0
    for folder in folders:
        for path in folder.rglob("*.tmp"):
            if "as_of" not in path.relative_to(folder).parts[:1]:  # a run into the past may be at work there
                path.unlink(missing_ok=True)
                swept += 1
    return swept


class Job:
    """One running job: its key, its inputs, where it stages its outputs, what it will say in its receipt."""

    def __init__(self, snakemake: Any) -> None:
        self.rule: str = snakemake.rule
        self.wildcards: dict[str, str] = dict(snakemake.wildcards.items())
        self.input: dict[str, Any] = _named(snakemake.input)
        self.output: dict[str, Any] = _named(snakemake.output)
        self.log = Path(snakemake.log[0]) if snakemake.log else None
        self.key_path = Path(self.input["key"])
        self._key_bytes = self.key_path.read_bytes()
        self.key: dict[str, Any] = json.loads(self._key_bytes)
        self.settings: dict[str, Any] = self.key["settings"]
        self.poll: dict[str, Any] | None = None
        self._staged: dict[Path, Path] = {}
        self._writers: dict[Path, SortingWriter] = {}
        self.counted: Mapping[str, int] = {}  # rows by output's name, where no writer of ours wrote it
        self._inputs: list[dict[str, Any]] = []
        self._started = now()
        _spare_pandas(self.key)

    def path(self, output: str | Path) -> Path:
        """Where to write the output that will stand at this path when the job is done."""
        place = Path(output)
        if place not in self._staged:
            self._staged[place] = stage(place)
        return self._staged[place]

    def writer(self, output: str | Path, schema: Schema) -> SortingWriter:
        """A table writer for an output. Asked again (the job starts anew), it begins an empty one in its place."""
        from pdp.tables import SortingWriter

        place = Path(output)
        self._writers[place] = SortingWriter(self.path(place), schema)
        return self._writers[place]

    def writers(self, outputs: Iterable[str], schema_of: Callable[[str], Schema]) -> dict[str, SortingWriter]:
        """Table writers by measure: the outputs' file names without ending."""
        return {Path(output).stem: self.writer(output, schema_of(Path(output).stem)) for output in outputs}

    def write_json(self, output: str | Path, value: object) -> None:
        """Stage JSON for an output."""
        self.path(output).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def _commit(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._inputs = self._vouch_for_inputs()
        for each in self._inputs:
            if each["name"] == "export" and not each["sha256"].startswith(Path(each["path"]).name):
                raise StoreError(
                    "the bytes of this raw export are not those that arrived.",
                    where=each["path"],
                    hint="Delete the file and run again: it is fetched anew from its source.",
                )
        if self.key_path.read_bytes() != self._key_bytes:
            raise StoreError(
                "the code or the configuration changed while this job ran, so its result was thrown away.",
                where=str(self.key_path),
                hint="Run snakemake again.",
            )
        for place, staged in self._staged.items():
            settle(staged, place)

    def _vouch_for_inputs(self) -> list[dict[str, Any]]:
        inputs = [(name, Path(path)) for name, paths in self.input.items() for path in _each(paths) if name != "key"]
        return [_vouch(name, path) for name, path in inputs if path.is_file()]

    def _discard(self) -> None:
        for staged in self._staged.values():
            for left in [staged, *staged.parent.glob(f"{staged.name}.*")]:
                with suppress(OSError):
                    left.unlink(missing_ok=True)

    def _rows_of(self, output: Path) -> int | None:
        return self._writers[output].rows if output in self._writers else self.counted.get(output.stem)

    def receipt(self, error: BaseException | None) -> dict[str, Any]:
        """What the registry will be told: no measured value, no secret."""
        receipt: dict[str, Any] = {
            "kind": "job",
            "id": uuid.uuid4().hex,
            "run": os.environ.get("PDP_RUN_ID"),
            "rule": self.rule,
            "wildcards": self.wildcards,
            "status": "FAIL" if error else "COMPLETE",
            "started": self._started,
            "ended": "",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "key": {
                "path": str(self.key_path),
                "sha256": hashlib.sha256(self._key_bytes).hexdigest(),
                "content": self.key,
            },
            "inputs": self._inputs or self._vouch_for_inputs(),
            "outputs": [
                {**_vouch(path.stem, path), "rows": self._rows_of(path)} for path in ([] if error else self._staged)
            ],
            "rows": {place.stem: writer.rows for place, writer in self._writers.items()},
            "error": {"type": type(error).__name__, "message": _message(error)} if error else None,
        }
        if self.poll is not None:
            receipt["poll"] = self.poll
        return receipt | {"ended": now()}


@contextmanager
def job(snakemake: Any) -> Iterator[Job]:
    """Run the body of a rule's script: commit its outputs together, and leave a receipt in any case."""
    running = Job(snakemake)
    try:
        with _told(running.key_path):
            yield running
            running._commit()
    except BaseException as error:
        running._discard()
        with suppress(OSError, StoreError):
            if running.log is not None:
                running.log.write_text(_account(error), encoding="utf-8")
            _leave(running.receipt(error))
        sys.excepthook = _tell
        raise
    _leave(running.receipt(None))


def _message(error: BaseException) -> str:
    """The text of our own errors, which by contract holds no measured value; of others' texts nobody knows that."""
    return str(error) if isinstance(error, PdpError) else "its text is withheld, it may hold measured values"


def _shown(error: BaseException) -> str:
    """The text for logs and the terminal; the registry always has the whole."""
    if isinstance(error, UnreadableExportError) and is_discreet():
        return f"{error.reason.replace('_', ' ')}: {WITHHELD}"
    return _message(error)


def _account(error: BaseException) -> str:
    """Where it happened and what it is, for a log that anyone may read."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__name__}: {_shown(error)}\n"


def _tell(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """The last words of a failed job: a sentence for a fault one can mend, the place for a fault of the program."""
    sys.stderr.write(f"{_shown(error)}\n" if isinstance(error, PdpError) else _account(error))


class _SparePandas(MetaPathFinder):
    """pyarrow imports pandas (half a CPU second) at its first pa.array, to see whether it was given a Series.

    A rule whose code does not import pandas is spared that: pyarrow takes a failing import for an answer.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("this rule's code does not import pandas", name=name)


def _spare_pandas(key: Mapping[str, Any]) -> None:
    if "pandas" not in key.get("libraries", {"pandas": ""}):
        sys.meta_path.insert(0, _SparePandas())


def _leave(receipt: Mapping[str, Any]) -> None:
    commit_json(RECEIPTS / f"{receipt['id']}.json", sealed.sealed(receipt))


def _vouch(name: str, path: Path) -> dict[str, Any]:
    return {"name": name, "path": path.as_posix(), "sha256": sha256(path), "bytes": path.stat().st_size}


def _named(files: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else [str(each) for each in value] for name, value in files.items()}


def _each(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths


def now() -> str:
    """ISO 8601 UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in a sentence what the system says in a number; anything that is no matter of the disk passes."""
    try:
        yield
    except OSError as error:
        hints = {
            errno.ENOSPC: ("the disk is full.", "Free some space and run again; nothing that was there is lost."),
            errno.EDQUOT: ("the disk quota is used up.", "Free some space and run again; nothing is lost."),
            errno.EACCES: ("may not be written or read.", "Give yourself permission (chmod, chown) and run again."),
            errno.EPERM: ("may not be written or read.", "Give yourself permission (chmod, chown) and run again."),
            errno.EROFS: ("the file system is read-only.", "Mount it writable, or work in another folder."),
        }
        if error.errno not in hints:
            raise
        what, hint = hints[error.errno]
        raise StoreError(what, where=str(error.filename or path), hint=hint) from error
