"""Where each box stands: layers from left to right, neighbours near what they hang on, lines past the boxes.

An edge over several layers gets a narrow lane in each layer between, so that no line runs under a box (Sugiyama's
method: layers are given, order by barycentres). Edges from one box share theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pdp.drawing.graph import Box, Graph
from pdp.drawing.letters import fit, width

TITLE_PX, DETAIL_PX = 14.0, 13.0
BOX_HEIGHT, LANE_HEIGHT, ROW_GAP = 46.0, 4.0, 14.0
LEAST_WIDTH, MOST_WIDTH, PADDING = 104.0, 232.0, 10.0
GAP = 40.0  # between layers, for the bends
HEAD = 30.0  # for the titles of the layers
EDGE = 2.0  # around all, for thick borders
_SWEEPS = 6


@dataclass(frozen=True)
class Place:
    """A box where it stands, px; title and detail as they fit."""

    box: Box
    x: float
    y: float
    width: float
    title: str
    detail: str


@dataclass(frozen=True)
class Line:
    """An edge: points in pairs, a straight stretch through a layer or a bend between two."""

    start: str
    end: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """All of a drawing, px. `heads`: title and x of each layer."""

    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    heads: tuple[tuple[str, float], ...]
    width: float
    height: float


def wide(graph: Graph) -> Layout:
    """Layers from left to right."""
    columns, ways = _columns(graph)
    boxes = {box.key: box for box in graph.boxes}
    sizes = {key: BOX_HEIGHT if key in boxes else LANE_HEIGHT for column in columns for key in column}
    tall = max((_height(column, sizes) for column in columns), default=0.0)
    places: dict[str, Place] = {}
    middle: dict[str, float] = {}
    lefts: list[tuple[float, float]] = []
    x = EDGE
    for at, column in enumerate(columns):
        across = _width([boxes[key] for key in column if key in boxes], graph.layers[at])
        lefts.append((x, across))
        y = HEAD + (tall - _height(column, sizes)) / 2
        for key in column:
            middle[key] = y + sizes[key] / 2
            if key in boxes:
                places[key] = _place(boxes[key], x, y, across)
            y += sizes[key] + ROW_GAP
        x += across + GAP
    lines = [_line(way, lefts, middle, {key: place.box.layer for key, place in places.items()}) for way in ways]
    heads = tuple(
        (fit(title, across, DETAIL_PX), left) for title, (left, across) in zip(graph.layers, lefts, strict=True)
    )
    return Layout(
        tuple(places[box.key] for box in graph.boxes), tuple(lines), heads, x - GAP + EDGE, HEAD + tall + EDGE
    )


def _width(boxes: Sequence[Box], head: str) -> float:
    wanted = [width(head, DETAIL_PX)]
    wanted += [width(box.title, TITLE_PX, is_bold=True) + 2 * PADDING for box in boxes]
    wanted += [width(box.detail, DETAIL_PX) + 2 * PADDING for box in boxes]
    return float(math.ceil(min(max(LEAST_WIDTH, *wanted), MOST_WIDTH)))


def _height(column: Sequence[str], sizes: dict[str, float]) -> float:
    return sum(sizes[key] + ROW_GAP for key in column) - ROW_GAP if column else 0.0


def _place(box: Box, x: float, y: float, across: float) -> Place:
    room = across - 2 * PADDING
    return Place(box, x, y, across, fit(box.title, room, TITLE_PX, is_bold=True), fit(box.detail, room, DETAIL_PX))


def _columns(graph: Graph) -> tuple[list[list[str]], list[list[str]]]:
    """Keys of boxes and lanes by layer, in order; and each edge as the keys that it passes."""
    columns: list[list[str]] = [[] for _ in graph.layers]
    layer = {box.key: box.layer for box in graph.boxes}
    for box in graph.boxes:
        columns[box.layer].append(box.key)
    ways = []
    for start, end in graph.edges:
        way = [start]
        for at in range(layer[start] + 1, layer[end]):
            lane = f"\0{at}:{start}"  # no box has such a key; all that comes from one box shares its lane
            if lane not in columns[at]:
                columns[at].append(lane)
            way.append(lane)
        ways.append([*way, end])
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for way in ways:
        for one, other in pairwise(way):
            if other not in after.setdefault(one, []):
                after[one].append(other)
                before.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        is_forward = sweep % 2 == 0
        order = range(1, len(columns)) if is_forward else range(len(columns) - 2, -1, -1)
        for at in order:
            near = columns[at - 1] if is_forward else columns[at + 1]
            columns[at] = _sorted(columns[at], near, before if is_forward else after)
    return columns, ways


def _sorted(column: Sequence[str], near: Sequence[str], linked: dict[str, list[str]]) -> list[str]:
    """By the mean place of neighbours; what has none keeps its own; equals keep their order."""
    share = {key: (place + 0.5) / len(near) for place, key in enumerate(near)}

    def wanted(item: tuple[int, str]) -> float:
        place, key = item
        shares = [share[other] for other in linked.get(key, ())]
        return sum(shares) / len(shares) if shares else (place + 0.5) / len(column)

    return [key for _, key in sorted(enumerate(column), key=wanted)]


def _line(
    way: Sequence[str], lefts: Sequence[tuple[float, float]], middle: dict[str, float], layer: dict[str, int]
) -> Line:
    """From the right edge of the first box, straight through each lane, to the left edge of the last."""
    first, last = way[0], way[-1]
    left, across = lefts[layer[first]]
    points = [(left + across, middle[first])]
    for step, lane in enumerate(way[1:-1], start=layer[first] + 1):
        left, across = lefts[step]
        points += [(left, middle[lane]), (left + across, middle[lane])]
    points.append((lefts[layer[last]][0], middle[last]))
    return Line(first, last, tuple(points))


TALL_WIDTH, TALL_GAP, ARROW = 356.0, 8.0, 20.0


def tall(graph: Graph) -> Layout:
    """Layers from top to bottom, two boxes a row, for narrow screens: arrows between layers instead of lines."""
    across = (TALL_WIDTH - TALL_GAP) / 2 - EDGE
    places: dict[str, Place] = {}
    y = 0.0
    for at in range(len(graph.layers)):
        boxes = [box for box in graph.boxes if box.layer == at]
        y += HEAD - TALL_GAP if at == 0 else HEAD + ARROW - TALL_GAP
        for row, box in enumerate(boxes):
            x = EDGE + row % 2 * (across + TALL_GAP)
            places[box.key] = _place(box, x, y + row // 2 * (BOX_HEIGHT + TALL_GAP), across)
        y += (len(boxes) + 1) // 2 * (BOX_HEIGHT + TALL_GAP)
    return Layout(tuple(places[box.key] for box in graph.boxes), (), (), TALL_WIDTH, y + EDGE)
