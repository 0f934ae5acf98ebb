"""A registry that can be believed: the one that is there, or, where it is damaged, one made from the receipts aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pdp.aside import aside
from pdp.errors import RegistryError
from pdp.lineage import archive, database, read_only, record, sealed_lines, verify_registry


@dataclass(frozen=True)
class Registry:
    """A session to ask what files must be; what is wrong with the registry that is there; whether another is asked."""

    session: Session
    wrong: tuple[str, ...] = ()
    is_remade: bool = False


@contextmanager
def believable(root: Path) -> Iterator[Registry]:
    """The registry, or one made from the receipts where it can't be believed.

    Args:
        root: The results folder. Finished receipts are taken in first, as before every question.

    Raises:
        RegistryError: There are neither a registry nor receipts, or it is of a newer program.
        StoreError: There is no room to make another registry.
    """
    with ExitStack() as stack:
        session, wrong = _as_it_is(stack, root)
        is_told = (root / "receipts").is_dir() and not _has_faults(root)
        is_remade = session is None or bool(wrong and is_told)
        if is_remade:
            place = stack.enter_context(aside((root, root.absolute().parent / "resources")))
            read_only.copy_receipts(root, place)
            record.fold(place)
            session = stack.enter_context(database.reading(place))
        assert session is not None
        yield Registry(session, wrong, is_remade)


def _as_it_is(stack: ExitStack, root: Path) -> tuple[Session | None, tuple[str, ...]]:
    can_be_remade = bool(archive.files(root / "receipts"))
    try:
        place = stack.enter_context(read_only.askable(root))
        record.fold(place)
        session = stack.enter_context(database.reading(place))
        if _has_odd_header(root):
            return None, ("its header is damaged",)
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


def _has_odd_header(root: Path) -> bool:
    """Bytes 18 and 19 say how it may be written and read (1 or 2); with others SQLite only reads it, or neither."""
    with database.path_of(root).open("rb") as file:
        return file.read(20)[18:] not in (b"\1\1", b"\2\2")


def _has_faults(root: Path) -> bool:
    return any(any(sealed_lines.faults(path)) for path in archive.files(root / "receipts"))
