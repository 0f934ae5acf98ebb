"""Heart rate from years to minutes: the chart whose stretch is chosen by links, by keys and by dragging.

Every stretch has an address. The links work without scripts; with them, assets/heart_zoom.js fetches the same as JSON.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dash import html
from dash.development.base_component import Component
from plotly import graph_objects as go

from dash_app import charts, heart_window, states, tables
from dash_app.figures import heart_rate_zoom as drawn
from dash_app.gateway import Dataset, NoDataError
from dash_app.heart_window import MOVES, SPANS, Window
from dash_app.native import Markup, Native, tag
from dash_app.pressure import many
from dash_app.ssr import to_html
from dash_app.view import View
from pdp.pyramid import MAX_POINTS, RAW

IDENT = "heart-zoom"
ROUTE = "/heart-rate/zoom"
WITH_TABLE = "table"
MOST_ROWS = 120  # of the table
MONTHS = timedelta(days=45)  # of longer stretches no slot is shorter than a day: day and night would be a saw
LEVELS = {
    RAW: "single samples",
    "1min": "1 minute: median, middle half, lowest to highest",
    "15min": "15 minutes: median, middle half, lowest to highest",
    "1h": "1 hour: median, middle half, lowest to highest",
    "6h": "6 hours: median, middle half, lowest to highest",
    "1day": "1 day: median, middle half, lowest to highest",
    "7day": "1 week: median, middle half, lowest to highest",
}


def section(data: Dataset, view: View) -> Component:
    """The chart with its links, as the address asks for it."""
    window, note = heart_window.asked(view)
    try:
        level, table = _found(data, window)
    except NoDataError as error:
        told = states.error(f"The zoom can't be drawn: {error}", "The rest of the page holds.")
        return html.Section([html.H2("Zoom"), told], className="card")
    chart = charts.chart(
        IDENT,
        "Zoom: from years to single samples (bpm)",
        drawn.zoom(view, level, table, window.first, window.last),
        description="Heart rate by local time. The line below says what is drawn; links choose the stretch.",
        table=Native("div", to_html(_table(data, window)), {"class": "zoom-table"}),
        legend=[
            charts.Key("median, or one sample", "heart", "dot"),
            charts.Key("middle half", "heart", "band"),
            charts.Key("lowest to highest", "heart", "faint"),
        ],
        config={**charts.ZOOMED, "doubleClick": False},
    )
    words = _told(view, level, table, window)
    live = {"class": "zoom-told", "role": "status", "data-url": ROUTE, "data-version": data.version}
    parts = [
        html.P(note, className="state state-note", role="status") if note else None,
        chart,
        Native("p", words, live),
        _links(view, window),
        html.P("Drag across the chart to see that stretch; a double click goes back out. ", className="hint"),
    ]
    return html.Section([part for part in parts if part is not None], className="card zoom", id="zoom")


def answer(data: Dataset, view: View) -> dict[str, Any]:
    """What the script needs to show the stretch that the address asks for."""
    own = replace(view, params={name: value for name, value in view.params.items() if name != WITH_TABLE})
    window, _ = heart_window.asked(view)
    level, table = _found(data, window)
    figure: go.Figure = drawn.zoom(view, level, table, window.first, window.last)
    links = {name: _href(own, target) for name, target in window.targets().items()}
    return {
        "figure": figure.to_plotly_json(),
        "told": _told(view, level, table, window),
        # The script asks for it where the table is unfolded.
        "table": to_html(_table(data, window)) if view.params.get(WITH_TABLE) else "",
        "links": links,
        "length": window.length_name(),
        "params": window.params(),
        "address": _href(own, window).partition("#")[0],
        "version": data.version,
    }


def _found(data: Dataset, window: Window, most: int = MAX_POINTS) -> tuple[str, pa.Table]:
    """The level and its rows whose slots touch the stretch, by their own local clock."""
    first, last = heart_window.to_utc_ms(data, window)
    if window.span > MONTHS:
        most = min(most, window.span.days + 2)
    level, table = data.heart_rate(first, last, most)
    local = drawn.local_ms(table)
    low, high = (int((at - heart_window.EPOCH).total_seconds() * 1000) for at in (window.first, window.last))
    width = max(drawn.WIDTHS[level], 1)
    is_within = (local + width > low) & (local < high)
    return level, table.filter(pa.array(is_within))


def _told(view: View, level: str, table: pa.Table, window: Window) -> Markup:
    """What is drawn, of which stretch, from how many samples, and the way back of its last value."""
    when = f"{_moment(window.first)} to {_moment(window.last)}, local time."
    if not len(table):
        return tag("strong", "No samples") + Markup(f" from {when}")
    n = int(pc.sum(table["n"]).as_py())
    slots = "" if level == RAW else f" in {many(len(table), 'stretch', 'stretches')}"
    local = drawn.local_ms(table)
    newest = heart_window.EPOCH + timedelta(milliseconds=int(local[-1]))
    if level == RAW:  # the lineage of single rows is that of their day's count
        where = view.lineage("hr_n", newest.date())
    else:
        start = table["start_utc"][-1].as_py().isoformat()
        where = view.link("/lineage", metric=f"heart_rate_{level}.median", day=newest.date(), start_utc=start)
    how = tag("a", Markup("how was the last value computed?"), href=where)
    moved = _clock_changes(table, level)
    last = f"the last {'is of' if level == RAW else 'begins'} {_moment(newest)}"
    told = Markup.escape(f": {when} n = {many(n, 'sample')}{slots}; {last}. {moved}")
    return tag("strong", LEVELS[level]) + told + how


def _clock_changes(table: pa.Table, level: str) -> str:
    offset = table["utc_offset_min"].to_numpy()
    if drawn.WIDTHS[level] > 3_600_000 or (offset == offset[0]).all():
        return ""
    return "The local clock was moved in this stretch: the line breaks there, and hours that came twice overlap. "


def _table(data: Dataset, window: Window) -> Native:
    """The stretch in no more rows than can be read."""
    level, table = _found(data, window, MOST_ROWS)
    starts = [heart_window.EPOCH + timedelta(milliseconds=at) for at in drawn.local_ms(table).tolist()]
    heads = [tables.Column("From"), tables.Column("Samples")]
    heads += [tables.Column(name, "bpm", 1) for name in ("Lowest", "First quartile", "Median", "Third quartile")]
    heads += [tables.Column("Highest", "bpm", 1)]
    rows = table.slice(0, 4 * MOST_ROWS).to_pylist()
    names = ("n", "min", "q1", "median", "q3", "max")
    body = ((f"{at:%Y-%m-%d %H:%M}", *(row[name] for name in names)) for at, row in zip(starts, rows, strict=False))
    when = f"{_moment(window.first)} to {_moment(window.last)}"
    slot = "single samples" if level == RAW else f"a row per {LEVELS[level].partition(':')[0].removeprefix('1 ')}"
    return tables.behind(f"heart rate, {when}, {slot}", heads, body)


def _links(view: View, window: Window) -> Native:
    targets = window.targets()
    now = window.length_name()
    lengths = Markup().join(
        tag(
            "li",
            tag(
                "a",
                label,
                href=_href(view, targets[name]),
                data_zoom=name,
                aria_current="true" if name == now else None,
            ),
        )
        for name, (label, _) in SPANS.items()
    )
    moves = Markup().join(
        tag("li", tag("a", label, href=_href(view, targets[name]), data_zoom=name)) for name, label in MOVES.items()
    )
    inside = tag("ul", lengths) + tag("ul", moves)
    return Native("nav", inside, {"class": "ranges zoom-links", "aria-label": "Stretch of the zoom"})


def _href(view: View, target: Window) -> str:
    return f"{view.link(**target.params())}#zoom"


def _moment(at: Any) -> str:
    return f"{at.day} {at:%b %Y %H:%M}"
