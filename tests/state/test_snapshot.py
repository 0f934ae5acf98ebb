"""A copy of the registry that is whole while others write, and digests that notice every edit."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from pdp.errors import StateError
from pdp.state import snapshot


def registry(root: Path) -> sqlite3.Connection:
    (root / "results").mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(root / "results/lineage.sqlite", timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, text TEXT)")
    connection.commit()
    return connection


def rows(file: Path) -> int:
    connection = sqlite3.connect(f"file:{file}?immutable=1", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM entry").fetchone()[0])
    finally:
        connection.close()


def test_copies_made_while_others_write_are_whole_and_have_all_that_was_committed(tmp_path: Path) -> None:
    """S14."""
    connection, committed, is_over = registry(tmp_path), 0, threading.Event()

    def write() -> None:
        nonlocal committed
        while not is_over.is_set():
            connection.executemany("INSERT INTO entry (text) VALUES (?)", [("x" * 200,)] * 20)
            connection.commit()
            committed += 20

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(8):
            before = committed
            assert snapshot.copy_registry(tmp_path, tmp_path / "copy")
            snapshot.check_registry(tmp_path / "copy")
            found = rows(tmp_path / "copy")
            assert found >= before
            assert found % 20 == 0
    finally:
        is_over.set()
        writer.join()
    assert snapshot.copy_registry(tmp_path, tmp_path / "copy")
    assert rows(tmp_path / "copy") == committed
    connection.close()


def test_rows_that_are_only_in_the_write_ahead_log_are_in_the_copy(tmp_path: Path) -> None:
    connection = registry(tmp_path)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.executemany("INSERT INTO entry (text) VALUES (?)", [("x",)] * 1000)
    connection.commit()

    snapshot.copy_registry(tmp_path, tmp_path / "copy")

    assert rows(tmp_path / "copy") == 1000
    connection.close()


def test_equal_rows_make_equal_bytes(tmp_path: Path) -> None:
    connection = registry(tmp_path)
    snapshot.copy_registry(tmp_path, tmp_path / "one")
    snapshot.copy_registry(tmp_path, tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    connection.close()


def test_a_damaged_registry_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results/lineage.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)

    with pytest.raises(StateError, match=r"is damaged.*Move it away: it is made again"):
        snapshot.copy_registry(tmp_path, tmp_path / "copy")


def test_a_registry_that_can_not_be_copied_is_not_called_damaged(tmp_path: Path) -> None:
    registry(tmp_path).close()

    with pytest.raises(StateError, match=r"lineage\.sqlite: can't be copied \(.*Is another program holding it"):
        snapshot.copy_registry(tmp_path, tmp_path / "no folder" / "copy")


def test_no_registry_is_no_fault(tmp_path: Path) -> None:
    assert not snapshot.copy_registry(tmp_path, tmp_path / "copy")


def test_an_edit_that_keeps_size_and_time_is_noticed(tmp_path: Path) -> None:
    table = tmp_path / "results/merged/ada/steps.parquet"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"one")
    status = table.stat()
    cache = tmp_path / "digests.json"
    snapshot.inventory(tmp_path, snapshot.Digests(cache))
    table.write_bytes(b"two")
    os.utime(table, ns=(status.st_mtime_ns, status.st_mtime_ns))

    found = snapshot.inventory(tmp_path, snapshot.Digests(cache))

    assert found["results/merged/ada/steps.parquet"].sha256 == hashlib.sha256(b"two").hexdigest()


def test_the_cache_of_digests_names_no_file(tmp_path: Path) -> None:
    table = tmp_path / "results/merged/ada/steps.parquet"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"one")
    snapshot.inventory(tmp_path, snapshot.Digests(tmp_path / "digests.json"))

    assert "ada" not in (tmp_path / "digests.json").read_text()


def test_links_and_strange_files_do_not_travel(tmp_path: Path) -> None:
    folder = tmp_path / "results/merged/ada"
    folder.mkdir(parents=True)
    (folder / "link.parquet").symlink_to("/etc/passwd")
    (folder / ".hidden").write_bytes(b"x")

    assert snapshot.inventory(tmp_path, snapshot.Digests(tmp_path / "digests.json")) == {}
