"""What a pull and a push must respect of erasures: one that is unfinished here, and what was forgotten elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pdp import forgotten, leftovers
from pdp.errors import StateError
from pdp.run import FORGETTING
from pdp.state.backends import Backend
from pdp.state.fetching import fetch
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import File, Tree, kind_of

Known = dict[str, forgotten.Forgotten]


def refuse_unfinished(room: Room) -> None:
    """Raise while an erasure in this folder is not done: half of it is here, half is gone.

    Raises:
        StateError: Says how to finish.
    """
    if (room.root / FORGETTING).exists():
        raise StateError("an erasure was cut short in this folder.", hint="Finish it first: pdp forget --finish")


def refuse_leftovers(room: Room, backend: Backend, keys: Keys, here: Mapping[str, File], theirs: Tree) -> None:
    """Raise if this folder would bring back what was forgotten, here or on another machine.

    Raises:
        StateError: Says how to erase it here as well. Nothing was pushed.
    """
    known = of_both(room, fetched(room, backend, keys, theirs))
    clash = {path for path in here if _is_forgotten(path, known)}
    clash |= {path for *_, path in leftovers.names(room.root, known)}
    if clash or not_looked_for(room, here, theirs, known):
        where = f"is still here, in {len(clash):,} place(s) of this folder" if clash else "may be in raw exports here"
        raise StateError(
            f"what was forgotten on another machine {where}. Nothing was pushed.",
            hint="Erase it here as well: pdp state pull, then pdp forget --finish, then push again.",
        )


def not_looked_for(room: Room, here: Mapping[str, File], theirs: Tree, known: Known) -> list[str]:
    """Ids of erased periods that are news to this folder, which has raw exports of the subject that the state has not.

    Whoever erased the period can't have looked into these.
    """
    ours = {entry.id for known_here in forgotten.every(room.root).values() for entry in known_here.entries}
    alone = {path.split("/")[2] for path in here if kind_of(path) == "raw" and path not in theirs.files}
    return [
        entry.id
        for subject in sorted(alone & known.keys())
        for entry in known[subject].entries
        if entry.what == forgotten.PERIOD and entry.id not in ours
    ]


def fetched(room: Room, backend: Backend, keys: Keys, theirs: Tree) -> Known:
    """What a commit says was forgotten, by subject."""
    wanted = theirs.of("forgotten")
    if not wanted:
        return {}
    places = fetch(room, backend, keys, theirs, wanted)
    return {path.split("/")[2]: forgotten.parse(place.read_bytes()) for path, place in places.items()}


def of_both(room: Room, theirs: Known) -> Known:
    """What either side had erased, by subject."""
    ours = forgotten.every(room.root)
    nothing = forgotten.NOTHING
    return {
        subject: theirs.get(subject, nothing).united(ours.get(subject, nothing)) for subject in ours.keys() | theirs
    }


def without_forgotten(receipts: Iterable[dict[str, Any]], known: Known) -> list[dict[str, Any]]:
    """Receipts, but for those of jobs that read an export which was forgotten."""
    found = []
    for receipt in receipts:
        about = receipt.get("wildcards") or {}
        erased = known.get(str(about.get("subject")), forgotten.NOTHING)
        if not erased.of_export(str(about.get("export"))):
            found.append(receipt)
    return found


def _is_forgotten(path: str, known: Known) -> bool:
    match path.split("/"):
        case ["resources", "raw", subject, name] if subject in known:
            return known[subject].of_export(name) is not None
    return False
