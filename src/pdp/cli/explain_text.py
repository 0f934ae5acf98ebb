"""`pdp explain` in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from pdp.cli import withheld
from pdp.lineage import summary
from pdp.lineage.summary import counted

MOST_ROWS = 20  # shown to people; --all and --json show every one
_MOST_MODULES = 6
_MOST_NAMES = 6


def of_figure(said: Mapping[str, Any], most: int = MOST_ROWS) -> str:
    """A figure of a day, its rows and its way."""
    about = said["figure"]
    unit = f" {about['unit']}" if about["unit"] not in ("", "1") else ""
    shown = "no value" if said["shown"] is None else f"{said['shown']}{unit}"
    verdict = "equal to the table" if said["is_equal"] else f"NOT equal: the table shows {said['shown']}"
    rows = said["rows"]
    again = "no value" if said["computed_again"] is None else said["computed_again"]
    lines = [
        f"{about['name']} of {said['subject']} on {said['day']}: {shown}",
        f"  {about['title']}. {about['method']}",
        f"  Computed again from {counted(len(rows), 'row')}: {again}, {verdict}.",
    ]
    lines += [*_rows(rows, most), *said["erased"], *_exports(said["exports"])]
    return "\n".join([*lines, *_chain(said["chain"])])


def of_rows(said: Mapping[str, Any], most: int = MOST_ROWS) -> str:
    """Rows of a table and their way."""
    lines = [f"{said['dataset']}: {counted(said['matching'], 'row')} where {' and '.join(said['where']) or 'anything'}"]
    if "exports" in said:
        lines += [*_rows(said["rows"], most), *_exports(said["exports"])]
    else:
        lines += [f"  {pairs(row)}" for row in said["rows"][:most]]
        lines += _more(said["rows"], most)
        lines += _next_question(said)
    lines += said["erased"]
    return "\n".join([*lines, *_chain(said["chain"])])


def of_night(said: Mapping[str, Any], most: int = MOST_ROWS) -> str:
    """A night, the sleeps and stages behind it, and its way."""
    again, is_equal = said["computed_again"], said["is_equal"]
    verdict = "equal to the table" if is_equal else f"NOT equal: the table shows {said['shown']}"
    lines = [
        f"The night of {said['day']}, {said['subject']}",
        f"  {pairs(said['night'])}",
        f"  Minutes asleep computed again from {counted(len(said['rows']), 'row')}: {again}, {verdict}.",
    ]
    lines += [*_rows(said["rows"], most), *said["erased"], *_exports(said["exports"])]
    return "\n".join([*lines, *_chain(said["chain"])])


def _next_question(said: Mapping[str, Any]) -> list[str]:
    """Tables whose rows are computed from many: what to ask to come to the raw records."""
    stem, rows = PurePosixPath(said["dataset"]).stem, said["rows"]
    if stem == "daily":
        day = rows[0]["date"] if len(rows) == 1 else "DATE"
        return [f"The raw rows behind a number of it: pdp explain daily --day {day} --figure NAME"]
    if stem == "nights":
        return ["The raw rows behind one night: pdp explain nights --day DATE"]
    if stem == "agreement":
        return ["It compares the rows of two devices: pdp explain merged/MEASURE --where start_utc=... shows such rows"]
    return []


def of_day(said: Mapping[str, Any]) -> str:
    """All figures of a day."""
    lines = [f"{said['dataset']} on {said['day']}", *(f"  {name} {value}" for name, value in said["figures"].items())]
    return "\n".join([*lines, "Where one of them comes from: add --figure NAME"])


def of_dataset(said: Mapping[str, Any], is_all: bool = False) -> str:
    """The way of a whole table: the job that made it, then what it was made from, layer by layer."""
    links = said["chain"]
    if is_all:
        return "\n".join([said["dataset"], *_chain(links)])
    lines = [said["dataset"], *_chain(links[:1])]
    layers: dict[str, list[Mapping[str, Any]]] = {}
    for link in links[1:]:
        layers.setdefault(_layer(link["path"]), []).append(link)
    if layers:
        lines.append("Made from")
        width = max(map(len, layers))
        lines += [f"  {layer.ljust(width)}  {_together(layers[layer])}" for layer in sorted(layers, key=_depth)]
        part = _PARTS.get(PurePosixPath(said["dataset"]).stem, _PART)
        lines.append(f"Each with its job: --all. Where a part of it comes from: {part}")
    return "\n".join(lines)


_LAYERS = ("summary", "merged", "superseded", "quarantine", "validated", "normalized", "manifests", "raw")
_PARTS = {"daily": "--day DATE, and with it --figure NAME", "nights": "--day DATE"}
_PART = '--where "column=value"'


def _layer(path: str) -> str:
    return path.split("/")[1] if path.count("/") else path


def _depth(layer: str) -> int:
    return _LAYERS.index(layer) if layer in _LAYERS else len(_LAYERS)


def _together(links: Sequence[Mapping[str, Any]]) -> str:
    """Tables of one layer in a line: by their own names where a subject has one of each, else by source and export."""
    rows = sum(link["rows"] or 0 for link in links)
    total = f", {counted(rows, 'row')}" if rows else ""
    paths = [PurePosixPath(link["path"]) for link in links]
    names = list(dict.fromkeys(_home(path) for path in paths))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{counted(len(links), 'file')}{total}: {', '.join(names[:_MOST_NAMES])}{more}"


def _home(path: PurePosixPath) -> str:
    """Source and export, or the table's own name."""
    parts = path.with_suffix("").parts
    if parts[1] == "raw":
        return parts[-1]
    return "/".join(part for part in parts[3:5]) if len(parts) > 4 else parts[-1]


