"""The owner's data as a state holds it: fetched as ciphertext, unsealed into a private folder while a session lives."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dash_app import gateway_folder, gateway_process
from dash_app.gateway import Dataset
from dash_app.gateway_demo import DEMO
from dash_app.gateway_process import PrivateFolder
from dash_app.gateway_session import BusyError, NotNowError, Opened, WrongPasswordError
from dash_app.gateway_tables import NoDataError
from pdp.errors import ConfigError, PdpError, StateError
from pdp.state import backends, fetching, keyring, memory
from pdp.state.backends import Backend
from pdp.state.memory import Memory
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.secret import Password
from pdp.state.tree import GLANCE, REGISTRY, Tree

LOG = logging.getLogger("dash_app.state")
ROOM_FACTOR = 3  # a pack lies there sealed, whole and in parts before the first two go
SPARE_BYTES = 16 << 20
_TRYING = threading.Lock()  # argon2id takes 64 MiB, and a small machine has little more


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Around one try of a password.

    Raises:
        BusyError: Another one is being tried.
    """
    if not _TRYING.acquire(blocking=False):
        raise BusyError("another password is being tried.", hint="Try again in some seconds.")
    try:
        yield
    finally:
        _TRYING.release()


def backend_at(address: str) -> Backend:
    """The back end; nothing is asked yet.

    Raises:
        NotNowError: The address or the credentials can't be used. The log says more, without either.
    """
    try:
        return backends.open_backend(address)
    except PdpError as error:
        raise _not_now("the state can't be used", error) from None


def unlock(backend: Backend, password: str) -> Keys:
    """The keys, by the owner's password.

    Raises:
        WrongPasswordError: It is not the one.
        NotNowError: The keyring can't be read, or has no password.
    """
    try:
        document = backend.read_keyring()
        has_password = any(kind == "password" for kind, _ in keyring.ways_in(document))
    except PdpError as error:
        raise _not_now("the keyring can't be read", error) from None
    if not has_password:
        raise _not_now("the keyring has no password", StateError("set one: pdp state password"))
    try:
        return keyring.open_with(document, Password(password))
    except StateError:
        raise WrongPasswordError("the password is wrong.") from None


@dataclass
class StateOpened:
    """One session's share: keys in memory, and a private folder with what was unsealed so far."""

    subject: str
    folder: PrivateFolder
    _backend: Backend = field(repr=False)
    _tree: Tree = field(repr=False)
    _keys: Keys | None = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def dataset(self) -> Dataset:
        """See Opened."""
        return gateway_folder.dataset(self.folder.path, self.subject, is_synthetic=False, bring=self.bring)

    def bring(self, prefixes: Sequence[str]) -> None:
        """Fetch and unseal the files whose paths begin so and are not here yet.

        Raises:
            NoDataError: It can't be done now; or the session has ended.
        """
        with self._lock:
            root = self.folder.path
            if self._keys is None:
                raise NoDataError("the session has ended.", hint="Sign in again.")
            wanted = [
                path for path in self._tree.files if path.startswith(tuple(prefixes)) and not (root / path).exists()
            ]
            if not wanted:
                return
            try:
                places = fetching.fetch(Room(root), self._backend, self._keys, self._tree, wanted)
            except (PdpError, OSError) as error:
                raise NoDataError(str(_not_now("a part of the state can't be fetched", error))) from None
            for path, place in places.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                time_ns = self._tree.files[path].mtime_ns
                os.utime(place, ns=(time_ns, time_ns))
                place.replace(root / path)

    def close(self) -> None:
        """See Opened. Waits for a fetch that is under way."""
        with self._lock:
            self._keys = None
            self.folder.remove()


@dataclass
class StateDoor:
    """The state at an address.

    Args:
        address: As PDP_STATE has it.
        subject: Whose data; "" for the only person in it.
    """

    address: str
    subject: str = ""
    _seen: Memory | None = field(default=None, repr=False)  # no older commit is accepted while this process lives

    def enter(self, password: str) -> Opened:
        """See Door. The tables, the registry and the manifests are here when this returns; the rest when asked for."""
        with one_at_a_time():
            backend = backend_at(self.address)
            return self._opened(backend, unlock(backend, password))

    def _opened(self, backend: Backend, keys: Keys) -> Opened:
        folder = None
        try:
            folder = gateway_process.private_folder(SPARE_BYTES)
            room = Room(folder.path)
            room.folder.mkdir(parents=True)
            remote = memory.read_remote(room, backend, keys, self._seen)
            self._seen = memory.seen(self._seen, backend.address, remote.tip)
            subject = self._subject(remote.tree)
            first = (f"results/summary/{subject}/", REGISTRY, GLANCE, f"results/manifests/{subject}/")
            need = ROOM_FACTOR * sum(f.bytes for p, f in remote.tree.files.items() if p.startswith(first)) + SPARE_BYTES
            folder.remove()
            folder = gateway_process.private_folder(need)
            opened = StateOpened(subject, folder, backend, remote.tree, keys)
            opened.bring(first)
            opened.dataset()
        except (PdpError, OSError) as error:
            if folder is not None:
                folder.remove()
            if isinstance(error, NotNowError):
                raise
            raise _not_now("the data can't be fetched", error) from None
        return opened

    def _subject(self, tree: Tree) -> str:
        there = {path.split("/")[2] for path in tree.files if path.startswith("results/summary/")} - {DEMO}
        if self.subject in there:
            return self.subject
        if not self.subject and len(there) == 1:
            return there.pop()
        what = "the state holds no such person's tables." if self.subject else f"the state holds {len(there)} people."
        raise ConfigError(what, where="PDP_DASHBOARD_SUBJECT", hint="Set it to a name of your config.")


def _not_now(what: str, error: Exception) -> NotNowError:
    """For the visitor a sentence that tells nothing; for the log what it is, without address, path or secret."""
    why = ""
    if isinstance(error, ConfigError):  # its sentence may repeat what was set
        why = f": {error.where}: {error.hint}"
    elif isinstance(error, PdpError):
        why = f": {error.what}"
    LOG.warning("private view: %s (%s%s)", what, type(error).__name__, why)
    return NotNowError("your data can't be opened now.", hint="The log of the server says why.")
