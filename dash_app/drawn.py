"""A graph as a part of a page: wide, and upright for narrow screens; the stylesheet shows the one that fits."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app.native import Markup, Native, tag
from pdp import drawing
from pdp.drawing import Graph


def both(graph: Graph) -> Component:
    """The drawing in both shapes. Its texts are escaped by pdp.drawing."""
    wide, tall = Markup(drawing.svg(graph)), Markup(drawing.svg(graph, is_tall=True))
    told = tag("div", wide, class_="flow-wide", role="region", aria_label=graph.title, tabindex="0")
    return Native("div", told + tag("div", tall, class_="flow-tall"), {"class": "flow"})
