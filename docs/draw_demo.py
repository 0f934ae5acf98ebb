"""Draw docs/demo.png from the demo's daily table: `python docs/draw_demo.py page.html`, then a browser's screenshot.

chromium --headless --screenshot=docs/demo.png --window-size=1200,720 --hide-scrollbars page.html
"""

import sys
from pathlib import Path

import plotly.graph_objects as go
import pyarrow.parquet as pq

DAILY = Path("results/summary/demo/daily.parquet")
INK, SYSTOLIC, DIASTOLIC, HEART, SLEEP = "#1c2430", "#00705f", "#9c652b", "#5c0000", "#8650f1"


def figure(path: Path) -> go.Figure:
    """Three aligned panels: blood pressure, resting heart rate, sleep. Gaps stay gaps."""
    days = pq.read_table(path).to_pydict()
    panels = (
        ("y", "bp_systolic_mean_mmhg", SYSTOLIC, "systolic"),
        ("y", "bp_diastolic_mean_mmhg", DIASTOLIC, "diastolic"),
        ("y2", "rhr_sleep_p05_bpm", HEART, "5th percentile in sleep"),
        ("y3", "sleep_total_min", SLEEP, "asleep"),
    )
    drawn = go.Figure(
        [
            go.Scatter(
                x=days["date"],
                y=[
                    None if value is None else value / (60 if column == "sleep_total_min" else 1)
                    for value in days[column]
                ],
                yaxis=axis,
                mode="markers",
                marker={"size": 4, "color": colour},
                name=name,
            )
            for axis, column, colour, name in panels
        ]
    )
    for limit in (135, 85):
        line = {"color": "#8a3b00", "dash": "dot", "width": 1}
        drawn.add_hline(
            y=limit, line=line, annotation_text=f"{limit} (home, ESC 2024)", annotation_font_color="#8a3b00"
        )
    readings = sum(days["bp_n"])
    drawn.update_layout(
        template="plotly_white",
        width=1200,
        height=720,
        font={"family": "DejaVu Sans, sans-serif", "size": 14, "color": INK},
        title=f"The demo subject, {days['date'][0]:%b %Y} to {days['date'][-1]:%b %Y}: {readings:,} readings, "
        f"{len(days['date'])} local days (synthetic)",
        yaxis={"domain": [0.58, 1], "title": "blood pressure<br>daily mean, mmHg"},
        yaxis2={"domain": [0.29, 0.53], "title": "resting<br>heart rate, /min"},
        yaxis3={"domain": [0, 0.24], "title": "sleep, h"},
        xaxis={"anchor": "y3"},
        legend={"orientation": "h", "itemsizing": "constant", "x": 1, "xanchor": "right", "y": 1.06},
        margin={"l": 90, "r": 30, "t": 90, "b": 40},
    )
    return drawn


if __name__ == "__main__":
    figure(DAILY).write_html(sys.argv[1], include_plotlyjs=True, config={"displayModeBar": False})
