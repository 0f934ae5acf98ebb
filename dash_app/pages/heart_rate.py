"""Heart rate: resting, through the day, from years to single samples, and how it is distributed."""

from __future__ import annotations

from datetime import date
from typing import Any

from dash import Dash
from dash.development.base_component import Component
from flask import Response, request
from plotly.io.json import to_json_plotly

from dash_app import heart_days, heart_spread, heart_zoom, pressure, states
from dash_app.gateway import Dataset, Gateway, NoDataError
from dash_app.view import View, parse

TITLE = "Heart rate"
SUBTITLE = "As devices measured it, by your local clock. Not a diagnosis."
PATH = "/heart-rate"
NAV = 30


def page(data: Dataset, view: View) -> list[Component]:
    """Three cards, resting heart rate and the hours of each day, the zoom, the distribution."""
    # The spark of a card begins before the range.
    begin = date.fromordinal(max(view.last.toordinal() - heart_days.SPARK_DAYS + 1, 1))
    found = data.table("daily", heart_days.COLUMNS, min(view.first, begin), view.last)
    daily = {row["date"]: row for row in found.to_pylist()}
    days = [day for day, row in daily.items() if row["hr_n"] or row[heart_days.RESTING] is not None]
    if not any(view.first <= day for day in days):
        known = data.table("daily", ["date", "hr_n"]).to_pylist()
        return [states.empty(view, "heart rate", max((row["date"] for row in known if row["hr_n"]), default=None))]
    trend = pressure.trend(data, heart_days.RESTING, view.first, view.last)
    shown = [
        states.stale(max(days), pressure.today(data, view), "day with heart rate"),
        heart_days.top(view, daily, trend),
        heart_days.section(data, view, daily, trend),
        heart_zoom.section(data, view),
        heart_spread.section(data, view),
    ]
    return [part for part in shown if part is not None]


def register(app: Dash, gateway: Gateway) -> None:
    """The zoom's stretches as JSON, of whatever data the session may see."""

    @app.server.get(heart_zoom.ROUTE)
    def zoom() -> Response:
        try:
            return _json(_stretch(gateway.dataset()))
        except NoDataError as error:
            return _json({"error": str(error)}, 404)


def _stretch(data: Dataset) -> dict[str, Any]:
    days = data.table("daily", ["date"])["date"]
    if not len(days):
        raise NoDataError("the data has no day yet.", hint="Run the workflow: make run.")
    return heart_zoom.answer(data, parse(PATH, request.args.to_dict(), days[0].as_py(), days[-1].as_py()))


def _json(told: dict[str, Any], status: int = 200) -> Response:
    return Response(to_json_plotly(told), status, mimetype="application/json")
