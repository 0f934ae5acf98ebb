"""What changed after an event: the mean of the days before it against that of the days after, and how sure that is."""

from __future__ import annotations

import pyarrow as pa

from pdp.described import column

FIGURES = ("bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg", "rhr_sleep_p05_bpm", "sleep_total_min")
SPAN_DAYS = 28
SETTLE_DAYS = 7  # left out after the event: what is begun on a day does not act at once
LEAST_DAYS = 10  # with data, on either side

_AFTER = f"days {SETTLE_DAYS} to {SETTLE_DAYS + SPAN_DAYS - 1} after the event"
_BEFORE = f"the {SPAN_DAYS} days before the event"
SCHEMA = pa.schema(
    [
        column("event_date", pa.date32(), "Day of the event", "", "from events", is_required=True),
        column("kind", pa.string(), "Kind of event", "", "from events", is_required=True),
        column("text", pa.string(), "Event", "", "from events", is_required=True),
        column("figure", pa.string(), "Figure", "", "column of daily", is_required=True),
        column("n_before", pa.int32(), "Days before", "1", f"days with data of {_BEFORE}", is_required=True),
        column("n_after", pa.int32(), "Days after", "1", f"days with data of {_AFTER}", is_required=True),
        column("mean_before", pa.float64(), "Mean before", "unit of the figure", f"arithmetic mean; {_BEFORE}"),
        column("mean_after", pa.float64(), "Mean after", "unit of the figure", f"arithmetic mean; {_AFTER}"),
        column("difference", pa.float64(), "Difference", "unit of the figure", "mean after less mean before"),
        column("low", pa.float64(), "Difference, 95 % from", "unit of the figure", "see pdp.trends.before_after"),
        column("high", pa.float64(), "Difference, 95 % to", "unit of the figure", "see pdp.trends.before_after"),
        column("other_events_n", pa.int32(), "Other events meanwhile", "1", "events of other days", is_required=True),
        column("verdict", pa.string(), "In a word", "", "too_few, cannot_tell, lower, higher", is_required=True),
    ]
)


def before_after(daily: pa.Table, events: pa.Table) -> pa.Table:
    """event_effects.parquet."""
    return SCHEMA.empty_table()
