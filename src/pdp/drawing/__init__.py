"""Drawings of what led to what, as SVG text made on the server: for the dashboard, the report and `pdp explain`.

`graph` says what is drawn, `layout` where it stands, `render` writes it; `lineage` makes the graph of tables and jobs.
The same graph gives the same bytes. Nothing here reads a file.
"""

from pdp.drawing.graph import Box, Graph
from pdp.drawing.render import STYLE, svg

__all__ = ["STYLE", "Box", "Graph", "svg"]
