"""Mi Fitness / Xiaomi Wear: the zip from Xiaomi's privacy page, or one CSV of it.

Heart rate, steps and sleep stand in `..._hlth_center_fitness_data.csv`, one JSON value a record. The
daily reports in `..._hlth_center_aggregated_fitness_data.csv` are totals of the same and serve as
proof; they give no rows. Records that are not ours (other keys, other files) are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp import formats
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread
from pdp.formats.mi_fitness.daily import DAILY_TAG, PROVING_KEYS, DailyReports, proved_sleep
from pdp.formats.mi_fitness.records import DAILY_COLUMNS, FITNESS_COLUMNS, Block, as_dicts, blocks, header_of
from pdp.formats.mi_fitness.samples import KINDS, STEPS, read_samples
from pdp.formats.mi_fitness.sleep import SLEEP_KEYS, Session, read_session, tables
from pdp.formats.mi_fitness.steps import HeldSteps
from pdp.settings import option

if TYPE_CHECKING:
    from pdp.export import Export

Mask = npt.NDArray[np.bool_]

TITLE = "Mi Fitness (Xiaomi Wear): data copy from account.xiaomi.com"
MEASURES = ("heart_rate", "sleep_stage", "sleep_episode", "step_count")
LEFT_OUT = (
    "workouts and their tracks, blood oxygen, stress, calories and all other kinds of record; "
    "daily reports only prove what is taken"
)


@dataclass(frozen=True)
class Settings:
    """How to read a Mi Fitness export."""

    encoding: str = option(
        "utf-8",
        "Text encoding of the CSV files. Exports are UTF-8; copies saved again on a Chinese system may be gbk.",
        choices=("utf-8", "gbk"),
    )


# Uid, region and brand stand before, the browser's " (1)" after.
_NAME = re.compile(r"hlth_center_(?P<daily>aggregated_)?fitness_data(?: ?\(\d+\))?\.csv$", re.IGNORECASE)
_OTHER_FILES = {"Category", "Gpx", "Did"}  # columns of sport records and tracks, which have the rest too


def sniff(export: Export) -> bool:
    """By the names of the zip's files, or by the header of a single one."""
    return bool(_members(export))


def _members(export: Export) -> list[tuple[str, bool]]:
    """Our members and whether each holds daily reports; those first."""
    found = []
    for member in export.members:
        if named := _NAME.search(member.name):
            found.append((member.name, bool(named["daily"])))
        elif export.kind == "file":
            names = set(header_of(export.head(member.name)))
            if names.issuperset(FITNESS_COLUMNS) and "Uid" in names and not names & _OTHER_FILES:
                found.append((member.name, "Tag" in names))
    return sorted(found, key=lambda item: (not item[1], item[0]))


def parse(export: Export, settings: Settings) -> Iterator[Parsed]:
    """Everything in the export. Sleep comes last, when all totals are known.

    Raises:
        UnreadableExportError: wrong_format.
        DamagedMemberError: See pdp.formats.mi_fitness.records.blocks.
    """
    members = _members(export)
    if not members:
        raise formats.unlike(export, "mi_fitness", "a Mi Fitness export (no hlth_center_fitness_data in it)")
    reports = DailyReports()
    sessions: list[Session] = []
    steps = HeldSteps(reports, sessions)
    for member, is_daily in members:
        columns = DAILY_COLUMNS if is_daily else FITNESS_COLUMNS
        records = 0
        for block in blocks(export, member, columns, settings.encoding):
            records += block.records
            yield from _without_fields(member, block)
            if block.table.num_rows:
                yield from _daily(member, block, reports) if is_daily else _fitness(member, block, sessions, steps)
        yield Extent(member, records)
    yield from steps.rest()
    yield from tables(proved_sleep(sessions, reports))


def _without_fields(member: str, block: Block) -> Iterator[Parsed]:
    if block.unread:
        yield Unread(member, block.unread)
    for reason, rows in (("blank", block.blank), ("header", block.header)):
        if rows:
            yield OutOfScope(member, reason, np.array(rows, np.int32))


def _of(table: pa.Table, column: str, words: tuple[str, ...]) -> Mask:
    """Which rows of a dictionary column hold one of the words."""
    values = table[column].combine_chunks()
    codes = [i for i, word in enumerate(values.dictionary.to_pylist()) if word in words]
    return np.isin(values.indices.to_numpy(), codes)


def _chosen(table: pa.Table, mask: Mask) -> pa.Table:
    return table if mask.all() else table.filter(pa.array(mask)).combine_chunks()


def _out_of_scope(member: str, table: pa.Table, mask: Mask, reason: str) -> Iterator[Parsed]:
    if mask.any():
        yield OutOfScope(member, reason, table["row"].to_numpy()[mask])


def _fitness(member: str, block: Block, sessions: list[Session], steps: HeldSteps) -> Iterator[Parsed]:
    table = block.table
    is_other = np.ones(table.num_rows, bool)
    for kind in KINDS:
        is_kind = _of(table, "Key", tuple(kind.contexts))
        if not is_kind.any():
            continue
        is_other &= ~is_kind
        samples = read_samples(_chosen(table, is_kind), kind)
        if samples.table.num_rows:
            rows = Rows(kind.measure, member, "utc", "sensed", samples.table)
            yield from steps.add(rows) if kind is STEPS else [rows]
        if samples.unread:
            yield Unread(member, samples.unread)
        if len(samples.no_data):
            yield OutOfScope(member, "no_data", samples.no_data)
    is_sleep = _of(table, "Key", SLEEP_KEYS)
    is_header = _of(table, "Key", ("Key",))
    yield from _sleep(member, table, is_sleep, sessions)
    yield from _out_of_scope(member, table, is_header, "header")
    yield from _out_of_scope(member, table, is_other & ~is_sleep & ~is_header, "other_key")


def _sleep(member: str, table: pa.Table, mask: Mask, sessions: list[Session]) -> Iterator[Parsed]:
    if not mask.any():
        return
    no_data: list[int] = []
    for record in as_dicts(_chosen(table, mask)):
        read = read_session(member, record)
        if read.unread:
            yield Unread(member, read.unread)
        elif read.session is None:
            no_data.append(record["row"])
        if read.session is not None:
            sessions.append(read.session)
    if no_data:
        yield OutOfScope(member, "no_data", np.array(no_data, np.int32))


def _daily(member: str, block: Block, reports: DailyReports) -> Iterator[Parsed]:
    """Daily reports are kept as totals, not as rows; other tags are not ours."""
    table = block.table
    is_report = _of(table, "Tag", (DAILY_TAG,))
    is_header = _of(table, "Key", ("Key",)) & ~is_report
    is_unread = np.zeros(table.num_rows, bool)
    proving = np.flatnonzero(is_report & _of(table, "Key", PROVING_KEYS))
    unread = []
    for place, record in zip(proving.tolist(), as_dicts(table.take(pa.array(proving))), strict=True):
        if fault := reports.add(record):
            unread.append(fault)
            is_unread[place] = True
    if unread:
        yield Unread(member, unread)
    yield from _out_of_scope(member, table, is_report & ~is_unread, DAILY_TAG)
    yield from _out_of_scope(member, table, is_header, "header")
    yield from _out_of_scope(member, table, ~is_report & ~is_header, "other_key")
