"""The search after an erasure finds what was left on purpose, wherever and however it is written."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import pyzipper

from pdp.forget import proof
from pdp.forget.journal import Journal
from pdp.forget.lines import Lines
from tests.workbooks import Diary, days, plain

LINE = b"2025-05-02,04:56,173,101,Canary"
NAMES = ("Blutdruck Müller.csv", "a.csv")
EXPORT = "50ad2acd3708948b"
EXPORTS = (("cuff", EXPORT, EXPORT * 4),)
JOURNAL = Journal(
    "ada", "period", "2025-05-02", "2025-05-02", "e1", "2026-11-23T10:00:00.000Z", "key", EXPORTS, (), (), NAMES
)


def locked(member: str, data: bytes) -> bytes:
    held = BytesIO()
    with pyzipper.AESZipFile(held, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"pw")
        archive.writestr(member, data)
    return held.getvalue()


def table(**columns: pa.Array) -> bytes:
    held = BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


NIGHT = pa.array([1_746_136_800_000], pa.timestamp("ms", "UTC"))  # 2025-05-01 22:00 UTC, 2025-05-02 00:00 in Berlin
LEFT = {
    "results/x.txt": (b"a\n" + LINE + b"\n", "a line of an erased export"),
    "logs/x.gz": (gzip.compress(b"a\n" + LINE), "a line of an erased export"),
    "resources/raw/ada/0123456789abcdef": (locked("A/b.csv", LINE), "a line of an erased export in"),
    "results/merged/ada/a.parquet": (
        table(note=pa.array([LINE.decode()])),
        "a line of an erased export in column note",
    ),
    "results/merged/ada/b.parquet": (table(export=pa.array([EXPORT])), "rows of an erased export"),
    "results/merged/ada/c.parquet": (
        table(start_utc=NIGHT, utc_offset_min=pa.array([120], pa.int16())),
        "rows of the erased days",
    ),
    "results/merged/bob/d.parquet": (table(member=pa.array([NAMES[0]])), "the name of an erased document in column"),
    "results/e.json": (json.dumps({"name": NAMES[0]}).encode(), "the name of an erased document"),
    "results/f.html": (quote(NAMES[0]).encode(), "the name of an erased document"),
    "results/g.bin": (b"\0\0" + NAMES[0].encode("utf-16-le"), "the name of an erased document"),
    "results/h.json": (b'{"name": "a.csv"}', "the name of an erased document"),
    "logs/i.log": (f"raw/{EXPORT} read".encode(), "the digits of an erased export"),
    f"logs/{EXPORT}.log": (b"", "the digits of an erased export"),
}


@pytest.mark.parametrize("path", LEFT)
def test_what_is_left_is_found(tmp_path: Path, path: str) -> None:
    data, what = LEFT[path]
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(data)
    lines = Lines("key", passwords=("pw",))
    lines.learn(BytesIO(locked("x.csv", LINE)))

    found = proof.search(tmp_path, JOURNAL, Lines.read("key", lines.write(), ("pw",))).found

    assert path in [place for place, _ in found]
    assert any(told.startswith(what) for _, told in found), found


def test_a_row_of_a_workbook_is_known_again_however_it_is_written(tmp_path: Path) -> None:
    row, header = (datetime(2025, 5, 2, 4, 56), 173, 101, "Canary"), ("Date", "Systolic", "Diastolic", "Note")
    lines = Lines("key")
    lines.learn(BytesIO(plain(header, row)))
    lines.without(BytesIO(plain(header)))
    (tmp_path / "results").mkdir()
    (tmp_path / "results/other.xlsx").write_bytes(plain(("x",), header, row))
    (tmp_path / "results/plain.xlsx").write_bytes(plain(header))
    (tmp_path / "results/u.parquet").write_bytes(table(text=pa.array(["2025-05-02 04:56:00,173,101,Canary"])))

    found = proof.search(tmp_path, JOURNAL, lines).found

    assert ("results/other.xlsx", "a line of an erased export") in found
    assert ("results/u.parquet", "a line of an erased export in column text") in found
    assert {path for path, _ in found} == {"results/other.xlsx", "results/u.parquet"}


def test_what_parts_of_a_workbook_say_of_days_that_stay_is_not_taken_for_what_went(tmp_path: Path) -> None:
    stays, goes = days(datetime(2025, 5, 1, 7), 0, 24)
    lines = Lines("key")
    lines.learn(BytesIO(Diary().write([stays, goes])))
    (tmp_path / "results").mkdir()
    (tmp_path / "results/a.parquet").write_bytes(table(note=pa.array([stays.note])))

    assert proof.search(tmp_path, JOURNAL, lines).found == ()


def test_what_stays_is_not_taken_for_what_went(tmp_path: Path) -> None:
    lines = Lines("key")
    lines.learn(BytesIO(LINE + b"\n2025-05-01,07:10,121,84"))
    lines.without(BytesIO(b"2025-05-01,07:10,121,84"))
    (tmp_path / "results").mkdir()
    (tmp_path / "results/a.txt").write_bytes(b"2025-05-01,07:10,121,84\nbanana.csv\n" + NAMES[0].encode() + b"x")
    (tmp_path / "results/b.bin").write_bytes(b"\0 a.csv ")

    assert proof.search(tmp_path, JOURNAL, lines).found == ()
