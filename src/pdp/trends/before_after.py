"""What changed after an event: the mean of the days before it against that of the days after, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from pdp import described
from pdp.described import column
from pdp.trends import resampling
from pdp.trends.rolling import Floats, values_of

FIGURES = ("bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg", "rhr_sleep_p05_bpm", "sleep_total_min")


@dataclass(frozen=True)
class Span:
    """How far around an event is looked: `days` before it, and as many after from day `settle` on.

    What is begun on a day does not act at once, so days are left out; a tablet may take months to show all it does.
    """

    days: int
    settle: int
    least_days: int  # with data, on either side


SPANS = (Span(28, 7, 10), Span(56, 28, 20))

VERDICTS = {
    "too_few": "Too few days with data before or after.",
    "cannot_tell": "One cannot tell: days differ among themselves too much for a difference to stand out.",
    "lower": "Lower after the event. What else changed in these weeks is not known.",
    "higher": "Higher after the event. What else changed in these weeks is not known.",
}

_LAST = ", ".join(f"days {span.settle} to {span.settle + span.days - 1}" for span in SPANS)
_AFTER = f"{_LAST} after the event for spans of {' and '.join(str(span.days) for span in SPANS)} days"
_BEFORE = "the span_days before the event"
_INTERVAL = (
    f"circular block bootstrap over weeks of calendar days, each side by itself ({resampling.DRAWS} resamples, fixed "
    "seed), spread for few weeks by Student's t (pdp.trends.resampling)"
)
SCHEMA = pa.schema(
    [
        column("event_date", pa.date32(), "Day of the event", "", "from events", is_required=True),
        column("kind", pa.string(), "Kind of event", "", "from events", is_required=True),
        column("text", pa.string(), "Event", "", "from events", is_required=True),
        column("figure", pa.string(), "Figure", "", "column of daily", is_required=True),
        column("span_days", pa.int16(), "Days compared", "d", "on either side", is_required=True),
        column("n_before", pa.int32(), "Days before", "1", f"days with data of {_BEFORE}", is_required=True),
        column("n_after", pa.int32(), "Days after", "1", f"days with data of {_AFTER}", is_required=True),
        column("mean_before", pa.float64(), "Mean before", "unit of the figure", f"arithmetic mean; {_BEFORE}"),
        column("mean_after", pa.float64(), "Mean after", "unit of the figure", f"arithmetic mean; {_AFTER}"),
        column("difference", pa.float64(), "Difference", "unit of the figure", "mean after less mean before"),
        column("low", pa.float64(), "Difference, 95 % from", "unit of the figure", _INTERVAL),
        column("high", pa.float64(), "Difference, 95 % to", "unit of the figure", _INTERVAL),
        column(
            "other_events_n",
            pa.int32(),
            "Other events meanwhile",
            "1",
            f"events of other days from {_BEFORE} to the last of {_AFTER}",
            is_required=True,
        ),
        column(
            "verdict",
            pa.string(),
            "In a word",
            "",
            f"too_few: below {' or '.join(str(span.least_days) for span in SPANS)} days with data on a side, or all of "
            "them alike; cannot_tell: the interval holds 0; lower, higher. A difference in time, not a cause",
            is_required=True,
        ),
    ]
)


def before_after(daily: pa.Table, events: pa.Table) -> pa.Table:
    """event_effects.parquet: one row per event, figure and span.

    Args:
        daily: The daily table.
        events: The events of the same subject.
    """
    dates = described.days(daily, "date")
    first = int(dates[0]) if len(dates) else 0
    days = described.days(events, "date").tolist()
    told = list(zip(days, events["kind"].to_pylist(), events["text"].to_pylist(), strict=True))
    rows = []
    for name, span in product(FIGURES, SPANS):
        values = values_of(daily, name)
        for day, kind, text in told:
            others = [each for each in days if each != day and -span.days <= each - day < span.settle + span.days]
            about = {"event_date": day, "kind": kind, "text": text, "figure": name, "span_days": span.days}
            before = _days(values, day - span.days - first, span.days)
            after = _days(values, day + span.settle - first, span.days)
            compared = _compared(before, after, span, name)
            rows.append(dict.fromkeys(SCHEMA.names) | about | {"other_events_n": len(others)} | compared)
    return described.table({name: [row[name] for row in rows] for name in SCHEMA.names}, SCHEMA)


def _days(values: Floats, begin: int, days: int) -> Floats:
    """`days` values from `begin` on, NaN where the daily table does not reach."""
    place = begin + np.arange(days)
    is_there = (place >= 0) & (place < len(values))
    found: Floats = np.full(days, np.nan)
    found[is_there] = values[place[is_there]]
    return found


def _compared(before: Floats, after: Floats, span: Span, name: str) -> dict[str, object]:
    sides = [side[~np.isnan(side)] for side in (before, after)]
    found: dict[str, object] = {"n_before": len(sides[0]), "n_after": len(sides[1]), "verdict": "too_few"}
    if min(map(len, sides)) < span.least_days or not any(map(np.ptp, sides)):
        return found
    means = [float(np.mean(side)) for side in sides]
    difference = means[1] - means[0]
    drawn = _drawn(after, f"{name} after") - _drawn(before, f"{name} before")
    low, high = resampling.interval(difference, drawn, resampling.blocks(span.days), rows=2)
    verdict = "higher" if low > 0 else "lower" if high < 0 else "cannot_tell"
    found |= {"mean_before": means[0], "mean_after": means[1], "difference": difference}
    return found | {"low": low, "high": high, "verdict": verdict}


def _drawn(side: Floats, name: str) -> Floats:
    """The means of resamples of one side; NaN of one that holds no data."""
    values = side[resampling.draws(len(side), name)]
    count = np.count_nonzero(~np.isnan(values), axis=1)
    found: Floats = np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)
    return found
