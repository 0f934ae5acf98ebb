"""Files of a state, brought, unsealed and checked in resources/state/work before any of them is put to use."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from pdp import store
from pdp.errors import GoogleError, StateError
from pdp.state import packs
from pdp.state.backends import Backend, Blob, Step, no_step
from pdp.state.disk import told
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import Kind, Tree, kind_of

WORKERS = 4  # downloads at a time; more make rate limits answer instead of files


_CALLED: dict[Kind, str] = {
    "raw": "raw exports",
    "source": "manifests of sources",
    "forgotten": "what was forgotten",
    "receipts": "receipts",
    "registry": "the registry",
    "glance": "the glance at the last run",
    "derived": "tables",
}
_FAULTS_OF_THE_FILE = ("damaged_download", "not_found")


def fetch(
    room: Room,
    backend: Backend,
    keys: Keys,
    tree: Tree,
    wanted: Iterable[str],
    *,
    is_cached: bool = True,
    step: Step = no_step,
) -> dict[str, Path]:
    """Bring files of a tree.

    Args:
        room: Of this folder.
        backend: Where the blobs are.
        keys: Open them.
        tree: What the state holds.
        wanted: Paths in it.
        is_cached: Whether PDP_STATE_CACHE may give them.
        step: Called after each blob.

    Returns:
        Place of each wanted file in the room's work folder; of the size and digest that the tree says.

    Raises:
        StateError: Something is missing or not what it should be. Nothing outside the work folder was touched.
    """
    place = Path(mkdtemp(dir=room.made("in")))
    places = {path: place / f"{number}.file" for number, path in enumerate(sorted(wanted))}
    get = partial(backend.get_blob, is_cached=is_cached)
    by_blob = packs.groups((path, tree.files[path].blob) for path in places)

    def bring(name: str) -> None:
        with told(place):
            _bring(place, get, keys, tree, name, {path: places[path] for path in by_blob[name]})
        step(f"fetched {name}")

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(bring, sorted(by_blob)))
    return places


def _bring(
    place: Path, get: Callable[[Blob, Path], None], keys: Keys, tree: Tree, name: str, wanted: Mapping[str, Path]
) -> None:
    sealed, plain = place / f"{name}.sealed", place / f"{name}.plain"
    try:
        get(tree.blobs[name], sealed)
        keys.unseal_file(sealed, plain, name=name)
    except StateError as error:
        raise _about(error, wanted, place) from None
    sealed.unlink()
    if tree.blobs[name].is_pack:
        packs.read(plain, wanted)
        plain.unlink()
    else:
        first, *others = wanted.values()  # the same export of several subjects
        for other in others:
            shutil.copyfile(plain, other)
        plain.replace(first)
    for path, target in wanted.items():
        file = tree.files[path]
        if target.stat().st_size != file.bytes or store.sha256(target) != file.sha256:
            raise StateError(
                "a file is not what the list of files says, though its seal is whole. Nothing was changed.",
                where=path,
                hint="The program that pushed it has a fault; an older commit may be whole: pdp state log.",
            )


def _about(error: StateError, paths: Iterable[str], place: Path) -> StateError:
    """The same, with what the blob holds; and what can be done, unless the network or the disk here fails."""
    if error.where.startswith(str(place)):
        return error
    kinds = sorted({_CALLED[kind] for path in paths if (kind := kind_of(path))})
    what = f"{error.what} It holds {' and '.join(kinds)}."
    cause = error.__cause__
    if isinstance(cause, GoogleError) and cause.reason not in _FAULTS_OF_THE_FILE:
        return StateError(what, where=error.where, hint=error.hint)
    own = "" if isinstance(cause, GoogleError) else f"{error.hint} "
    return StateError(
        what,
        where=error.where,
        hint=f"{own}If it stays so: pdp state verify names all that is affected, and pdp state push --repair stores it "
        "again from a machine that has these files.",
    )
