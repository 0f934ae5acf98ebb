"""Colours on paper: the dashboard's light theme, by the same names. A test holds the two equal."""

from __future__ import annotations

INK = "#1c2430"
MUTED = "#5b6573"
LINE = "#dfe3e8"
SYSTOLIC = "#00705f"
DIASTOLIC = "#9c652b"
THRESHOLD = "#8a3b00"
NIGHT = "#f1f2f6"
LEVELS = {
    "level-0": "#d5ebe6",
    "level-1": "#bcd9cf",
    "level-2": "#ead6b8",
    "level-3": "#d9a878",
    "level-4": "#c2763c",
    "level-5": "#96480f",
    "level-6": "#5e2600",
}
