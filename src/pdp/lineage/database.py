"""The one place where results/lineage.sqlite is opened, and brought to the schema that the code expects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from pdp.errors import RegistryError
from pdp.lineage.model import SCHEMA_VERSION

FILE = "lineage.sqlite"
BUSY_TIMEOUT_S = 30.0


def path_of(root: Path) -> Path:
    """The registry's file under a results folder."""
    return root / FILE


def _connect(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, else DDL would commit behind our back
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


@contextmanager
def opened(file: Path, *, is_writer: bool = False) -> Iterator[Engine]:
    """The registry in the schema of this program; made or migrated first when it is not.

    Raises:
        RegistryError: The file is no registry, or one of a newer program.
    """
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY_TIMEOUT_S})
    _connect(engine, "BEGIN IMMEDIATE" if is_writer else "BEGIN")
    try:
        _bring_to_schema(engine, file)
        yield engine
    except OperationalError as error:
        hint = "Is another program holding it, the disk full, or the folder one that may only be read?"
        raise RegistryError(f"can't be used ({error.orig}).", where=str(file), hint=hint) from error
    except DatabaseError as error:
        hint = "Move it away; the next run makes it again from the receipts."
        raise RegistryError(f"is not a readable registry ({error.orig}).", where=str(file), hint=hint) from error
    finally:
        engine.dispose()


def _bring_to_schema(engine: Engine, file: Path) -> None:
    with engine.connect() as connection:
        version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        what = f"has schema {version}, this program knows {SCHEMA_VERSION}."
        raise RegistryError(
            what, where=str(file), hint="Update pdp, or move the file away: it is made again from the receipts."
        )
    from pdp.lineage.migrations import upgrade  # alembic: only here, it costs a third of a second

    upgrade(engine)


@contextmanager
def reading(root: Path) -> Iterator[Session]:
    """A session for questions.

    Raises:
        RegistryError: There is no registry yet.
    """
    file = path_of(root)
    if not file.exists():
        raise RegistryError(
            "there is no registry yet.", where=str(file), hint="Run the pipeline first: snakemake --cores 4"
        )
    with opened(file) as engine, Session(engine) as session:
        yield session
