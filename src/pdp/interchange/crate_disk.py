"""A crate on the disk: a folder or a zip, whole or not at all, and the same bytes each time."""

from __future__ import annotations

import shutil
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pdp import store
from pdp.errors import PdpError
from pdp.state import disk

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
_MODE = 0o644 << 16


def write(crate: ROCrate, out: Path) -> None:
    """Write a crate as a folder, or as one file if `out` ends in .zip (which is replaced if it is there).

    Raises:
        PdpError: The folder is there and not empty; no room or no permission. Nothing of the crate is left then.
    """
    if out.suffix != ".zip" and out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise PdpError("is there already.", where=str(out), hint="Name a folder that is new or empty, or a .zip.")
    with disk.told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        staged = out.with_name(f".{out.name}.{uuid.uuid4().hex}.tmp")
        try:
            crate.write(staged)
            if out.suffix == ".zip":
                with store.commit(out) as file:
                    _pack(staged, file)
                return
            for path in sorted(staged.rglob("*"), reverse=True):
                disk.sync(path)
            staged.rename(out)  # takes the place of an empty folder, and of nothing else
            disk.sync(out.parent)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _pack(folder: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _NO_TIME)
            entry.external_attr, entry.compress_type = _MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
