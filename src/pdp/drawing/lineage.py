"""Tables, the jobs that made them and the raw exports behind, as a graph: of one table, of one number, of a run.

Tables of one export stand in one box; where there are many exports, those of a source do; where there are many summary
tables, those of a rule. A box tells, to who rests on
it, what it holds: paths, versions, rows, digests, rule, code and run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pdp.drawing.graph import Box, Graph, without_detours
from pdp.lineage.chain import Link
from pdp.lineage.dataset_names import subject_of

LAYERS = ("Raw exports", "Read, placed in time", "Checked", "Merged", "Summed up")
_PLACE = {"raw": 0, "normalized": 1, "validated": 2, "quarantine": 2, "merged": 3, "superseded": 3}
_ASIDES = {"quarantine": "Quarantined", "superseded": "Not chosen"}
_MOST_BOXES = 12  # exports, or summary tables, that have a box each; of more, each source or rule has one
_MOST_TOLD = 6  # tables that a box names


@dataclass(frozen=True)
class Names:
    """What exports are called, by "subject/export": two people may have the same bytes.

    Attributes:
        documents: Name at the source.
        sources: The source.
    """

    documents: Mapping[str, str]
    sources: Mapping[str, str]

    def document(self, path: str) -> str:
        """Name at the source of the export that a table or a raw export is of; "" where none is known."""
        return self.documents.get(_export(path), "")

    def source(self, path: str) -> str:
        """Its source; "" where none is known."""
        return self.sources.get(_export(path), "")


NO_NAMES = Names({}, {})


def _export(path: str) -> str:
    """ "subject/export" of a raw export or of a table of one."""
    parts = PurePosixPath(path).with_suffix("").parts
    at = 3 if _layer(path) == "raw" else 4
    return f"{subject_of(path)}/{parts[at]}" if len(parts) > at else ""


def of_tables(
    links: Sequence[Link],
    title: str,
    *,
    names: Names = NO_NAMES,
    wanted: frozenset[str] = frozenset(),
    href: Callable[[Link], str] = lambda _: "",
    number: tuple[str, str] | None = None,
) -> Graph:
    """The graph of a chain.

    Args:
        links: Versions with their jobs, each once, as pdp.lineage.chain gives them.
        title: Of the drawing.
        names: What exports are called; sources are found from the paths, too.
        wanted: Paths that the drawing is about: of a run, what it made.
        href: Where a table's box leads; a box of several tables takes its first one's.
        number: A number and what it is: a box of its own after the first link's table.
    """
    sources = dict(names.sources) | _sources(links)
    is_folded = len({PurePosixPath(link.path).name for link in links if _layer(link.path) == "raw"}) > _MOST_BOXES
    is_by_rule = sum(_layer(link.path) not in _PLACE for link in links) > _MOST_BOXES
    keys = {
        link.path: f"{link.rule}/{subject_of(link.path)}"
        if is_by_rule and link.rule and _layer(link.path) not in _PLACE
        else _key(link.path, sources, is_folded=is_folded)
        for link in links
    }
    groups: dict[str, list[Link]] = {}
    for link in sorted(links, key=lambda link: link.path):
        groups.setdefault(keys[link.path], []).append(link)
    edges = [
        (keys[path], keys[link.path])
        for link in links
        for path in (one.rpartition(" v")[0] for one in link.inputs)
        if path in keys
    ]
    kept = without_detours(edges)
    places = _places(groups, kept)
    boxes = [
        _box(key, group, places[key], Names(names.documents, sources), wanted, href) for key, group in groups.items()
    ]
    if number is not None and links:
        boxes.append(Box("number", max(places.values()) + 1, *number, is_strong=True))
        kept = (*kept, (keys[links[0].path], "number"))
    return _graph(title, boxes, kept, has_number=number is not None)


def _graph(title: str, boxes: Sequence[Box], edges: Sequence[tuple[str, str]], *, has_number: bool) -> Graph:
    """Layers that hold nothing are left out."""
    used = sorted({box.layer for box in boxes})
    heads = [LAYERS[at] if at < len(LAYERS) else "From these" for at in used]
    if has_number and heads:
        heads[-1] = "The number"
    moved = [replace(box, layer=used.index(box.layer)) for box in boxes]
    told = "; ".join(
        f"{head}: {', '.join(box.title for box in moved if box.layer == at)}" for at, head in enumerate(heads)
    )
    return Graph(title, f"From left to right. {told}.", tuple(heads), tuple(moved), tuple(edges))


def _layer(path: str) -> str:
    parts = path.split("/")
    return parts[1] if len(parts) > 1 else ""


def _sources(links: Sequence[Link]) -> dict[str, str]:
    """results/<stage>/<subject>/<source>/<export>/...: the source of "subject/export"."""
    found = {}
    for link in links:
        parts = PurePosixPath(link.path).with_suffix("").parts
        if _layer(link.path) in ("normalized", "validated", "quarantine") and len(parts) > 4:
            found[_export(link.path)] = parts[3]
    return found


def _key(path: str, sources: Mapping[str, str], *, is_folded: bool) -> str:
    """Of the box that a table stands in."""
    layer, parts, subject = _layer(path), PurePosixPath(path).with_suffix("").parts, subject_of(path)
    if layer in _ASIDES:
        return f"{layer}/{subject}"
    if layer in ("raw", "normalized", "validated"):
        export = parts[3] if layer == "raw" else parts[4]
        source = sources.get(_export(path), "")
        return f"{layer}/{subject}/{source}" if is_folded else f"{layer}/{subject}/{source}/{export}"
    return path


def _places(groups: Mapping[str, Sequence[Link]], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Layer of each box: that of its kind, or behind all that it was made from."""
    before: dict[str, list[str]] = {}
    for start, end in edges:
        before.setdefault(end, []).append(start)
    found: dict[str, int] = {}

    def place(key: str) -> int:
        if key not in found:
            least = _PLACE.get(_layer(groups[key][0].path), len(LAYERS) - 1)
            found[key] = max(least, *(place(other) + 1 for other in before.get(key, ())), 0)
        return found[key]

    return {key: place(key) for key in groups}


