"""What became of the rows, from sources to tables, as a graph: of conservation.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pdp.drawing.graph import Box, Graph

# Rules that make summary tables: what a box says, and the measures that it reads.
OF_RULE = {
    "summarize": ("Days and nights", ("blood_pressure", "heart_rate", "sleep_stage", "sleep_episode", "step_count")),
    "home_bp": ("Home averages", ("blood_pressure",)),
    "trends": ("Trends", ("sleep_stage", "sleep_episode")),
    "pyramid": ("Heart rate slots", ("heart_rate",)),
}
TITLE = "The way of the rows: sources, reading, checks, merging, summary tables"


def of_account(
    account: Mapping[str, Any],
    rules: Sequence[str] = tuple(OF_RULE),
    href: Callable[[str], str] = lambda _: "",
) -> Graph:
    """The graph.

    Args:
        account: conservation.json.
        rules: Of OF_RULE, those whose tables are there.
        href: Where a box leads, by its key: "source:<name>", "unread", "quarantined", "measure:<name>", "not_chosen",
            "rule:<name>".
    """
    total, sources, measures = account["total"], account["sources"], account["measures"]
    taken = total["read"] - total["unread"] - total["quarantined"]
    not_chosen = total["duplicate"] + total["superseded"]
    boxes = [_box(f"source:{name}", 0, name, _rows(counts["read"]), href) for name, counts in sources.items()]
    boxes += [
        _box("read", 1, "Read", _rows(total["read"] - total["unread"]), href),
        _box("unread", 1, "Unread", _rows(total["unread"]), href, is_aside=True),
        _box("valid", 2, "Possible", _rows(taken), href),
        _box("quarantined", 2, "Quarantined", _rows(total["quarantined"]), href, is_aside=True),
    ]
    boxes += [
        _box(f"measure:{name}", 3, name.replace("_", " ").capitalize(), _rows(counts["accepted"]), href)
        for name, counts in measures.items()
    ]
    boxes.append(_box("not_chosen", 3, "Not chosen", f"{not_chosen:,}, kept aside", href, is_aside=True))
    boxes += [_box(f"rule:{rule}", 4, OF_RULE[rule][0], f"rule {rule}", href) for rule in rules]
    edges = [(f"source:{name}", "read") for name in sources]
    edges += [(f"source:{name}", "unread") for name, counts in sources.items() if counts["unread"]]
    edges += [("read", "valid"), ("read", "quarantined")]
    edges += [("valid", f"measure:{name}") for name in measures] + [("valid", "not_chosen")]
    edges += [(f"measure:{name}", f"rule:{rule}") for rule in rules for name in OF_RULE[rule][1] if name in measures]
    layers = ("Sources", "Read", "Checked", "Merged", "Summed up")
    return Graph(TITLE, _about(total), layers, tuple(boxes), tuple(edges))


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _box(key: str, layer: int, title: str, detail: str, href: Callable[[str], str], *, is_aside: bool = False) -> Box:
    return Box(key, layer, title, detail, href=href(key), is_aside=is_aside)


def _about(total: Mapping[str, int]) -> str:
    told = ", ".join(f"{total[fate]:,} {fate}" for fate in ("accepted", "duplicate", "superseded", "quarantined"))
    return f"Of {total['read']:,} rows read: {told}, {total['unread']:,} unread."
