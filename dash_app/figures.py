"""Charts: a table in, a plotly Figure out. Each names its unit and n; a day without a value stays a gap."""

from __future__ import annotations

from datetime import timedelta

import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc

INK, GRID = "#1c2430", "#dfe3e8"
SYSTOLIC, DIASTOLIC, HEART, SLEEP, LIMIT = "#00705f", "#9c652b", "#5c0000", "#5b3fa8", "#8a3b00"
HOME_LIMITS_MMHG = (135, 85)  # home blood pressure, ESC 2024
MIN_PER_H = 60
MARGIN = timedelta(days=5)  # so that the points of the first and the last day are whole


def blood_pressure(days: pa.Table) -> go.Figure:
    """Daily means of both pressures, mmHg."""
    drawn = _panel(days, "mmHg")
    _points(drawn, days, "bp_systolic_mean_mmhg", "systolic", SYSTOLIC)
    _points(drawn, days, "bp_diastolic_mean_mmhg", "diastolic", DIASTOLIC)
    for limit in HOME_LIMITS_MMHG:
        # Beside the panel, where no point lies under it.
        text = {"text": f"{limit}", "font": {"color": LIMIT}, "x": 1, "xanchor": "left", "yanchor": "middle"}
        drawn.add_hline(y=limit, line={"color": LIMIT, "dash": "dot", "width": 1}, annotation=text)
    return drawn


def resting_heart_rate(days: pa.Table) -> go.Figure:
    """5th percentile of the heart rate in sleep, per minute."""
    drawn = _panel(days, "per minute")
    _points(drawn, days, "rhr_sleep_p05_bpm", "5th percentile in sleep", HEART)
    return drawn


def sleep(days: pa.Table) -> go.Figure:
    """Time asleep in the night that ends on the day, hours."""
    drawn = _panel(days, "hours")
    _points(drawn, days, "sleep_total_min", "asleep", SLEEP, divisor=MIN_PER_H)
    return drawn


def n_days(days: pa.Table, column: str) -> int:
    """On how many days `column` has a value."""
    return int(pc.count(days[column]).as_py())


def total(days: pa.Table, column: str) -> int:
    """Sum of a column of counts."""
    return int(pc.sum(days[column]).as_py() or 0)


def _points(drawn: go.Figure, days: pa.Table, column: str, name: str, colour: str, divisor: int = 1) -> None:
    values = [None if value is None else value / divisor for value in days[column].to_pylist()]
    marker = {"size": 5, "color": colour}
    hover = f"%{{x|%a %d %b %Y}}<br>{name} %{{y:.1f}}<extra></extra>"
    drawn.add_trace(
        go.Scatter(x=days["date"].to_pylist(), y=values, mode="markers", marker=marker, name=name, hovertemplate=hover)
    )


def _panel(days: pa.Table, unit: str) -> go.Figure:
    first, last = days["date"][0].as_py(), days["date"][-1].as_py()
    # hovermode closest: the "x" modes put another day's value under a day that has none.
    return go.Figure(
        layout={
            "template": "plotly_white",
            "height": 280,
            "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
            "yaxis": {"title": unit, "gridcolor": GRID},
            "xaxis": {"gridcolor": GRID, "range": [first - MARGIN, last + MARGIN]},
            "hovermode": "closest",
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.14, "itemsizing": "constant"},
            "margin": {"l": 64, "r": 44, "t": 28, "b": 36},
        }
    )
