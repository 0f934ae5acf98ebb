"""A graph as SVG text. Without a style sheet it is drawn in the colour of the text around it; STYLE adds the rest."""

from __future__ import annotations

from html import escape
from itertools import pairwise

from pdp.drawing import layout
from pdp.drawing.graph import Graph
from pdp.drawing.layout import BOX_HEIGHT, DETAIL_PX, PADDING, TITLE_PX, Layout, Line, Place
from pdp.drawing.letters import clean
from pdp.report.svg import element, number

_Stretch = tuple[float, float, float, float]
_INK = "currentColor"
_FONT = "Inter, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"

# Colours of the dashboard's palette; a page may set the variables to its own.
STYLE = """\
.drawing { --box: #ffffff; --name: #1c2430; --told: #5b6573; --edge: #7a8594; --link: #00705f; color: var(--name); }
.drawing .box rect { fill: var(--box); stroke: var(--edge); stroke-opacity: 1; }
.drawing .name { fill: var(--name); } .drawing .told { fill: var(--told); fill-opacity: 1; }
.drawing a .name { fill: var(--link); text-decoration: underline; }
.drawing a:hover rect, .drawing a:focus-visible rect { stroke: var(--link); stroke-width: 3; }
.drawing a:focus-visible { outline: none; }
.drawing .line { stroke: var(--edge); stroke-opacity: 1; }
@media print {
  .drawing { --box: #ffffff; --name: #000000; --told: #333333; --edge: #666666; --link: #000000; }
}
"""
_ALONE = """\
@media screen and (prefers-color-scheme: dark) {
  .drawing { --box: #1b222c; --name: #e8ecf1; --told: #a7b1be; --edge: #7a8594; --link: #4cc9b0; }
}
svg { background: #ffffff; }
@media (prefers-color-scheme: dark) { svg { background: #12171e; } }
@media print { svg { background: none; } }
"""


def svg(graph: Graph, *, is_tall: bool = False, is_alone: bool = False) -> str:
    """The drawing.

    Args:
        is_tall: For narrow screens: layers from top to bottom.
        is_alone: A file of its own, with its style inside; else the page has STYLE or a style of its own.
    """
    found = layout.tall(graph) if is_tall else layout.wide(graph)
    asides = {box.key for box in graph.boxes if box.is_aside}
    parts = [element("style", escape(STYLE + _ALONE, quote=False))] if is_alone else []
    parts += [element("title", _text(graph.title)), element("desc", _text(graph.about))]
    drawn: set[_Stretch] = set()
    parts += [_line(line, drawn, is_aside=line.start in asides or line.end in asides) for line in found.lines]
    parts += [_head(title, x, 16.0) for title, x in found.heads]
    parts += _upright_heads(graph, found) if is_tall else []
    parts += [_box(place) for place in found.places]
    has_links = any(box.href for box in graph.boxes)
    text = element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        class_="drawing",
        role="group" if has_links else "img",  # an image has no links for those who hear it
        aria_label=clean(graph.title),
        width=found.width,
        height=found.height,
        viewBox=f"0 0 {number(found.width)} {number(found.height)}",
        font_family=_FONT,
        font_size=DETAIL_PX,
        color=None if is_alone else "inherit",
        style=None if is_alone else f"max-width:{number(found.width)}px",
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n' if is_alone else text


def _text(words: str) -> str:
    return escape(clean(words), quote=False)


def _head(title: str, x: float, y: float) -> str:
    return element("text", _text(title), x=x, y=y, class_="told", fill=_INK, fill_opacity=0.7)


def _upright_heads(graph: Graph, found: Layout) -> list[str]:
    """A title above each layer, and from the second on an arrow above the title."""
    parts = []
    for at, title in enumerate(graph.layers):
        tops = [place.y for place in found.places if place.box.layer == at]
        if not tops:
            continue
        parts.append(_head(title, layout.EDGE, min(tops) - 8))
        if at:
            d = f"M{number(found.width / 2)} {number(min(tops) - 38)}v14m-5 -6l5 6l5 -6"
            parts.append(element("path", d=d, class_="line", fill="none", stroke=_INK, stroke_opacity=0.5))
    return parts


def _line(line: Line, drawn: set[_Stretch], *, is_aside: bool) -> str:
    """Straight through the lanes, bent between the layers; what an earlier line has drawn is left out."""
    d = ""
    for (x, y), (to_x, to_y) in pairwise(line.points):
        if (x, y, to_x, to_y) in drawn:
            continue
        drawn.add((x, y, to_x, to_y))
        bend = (to_x - x) / 2
        d += f"M{number(x)} {number(y)}"
        d += f"C{number(x + bend)} {number(y)} {number(to_x - bend)} {number(to_y)} " if to_y != y else "L"
        d += f"{number(to_x)} {number(to_y)}"
    return element(
        "path",
        d=d,
        class_="line",
        fill="none",
        stroke=_INK,
        stroke_opacity=0.5,
        stroke_width=1.25,
        stroke_dasharray="4 3" if is_aside else None,
    )


def _box(place: Place) -> str:
    box = place.box
    about = box.about or f"{box.title}, {box.detail}".rstrip(", ")
    inside = element("title", _text(about))
    inside += element(
        "rect",
        x=place.x,
        y=place.y,
        width=place.width,
        height=BOX_HEIGHT,
        rx=8,
        fill="none",
        stroke=_INK,
        stroke_opacity=0.6,
        stroke_width=2.5 if box.is_strong else 1,
        stroke_dasharray="4 3" if box.is_aside else None,
    )
    x = place.x + PADDING
    inside += element(
        "text",
        _text(place.title),
        x=x,
        y=place.y + 19,
        class_="name",
        fill=_INK,
        font_size=TITLE_PX,
        font_weight=600,
    )
    if place.detail:
        inside += element("text", _text(place.detail), x=x, y=place.y + 36, class_="told", fill=_INK, fill_opacity=0.75)
    return element("a", inside, href=box.href, class_="box") if box.href else element("g", inside, class_="box")
