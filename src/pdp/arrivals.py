"""Exports that arrive with days that were forgotten: they are kept without them, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pdp import forgotten
from pdp.errors import DocumentPostponedError
from pdp.raw_store import RawStore

_BLOCK = 1 << 20


def raw_store(settings: Mapping[str, Any], subject: str, source: str) -> RawStore:
    """Where a source's exports arrive: what was erased on purpose is not taken in again.

    Args:
        settings: Of the rule ingest.
        subject: Whose.
        source: Its name.
    """
    folder = Path("resources/raw", subject)
    return RawStore(folder, forgotten.read(folder), without_forgotten(settings, source))


def without_forgotten(settings: Mapping[str, Any], source: str) -> Callable[[Path], bool] | None:
    """What puts a copy without forgotten days in the place of a staged export; None where no days were forgotten.

    Args:
        settings: Of the rule ingest: forgotten_days, and reading, how the source is read.
        source: Its name.
    """
    days = settings.get("forgotten_days")
    if not days:
        return None

    def replace(staged: Path) -> bool:
        from pdp.aside import aside
        from pdp.redaction import CannotRedactError, How, UndatedError, copy_without

        with aside((staged.parent,)) as folder:
            try:
                copy = copy_without(staged, source, How.of(settings["reading"]), days, folder)
            except UndatedError:
                return False  # nobody can read it; what a later setting reads of these days is written nowhere
            except CannotRedactError as error:
                raise DocumentPostponedError(
                    f"it holds days that were forgotten, and they can't be taken out of it: {error.what}",
                    hint="Take these days out at the source.",
                ) from error
            if copy is None:
                return False
            if copy.path is None:
                raise forgotten.ForgottenError("all that it holds was forgotten.")
            _write_over(staged, copy.path)
            return True

    return replace


def _write_over(staged: Path, copy: Path) -> None:
    """The copy's bytes in the place of the whole ones, which are overwritten first."""
    with staged.open("r+b") as stream:
        left = staged.stat().st_size
        while left > 0:
            left -= stream.write(bytes(min(left, _BLOCK)))
        stream.flush()
        os.fsync(stream.fileno())
    shutil.copyfile(copy, staged)
