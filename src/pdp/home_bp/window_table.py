"""bp_windows: the protocol windows as a table, and the window one is looking for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache

import pyarrow as pa

from pdp.home_bp.guidelines import guidelines
from pdp.home_bp.table_shape import field, table_of_rows
from pdp.home_bp.windows import SD_LEAST_DAYS, Window

LEVEL = "level_"  # + the guideline's key: the column of the level

_COUNTED = "of the readings that the protocol counts"
_OF_DAYS = f"standard deviation (n - 1) of the means of n_days days; null below {SD_LEAST_DAYS} days"


def _pressure(name: str, title: str, method: str) -> pa.Field:
    return field(name, pa.float64(), title, unit="mm[Hg]", method=method)


def _count(name: str, title: str, method: str = "") -> pa.Field:
    return field(name, pa.int64(), title, unit="1", method=method or f"count {_COUNTED}", is_nullable=False)


@cache
def schema() -> pa.Schema:
    """The columns of bp_windows: one level column per guideline at the end."""
    daytimes = "windows of summary.morning and summary.evening, by the reading's own offset"
    means = [
        _pressure(f"{part}{name}_mean_mmhg", f"{title}{words}", f"arithmetic mean {_COUNTED}")
        for part, words in (("morning_", ", morning"), ("evening_", ", evening"))
        for name, title in (("systolic", "Systolic pressure"), ("diastolic", "Diastolic pressure"))
    ]
    levels = [
        field(
            f"{LEVEL}{key}",
            pa.string(),
            f"Level by {each.name}",
            method=f'of the whole-mmHg averages; "" where the window is insufficient; {each.citation}',
            is_nullable=False,
        )
        for key, each in guidelines().items()
    ]
    return pa.schema(
        [
            field("protocol", pa.string(), "Protocol", method="see guidelines.yaml, protocols", is_nullable=False),
            field("is_default", pa.bool_(), "Shown unless asked", method="home_bp.protocol", is_nullable=False),
            field("from_date", pa.date32(), "First day", method="local day", is_nullable=False),
            field("to_date", pa.date32(), "Last day", method="local day, with a reading", is_nullable=False),
            _count("n_readings", "Number of readings"),
            _count("n_days", "Number of days with a reading"),
            _count("n_morning", "Number of readings of the morning", f"count {_COUNTED}; {daytimes}"),
            _count("n_evening", "Number of readings of the evening", f"count {_COUNTED}; {daytimes}"),
            _count("n_days_morning", "Number of days with a morning"),
            _count("n_days_evening", "Number of days with an evening"),
            _count(
                "n_left_out", "Number of readings left out", "readings of the window that the protocol does not count"
            ),
            field(
                "is_sufficient", pa.bool_(), "Enough for a verdict", method="the protocol's minimum", is_nullable=False
            ),
            field("why_not", pa.string(), "What is missing", method='sentences; "" where enough', is_nullable=False),
            _pressure("systolic_mean_mmhg", "Systolic pressure", f"arithmetic mean {_COUNTED}; no verdict alone"),
            _pressure("diastolic_mean_mmhg", "Diastolic pressure", f"arithmetic mean {_COUNTED}; no verdict alone"),
            field("pulse_mean_bpm", pa.float64(), "Pulse at the cuff", unit="/min", method=f"mean {_COUNTED}"),
            _count("pulse_n", "Number of readings with a pulse"),
            *means,
            _pressure("systolic_sd_mmhg", "Systolic pressure, spread from day to day", _OF_DAYS),
            _pressure("diastolic_sd_mmhg", "Diastolic pressure, spread from day to day", _OF_DAYS),
            _pressure("systolic_highest_mmhg", "Highest systolic reading", f"maximum {_COUNTED}"),
            _pressure("systolic_lowest_mmhg", "Lowest systolic reading", f"minimum {_COUNTED}"),
            _pressure("diastolic_highest_mmhg", "Highest diastolic reading", f"maximum {_COUNTED}"),
            _pressure("diastolic_lowest_mmhg", "Lowest diastolic reading", f"minimum {_COUNTED}"),
            *levels,
        ]
    )


_PLAIN = tuple(each.name for each in fields(Window) if each.name != "levels")


def table(windows: Sequence[Window], default_protocol: str) -> pa.Table:
    """bp_windows from windows of any protocols."""
    rows = [
        {name: getattr(window, name) for name in _PLAIN}
        | {"is_default": window.protocol == default_protocol}
        | {f"{LEVEL}{key}": level for key, level in window.levels.items()}
        for window in windows
    ]
    return table_of_rows(rows, schema())


def of_table(found: pa.Table) -> list[Window]:
    """The windows of a bp_windows table."""
    return [
        Window(
            **{name: row[name] for name in _PLAIN},
            levels={name.removeprefix(LEVEL): level for name, level in row.items() if name.startswith(LEVEL)},
        )
        for row in found.to_pylist()
    ]


def newest(
    windows: Iterable[Window], protocol: str, *, as_of: datetime.date | None = None, is_sufficient: bool = False
) -> Window | None:
    """The window that ends last (by `as_of`, if given); only those with enough for a verdict if so asked."""
    fitting = (
        window
        for window in windows
        if window.protocol == protocol
        and (as_of is None or window.to_date <= as_of)
        and (window.is_sufficient or not is_sufficient)
    )
    return max(fitting, key=lambda window: window.to_date, default=None)


def best(windows: Iterable[Window], protocol: str, first: datetime.date, last: datetime.date) -> Window | None:
    """The fullest sufficient window that lies wholly in [first, last]: most days, then most readings, then newest."""
    fitting = (
        window
        for window in windows
        if window.protocol == protocol and window.is_sufficient and first <= window.from_date and window.to_date <= last
    )
    return max(fitting, key=lambda window: (window.n_days, window.n_readings, window.to_date), default=None)
