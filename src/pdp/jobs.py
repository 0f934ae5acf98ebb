"""What a rule's script runs in: its outputs are committed together and vouched for by a receipt.

Order of a job's commit: outputs are moved into place, then the receipt that names their digests. A job killed between
the two runs again and makes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pdp import sealed, store
from pdp.discretion import WITHHELD, is_discreet
from pdp.errors import PdpError, StoreError, UnreadableExportError

if TYPE_CHECKING:
    from pyarrow import Schema

    from pdp.tables import SortingWriter

RECEIPTS = Path("results/receipts/spool")


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
        self._started = store.now()
        _spare_pandas(self.key)

    def path(self, output: str | Path) -> Path:
        """Where to write the output that will stand at this path when the job is done."""
        place = Path(output)
        if place not in self._staged:
            self._staged[place] = store.stage(place)
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
            store.settle(staged, place)

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
        return receipt | {"ended": store.now()}


@contextmanager
def running(snakemake: Any) -> Iterator[Job]:
    """Run the body of a rule's script: commit its outputs together, and leave a receipt in any case."""
    job = Job(snakemake)
    try:
        with store.told(job.key_path):
            yield job
            job._commit()
    except BaseException as error:
        job._discard()
        with suppress(OSError, StoreError):
            if job.log is not None:
                job.log.write_text(_account(error), encoding="utf-8")
            _leave(job.receipt(error))
        sys.excepthook = _tell
        raise
    _leave(job.receipt(None))


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
    store.commit_json(RECEIPTS / f"{receipt['id']}.json", sealed.sealed(receipt))


def _vouch(name: str, path: Path) -> dict[str, Any]:
    return {"name": name, "path": path.as_posix(), "sha256": store.sha256(path), "bytes": path.stat().st_size}


def _named(files: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else [str(each) for each in value] for name, value in files.items()}


def _each(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths
