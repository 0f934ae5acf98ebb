"""The whole history, read again: every commit from the first to the newest, and the keyring.

A pull walks on from what it has seen and reads nothing older. So a commit damaged or deleted long ago would be found by
nobody but a machine that starts with nothing, which then can't follow the chain.
"""

from __future__ import annotations

from collections.abc import Iterator

from pdp.errors import PdpError, StateError
from pdp.state import commit, keyring, log, memory
from pdp.state.backends import Backend
from pdp.state.commit import Commit
from pdp.state.sealing import Keys

Finding = tuple[str, str]


def history(backend: Backend, keys: Keys, newest: Commit) -> tuple[int, list[Finding], int | None]:
    """How many commits are whole; what is not, the keyring included: its name and why; the newest that erased.

    The chain is followed back from the newest commit. Where that ends too early, it is followed forth from the first
    one, as far as that goes; what lies between can't be reached.
    """
    findings = list(_keyring(backend, keys))
    last, whole, why = newest, 1, ""
    cut = newest.seq if newest.is_cut else None
    while last.parent and not why and not (backend.packing == "one" and whole >= memory.FEW_COMMITS):
        try:
            last, whole = log.before(backend, keys, last), whole + 1
            cut = last.seq if last.is_cut and cut is None else cut
        except PdpError as error:
            why = _told(error)
    if why and backend.packing == "fine":
        first, stop = _forth(backend, keys, newest.state, last.seq - 1)
        if stop:
            findings.append((f"commit {first}", stop))
        if first + 2 < last.seq:
            findings.append(
                (f"commits {first + 1} to {last.seq - 2}", "can't be reached: none that is whole leads there.")
            )
        whole += first
    if why:
        findings.append((f"commit {last.seq - 1}", why))
    return whole, findings, cut


def _keyring(backend: Backend, keys: Keys) -> Iterator[Finding]:
    try:
        keyring.check(backend.read_keyring(), keys)
    except PdpError as error:
        yield "the keyring", _told(error)


def _forth(backend: Backend, keys: Keys, id: str, end: int) -> tuple[int, str]:
    """How many commits are whole from the first one on, of those before number `end`; and what ends them too early."""
    for seq in range(end):
        try:
            read = commit.read(keys, backend.read_commit(id).data)
            if read.seq != seq:
                raise StateError(f"is number {read.seq}.", where=backend.called(id, seq))
        except PdpError as error:
            return seq, _told(error)
        id = read.next
    return end, ""


def _told(error: PdpError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what
