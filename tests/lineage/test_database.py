"""The registry's file: its schema, its pragmas, and what is said of a file that is none."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from pdp.errors import RegistryError
from pdp.lineage import database, record
from pdp.lineage.model import SCHEMA_VERSION, Base, Run, SourcePoll
from tests.workplace import Workplace


def test_the_migrations_make_exactly_the_tables_of_the_models(place: Workplace) -> None:
    with database.opened(database.path_of(place.root)) as engine, engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert connection.exec_driver_sql("PRAGMA user_version").scalar_one() == SCHEMA_VERSION


def test_a_registry_of_the_first_schema_is_brought_up_with_its_rows(place: Workplace) -> None:
    place.job("ingest", run="r1", poll={"subject": "me", "source": "band", "reachable": True})
    place.run("r1", subjects={"me": ["band"]})
    record.fold(place.root)
    with sqlite3.connect(place.root / "lineage.sqlite") as connection:
        connection.execute("alter table run drop column subjects")
        connection.execute("alter table source_poll drop column postponed")
        connection.execute("drop index ix_run_seq")
        connection.execute("alter table run drop column seq")
        connection.execute("update alembic_version set version_num = '0001'")
        connection.execute("pragma user_version = 1")
    connection.close()
    with database.reading(place.root) as session:
        run, poll = session.scalars(select(Run)).one(), session.scalars(select(SourcePoll)).one()
        assert (run.id, run.seq, run.subjects, poll.source, poll.postponed) == ("r1", 0, {}, "band", [])


def test_it_is_in_wal_mode_with_foreign_keys_and_a_busy_timeout(place: Workplace) -> None:
    with database.opened(database.path_of(place.root)) as engine, engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 1, 30_000]


def test_a_registry_of_a_newer_program_is_refused_and_left_alone(place: Workplace) -> None:
    record.fold(place.root)
    with sqlite3.connect(place.root / "lineage.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    place.job("merge")
    with pytest.raises(RegistryError, match=f"has schema {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}"):
        record.fold(place.root)
    assert len(place.spooled()) == 1


def test_a_file_that_is_no_registry_is_named_with_what_to_do(place: Workplace) -> None:
    (place.root / "lineage.sqlite").write_text("not a database " * 100)
    with pytest.raises(RegistryError, match=r"is not a readable registry .* Move it away; the next run makes it again"):
        record.fold(place.root)


def test_a_registry_in_the_right_schema_is_opened_without_alembic(place: Workplace) -> None:
    record.fold(place.root)
    program = (
        "import sys; from pathlib import Path; from pdp.lineage import record;"
        f"record.fold(Path({str(place.root)!r}));"
        "print([name for name in ('alembic', 'pyarrow', 'pandas') if name in sys.modules])"
    )
    assert printed(program) == "[]"


def test_the_snakefiles_part_imports_the_standard_library_alone() -> None:
    heavy = "('sqlalchemy', 'alembic', 'pyarrow')"
    program = f"import sys; from pdp.lineage import events; print([m for m in {heavy} if m in sys.modules])"
    assert printed(program) == "[]"


def printed(program: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
