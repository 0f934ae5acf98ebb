"""The way of the rows from sources to tables: SVG with real links, drawn on the server, wide and upright."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from dash_app.native import Markup, Native, tag
from dash_app.view import View

WIDE_STEP, WIDE_BOX, ROW, BOX_HEIGHT = 232, 176, 62, 46
TALL_WIDTH, TALL_BOX = 356, 172
TABLES = {
    "summarize": ("Days and nights", "daily", "bp_systolic_mean_mmhg"),
    "home_bp": ("Home averages", "bp_windows", "systolic_mean_mmhg"),
    "trends": ("Trends, regularity", "trends", "median"),
    "pyramid": ("Heart rate, by slot", "heart_rate_1day", "median"),
}
OF_RULE = {
    "summarize": ("blood_pressure", "heart_rate", "sleep_stage", "sleep_episode", "step_count"),
    "home_bp": ("blood_pressure",),
    "trends": ("sleep_stage", "sleep_episode"),
    "pyramid": ("heart_rate",),
}


@dataclass(frozen=True)
class Box:
    """One box.

    Args:
        key: Unique.
        title, detail: Its two lines.
        href: Where it leads; "" for nowhere.
        is_aside: Rows that go no further.
    """

    key: str
    title: str
    detail: str
    href: str = ""
    is_aside: bool = False


@dataclass(frozen=True)
class Layer:
    """Boxes that stand beside each other, from one step of the way."""

    title: str
    boxes: tuple[Box, ...]


def flow(account: Mapping[str, Any], view: View, rules: Sequence[str]) -> Component:
    """The drawing, in both shapes; the stylesheet shows the one that fits.

    Args:
        account: conservation.json.
        view: For the links.
        rules: Rules that made summary tables, of those in TABLES.
    """
    layers, edges = graph(account, view, rules)
    both = Markup().join(
        tag("div", draw(layers, edges), class_=f"flow-{shape}")
        for shape, draw in (("wide", _wide), ("tall", lambda found, _: _tall(found)))
    )
    return Native("div", both, {"class": "flow"})


def graph(account: Mapping[str, Any], view: View, rules: Sequence[str]) -> tuple[list[Layer], list[tuple[str, str]]]:
    """Layers, and which box leads to which."""
    total, sources, measures = account["total"], account["sources"], account["measures"]
    into = [Box(f"s:{name}", name, f"{counts['read']:,} rows", f"#source-{name}") for name, counts in sources.items()]
    read = Box("read", "Read", f"{total['read'] - total['unread']:,} rows")
    unread = Box("unread", "No rule could read", f"{total['unread']:,} rows", "#rejected", is_aside=True)
    taken = total["read"] - total["unread"] - total["quarantined"]
    valid = Box("valid", "Possible", f"{taken:,} rows")
    aside = Box("quarantined", "Quarantined", f"{total['quarantined']:,} rows", "#rejected", is_aside=True)
    merged = [
        Box(f"m:{name}", name.replace("_", " ").capitalize(), f"{counts['accepted']:,} rows", "#measures")
        for name, counts in measures.items()
    ]
    double = Box(
        "double",
        "Not chosen",
        f"{total['duplicate'] + total['superseded']:,}, kept aside",
        "#measures",
        is_aside=True,
    )
    made = []
    for rule in rules:
        title, table, column = TABLES[rule]
        made.append(Box(f"r:{rule}", title, f"rule {rule}", view.link("/lineage", metric=f"{table}.{column}")))
    layers = [
        Layer("Sources", tuple(into)),
        Layer("Read", (read, unread)),
        Layer("Checked", (valid, aside)),
        Layer("Merged", (*merged, double)),
        Layer("Summed up", tuple(made)),
    ]
    edges = [(box.key, "read") for box in into] + [(box.key, "unread") for box in into if sources[box.title]["unread"]]
    edges += [("read", "valid"), ("read", "quarantined")]
    edges += [("valid", box.key) for box in (*merged, double)]
    edges += [(f"m:{name}", f"r:{rule}") for rule in rules for name in OF_RULE[rule]]
    return layers, edges


def _wide(layers: Sequence[Layer], edges: Sequence[tuple[str, str]]) -> Markup:
    """Layers from left to right."""
    height = ROW * max(len(layer.boxes) for layer in layers) + 30
    width = WIDE_STEP * (len(layers) - 1) + WIDE_BOX + 2
    places: dict[str, tuple[float, float]] = {}
    drawn = Markup()
    for at, layer in enumerate(layers):
        left = at * WIDE_STEP + 1
        drawn += tag("text", layer.title, x=left, y=14, class_="flow-title")
        top = 28 + (height - 30 - ROW * len(layer.boxes)) / 2
        for row, box in enumerate(layer.boxes):
            places[box.key] = left, top + row * ROW
            drawn += _box(box, left, top + row * ROW, WIDE_BOX)
    lines = Markup()
    aside = {box.key for layer in layers for box in layer.boxes if box.is_aside}
    for start, end in edges:
        (x, y), (to_x, to_y) = places[start], places[end]
        x, y, to_y = x + WIDE_BOX, y + BOX_HEIGHT / 2, to_y + BOX_HEIGHT / 2
        bend = (to_x - x) / 2
        path = f"M{x:.0f} {y:.0f}C{x + bend:.0f} {y:.0f} {to_x - bend:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
        lines += tag("path", d=path, class_="flow-aside" if end in aside else "flow-line")
    return _svg(lines + drawn, width, height)


def _tall(layers: Sequence[Layer]) -> Markup:
    """Layers from top to bottom, two boxes a row."""
    drawn, y = Markup(), 0.0
    for at, layer in enumerate(layers):
        if at:
            drawn += tag("path", d=f"M{TALL_WIDTH / 2:.0f} {y:.0f}v14m-5 -6l5 6l5 -6", class_="flow-line")
            y += 20
        drawn += tag("text", layer.title, x=1, y=y + 14, class_="flow-title")
        y += 22
        for row, box in enumerate(layer.boxes):
            drawn += _box(box, 1 + (row % 2) * (TALL_WIDTH - TALL_BOX - 2), y + row // 2 * (BOX_HEIGHT + 8), TALL_BOX)
        y += (len(layer.boxes) + 1) // 2 * (BOX_HEIGHT + 8)
    return _svg(drawn, TALL_WIDTH, y)


def _box(box: Box, x: float, y: float, width: float) -> Markup:
    kind = "flow-box flow-out" if box.is_aside else "flow-box"
    inside = tag("rect", x=x, y=f"{y:.0f}", width=width, height=BOX_HEIGHT, rx=8)
    inside += tag("text", box.title, x=x + 10, y=f"{y + 19:.0f}", class_="flow-name")
    inside += tag("text", box.detail, x=x + 10, y=f"{y + 36:.0f}", class_="flow-detail")
    return tag("a", inside, href=box.href, class_=kind) if box.href else tag("g", inside, class_=kind)


def _svg(inside: Markup, width: float, height: float) -> Markup:
    name = "The way of the rows: sources, reading, checks, merging, summary tables"
    return tag(
        "svg",
        inside,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="group",
        aria_label=name,
        style=f"max-width:{width:.0f}px",
    )
