"""Files that a clock ahead has dated lie in the past again, in the order in which they were written."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pdp.file_times import bring_into_past

YEAR_NS = 365 * 86_400 * 10**9


def dated(path: Path, mtime_ns: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def test_all_move_by_one_span_so_that_their_order_and_distances_stay(tmp_path: Path) -> None:
    now = time.time_ns()
    old, table, newest = (
        dated(tmp_path / "results" / name, mtime_ns)
        for name, mtime_ns in (("old", now - YEAR_NS), ("merged/t", now + 2 * YEAR_NS), ("n", now + 3 * YEAR_NS))
    )
    raw = dated(tmp_path / "raw" / "ada" / "0123456789abcdef", now + YEAR_NS)

    span = bring_into_past(tmp_path / "results", tmp_path / "raw")

    written_next = dated(tmp_path / "results" / "key", time.time_ns())
    times = [each.stat().st_mtime_ns for each in (old, raw, table, newest, written_next)]
    assert times == sorted(set(times))
    assert [mtime + span for mtime in times[:4]] == [now + years * YEAR_NS for years in (-1, 1, 2, 3)]


def test_nothing_moves_where_nothing_lies_in_the_future(tmp_path: Path) -> None:
    past = time.time_ns() - YEAR_NS
    place = dated(tmp_path / "results" / "t", past)
    assert bring_into_past(tmp_path / "results", tmp_path / "not_there") == 0
    assert place.stat().st_mtime_ns == past


def test_a_link_and_what_it_leads_to_keep_their_times(tmp_path: Path) -> None:
    future = time.time_ns() + YEAR_NS
    outside = dated(tmp_path / "outside", future)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "link").symlink_to(outside)
    assert bring_into_past(tmp_path / "results") == 0
    assert outside.stat().st_mtime_ns == future