def _box(
    key: str,
    group: Sequence[Link],
    place: int,
    names: Names,
    wanted: frozenset[str],
    href: Callable[[Link], str],
) -> Box:
    first, layer = group[0], _layer(group[0].path)
    return Box(
        key,
        place,
        _title(group, names),
        _detail(group, names),
        href=href(first),
        about=_about(group),
        is_aside=layer in _ASIDES,
        is_strong=any(link.path in wanted for link in group),
    )


def _title(group: Sequence[Link], names: Names) -> str:
    path, layer = PurePosixPath(group[0].path), _layer(group[0].path)
    if layer in _ASIDES:
        return _ASIDES[layer]
    if layer not in ("raw", "normalized", "validated"):
        return (path.stem if len(group) == 1 else group[0].rule).replace("_", " ")
    export = path.name if layer == "raw" else path.parts[4]
    source = names.source(group[0].path)
    exports = {link.path.split("/")[3 if layer == "raw" else 4] for link in group}
    if len(exports) > 1:
        return f"{source or 'all sources'}: {len(exports)} exports"
    return (
        f"{source} {export[:8]}".strip() if layer != "raw" else names.document(group[0].path) or f"export {export[:8]}"
    )


def _detail(group: Sequence[Link], names: Names) -> str:
    layer = _layer(group[0].path)
    if layer == "raw":
        exports = [PurePosixPath(link.path).name for link in group]
        source = names.source(group[0].path)
        return ", ".join(part for part in (source, exports[0][:8] if len(exports) == 1 else "") if part)
    versions = sorted({link.version for link in group})
    told = [f"v{versions[0]}" if len(versions) == 1 else f"v{versions[0]} to v{versions[-1]}"]
    counts = [link.rows for link in group if link.rows is not None]
    if counts:
        told.append(f"{sum(counts):,} {'row' if sum(counts) == 1 else 'rows'}")
    if len(group) > 1:
        told.append(f"{len(group)} tables")
    return ", ".join(told)


def _about(group: Sequence[Link]) -> str:
    lines = []
    for link in group[:_MOST_TOLD]:
        rows = f", {link.rows:,} {'row' if link.rows == 1 else 'rows'}" if link.rows is not None else ""
        made = f"rule {link.rule}, code {link.key[:12]}, run {link.run or 'unknown'}" if link.rule else "from outside"
        lines.append(f"{link.path} v{link.version}{rows}; SHA-256 {link.sha256[:16]}; {made}")
    return "\n".join([*lines, *([f"and {len(group) - _MOST_TOLD} more"] if len(group) > _MOST_TOLD else [])])
