"""The page. Nothing on it is private: the gateway gives the synthetic demo alone."""

from __future__ import annotations

import plotly.graph_objects as go
import pyarrow as pa
from dash import Dash, dcc, html
from dash.development.base_component import Component

from dash_app import figures, guard
from dash_app.gateway import Gateway, NoDataError

COLUMNS = [
    "date",
    "bp_n",
    "bp_systolic_mean_mmhg",
    "bp_diastolic_mean_mmhg",
    "rhr_sleep_p05_bpm",
    "sleep_total_min",
]
# No button that sends the figure's data to somebody's cloud.
GRAPH = {"displayModeBar": False, "displaylogo": False, "showSendToCloud": False, "plotlyServerURL": ""}


def create_app(gateway: Gateway) -> Dash:
    """The dashboard over a gateway; `create_app(...).server` is the Flask application."""
    app = Dash("dash_app", title="Personal Data Platform", compress=False)
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    app.layout = lambda: page(gateway)
    guard.install(app)
    return app


def page(gateway: Gateway) -> Component:
    """The one page, or the sentence that says why it is empty."""
    try:
        days = gateway.dataset().table("daily", COLUMNS)
    except NoDataError as error:
        return html.Main([html.H1("Personal Data Platform"), html.P(str(error), className="note")])
    dates = days["date"].to_pylist()
    readings = f"n = {figures.total(days, 'bp_n'):,} readings on {figures.n_days(days, 'bp_systolic_mean_mmhg')} days"
    return html.Main(
        [
            html.H1("Personal Data Platform"),
            html.P("Synthetic data: this person does not exist.", className="synthetic"),
            html.P(
                f"{dates[0]:%d %b %Y} to {dates[-1]:%d %b %Y}, {len(dates)} local days. A day is the local day of the "
                "measurement, a night belongs to the day on which it ends. Days without a value stay empty."
            ),
            *_chart(
                "Blood pressure",
                f"Daily mean of all readings, mmHg; {readings}. Dotted: 135 and 85, home measurement, ESC 2024.",
                figures.blood_pressure(days),
            ),
            *_chart(
                "Resting heart rate",
                f"5th percentile of the heart rate in sleep, per minute; {_nights(days, 'rhr_sleep_p05_bpm')}.",
                figures.resting_heart_rate(days),
            ),
            *_chart("Sleep", f"Time asleep, hours; {_nights(days, 'sleep_total_min')}.", figures.sleep(days)),
            html.P("No medical device, no diagnosis.", className="note"),
        ]
    )


def _nights(days: pa.Table, column: str) -> str:
    return f"n = {figures.n_days(days, column)} nights"


def _chart(title: str, method: str, figure: go.Figure) -> list[Component]:
    graph = dcc.Graph(figure=figure, config=GRAPH, responsive=True, style={"height": f"{figure.layout.height}px"})
    return [html.H2(title), html.P(method, className="method"), graph]
