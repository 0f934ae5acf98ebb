"""What is drawn: boxes in layers, and which leads to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        key: Unique in its graph.
        layer: Place of its layer, 0 the first.
        title, detail: Its two lines; shortened to fit, never wrapped.
        href: Where it leads; "" for nowhere.
        about: What a pointer that rests on it, or a screen reader, is told; "" for the two lines.
        is_aside: Rows that go no further, or what was only read: drawn with a dashed edge.
        is_strong: What the drawing is about: drawn with a thick edge.
    """

    key: str
    layer: int
    title: str
    detail: str = ""
    href: str = ""
    about: str = ""
    is_aside: bool = False
    is_strong: bool = False


@dataclass(frozen=True)
class Graph:
    """A drawing's content.

    Attributes:
        title: Its name.
        about: A sentence that tells what it shows, for those who don't see it.
        layers: Title of each layer, the first first.
        boxes: In the order in which equals stand.
        edges: Keys of boxes; each from a lower layer to a higher one.
    """

    title: str
    about: str
    layers: tuple[str, ...]
    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        layer = {box.key: box.layer for box in self.boxes}
        if len(layer) != len(self.boxes):
            raise ValueError("two boxes have one key")
        if any(not 0 <= box.layer < len(self.layers) for box in self.boxes):
            raise ValueError("a box stands in a layer that has no title")
        if any(layer[start] >= layer[end] for start, end in self.edges):
            raise ValueError("an edge does not lead to a later layer")


def without_detours(edges: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Edges less those that a longer way replaces: what reads every layer hangs on the last (transitive reduction).

    Args:
        edges: Of a graph without circles.
    """
    every = tuple(dict.fromkeys(edge for edge in edges if edge[0] != edge[1]))
    following: dict[str, list[str]] = {}
    for start, end in every:
        following.setdefault(start, []).append(end)
    reach: dict[str, frozenset[str]] = {}
    for start in following:
        _reach(start, following, reach)
    return tuple(
        (start, end)
        for start, end in every
        if not any(end in reach.get(other, ()) for other in following[start] if other != end)
    )


def _reach(key: str, following: Mapping[str, list[str]], known: dict[str, frozenset[str]]) -> frozenset[str]:
    """All that a box leads to."""
    if key not in known:
        ends = following.get(key, [])
        known[key] = frozenset(ends).union(*(_reach(end, following, known) for end in ends))
    return known[key]
