"""Colours on paper: the dashboard's light theme, by the same names. A test holds the two equal."""

from __future__ import annotations

INK = "#1c2430"
MUTED = "#5b6573"
LINE = "#dfe3e8"
SYSTOLIC = "#00705f"
DIASTOLIC = "#9c652b"
THRESHOLD = "#662200"
NIGHT = "#f1f2f6"
LEVELS = {"level-1": "#cfe6e0", "level-2": "#e3bd8a", "level-3": "#c77f3a", "level-4": "#7a3608"}
