"""The proof that every record that was read came out under exactly one name.

Each number is counted where it lies (tables of every stage, and the tally that reading left behind)
and none is derived from the others. What is proved, per source, export and measure:

    readings of the tally  = rows of normalized
    rows of normalized     = rows of validated + quarantined
    rows of validated      = merged + superseded (duplicate and the other reasons)
and per export:
    unread of the tally    = rows of unread
    read                   = accepted + quarantined + duplicate + superseded + unread

`read` counts readings (a record may hold several) and records that no rule could read. Records that
hold nothing we take in (headers, other people, ...) are beside this, by reason, under out_of_scope.

conservation.json, sorted and with counts alone:

    {
      "subject": "demo",
      "is_conserved": true,                      always: a proof that fails writes nothing
      "total":    COUNTS,
      "sources":  {source: COUNTS},
      "measures": {measure: COUNTS},             unread is 0 here: what can't be read has no measure
      "exports":  [{"source", "export", "unreadable": reason or null, "damaged": {member: reason},
                    "ignored": [member], "records": n, "out_of_scope": {reason: n},
                    "unread_by_reason": {reason: n}, "quarantined_by_rule": {rule: n},
                    "counts": COUNTS, "measures": {measure: COUNTS}}],   measures with rows only
      "unreadable": [{"source", "export", "member": "" or its name, "reason"}]
    }
    COUNTS = {"read", "accepted", "quarantined", "duplicate", "superseded", "unread",
              "superseded_by_reason": {reason: n}}     `duplicate` is not among these reasons
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pdp import layout, tables
from pdp.errors import ConservationError
from pdp.vocabulary import FATES, MEASURES

DUPLICATE = "duplicate"
TALLY_KEY = "pdp.tally"  # in the metadata of unread, written when an export is normalized


@dataclass(frozen=True)
class ExportTables:
    """Where the tables of one export lie."""

    source: str
    export: str
    normalized: Mapping[str, Path]
    unread: Path
    validated: Mapping[str, Path]
    quarantine: Path

    @classmethod
    def gather(
        cls, normalized: Iterable[str], unread: Iterable[str], validated: Iterable[str], quarantine: Iterable[str]
    ) -> list[ExportTables]:
        """The tables of each export, brought together from the paths of all."""
        tables_of = layout.by_export({"normalized": normalized, "unread": unread, "validated": validated})
        set_aside = {(Path(path).parent.name, Path(path).stem): Path(path) for path in quarantine}
        return [
            cls(*place, found["normalized"], found["unread"]["unread"], found["validated"], set_aside[place])
            for place, found in tables_of.items()
        ]


@dataclass
class _Counts:
    """What became of some readings."""

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    unread: int = 0
    lost_to: Counter[str] = field(default_factory=Counter)  # reason -> rows that were not chosen

    @property
    def duplicate(self) -> int:
        return self.lost_to[DUPLICATE]

    @property
    def superseded(self) -> int:
        return self.lost_to.total() - self.duplicate

    def add(self, other: _Counts) -> None:
        self.read += other.read
        self.accepted += other.accepted
        self.quarantined += other.quarantined
        self.unread += other.unread
        self.lost_to.update(other.lost_to)

    def as_dict(self) -> dict[str, Any]:
        reasons = {name: n for name, n in sorted(self.lost_to.items()) if name != DUPLICATE}
        return {"read": self.read, **{fate: getattr(self, fate) for fate in FATES}, "superseded_by_reason": reasons}


@dataclass(frozen=True)
class _Place:
    """What an error is about."""

    subject: str
    source: str
    export: str
    measure: str = ""

    def prove(self, left: int, left_name: str, right: int, right_name: str) -> None:
        if left != right:
            raise ConservationError(
                f"{left_name}: {left} rows, but {right_name}: {right} rows.",
                where=" ".join(part for part in (self.subject, self.source, self.export, self.measure) if part),
                hint="Rows were lost or made: a fault of the program, or a table was altered. "
                "Delete the tables of this export under results/ and run again; if it stays, report it.",
            )


Fates = dict[tuple[str, str], Counter[str]]  # (source, export) -> reason, "" for merged -> rows


def balance(
    subject: str,
    exports: Sequence[ExportTables],
    merged: Mapping[str, Path],
    superseded: Mapping[str, Path],
) -> dict[str, Any]:
    """Prove that no row of the subject was lost, and say what became of each.

    Args:
        subject: Name, for the result and for errors.
        exports: Every export that was merged.
        merged: Measure -> merged table, every measure of the vocabulary.
        superseded: Measure -> rows that were not chosen.

    Returns:
        What conservation.json holds, see above; deterministic.

    Raises:
        ConservationError: Two counts that must be equal are not; names subject, source, export, measure and both.
    """
    fates = {measure: _fates(merged[measure], superseded[measure]) for measure in MEASURES}
    _prove_origin(subject, exports, fates)

    total, by_measure = _Counts(), {measure: _Counts() for measure in MEASURES}
    by_source: dict[str, _Counts] = {}
    reports = []
    for paths in sorted(exports, key=lambda paths: (paths.source, paths.export)):
        whole, measures, report = _prove_export(subject, paths, fates)
        for measure, counts in measures.items():
            by_measure[measure].add(counts)
        by_source.setdefault(paths.source, _Counts()).add(whole)
        total.add(whole)
        reports.append(report)
    return {
        "subject": subject,
        "is_conserved": True,
        "total": total.as_dict(),
        "sources": {name: counts.as_dict() for name, counts in sorted(by_source.items())},
        "measures": {name: counts.as_dict() for name, counts in sorted(by_measure.items())},
        "exports": reports,
        "unreadable": [entry for report in reports for entry in _unreadable(report)],
    }


def _fates(merged: Path, superseded: Path) -> Fates:
    found: Fates = {}
    for (source, export), rows in _count(merged, "source", "export").items():
        found.setdefault((source, export), Counter())[""] += rows
    for (source, export, reason), rows in _count(superseded, "source", "export", "reason").items():
        found.setdefault((source, export), Counter())[reason] += rows
    return found


def _prove_origin(subject: str, exports: Iterable[ExportTables], fates: Mapping[str, Fates]) -> None:
    """Nothing stands in the merged tables that came from no export of the subject."""
    known = {(paths.source, paths.export) for paths in exports}
    for measure, of_measure in fates.items():
        for source, export in sorted(of_measure.keys() - known):
            rows = of_measure[source, export].total()
            place = _Place(subject, source, export, measure)
            place.prove(rows, "merged + superseded", 0, "exports that were merged")


def _prove_export(
    subject: str, paths: ExportTables, fates: Mapping[str, Fates]
) -> tuple[_Counts, dict[str, _Counts], dict[str, Any]]:
    place = _Place(subject, paths.source, paths.export)
    tally = _tally(paths, place)
    members = tally["members"].values()
    rules = _count(paths.quarantine, "measure", "rule")
    unread_by_reason = _count(paths.unread, "reason")

    told = Counter(dict.fromkeys(MEASURES, 0))
    for member in members:
        told.update(member["readings"])
    measures: dict[str, _Counts] = {}
    whole = _Counts()
    for measure in MEASURES:
        counts = _prove_measure(
            _Place(subject, paths.source, paths.export, measure),
            told[measure],
            tables.row_count(paths.normalized[measure]),
            tables.row_count(paths.validated[measure]),
            sum(n for (of_measure, _), n in rules.items() if of_measure == measure),
            fates[measure].get((paths.source, paths.export), Counter()),
        )
        measures[measure] = counts
        whole.add(counts)
    whole.unread = tables.row_count(paths.unread)
    told_unread = sum(member["unread"] for member in members) + len(tally["damaged"]) + bool(tally["unreadable"])
    place.prove(told_unread, "unread by the tally", whole.unread, "rows of unread")
    whole.read = sum(told.values()) + told_unread
    place.prove(whole.read, "read", sum(getattr(whole, fate) for fate in FATES), " + ".join(FATES))

    by_rule: Counter[str] = Counter()
    for (_, rule), n in rules.items():
        by_rule[rule] += n
    out_of_scope: Counter[str] = Counter()
    for member in members:
        out_of_scope.update(member["out_of_scope"])
    report = {
        "source": paths.source,
        "export": paths.export,
        "unreadable": tally["unreadable"],
        "damaged": dict(sorted(tally["damaged"].items())),
        "ignored": sorted(tally["ignored"]),
        "records": sum(member["records"] for member in members),
        "out_of_scope": dict(sorted(out_of_scope.items())),
        "unread_by_reason": {reason: n for (reason,), n in sorted(unread_by_reason.items())},
        "quarantined_by_rule": dict(sorted(by_rule.items())),
        "counts": whole.as_dict(),
        "measures": {name: counts.as_dict() for name, counts in measures.items() if counts.read},
    }
    return whole, measures, report


def _prove_measure(
    place: _Place, told: int, normalized: int, validated: int, quarantined: int, fates: Mapping[str, int]
) -> _Counts:
    place.prove(told, "readings by the tally", normalized, "normalized")
    place.prove(normalized, "normalized", validated + quarantined, "validated + quarantined")
    lost_to = Counter({reason: n for reason, n in fates.items() if reason})
    accepted = fates.get("", 0)
    place.prove(validated, "validated", accepted + lost_to.total(), "merged + superseded")
    return _Counts(normalized, accepted, quarantined, 0, lost_to)


def _tally(paths: ExportTables, place: _Place) -> dict[str, Any]:
    """What reading the export left behind."""
    text = tables.metadata(paths.unread).get(TALLY_KEY)
    if text is None:
        raise ConservationError(
            "unread.parquet holds no tally of what was read.",
            where=f"{place.subject} {place.source} {place.export}",
            hint="Delete the tables of this export under results/normalized and run again.",
        )
    found: dict[str, Any] = json.loads(text)
    return found


def _count(path: Path, *columns: str) -> dict[tuple[str, ...], int]:
    """Rows by the columns' values; files without rows are told by their footer alone."""
    return tables.count_by(path, *columns) if tables.row_count(path) else {}


def _unreadable(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    about = {"source": report["source"], "export": report["export"]}
    found = [{**about, "member": "", "reason": report["unreadable"]}] if report["unreadable"] else []
    return found + [{**about, "member": member, "reason": reason} for member, reason in report["damaged"].items()]
