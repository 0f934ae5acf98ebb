"""A page with a fault in the program."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app.gateway import Dataset
from dash_app.view import View

TITLE = "Broken"
PATH = "/broken"


def page(data: Dataset, view: View) -> Component:
    """Fails."""
    raise ZeroDivisionError("187/118 mmHg")
