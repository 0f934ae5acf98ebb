"""`pdp preview` in words, and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pdp.cli import preview_json
from pdp.cli import text as cli_text
from pdp.cli.rejected_text import words
from pdp.discretion import is_discreet
from pdp.gaps import Gap
from pdp.lineage.summary import counted, when
from pdp.preview import Preview
from pdp.preview.overlap import Overlap
from pdp.preview.reading import Example
from pdp.preview.shape import Shape
from pdp.vocabulary import MEASURES

_MOST_KINDS, _MOST_DAYS, _MOST_CELLS, _MOST_DEVICES, _MOST_MEMBERS, _MOST_GAPS = 8, 4, 8, 3, 5, 2
_NOTHING = "Nothing was stored."
# Of the daily figures those that say most; the others follow from the same rows.
_HEADLINES = (
    *("bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg", "hr_median_bpm", "rhr_vendor_bpm", "sleep_total_min"),
    "steps",
)


def text(found: Preview) -> str:
    """The answer for people."""
    parts = [_head(found)]
    if found.taken and not found.refused:
        parts += [_measures(found), list(_rejected(found)), list(_clock(found))]
        parts += [list(_beside(found)), list(_daily(found))]
    parts.append([_verdict(found)])
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(found: Preview) -> list[str]:
    rows = [["File", _file(found)], ["SHA-256", found.sha256]]
    if found.looks_like or found.chosen:
        rows.append(["Format", _format(found)])
    if found.chosen:
        rows.append(["Source", _source(found)])
    rows.append(["Bytes", _known(found)])
    if found.revision:
        rows.append(["Document", _revision(found)])
    if found.passed_over:
        rows.append(["Attention", f"{found.passed_over}."])
    if found.beside and found.beside.unbuilt:
        waiting = counted(found.beside.unbuilt, "export")
        rows.append(["Attention", f"{waiting} of the data set not built yet and left out here; run snakemake."])
    return [f"{name:<10} {said}" for name, said in rows]


def _file(found: Preview) -> str:
    inside = ""
    if found.kind == "zip":
        names = [name.rpartition("/")[2] for name in found.members]
        more = f" and {len(names) - _MOST_MEMBERS} more" if len(names) > _MOST_MEMBERS else ""
        shown = "" if is_discreet() else f": {', '.join(names[:_MOST_MEMBERS])}{more}"
        inside = f", a zip of {counted(len(names), 'file')}{shown}"
    name = "" if is_discreet() else f"{found.file}, "
    return f"{name}{cli_text.size(found.bytes)}{inside}"


def _format(found: Preview) -> str:
    looks_like = " or ".join(found.looks_like)
    if found.chosen is None:
        return looks_like
    used = found.chosen.settings.format
    if not looks_like:
        return f"read as {used}, but it looks like no format that is known"
    if used not in found.looks_like:
        return f"read as {used}, but it looks like {looks_like}"
    return used if len(found.looks_like) == 1 else f"{used} (it looks like {looks_like})"


def _source(found: Preview) -> str:
    chosen = found.chosen
    assert chosen is not None
    if not chosen.is_configured:
        return f"none of {found.subject}'s reads such files; taken for a new one that gives way to all others"
    others = f" (or {', '.join(chosen.others)}: say --source)" if chosen.others else ""
    return f"{found.subject}/{chosen.name}{others}"


def _known(found: Preview) -> str:
    if not found.known:
        return "not seen before"
    one = found.known[0]
    name = "" if is_discreet() else f' as "{one.document}"'
    state = "they count now" if one.is_current else "they do not count now"
    more = f", and {len(found.known) - 1} more times" if len(found.known) > 1 else ""
    return f"known since {when(one.first_seen)} in {one.source}{name} (export {one.export[:8]}); {state}{more}"


def _revision(found: Preview) -> str:
    revision = found.revision
    assert revision is not None
    name = "it" if is_discreet() else f'"{revision.document}"'
    before = f"export {revision.export[:8]} of {when(revision.first_seen)}"
    if not revision.is_present:
        return f"{name} was there and is gone (last {before}); it would be there again"
    if revision.is_replaced:
        how = "; where it is put beside that (Drive: keep both), it counts as one more" * revision.may_lie_beside
        many = f"; {revision.alike} of that name are there, this is the one seen last" * (revision.alike > 1)
        return f"revision {revision.revisions + 1} of {name}, in place of {before}{how}{many}"
    return f"the source has {name} ({before}); taken here for one more beside it"


def _measures(found: Preview) -> list[str]:
    assert found.taken is not None
    rows = []
    for measure in MEASURES:
        counts = found.taken.counts.measures[measure]
        if counts.read:
            numbers = counts.read, counts.accepted, counts.quarantined.total()
            rows.append([measure, *(f"{number:,}" for number in numbers), *_extent(found.shapes.get(measure))])
    header = ["MEASURE", "READINGS", "ACCEPTED", "QUARANTINED", "DAYS", "FROM", "TO", "DEVICES", "GAPS"]
    return [cli_text.columns(header, rows, right=(1, 2, 3, 4))] if rows else ["No reading of ours is in it."]


def _extent(shape: Shape | None) -> list[str]:
    if shape is None:
        return ["-"] * 5
    first, last = shape.first_day.isoformat(), shape.last_day.isoformat()
    return [f"{shape.days:,}", first, last, _devices(shape), _gaps(shape)]


def _devices(shape: Shape) -> str:
    if is_discreet():
        return f"{len(shape.devices)}"
    shown = [f"{name or 'not named'}" for name in list(shape.devices)[:_MOST_DEVICES]]
    more = f" and {len(shape.devices) - _MOST_DEVICES} more" if len(shape.devices) > _MOST_DEVICES else ""
    return f"{', '.join(shown)}{more}"


def _gaps(shape: Shape) -> str:
    if not shape.gaps:
        return "none"
    longest = shape.gaps[0]
    missing = sum(gap.days for gap in shape.gaps)
    return f"{counted(missing, 'day')} without, longest {_gap(longest)}"


def _gap(gap: Gap) -> str:
    return f"{gap.days} from {gap.first.isoformat()}"


def _rejected(found: Preview) -> Iterator[str]:
    assert found.taken is not None
    kinds = found.taken.kinds
    if not kinds:
        return
    rows = sum(kind.rows for kind in kinds)
    yield f"Not taken: {counted(rows, 'row')}"
    for kind in kinds[:_MOST_KINDS]:
        yield f"  {kind.rows:,} {kind.fate}: {words(kind.reason)}{f' ({kind.measure})' if kind.measure else ''}"
        if not is_discreet():
            yield from (f"      {_example(found, example)}" for example in kind.examples)
    if len(kinds) > _MOST_KINDS:
        yield f"  and {len(kinds) - _MOST_KINDS} more reasons (--json lists them)"


def _example(found: Preview, example: Example) -> str:
    place = example.member.rpartition("/")[2] or found.file
    where = f"{place}:{example.row}" if example.row else place
    about = " ".join(part for part in (example.column, example.value) if part)
    said = ": ".join(part for part in (about, example.detail) if part)
    record = f"  | {' / '.join(example.text.splitlines())}" if example.text else ""
    return f"{where}  {said}{record}".rstrip()


def _clock(found: Preview) -> Iterator[str]:
    shapes = found.shapes.values()
    ambiguous, undecided, skipped = (
        sum(getattr(shape, name) for shape in shapes) for name in ("ambiguous", "undecided", "nonexistent")
    )
    if ambiguous:
        left = f", {undecided:,} of them undecided and flagged" if undecided else ", decided by the order of the rows"
        yield f"Clock: {counted(ambiguous, 'row')} in an hour that occurred twice{left}."
    if skipped:
        yield f"Clock: {counted(skipped, 'row')} at a local time that was skipped, flagged."


_COLUMNS = {
    "NEW": "new",
    "SAME": "same",
    "CHANGED": "changed_wins",
    "OLD KEPT": "changed_loses",
    "TWIN": "twin",
    "OTHER DEVICE": "device_loses",
    "INSTEAD OF": "device_wins",
    "REPEATED": "repeated",
}
_MEANINGS = {
    "SAME": "there already",
    "CHANGED": "the same event with other values is there; the file's would count",
    "OLD KEPT": "the same event with other values is there, which go on counting",
    "TWIN": "the same reading is there by another clock",
    "OTHER DEVICE": "another device tells of that time and is preferred",
    "INSTEAD OF": "would count instead of another device",
    "REPEATED": "the file says it twice",
}


def _beside(found: Preview) -> Iterator[str]:
    if found.beside is None:
        return
    for measure, told in found.beside.against.items():
        yield (
            f"Against the revision before, {measure}: {told.same:,} the same, {told.changed:,} changed, "
            f"{told.added:,} added, {told.gone:,} gone."
        )
    overlaps = {measure: one for measure, one in found.beside.overlaps.items() if one}
    shown = [name for name, field in _COLUMNS.items() if any(getattr(one, field) for one in overlaps.values())]
    if overlaps and shown:
        yield f"Accepted rows beside those of {'other exports' if found.beside.against else 'the data set'}"
        rows = [[measure, *(f"{getattr(one, _COLUMNS[n]):,}" for n in shown)] for measure, one in overlaps.items()]
        table = cli_text.columns(["MEASURE", *shown], rows, right=range(1, len(shown) + 1))
        yield "\n".join(f"  {line}" for line in table.splitlines())
        yield from (f"  {name}: {_MEANINGS[name]}" for name in shown if name in _MEANINGS)
    for measure, one in overlaps.items():
        yield from _sentences(measure, one)
    for measure in found.beside.overlaps.keys() - overlaps.keys():
        yield f"  {measure}: too many rows are there to be merged here; the run tells."


def _sentences(measure: str, one: Overlap) -> Iterator[str]:
    if one.gives_way:
        yield f"  {measure}: {counted(one.gives_way, 'row')} of other exports would not count any more."
    if one.beside:
        yield f"  {measure}: {one.beside:,} at an instant at which another reading stands; both would count."


def _daily(found: Preview) -> Iterator[str]:
    if found.beside is None:
        return
    effect = found.beside.daily
    if effect is None:
        yield f"Daily values: left out here ({found.beside.left_out}); the run tells, and pdp why daily after it."
        return
    cells = [(day, name, *pair) for day, told in effect.changed.items() for name, pair in told.items()]
    if not (effect.filled or effect.emptied or cells):
        yield "Daily values: none would change."
        return
    yield "Daily values"
    for days, what in ((effect.filled, "would have data for the first time"), (effect.emptied, "would have no data")):
        if days:
            more = f" and {len(days) - _MOST_DAYS} more" if len(days) > _MOST_DAYS else ""
            yield f"  {counted(len(days), 'day')} {what}: {', '.join(days[:_MOST_DAYS])}{more}"
    if cells:
        yield f"  {counted(len(effect.changed), 'day')} would change, {counted(len(cells), 'value')}"
    if cells and not is_discreet():
        shown = [cell for cell in cells if cell[1] in _HEADLINES][:_MOST_CELLS] or cells[:_MOST_CELLS]
        yield from (f"    {_cell(*cell)}" for cell in shown)
        if len(cells) > len(shown):
            yield f"    and {len(cells) - len(shown):,} more (--json lists them)"


def _cell(day: str, name: str, before: Any, after: Any) -> str:
    is_number = all(isinstance(value, int | float) for value in (before, after))
    apart = f" ({after - before:+.4g})" if is_number else ""
    return f"{day} {name}: {_value(before)} -> {_value(after)}{apart}"


def _value(value: Any) -> str:
    if value is None:
        return "no value"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _verdict(found: Preview) -> str:
    if found.is_forgotten:
        return f"Nothing of it would be taken: {found.refused} {_NOTHING}"
    if found.refused:
        return f"Nothing of it can be read: {preview_json.told(found.refused)} {_NOTHING}"
    if not found.accepted:
        return f"Nothing of it would be taken. {_NOTHING}"
    if found.is_current:
        return f"These bytes are in the data set already: nothing would change. {_NOTHING}"
    return f"It would be taken: {counted(found.accepted, 'row')}{_chosen(found)}. {_NOTHING}"


def _chosen(found: Preview) -> str:
    overlaps = found.beside.overlaps.values() if found.beside else ()
    if not overlaps or None in overlaps:
        return ""
    number = sum(one.chosen for one in overlaps if one)
    return f", {number:,} of which the data set does not have" if not found.beside or not found.beside.against else ""