def _rows(rows: Sequence[Mapping[str, Any]], most: int) -> Iterator[str]:
    if not rows:
        yield "No row stands behind it: there was nothing to compute it from."
        return
    proofs = [row["proof"] for row in rows]
    agree = proofs.count("same")
    yield f"Rows: {agree:,} of {len(rows):,} read again from the raw bytes give the same values."
    order = sorted(rows, key=lambda row: row["proof"] == "same")  # what does not agree comes first
    before = None
    for row in order[:most]:
        flags = f"  [{row['flags']}]" if row["flags"] else ""
        when = local(row["start_utc"], row["utc_offset_min"])
        yield f"  {when}  {row['measure']}  {pairs(row['values'])}{flags}"
        record = [row[key] for key in ("source", "device", "export", "member", "row", "proof", "text")]
        if record == before:
            continue  # a night's stages stand in one record
        before = record
        inside = f"{PurePosixPath(row['member']).name}, " if row["member"] else ""  # --json has the whole path
        device = f" ({row['device']})" if row["device"] else ""
        yield f"      {row['source']}{device}, export {row['export']}, {inside}row {row['row']}: {_proof(row)}"
        if row["text"] is not None:
            yield f"      | {row['text'].replace(chr(10), ' / ')}"
    yield from _more(order, most)


def _more(rows: Sequence[object], most: int) -> list[str]:
    return [f"  and {len(rows) - most:,} more (--all shows them)"] if len(rows) > most else []


def _proof(row: Mapping[str, Any]) -> str:
    if row["proof"] == "same":
        return "read again, the same"
    return f"NOT PROVEN, {row['note']}" if row["proof"] == "unproven" else "READ AGAIN, IT SAYS SOMETHING ELSE"


def local(start_utc: str, utc_offset_min: int | None) -> str:
    """The wall clock at an instant, with its offset."""
    if start_utc == withheld.WORD:
        return start_utc
    start, offset = datetime.fromisoformat(start_utc), utc_offset_min or 0
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    return f"{start + timedelta(minutes=offset):%Y-%m-%d %H:%M:%S} {sign}{hours:02d}:{minutes:02d}"


def pairs(values: Mapping[str, Any]) -> str:
    """The values that are there, each with its name."""
    return "  ".join(f"{name} {value}" for name, value in values.items() if value not in (None, ""))


def _exports(exports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if exports:
        yield "Raw exports"
    for export in exports:
        names = ", ".join(f'"{name}"' for name in export["documents"]) or "a document no manifest names"
        state = "" if export["is_intact"] else "  MISSING OR ALTERED"
        yield f"  {export['export']}  {names} of {export['source']}, format {export['format'] or 'unknown'}{state}"
        yield f"      {export['path']}  SHA-256 {export['sha256']}"


def _chain(links: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "How it was made"
    for link in links:
        rows = f", {counted(link['rows'], 'row')}" if link["rows"] is not None else ""
        yield f"  {link['path']}  v{link['version']}{rows}  SHA-256 {link['sha256'][:16]}"
        if not link["rule"]:
            yield "      came from outside"
            continue
        made = f"{summary.when(link['ended'])}, run {link['run'] or 'unknown'}, key {link['key'][:16]}"
        yield f"      rule {link['rule']}, {made}"
        code = [f"{name} {digest[:8]}" for name, digest in _own_first(link["rule"], link["code"])]
        more = f" and {len(code) - _MOST_MODULES} more" if len(code) > _MOST_MODULES else ""
        if code:
            yield f"      code {', '.join(code[:_MOST_MODULES])}{more}"
        if link["settings"]:
            yield f"      settings {_short(link['settings'])}"


def _own_first(rule: str, code: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(code.items(), key=lambda item: (rule not in item[0], not item[0].startswith("pdp.formats."), item[0]))


def _short(settings: Mapping[str, Any], most: int = 200) -> str:
    text = json.dumps(settings, ensure_ascii=False)
    return text if len(text) <= most else f"{text[:most]}..."
