"""Making a state, and changing who may open it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pdp import store
from pdp.errors import PdpError, StateConflictError, StateError
from pdp.state import commit, keyring, memory, room
from pdp.state.backends import NEW_KEYS, Backend, Tip
from pdp.state.making import code_version
from pdp.state.sealing import Keys

IGNORED = "resources/state/"
_TRIES = 3  # two people change the keyring in the same second: rare enough
Change = Callable[[bytes, Keys], bytes]


@dataclass(frozen=True, repr=False)
class Made:
    """A new state.

    Attributes:
        address: Where it is.
        recovery_key: Shown once and kept nowhere.
        failure: Why it could not be seen whether it was made, or read back: then it may be there, and has these keys.
    """

    address: str
    recovery_key: str
    failure: PdpError | None = None


def create(root: Path, backend: Backend, password: keyring.Password, machines: Mapping[str, str]) -> Made:
    """Make a new, empty state, and remember in this folder where it is.

    Args:
        root: The working folder.
        backend: Where it shall be.
        password: The owner's.
        machines: Name and age recipient of machines that may open it with a key of their own.

    Raises:
        StateError: This folder belongs to a state, there is one at that place, or none was made for another reason.
    """
    root = root.absolute()
    with room.opened(root) as held:
        if known := memory.recall(root):
            raise StateError(
                f"this folder belongs to a state already (commit {known.seq} was seen).",
                hint=f"{NEW_KEYS} To leave that state, delete {room.ROOM / memory.FILE}; it stays where it is stored.",
            )
        keys, document, printed = keyring.create(password, machines)

        first: list[Tip] = []

        def genesis(id: str, next_id: str) -> bytes:
            data = commit.write(
                keys,
                commit.first_header(id, next_id),
                op_id=uuid4().hex,
                made_at=store.now(),
                runner=socket.gethostname(),
                code_version=code_version(),
                tree=None,
                totals={},
            )
            first.append(Tip(id, data))
            return data

        try:
            backend.create(document, genesis)
            memory.remember(held, memory.seen(None, backend.address, first[0]))
            backend.read_tip(None, lambda data: commit.read(keys, data))
        except PdpError as error:
            if not first or isinstance(error, StateConflictError):
                raise
            return Made(backend.address, printed, error)
    _ignore(root)
    return Made(backend.address, printed)


def change_keyring(backend: Backend, secret: keyring.Secret, change: Change) -> None:
    """Open the keyring and put a changed one in its place; done again when another machine changed it meanwhile."""
    for left in reversed(range(_TRIES)):
        document = backend.read_keyring()
        changed = change(document, keyring.open_with(document, secret))
        try:
            return backend.replace_keyring(document, changed)
        except StateConflictError:
            if not left:
                raise


def _ignore(root: Path) -> None:
    """Git must not take up what lies in resources/state."""
    file = root / ".gitignore"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else None
    if lines is not None and IGNORED not in lines:
        with store.commit(file) as staged:
            staged.write_text("\n".join([*lines, IGNORED, ""]), encoding="utf-8")
