"""One machine's turn at the owner's files: from the intent in pdp-head to the commit that ends it.

The order of the steps is the proof; it is told in pdp.state.backends.google_fixed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from pdp.errors import StateConflictError, StateError
from pdp.state import fixed_head
from pdp.state.backends import Tip
from pdp.state.fixed_files import DATA, HEAD, FixedFiles
from pdp.state.fixed_head import Head, Intent
from pdp.state.remote import WHERE

_MOST_TRIES = 5  # of a conditional write whose etag changed for nothing
_LONGEST_PAUSE_S = 2.0  # between two looks at another's intent


def take_turn(files: FixedFiles, op_id: str, tip: Tip, take_over_after_s: float) -> Turn:
    """Announce in the head that a commit upon `tip` will follow, after waiting for whoever is at it.

    Raises:
        StateConflictError: The tip has moved, or others were always faster.
    """
    stood_since, seen = time.monotonic(), ""
    tries = 0
    while tries < _MOST_TRIES:
        etag, data = files.read_with_etag(HEAD)
        head = fixed_head.read(data)
        if not head.commits or head.commits[0] != tip.data:
            raise _moved()
        if etag != seen:
            stood_since, seen = time.monotonic(), etag
        is_free = head.intent is None or head.intent.op == op_id
        if not is_free and time.monotonic() - stood_since < take_over_after_s:
            time.sleep(min(_LONGEST_PAUSE_S, take_over_after_s / 20))
            continue
        free = tuple(id for id in (files.ids[name] for name in files.data_names()) if id not in head.refers)
        turn = Turn(files, head.announcing(Intent(op_id, free)), tip)
        if turn.claim(etag):
            return turn
        tries += 1
    raise _moved()


class Turn:
    """An intent of ours, and what was written under it.

    Attributes:
        tip: The commit in force.
        used: Ids of the data files written.
    """

    def __init__(self, files: FixedFiles, head: Head, tip: Tip | None = None) -> None:
        assert head.intent is not None
        self.tip = tip
        self.used: list[str] = []
        self._files, self._head, self._intent = files, head, head.intent
        self._etag = ""
        self._kept: set[str] = set()
        self._free = [name for name in files.data_names() if files.ids[name] in head.intent.files]

    def claim(self, etag: str) -> bool:
        """Put the intent into the head, if that is still at `etag`."""
        claimed = self._files.write_if(HEAD, etag, fixed_head.write(self._head))
        self._etag = claimed or ""
        return claimed is not None

    def take(self, count: int) -> list[str]:
        """The names of that many data files to write.

        Raises:
            StateError: There are too few. Says how many to make, and their names.
        """
        if len(self._free) < count:
            there = len(self._files.data_names())
            wanted = max(2 * (len(self.used) + count + 1), there + count - len(self._free))
            raise StateError(
                f"the state needs more room: {there} data files are too few.",
                where=WHERE,
                hint=f"Upload {wanted - there} more empty files into the folder, called {DATA}{there + 1} to "
                f"{DATA}{wanted}, and push again.",
            )
        taken, self._free = self._free[:count], self._free[count:]
        self.used += [self._files.ids[name] for name in taken]
        return taken

    def write(self, name: str, data: bytes) -> None:
        """Write a file that is in our intent.

        Raises:
            StateConflictError: The intent is no longer ours.
        """
        for _ in range(_MOST_TRIES):
            etag = self._files.etag(name)  # first this,
            self._see_intent()  # then this: who takes over does so before or after both, and is noticed either way
            if self._files.write_if(name, etag, data) is not None:
                return
        raise _moved()

    def empty_all(self) -> None:
        """Empty every file that the commit in force does not need."""
        for name in self._free:
            self.write(name, b"")

    def can_keep(self, ids: Iterable[str]) -> bool:
        """Whether a blob in these files may go into the new commit as it is."""
        return {*self._head.refers, *self.used}.issuperset(ids)

    def keep(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Keep files of the tip for the new commit; all that are kept so far.

        Raises:
            StateError: One is not the tip's: its content is not safe.
        """
        if not self.can_keep(ids):
            raise StateError("the commit refers to data that was not put, and is not the tip's.", where=WHERE)
        self._kept |= set(ids) - set(self.used)
        return tuple(sorted(self._kept))

    def commit(self, data: bytes, refers: Iterable[str]) -> None:
        """Make `data` the commit in force.

        Raises:
            StateConflictError: The intent is no longer ours.
        """
        document = fixed_head.write(self._head.with_commit(data, tuple(refers)))
        for _ in range(_MOST_TRIES):
            if self._files.write_if(HEAD, self._etag, document) is not None:
                return
            if self._see_intent(data):
                return
        raise _moved()

    def _see_intent(self, ours: bytes | None = None) -> bool:
        """See that the head is still as we left it, but for its etag. True if our commit is in it already."""
        if self._etag == (etag := self._files.etag(HEAD)):
            return False
        etag, data = self._files.read_with_etag(HEAD)
        head = fixed_head.read(data)
        if ours is not None and ours in head.commits:
            return True
        if head.intent != self._intent or head.commits != self._head.commits:
            raise _moved()
        self._etag = etag
        return False


def _moved() -> StateConflictError:
    return StateConflictError(
        "another machine has pushed meanwhile.", hint="Pull, so that both are united, and push again."
    )
