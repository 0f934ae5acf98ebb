"""The average of a protocol's window as an AverageSMBP Observation that names the readings it was made of."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pdp.home_bp import HomeBpSettings, Readings, Window, chosen, newest, of_table
from pdp.home_bp.readings import mean
from pdp.home_bp.windows import counted
from pdp.publish.observations import CARDX, Resource, Whose, component, concept, identity, observation, reference
from pdp.summarize.daily import EPOCH
from pdp.summarize.summary_settings import SummarySettings
from pdp.tables import columns


@dataclass(frozen=True)
class Rules:
    """The settings that the windows were computed with."""

    home_bp: HomeBpSettings = field(default_factory=HomeBpSettings)
    summary: SummarySettings = field(default_factory=SummarySettings)


def average(
    windows: pa.Table,
    readings: pa.Table,
    panels: Sequence[Resource],
    span: tuple[datetime.date, datetime.date],
    rules: Rules,
    whose: Whose,
) -> Resource | None:
    """The newest sufficient window that lies wholly in the span, or None: too few readings give no average.

    Args:
        windows: bp_windows.
        readings: Merged blood pressure of the span, n rows.
        panels: Its n Observations, in the same order.
    """
    inside = [window for window in of_table(windows) if window.from_date >= span[0]]
    window = newest(inside, rules.home_bp.protocol, as_of=span[1], is_sufficient=True)
    if window is None or window.systolic_mean_mmhg is None or window.diastolic_mean_mmhg is None:
        return None
    rows = _rows(readings, window, rules)
    if rows is None:
        return None
    used = [panels[row] for row in rows]
    period = {"start": used[0]["effectiveDateTime"], "end": used[-1]["effectiveDateTime"]}
    protocol = chosen(rules.home_bp)[window.protocol]
    made = observation(
        identity("average", protocol.key, *(panel["id"] for panel in used)),
        "96607-7",
        whose,
        profile=f"{CARDX}/average-smbp",
        extension=[{"url": f"{CARDX}/NumberOfMeasurementsExt", "valueInteger": len(used)}],
        effectivePeriod=period,
        method={"text": f"{protocol.title}: {protocol.words}"},
        derivedFrom=[reference(panel) for panel in used],
        component=[
            component("96608-5", window.systolic_mean_mmhg, "mm[Hg]"),
            component("96609-3", window.diastolic_mean_mmhg, "mm[Hg]"),
        ],
    )
    made["code"] = concept("96607-7")
    return made


def _rows(table: pa.Table, window: Window, rules: Rules) -> list[int] | None:
    """Rows that the protocol counts, in order of time; None unless they give the very average of the window."""
    protocol = chosen(rules.home_bp).get(window.protocol)
    if protocol is None:
        return None
    order = np.argsort(columns.integers(table["start_utc"]), kind="stable")
    every = Readings.of(table, rules.summary, rules.home_bp.session_gap_min)
    bounds = (window.from_date - EPOCH).days, (window.to_date - EPOCH).days
    inside = np.flatnonzero((every.day >= bounds[0]) & (every.day <= bounds[1]))
    # As pdp.home_bp.find has it: by day, and within the day by time.
    inside = inside[np.argsort(every.day[inside], kind="stable")]
    kept = inside[counted(every.take(inside), protocol)]
    found = mean(every.systolic[kept]), mean(every.diastolic[kept])
    if len(kept) != window.n_readings or found != (window.systolic_mean_mmhg, window.diastolic_mean_mmhg):
        return None
    return [int(order[place]) for place in np.sort(kept)]
