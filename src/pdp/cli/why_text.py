"""`pdp why`: what differs between two versions, and how the dataset stands since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pdp.cli.effect_text import exports_text, table_text
from pdp.discretion import is_discreet
from pdp.lineage import compare, consequences, dataset_names, erased, queries, standing, summary
from pdp.lineage.differences import Change

_TITLES = {
    "input": "Inputs",
    "module": "Code, by module",
    "setting": "Settings",
    "library": "Libraries",
    "python": "Python",
}
_MOST = 12  # lines of one kind for people; --json has all


def answer(session: Session, root: Path, path: str, before: int | None, after: int | None) -> dict[str, Any]:
    """Everything there is to say, ready for JSON."""
    known = queries.versions(session, path)
    since: dict[str, Any] = {
        "since": standing.sentences(session, root, path),
        "again": _again(standing.again(session, path)),
    }
    since["erased"] = erased.sentences(root, dataset_names.subject_of(path))
    made = [version for version in known if version.made_by is not None or erased.is_erased(version.sha256)]
    is_alone = before is None and after is None and len(made) < 2
    if is_alone and (only := queries.newest(session, path)):
        nothing: dict[str, list[Any]] = {"changes": [], "causes": [], "roots": [], "exports": [], "effects": []}
        return {"dataset": path, "from": None, "to": _told(only, None), **nothing, **since}
    compared = compare.compare(session, path, before, after)
    return {
        "dataset": path,
        "from": _told(compared.before, compared.before_job.run_id),
        "to": _told(compared.after, compared.after_job.run_id),
        "changes": [_change(change) for change in compared.changes],
        "causes": list(compared.causes),
        "roots": [_change(change) for change in compared.roots],
        "exports": [asdict(export) for export in consequences.exports(session, root, compared)],
        "effects": [asdict(effect) for effect in consequences.effects(session, root, compared)],
        **since,
    }


def _told(version: queries.Version, run: str | None) -> dict[str, Any]:
    return {"version": version.number, "sha256": version.sha256, "rows": version.rows, "seen": version.seen, "run": run}


def _again(again: standing.Again | None) -> dict[str, Any] | None:
    if again is None:
        return None
    return {**asdict(again), "changes": [_change(change) for change in again.changes], "is_same_bytes": True}


def _change(change: Change) -> dict[str, str]:
    return {**asdict(change), "verb": change.verb}


def text(said: Mapping[str, Any]) -> str:
    """The answer for people."""
    lines = [said["dataset"]]
    right = said["to"]
    if said["from"] is None:
        lines.append(f"Only one version, v{right['version']} of {summary.when(right['seen'])}{_rows(right)}.")
    else:
        left = said["from"]
        lines.append(f"v{left['version']} ({_made(left)}) -> v{right['version']} ({_made(right)})")
        if None not in (left["rows"], right["rows"]):
            more = right["rows"] - left["rows"]
            change = f"{more:+,}" if more else "as many"
            lines.append(f"Rows: {left['rows']:,} -> {right['rows']:,} ({change})")
        lines.append(_because(said))
        lines += exports_text(said["exports"])
        lines += _changes([change for change in said["changes"] if change["kind"] != "input"])
        deeper = [root for root in said["roots"] if root["kind"] != "input" and root not in said["changes"]]
        lines += ["In jobs before", *(f"  {line}" for line in _changes(deeper))] if deeper else []
        for effect in said["effects"]:
            lines += table_text(effect)
        lines += _changes([change for change in said["changes"] if change["kind"] == "input"])
    lines += ["Since then", *(f"  {sentence}" for sentence in said["since"])] if said["since"] else []
    lines += ["Erased", *(f"  {sentence}" for sentence in said["erased"])] if said["erased"] else []
    if said["again"] and said["again"]["changes"]:
        lines += ["What differed when it was made again", *(f"  {line}" for line in _changes(said["again"]["changes"]))]
    return "\n".join(lines)


def _because(said: Mapping[str, Any]) -> str:
    causes = "; ".join(said["causes"])
    if said["from"]["sha256"] == said["to"]["sha256"]:
        made = f" They were made with different: {causes}." if causes else ""
        return f"Both have the same bytes: nothing differs between them.{made}"
    return f"Because of: {causes or 'nothing on record'}."


def _changes(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What differs, by kind."""
    lines = []
    for kind, title in _TITLES.items():
        found = [change for change in changes if change["kind"] == kind]
        if found and kind == "input":
            lines += [title, *_inputs(found)]
        elif found:
            lines.append(title)
            lines += [
                f"  {_line(Change(**{k: c[k] for k in ('kind', 'name', 'before', 'after')}))}" for c in found[:_MOST]
            ]
            lines += [f"  and {len(found) - _MOST} more (--json lists them)"] if len(found) > _MOST else []
    return lines


def _inputs(found: Sequence[Mapping[str, str]]) -> list[str]:
    """Inputs, tables of one folder that came or went together in one line."""
    folders: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for change in found:
        place = change["name"] if change["verb"] == "changed" else change["name"].rpartition("/")[0]
        folders.setdefault((place, change["verb"]), []).append(change)
    lines = []
    for (place, verb), together in folders.items():
        one = together[0]
        if verb == "changed" or len(together) == 1:
            lines.append(f"  {_line(Change('input', one['name'], one['before'], one['after']))}")
        else:
            lines.append(f"  {place}/: {len(together)} tables {verb}")
    return lines[:_MOST] + ([f"  and {len(lines) - _MOST} more (--json lists them)"] if len(lines) > _MOST else [])


def _made(version: Mapping[str, Any]) -> str:
    return f"{summary.when(version['seen'])}{_rows(version)}, run {version['run'] or 'unknown'}"


def _rows(version: Mapping[str, Any]) -> str:
    return f", {summary.counted(version['rows'], 'row')}" if version["rows"] is not None else ""


def _line(change: Change) -> str:
    if change.kind == "setting" and is_discreet():
        return f"{change.name}: {change.verb}"  # it may be what the owner calls a file, a worksheet, a column
    if change.verb == "changed":
        return f"{change.name}: {change.before} -> {change.after}"
    if change.kind == "setting":  # one that is not set has its default, which config/README.md names
        return f"{change.name}: {change.before or 'not set'} -> {change.after or 'not set'}"
    return f"{change.name}: {change.verb} ({change.after or change.before})"
