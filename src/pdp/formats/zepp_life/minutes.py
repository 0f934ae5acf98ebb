"""Zepp Life's SLEEP_MINUTE file: stages minute by minute, anchored to the nights and proved by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.delimited import Block
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread, UnreadRecord
from pdp.formats.zepp_life.nights import DAY_MS, MINUTE_MS, Anchored, anchor
from pdp.formats.zepp_life.rows import local_ms, set_aside
from pdp.formats.zepp_life.sleep import Night
from pdp.reconcile import STAGES, StatedSession, find_sessions, prove_stages
from pdp.timeframe import ZoneLedger

DATE_CORRECTED, UNANCHORED = "date_corrected", "unanchored"  # flags
_WORDS = {"DEEP": "deep", "LIGHT": "light", "REM": "rem", "WAKE": "awake", "AWAKE": "awake"}
_CHUNK_ROWS = 2_000_000  # some ten years of nights are anchored together; beyond that memory stays bounded

Ints = npt.NDArray[np.int64]


def read_minutes(
    member: str, found: Iterator[Block], nights: Sequence[Night], ledger: ZoneLedger | None
) -> Iterator[Parsed]:
    """Every record of a SLEEP_MINUTE file.

    Args:
        member: Its name in the export.
        found: Blocks with date, time and stage.
        nights: All that the SLEEP files of the export state, naps too.
        ledger: To see the nights on the local wall clock; without it nothing can be anchored.
    """
    records = 0
    rows: list[npt.NDArray[np.int32]] = []
    starts: list[Ints] = []
    codes: list[Ints] = []
    for block in found:
        records += block.records
        yield from set_aside(member, block)
        code, is_missing = _codes(block.table["stage"])
        if is_missing.any():
            yield OutOfScope(member, "no_data", block.rows[is_missing])
        is_unknown = (code < 0) & ~is_missing
        if is_unknown.any():
            yield _unknown(member, block, block.rows[is_unknown].tolist())
        rows.append(block.rows[code >= 0])
        starts.append(local_ms(block.table)[code >= 0])
        codes.append(code[code >= 0])
        if sum(map(len, rows)) >= _CHUNK_ROWS:
            yield from _placed(member, rows, starts, codes, nights, ledger)
            rows, starts, codes = [], [], []
    yield from _placed(member, rows, starts, codes, nights, ledger)
    yield Extent(member, records)


def _codes(stage: pa.ChunkedArray) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Positions in STAGES, -1 where the word is unknown or missing; and where it is missing."""
    encoded = stage.combine_chunks().dictionary_encode()
    words = [str(word).strip().upper() for word in encoded.dictionary.to_pylist()]
    known = [STAGES.index(_WORDS[word]) if word in _WORDS else -1 for word in words]
    indices = encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    return np.array([*known, -1], np.int64)[indices], indices == len(words)


def _unknown(member: str, block: Block, rows: list[int]) -> Unread:
    texts = block.texts(rows)
    detail = f"column stage is none of {', '.join(sorted(_WORDS))}"
    return Unread(member, [UnreadRecord(row, "unknown_stage", detail, texts.get(row, "")) for row in rows])


def _placed(
    member: str,
    rows: list[npt.NDArray[np.int32]],
    starts: list[Ints],
    codes: list[Ints],
    nights: Sequence[Night],
    ledger: ZoneLedger | None,
) -> Iterator[Parsed]:
    if not sum(map(len, rows)):
        return
    row, stated, code = np.concatenate(rows), np.concatenate(starts), np.concatenate(codes)
    day = np.floor_divide(stated, DAY_MS)
    windows = np.array([(night.start_ms, night.stop_ms) for night in nights], np.int64).reshape(-1, 2)
    if ledger is None or not len(windows):
        anchored = anchor(day, stated - day * DAY_MS, windows[:0])
    else:
        local = windows + ledger.offsets(windows.ravel()).reshape(-1, 2).astype(np.int64) * MINUTE_MS
        anchored = anchor(day, stated - day * DAY_MS, local)
    flags, faults = _verdict(anchored, code, nights, ledger)
    words = pa.array(list(STAGES))
    table = {
        "row": pa.array(row),
        "start": pa.array(anchored.start_ms).view(pa.timestamp("ms")),
        "end": pa.array(anchored.start_ms + MINUTE_MS).view(pa.timestamp("ms")),
        "stage": pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), words),
        "flags": flags,
        "fault": faults,
    }
    yield Rows("sleep_stage", member, "local", "sensed", pa.table(table))


def _verdict(
    anchored: Anchored, code: Ints, nights: Sequence[Night], ledger: ZoneLedger | None
) -> tuple[pa.Array, pa.Array]:
    """Flags and faults, n each. The proof is made in UTC, where no hour comes twice."""
    if ledger is None:
        faults, proof_flags = [""] * len(code), [""] * len(code)
    else:
        sessions = [_session(night) for night in nights]
        start = ledger.place_local(anchored.start_ms).utc_ms
        proof = prove_stages(sessions, find_sessions(start, sessions), start, start + MINUTE_MS, code)
        faults, proof_flags = proof.faults, proof.flags
    flags = [
        ";".join(flag for flag in (is_corrected and DATE_CORRECTED, is_loose and UNANCHORED, proved) if flag) or None
        for is_corrected, is_loose, proved in zip(
            anchored.is_corrected.tolist(), anchored.is_unanchored.tolist(), proof_flags, strict=True
        )
    ]
    return pa.array(flags, pa.string()).dictionary_encode(), pa.array(
        [fault or None for fault in faults], pa.string()
    ).dictionary_encode()


def _session(night: Night) -> StatedSession:
    minutes = {column.removesuffix("_min"): value for column, value in night.minutes.items() if value is not None}
    if not any(minutes.values()):
        minutes = {}  # zeros of every stage are "not stated", not a sleepless night
    return StatedSession(night.start_ms, night.stop_ms, minutes)
