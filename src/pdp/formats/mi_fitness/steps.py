"""Mi Fitness steps wait for their proof: the daily totals judge a device's stream as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pdp.formats import Rows
from pdp.formats.mi_fitness.daily import DailyReports, step_faults
from pdp.formats.mi_fitness.sleep import Session
from pdp.schemas import DICTIONARY

MAX_HELD = 1_000_000  # rows, some 30 MB: years of minutes with steps; the verdict on them holds for the rest


class HeldSteps:
    """Step rows of an export, held until they can be compared with the daily reports.

    Args:
        reports: As read before any steps.
        sessions: Filled while steps are added; their offsets tell local days.
    """

    def __init__(self, reports: DailyReports, sessions: Sequence[Session]) -> None:
        self._reports, self._sessions = reports, sessions
        self._held: list[Rows] = []
        self._count = 0
        self._faults: dict[str, str] | None = None

    def add(self, rows: Rows) -> Iterator[Rows]:
        """Take rows in; yields those whose verdict is known."""
        if not self._reports.steps:
            self._faults = {}  # nothing to compare with
        if self._faults is not None:
            yield _judged(rows, self._faults)
            return
        self._held.append(rows)
        self._count += rows.table.num_rows
        if self._count >= MAX_HELD:
            yield from self.rest()

    def rest(self) -> Iterator[Rows]:
        """The rows held back, judged."""
        held, self._held = self._held, []
        if self._faults is None:
            self._faults = self._verdict(held)
        for rows in held:
            yield _judged(rows, self._faults)

    def _verdict(self, held: Sequence[Rows]) -> dict[str, str]:
        if not held:
            return {}
        names: dict[str, int] = {}
        codes, starts, steps = [], [], []
        for rows in held:
            device = rows.table["device"].combine_chunks()
            of_code = [names.setdefault(name, len(names)) for name in device.dictionary.to_pylist()]
            codes.append(np.array(of_code, np.int32)[device.indices.to_numpy()])
            starts.append(rows.table["start"].cast(pa.int64()).to_numpy())
            steps.append(rows.table["steps"].to_numpy())
        return step_faults(
            list(names),
            np.concatenate(codes),
            np.concatenate(starts),
            np.concatenate(steps),
            self._sessions,
            self._reports,
        )


def _judged(rows: Rows, faults: dict[str, str]) -> Rows:
    """The rows with the fault of their device; a row's own fault stands."""
    table = rows.table
    if not faults:
        return rows
    device = table["device"].combine_chunks()
    of_code = [faults.get(name) for name in device.dictionary.to_pylist()]
    fault = pa.array(of_code, pa.string()).take(device.indices)
    if "fault" in table.column_names:
        fault = pc.coalesce(table["fault"].combine_chunks().cast(pa.string()), fault)
        table = table.drop_columns(["fault"])
    return replace(rows, table=table.append_column("fault", fault.dictionary_encode().cast(DICTIONARY)))
