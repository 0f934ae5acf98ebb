"""Files of this folder, sealed and stored as blobs; what the state has already is not stored again."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from pdp.state import packs
from pdp.state.backends import Backend, Step, no_step
from pdp.state.commit import TreeBlob
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import File, Sealed, Tree, is_alone, read, unit_of
from pdp.state.uploads import Uploads

WORKERS = 4  # uploads at a time
_ALL = "all"


@dataclass(frozen=True)
class Sent:
    """The tree with its blobs, and how many bytes of ciphertext were stored for it."""

    tree: Tree
    bytes: int


class Sender:
    """Stores one folder's files for one commit."""

    def __init__(self, room: Room, backend: Backend, keys: Keys, uploads: Uploads, step: Step = no_step) -> None:
        self._room, self._backend, self._keys, self._uploads, self._step = room, backend, keys, uploads, step
        self._sent_bytes = 0

    def send(self, files: Mapping[str, File], places: Mapping[str, Path], theirs: Tree) -> Sent:
        """Store what is not stored yet.

        Args:
            files: The tree to be; those that stay the commit's before have their blob's name.
            places: Where each other file lies.
            theirs: The tree of the commit before.
        """
        by_content = {
            frozenset((theirs.files[path].path, theirs.files[path].sha256) for path in paths): name
            for name, paths in packs.groups((f.path, f.blob) for f in theirs.files.values()).items()
        }
        units = packs.groups((path, self._unit(path, files[path])) for path in sorted(places))
        with ThreadPoolExecutor(WORKERS) as pool:
            names = list(
                pool.map(lambda paths: self._unit_blob(paths, files, places, by_content, theirs), units.values())
            )
        whole, blobs = dict(files), {}
        for paths, (name, sealed) in zip(units.values(), names, strict=True):
            blobs[name] = sealed
            whole |= {path: replace(files[path], blob=name) for path in paths}
        blobs |= {file.blob: theirs.blobs[file.blob] for file in whole.values() if file.blob not in blobs}
        return Sent(Tree(whole, blobs), self._sent_bytes)

    def send_tree(self, tree: Tree) -> tuple[TreeBlob, Path]:
        """Store the list of files; its blob, and the place of its sealed bytes in the work folder.

        Raises:
            StateError: It is one that no machine would read. A commit of it would be the end of the state.
        """
        plain, document = self._out(), tree.write()
        read(document)
        plain.write_bytes(document)
        name, sealed, place = self._store(plain, is_pack=False, is_kept=True)
        return TreeBlob(sealed.id, sealed.size, sealed.sha256, name), place

    def _unit(self, path: str, file: File) -> str:
        """Where blobs are few, all files are one; else tables go with their like, and raw exports are alone.

        Two subjects may have the same export: one blob, stored once.
        """
        if self._backend.packing == "one":
            return _ALL
        return file.sha256 if is_alone(path) else unit_of(path)

    def _unit_blob(
        self,
        paths: list[str],
        files: Mapping[str, File],
        places: Mapping[str, Path],
        by_content: Mapping[frozenset[tuple[str, str]], str],
        theirs: Tree,
    ) -> tuple[str, Sealed]:
        same = by_content.get(frozenset((path, files[path].sha256) for path in paths))
        if same is not None:
            return same, theirs.blobs[same]
        if self._backend.packing != "one" and is_alone(paths[0]):
            name, sealed, _ = self._store(places[paths[0]], is_pack=False)
            return name, sealed
        pack = self._out()
        packs.write(pack, {path: places[path] for path in paths})
        name, sealed, _ = self._store(pack, is_pack=True)
        pack.unlink()
        return name, sealed

    def _store(self, plain: Path, *, is_pack: bool, is_kept: bool = False) -> tuple[str, Sealed, Path]:
        name = self._keys.name_of(plain)
        place = self._room.made("out") / f"{name}.sealed"
        known = self._uploads.stored(self._backend, name, is_pack=is_pack)
        if known is not None:
            return name, known, place
        self._keys.seal_file(plain, place)
        self._step("sealed")
        blob = self._backend.put_blob(place)
        self._uploads.remember(name, blob)
        self._step("stored")
        self._sent_bytes += blob.size
        if not is_kept:
            place.unlink()
        return name, Sealed(blob.id, blob.size, blob.sha256, is_pack), place

    def _out(self) -> Path:
        return self._room.made("out") / f"{uuid4().hex}.plain"
