"""The proof that every record of a file was accounted for, by intervals instead of a mark per record."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdp.errors import ConservationError

_PENDING = 1 << 16  # intervals that wait before they are joined with the others


class Coverage:
    """Which records of one member stand in some part of the result.

    Contiguous rows are one interval; what several parts cover between them joins up as it comes in,
    so memory follows the gaps that are still open, not the rows.
    """

    def __init__(self) -> None:
        self._intervals: npt.NDArray[np.int64] = np.empty((0, 2), np.int64)  # first and last record, inclusive
        self._pending: list[npt.NDArray[np.int64]] = []
        self._waiting = 0

    def add(self, rows: npt.NDArray[np.integer]) -> None:
        """n record numbers in any order, repeated or not."""
        if len(rows) == 0:
            return
        steps = np.diff(rows)
        if not np.all(steps > 0):
            rows = np.unique(rows)
            steps = np.diff(rows)
        ends = np.flatnonzero(steps > 1)
        first = rows[np.append(0, ends + 1)].astype(np.int64)
        last = rows[np.append(ends, len(rows) - 1)].astype(np.int64)
        self._pending.append(np.stack([first, last], axis=1))
        self._waiting += len(first)
        if self._waiting > max(_PENDING, 2 * len(self._intervals)):
            self._join()

    def _join(self) -> None:
        every = np.concatenate([self._intervals, *self._pending])
        every = every[np.argsort(every[:, 0], kind="stable")]
        reach = np.maximum.accumulate(every[:, 1])
        begins = np.append(True, every[1:, 0] > reach[:-1] + 1) if len(every) else np.empty(0, np.bool_)
        at = np.flatnonzero(begins)
        ends = reach[np.append(at[1:] - 1, len(every) - 1)] if len(every) else reach
        self._intervals = np.stack([every[at, 0], ends], axis=1)
        self._pending, self._waiting = [], 0

    def prove(self, records: int, where: str) -> None:
        """That exactly the records 1 to `records` were covered.

        Raises:
            ConservationError: Some were not, or some were that the file does not have; names the first.
        """
        self._join()
        intervals = self._intervals
        if len(intervals) and (intervals[0, 0] < 1 or intervals[-1, 1] > records):
            stray = intervals[0, 0] if intervals[0, 0] < 1 else max(records + 1, int(intervals[-1, 0]))
            raise ConservationError(
                f"record {stray} was read, but there are {records} records.", where=where, hint=_HINT
            )
        covered = int((intervals[:, 1] - intervals[:, 0] + 1).sum())
        if covered != records:
            missing = 1 if not len(intervals) or intervals[0, 0] > 1 else int(intervals[0, 1]) + 1
            raise ConservationError(
                f"{records - covered} of {records} records came out under no name, the first is record {missing}.",
                where=where,
                hint=_HINT,
            )


_HINT = "This is a fault of the format's parser, not of the file; please report it."
