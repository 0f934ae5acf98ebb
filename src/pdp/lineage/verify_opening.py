"""A registry that can be believed: the one that is there, or, where it is damaged, one made from the receipts aside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pdp.aside import aside
from pdp.errors import RegistryError
from pdp.lineage import archive, database, record, sealed_lines, verify_registry

_LIVING = (".fold.lock", "*.run.jsonl")  # of a run that may be at work


@contextmanager
def believable(root: Path) -> Iterator[tuple[Session, tuple[str, ...]]]:
    """A session to ask what files must be, and what is wrong with the registry that is there.

    Args:
        root: The results folder. Finished receipts are taken in first, as before every question.

    Raises:
        RegistryError: There are neither a registry nor receipts, or it is of a newer program.
        StoreError: There is no room to make another registry.
    """
    with ExitStack() as stack:
        session, wrong = _as_it_is(stack, root)
        is_told = (root / "receipts").is_dir() and not _has_faults(root)
        if session is None or (wrong and is_told):
            place = stack.enter_context(aside((root, root.absolute().parent / "resources")))
            shutil.copytree(root / "receipts", place / "receipts", ignore=shutil.ignore_patterns(*_LIVING))
            record.fold(place)
            session = stack.enter_context(database.reading(place))
        yield session, wrong


def _as_it_is(stack: ExitStack, root: Path) -> tuple[Session | None, tuple[str, ...]]:
    can_be_remade = bool(archive.files(root / "receipts"))
    try:
        record.fold(root)
        session = stack.enter_context(database.reading(root))
        return session, tuple(verify_registry.differences(session, root))
    except RegistryError as error:
        if not can_be_remade or "has schema" in error.what:
            raise
        return None, (error.what.rstrip("."),)
    except (SQLAlchemyError, ValueError, TypeError, LookupError) as error:  # whatever a flipped bit makes of a cell
        if not can_be_remade:
            raise RegistryError(
                f"can't be read ({type(error).__name__}).",
                where=str(database.path_of(root)),
                hint="There are no receipts to make it from. Restore results/ from a backup, or by pdp state pull.",
            ) from None
        return None, (f"it can't be read ({type(error).__name__})",)


def _has_faults(root: Path) -> bool:
    return any(any(sealed_lines.faults(path)) for path in archive.files(root / "receipts"))
