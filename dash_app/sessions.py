"""Who is signed in: in this process's memory alone, so a restart forgets all of them.

A browser holds a random id and nothing else. Here lies what the id stands for, under the id's digest: somebody who
reads the table can't make a cookie of it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

IDLE_S = 15 * 60
ABSOLUTE_S = 8 * 3600
ID_BYTES = 32
ID_CHARACTERS = 43  # of 32 bytes in base64 without padding
MOST = 4  # each holds data in memory; the owner has a laptop and a phone


class Held(Protocol):
    """What a session holds open."""

    def close(self) -> None:
        """Drop keys and data. Called once."""


H = TypeVar("H", bound=Held)


def clock_s() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts them so."""
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(which)


@dataclass
class _Session(Generic[H]):
    held: H
    began: float
    used: float


@dataclass
class Sessions(Generic[H]):
    """The sessions of one process; safe to use from its threads.

    Args:
        clock: Seconds.
        idle_s: A session that is not used for so long has ended.
        absolute_s: A session that is so old has ended.
    """

    clock: Callable[[], float] = clock_s
    idle_s: float = IDLE_S
    absolute_s: float = ABSOLUTE_S
    _sessions: dict[bytes, _Session[H]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _begun: threading.Event = field(default_factory=threading.Event, repr=False)

    def begin(self, held: H) -> str:
        """A new session, under a new id that nobody chose."""
        id = secrets.token_urlsafe(ID_BYTES)
        now = self.clock()
        with self._lock:
            self._sessions[_digest(id)] = _Session(held, now, now)
            eldest = sorted(self._sessions, key=lambda each: self._sessions[each].used)[:-MOST]
            ended = [self._sessions.pop(each) for each in eldest]
        self._begun.set()
        _close(ended)
        return id

    def find(self, id: str | None) -> H | None:
        """What a living session holds; None for an id that is none, was ended or has expired."""
        if id is None or len(id) != ID_CHARACTERS:
            return None
        self.sweep()
        with self._lock:
            session = self._sessions.get(_digest(id))
            if session is None:
                return None
            session.used = self.clock()
            return session.held

    def end(self, id: str | None) -> None:
        """Drop what a session holds. An id that is none is no error."""
        with self._lock:
            session = self._sessions.pop(_digest(id), None) if id else None
        _close([session] if session else [])

    def end_all(self) -> None:
        """When the process ends."""
        with self._lock:
            ended = list(self._sessions.values())
            self._sessions.clear()
        _close(ended)

    def sweep(self) -> float | None:
        """Drop what has expired.

        Returns:
            Seconds until the next one expires; None when there is none.
        """
        now = self.clock()
        with self._lock:
            over = [id for id, session in self._sessions.items() if self._ends(session) <= now]
            ended = [self._sessions.pop(id) for id in over]
            left = [self._ends(session) - now for session in self._sessions.values()]
        _close(ended)
        return min(left, default=None)

    def watch(self) -> None:
        """Sweep in the background, so that data goes although no request comes. Ends with the process."""
        threading.Thread(target=self._watch, name="sessions", daemon=True).start()

    def _watch(self) -> None:
        while True:
            self._begun.clear()
            left = self.sweep()
            self._begun.wait(None if left is None else min(left, SWEEP_S))

    def _ends(self, session: _Session[H]) -> float:
        return min(session.used + self.idle_s, session.began + self.absolute_s)

    def __len__(self) -> int:
        with self._lock:
            return len(self._sessions)


SWEEP_S = 30.0  # the background looks at least so often: a machine that slept wakes late


def _digest(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "replace")).digest()


def _close(ended: list[_Session[H]]) -> None:
    for session in ended:
        session.held.close()
