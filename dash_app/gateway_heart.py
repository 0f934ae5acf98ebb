"""Heart rate as fine as a screen can show: single samples for some hours, else a level of the pyramid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from dash_app.gateway_tables import NoDataError
from pdp import pyramid
from pdp.errors import StoreError


def read(
    root: Path,
    subject: str,
    bring: Callable[[Sequence[str]], None],
    first_utc_ms: int,
    last_utc_ms: int,
    max_points: int,
) -> tuple[str, pa.Table]:
    """The level and its rows of [first, last); only row groups that can hold some are read.

    Raises:
        NoDataError: There is no heart rate.
    """
    if last_utc_ms < first_utc_ms:
        raise NoDataError("ends before it begins.", where="the range of heart rate")
    if last_utc_ms - first_utc_ms <= pyramid.RAW_SPAN_MS:
        bring([f"results/merged/{subject}/heart_rate.parquet"])
    try:
        return pyramid.heart_rate_window(
            pyramid.paths(root / "results", subject), first_utc_ms, last_utc_ms, max_points
        )
    except (FileNotFoundError, StoreError):
        raise NoDataError("is not there yet.", where="heart rate", hint="Run the workflow: make run.") from None
    except (OSError, pa.ArrowInvalid):
        raise NoDataError("can't be read.", where="heart rate", hint="Run the workflow again: make run.") from None
