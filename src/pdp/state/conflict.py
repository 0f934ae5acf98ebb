"""What no program can unite: two raw exports of one name with other bytes. Said, kept aside, nothing overwritten."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pdp import store
from pdp.errors import StateError
from pdp.state.room import Room
from pdp.state.tree import File, Tree, kind_of


def refuse_unmergeable(room: Room, here: Mapping[str, File], theirs: Tree) -> None:
    """Raise if a raw export here has the name of one of theirs and other bytes.

    Raises:
        StateError: Names what to do; what only this folder has was put into resources/state/conflict-<id>/.
    """
    clashes = [path for path, file in theirs.of("raw").items() if path in here and here[path].sha256 != file.sha256]
    if not clashes:
        return
    folder = keep_aside(room, here, theirs, uuid.uuid4().hex)
    damaged = [path for path in clashes if not here[path].sha256.startswith(Path(path).name)]
    hint = (
        "The one here does not have the bytes that its name says: delete it and repeat the command, as the state has "
        "it whole."
        if damaged
        else "Two different files have one name, which should not occur: keep both, and report it."
    )
    raise StateError(
        f"{len(clashes)} raw export(s) here and in the state have one name and different bytes. Nothing was changed "
        f"on either side; what only this folder has was put into {folder.relative_to(room.root)}.",
        where=clashes[0],
        hint=hint,
    )


def keep_aside(room: Room, here: Mapping[str, File], theirs: Tree, op_id: str) -> Path:
    """Put raw exports, manifests and receipts that the state does not have into a folder of their own."""
    folder = room.folder / f"conflict-{op_id}"
    for path, file in here.items():
        if kind_of(path) in ("raw", "source", "receipts") and theirs.contents().get(path) != file.sha256:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(room.root / path, target)  # raw exports may be large
            except OSError:
                with suppress(FileNotFoundError):
                    shutil.copy2(room.root / path, target)
    folder.mkdir(parents=True, exist_ok=True)
    store.commit_json(folder / "about.json", {"kept_at": store.now(), "files": len(list(folder.rglob("*")))})
    return folder
