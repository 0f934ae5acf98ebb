"""Commits for the tests of what stores them: a payload that is a growing set of operations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pdp.errors import StateError
from pdp.state import commit, keyring
from pdp.state.backends import Backend, Make, Tip
from pdp.state.commit import Commit, TreeBlob
from pdp.state.sealing import Keys

KEPT = 30  # commits that the fixed form keeps


@dataclass
class Writer:
    """Somebody with the keys. Tests of clients that share a state share one."""

    keys: Keys = field(default_factory=Keys.new)

    @property
    def keyring(self) -> bytes:
        """One that nobody can open, which costs no time."""
        return keyring._written([], 1, self.keys)

    def genesis(self, id: str, next_id: str) -> bytes:
        return self._write(commit.first_header(id, next_id), "genesis", [], None)

    def after(self, tip: Tip, op_id: str, ops: Iterable[str] = (), tree: TreeBlob | None = None) -> Make:
        """A maker of the commit upon `tip` whose totals name `ops`."""
        return lambda id, next_id: self._write(commit.header_after(tip.data, id, next_id), op_id, ops, tree)

    def read(self, data: bytes) -> Commit:
        return commit.read(self.keys, data)

    def ops(self, backend: Backend) -> list[str]:
        """The operation of every commit from the newest to the first, each link checked."""
        found, tip = [], backend.read_tip(proof=self.read)
        while (read := self.read(tip.data)).seq:
            found.append(read.op_id)
            try:
                parent = backend.read_commit(read.parent)
            except StateError:
                assert backend.packing == "one", "a commit is missing"
                assert len(found) == KEPT
                break
            commit.check_link(parent.data, tip.data)
            tip = parent
        return found

    def _write(self, header: commit.Header, op_id: str, ops: Iterable[str], tree: TreeBlob | None) -> bytes:
        made = {"made_at": "2026-10-25T02:30:00.000Z", "runner": "laptop", "code_version": "0123abc"}
        return commit.write(self.keys, header, op_id=op_id, tree=tree, totals=dict.fromkeys(ops, 1), **made)
