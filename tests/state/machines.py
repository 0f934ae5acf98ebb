"""Working folders as runs leave them, without the runs: raw exports, manifests, tables, receipts, engine's records."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pdp import store
from pdp.errors import StateConflictError
from pdp.lineage import record
from pdp.lineage.state import write as write_last_run
from pdp.raw_store import RawStore
from pdp.state import memory, room, snapshot
from pdp.state.backends import Backend, Step, no_step, open_backend
from pdp.state.pull import Pulled, pull
from pdp.state.push import Pushed, push
from pdp.state.sealing import Keys
from tests.state.commits import Writer
from tests.workplace import Workplace

SUBJECT = "ada"


@dataclass
class State:
    """A state in a folder, and whoever has its keys."""

    folder: Path
    writer: Writer = field(default_factory=Writer)

    @property
    def keys(self) -> Keys:
        return self.writer.keys

    def make(self) -> State:
        """Make it, empty."""
        self.open().create(self.writer.keyring, self.writer.genesis)
        return self

    def open(self, step: Step = no_step) -> Backend:
        """A new client."""
        return open_backend(f"folder:{self.folder}", step=step)

    def tree(self) -> dict[str, str]:
        """Digest by path of what the newest commit holds."""
        return self.remote().tree.contents()

    def remote(self) -> memory.Remote:
        """The newest commit, read by nobody in particular."""
        place = self.folder.parent / "reader"
        with room.opened(place) as held:
            return memory.read_remote(held, self.open(), self.keys, None)

    def every_byte(self) -> bytes:
        """All that the storage sees, names included."""
        return b"".join(
            path.relative_to(self.folder).as_posix().encode() + (path.read_bytes() if path.is_file() else b"")
            for path in sorted(self.folder.rglob("*"))
        )


class Machine:
    """A working folder on some machine. Its clock is `hour`, so that what machines do has an order."""

    def __init__(self, root: Path, state: State | None = None, hour: int = 6) -> None:
        self.root, self.hour = root, hour
        self.work = Workplace(root)
        self._state = state
        self._polls = 0

    @property
    def state(self) -> State:
        assert self._state is not None
        return self._state

    def write(self, path: str, content: bytes) -> Path:
        """A file of the folder."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def arrive(self, content: bytes, *, document: str = "log.csv", source: str = "cuff") -> str:
        """A raw export arrives; its id. The source's manifest beside it knows the document's new revision."""
        digest, size, _ = RawStore(self.root / "resources/raw" / SUBJECT).keep(BytesIO(content))
        manifest = self.manifest(source) or {"subject": SUBJECT, "source": source, "documents": []}
        documents = {each["id"]: each for each in manifest["documents"]}
        self._polls += 1
        at = f"2026-11-23T{self.hour:02d}:{self._polls:02d}:00.000Z"
        known = documents.setdefault(document, {"id": document, "name": document, "present": True, "revisions": []})
        known["revisions"].append(
            {
                "export": digest[:16],
                "sha256": digest,
                "checksum": f"sha256:{digest}",
                "bytes": size,
                "modified": at,
                "first_seen": at,
                "last_seen": at,
            }
        )
        ordered = [documents[identity] for identity in sorted(documents)]  # as a poll has them
        manifest |= {"reachable": True, "why": None, "polled_at": at, "documents": ordered}
        RawStore(self.root / "resources/raw" / SUBJECT).remember(source, manifest)
        return digest[:16]

    def manifest(self, source: str = "cuff") -> dict[str, Any] | None:
        """What is known of a source."""
        found: dict[str, Any] | None = RawStore(self.root / "resources/raw" / SUBJECT).recall(source)
        return found

    def compute(self, rows: int = 10, *, status: str = "COMPLETE", name: str = "blood_pressure") -> None:
        """A run makes tables of all raw exports, their records and keys; and ends as `status` says."""
        run = f"run-{uuid.uuid4().hex[:12]}"
        outputs = []
        for export in sorted((self.root / "resources/raw" / SUBJECT).glob("[0-9a-f]*")):
            if len(export.name) == 16:
                outputs.append(self._table(f"results/normalized/{SUBJECT}/cuff/{export.name}/{name}.parquet", rows))
        if status == "COMPLETE":
            outputs.append(self._table(f"results/merged/{SUBJECT}/{name}.parquet", rows))
            outputs.append(self._table(f"results/summary/{SUBJECT}/daily.parquet", rows))
        if (said := self.manifest()) is not None:
            store.commit_json(self.root / f"results/manifests/{SUBJECT}/cuff.json", said)
        self.write("results/keys/validate.json", b'{"rule": "validate"}\n')
        self.receive(run=run, outputs=outputs)
        self._end(run, status)
        record.fold(self.root / "results")
        write_last_run(self.root / "results")

    def receive(self, **more: Any) -> str:
        """A job's receipt comes into the spool; its id."""
        ended = f"2026-11-23T{self.hour:02d}:30:{self.work._count:02d}.000Z"
        return self.work.job("merge", id=uuid.uuid4().hex, ended=ended, **more)

    def _end(self, run: str, status: str) -> None:
        at = f"2026-11-23T{self.hour:02d}:31:{self.work._count:02d}.000Z"
        events = [{"event": "run_started", "run": run, "host": "here", "pid": 7, "command": ["snakemake"]}]
        events += [{"event": "run_ended", "status": status}] if status != "ABORT" else []
        text = "".join(json.dumps({"at": at, **event}) + "\n" for event in events)
        (self.work.spool / f"{run}.run.jsonl").write_text(text)

    def _table(self, path: str, rows: int) -> dict[str, Any]:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"systolic_mmhg": pa.array([131] * rows), "note": pa.array([path] * rows)}), place)
        record = base64.urlsafe_b64encode(path.encode()).decode()
        self.write(f".snakemake/metadata/{record}", json.dumps({"rule": "merge", "input": [path]}).encode())
        content = place.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return {"name": place.stem, "path": path, "sha256": digest, "bytes": len(content), "rows": rows}

    def push(self, step: Step = no_step, **options: Any) -> Pushed:
        """Push."""
        return push(self.root, self.state.open(), self.state.keys, step=step, **options)

    def pull(self, step: Step = no_step, **options: Any) -> Pulled:
        """Pull."""
        return pull(self.root, self.state.open(), self.state.keys, step=step, **options)

    def holds(self) -> dict[str, str]:
        """Digest by path of all that travels and is here, the registry left out."""
        files = snapshot.inventory(self.root, snapshot.Digests(self.root / "resources/state/test-digests.json"))
        return {path: file.sha256 for path, file in files.items()}

    def raw(self) -> set[str]:
        """Ids of the raw exports here."""
        return {path.name for path in self.root.glob(f"resources/raw/{SUBJECT}/*") if len(path.name) == 16}

    def receipts(self) -> list[dict[str, Any]]:
        """Every receipt in the archives, in their order."""
        return [
            json.loads(line)
            for path in sorted(self.root.glob("results/receipts/*.jsonl"))
            for line in path.read_text().splitlines()
        ]

    def job_ids(self) -> list[str]:
        """Ids of the jobs' receipts, in the order of the archives."""
        return [each["id"] for each in self.receipts() if each["kind"] == "job"]


def without_times(contents: Mapping[str, str]) -> dict[str, str]:
    """Contents without the glance at the last run, whose making depends on the machine."""
    return {path: digest for path, digest in contents.items() if path != "results/pipeline_state.json"}


def dying_at(point: int) -> Step:
    """Ends this process at its n-th step, without a last word."""
    left = point

    def step(_: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)

    return step


def work_and_push(machine: Machine, times: int) -> None:
    """A machine's life in a process of its own: an export, a run, a push, again and again."""
    for number in range(times):
        machine.arrive(f"{machine.hour}-{number}\n".encode(), document=f"{machine.hour}-{number}.csv")
        machine.compute()
        while True:
            try:
                machine.push()
                break
            except StateConflictError:
                continue
