"""`pdp preview` for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pdp.discretion import is_discreet
from pdp.preview import Preview
from pdp.preview.overlap import Overlap
from pdp.preview.shape import Shape


def told(refused: str) -> str:
    """Why nothing can be read, unless what is printed may be read by anyone."""
    return "its details are withheld, they may name files of the owner's." if is_discreet() else refused


def as_json(found: Preview) -> dict[str, Any]:
    """The answer for programs; in public logs without names and values."""
    taken, beside = found.taken, found.beside
    answer: dict[str, Any] = {
        "file": found.file,
        "sha256": found.sha256,
        "bytes": found.bytes,
        "kind": found.kind,
        "members": dict(found.members),
        "looks_like": list(found.looks_like),
        "subject": found.subject,
        "source": found.chosen.name if found.chosen else None,
        "is_configured": bool(found.chosen and found.chosen.is_configured),
        "other_sources": list(found.chosen.others) if found.chosen else [],
        "format": found.chosen.settings.format if found.chosen else None,
        "refused": found.refused,
        "is_forgotten": found.is_forgotten,
        "passed_over": found.passed_over,
        "known": [asdict(one) for one in found.known],
        "is_current": found.is_current,
        "revision": asdict(found.revision) if found.revision else None,
        "accepted": found.accepted,
        "rows": taken.counts.to_json() if taken else None,
        "not_taken": [asdict(kind) for kind in taken.kinds] if taken else [],
        "measures": {measure: _shape_json(shape) for measure, shape in found.shapes.items()},
        "overlap": {measure: _overlap_json(one) for measure, one in beside.overlaps.items()} if beside else None,
        "against_revision": {name: asdict(one) for name, one in beside.against.items()} if beside else None,
        "daily": asdict(beside.daily) if beside and beside.daily else None,
        "daily_left_out": beside.left_out if beside else "",
        "unbuilt": beside.unbuilt if beside else 0,
    }
    return _without_private(answer) if is_discreet() else answer


def _shape_json(shape: Shape) -> dict[str, Any]:
    gaps = [{"first": gap.first, "last": gap.last, "days": gap.days} for gap in shape.gaps]
    return {**asdict(shape), "gaps": gaps}


def _overlap_json(one: Overlap | None) -> dict[str, Any] | None:
    return {**asdict(one), "chosen": one.chosen} if one else None


def _without_private(answer: dict[str, Any]) -> dict[str, Any]:
    shapes: Mapping[str, dict[str, Any]] = answer["measures"]
    kinds: list[dict[str, Any]] = answer["not_taken"]
    daily = answer["daily"]
    return answer | {
        "file": "",
        "members": len(answer["members"]),
        "refused": told(answer["refused"]) if answer["refused"] else "",
        "known": [{**one, "document": ""} for one in answer["known"]],
        "revision": {**answer["revision"], "document": ""} if answer["revision"] else None,
        "not_taken": [{**one, "examples": []} for one in kinds],
        "measures": {name: {**one, "devices": len(one["devices"])} for name, one in shapes.items()},
        "daily": {**daily, "changed": {day: sorted(cells) for day, cells in daily["changed"].items()}}
        if daily
        else None,
    }
