"""That the proof holds where rows are conserved, and fails, with both figures, where one is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pdp import schemas
from pdp.conservation import ExportTables, balance
from pdp.errors import ConservationError
from pdp.vocabulary import FATES, MEASURES
from tests.summary_subject import write_rows

A, B = "a" * 16, "b" * 16
START = datetime(2026, 6, 10, 8, 0, tzinfo=UTC)
VALUES: dict[str, dict[str, Any]] = {
    "blood_pressure": {"systolic_mmhg": 120.0, "diastolic_mmhg": 80.0},
    "heart_rate": {"heart_rate_bpm": 60.0, "context": "automatic"},
}


def row_of(measure: str, export: str, row: int, source: str = "band") -> dict[str, Any]:
    return {
        "start_utc": START + timedelta(minutes=row),
        "utc_offset_min": 120,
        "offset_basis": "ledger",
        "source": source,
        "device": "",
        "modality": "sensed",
        "export": export,
        "member": "HEARTRATE.csv",
        "row": row,
        **VALUES[measure],
    }


def lost(row: Mapping[str, Any], reason: str) -> dict[str, Any]:
    winner = {f"winner_{name}": row[name] for name in ("start_utc", "source", "export", "member", "row")}
    return {**row, **winner, "reason": reason}


@dataclass
class Layers:
    """Rows of every layer of a subject, to be written and then proved."""

    normalized: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    validated: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    quarantine: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    unread: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    tally: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    superseded: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def read(self, source: str, export: str, readings: Mapping[str, int], *, unread: int = 0, **more: Any) -> None:
        member = {
            "records": sum(readings.values()) + unread + 1,
            "out_of_scope": {"header": 1},
            "unread": unread,
            "unread_by_reason": {"no_number": unread} if unread else {},
            "readings": dict(readings),
        }
        self.tally[source, export] = {
            "unreadable": None,
            "damaged": {},
            "ignored": [],
            "members": {"HEARTRATE.csv": member},
        } | more
        for measure, rows in readings.items():
            self.normalized[source, export, measure] = [row_of(measure, export, n, source) for n in range(1, rows + 1)]
        self.unread[source, export] = [
            {"source": source, "export": export, "member": "HEARTRATE.csv", "row": 90 + n, "reason": "no_number"}
            for n in range(unread)
        ]
        self.quarantine[source, export] = []

    def prove(self, folder: Path) -> dict[str, Any]:
        folder.mkdir(exist_ok=True)
        exports = [self._export(folder, source, export) for source, export in self.tally]
        layers: list[dict[str, Path]] = []
        for layer, schema_of in (("merged", schemas.validated), ("superseded", schemas.superseded)):
            layers.append({m: folder / f"{layer}-{m}" for m in MEASURES})
            for measure, path in layers[-1].items():
                write_rows(path, schema_of(measure), getattr(self, layer).get(measure, []))
        return balance("demo", exports, *layers)

    def _export(self, folder: Path, source: str, export: str) -> ExportTables:
        def write(layer: str, schema_of: Callable[[str], Any], rows: Mapping[Any, Sequence[Any]]) -> dict[str, Path]:
            paths = {m: folder / f"{layer}-{source}-{export}-{m}" for m in MEASURES}
            for measure, path in paths.items():
                write_rows(path, schema_of(measure), rows.get((source, export, measure), []))
            return paths

        unread, quarantine = folder / f"unread-{source}-{export}", folder / f"quarantine-{source}-{export}"
        tally = self.tally[source, export]
        metadata = {"pdp.tally": json.dumps(tally)} if tally else None
        write_rows(unread, schemas.UNREAD, self.unread[source, export], metadata)
        write_rows(quarantine, schemas.QUARANTINE, self.quarantine[source, export])
        return ExportTables(
            source,
            export,
            write("normalized", schemas.normalized, self.normalized),
            unread,
            write("validated", schemas.validated, self.validated),
            quarantine,
        )


@pytest.fixture
def layers() -> Layers:
    """Export A: 5 heart rates, 1 quarantined, 1 lost to another device, 3 stand, and 2 unread records.
    Export B repeats the first two of them."""
    made = Layers()
    made.read("band", A, {"heart_rate": 5}, unread=2)
    made.read("band", B, {"heart_rate": 2})
    rows = made.normalized["band", A, "heart_rate"]
    made.validated["band", A, "heart_rate"] = rows[:4]
    made.validated["band", B, "heart_rate"] = made.normalized["band", B, "heart_rate"]
    bad = {name: rows[4][name] for name in ("source", "export", "member", "row", "start_utc")}
    made.quarantine["band", A] = [{**bad, "measure": "heart_rate", "rule": "heart_rate_bpm_impossible"}]
    made.merged["heart_rate"] = rows[:3]
    repeated = [lost(row, "duplicate") for row in made.normalized["band", B, "heart_rate"]]
    made.superseded["heart_rate"] = [lost(rows[3], "other_device"), *repeated]
    return made


def test_every_row_that_was_read_comes_out_under_one_name(layers: Layers, tmp_path: Path) -> None:
    proof = layers.prove(tmp_path)
    assert proof["is_conserved"] is True
    assert proof["total"] == {
        "read": 9,
        "accepted": 3,
        "quarantined": 1,
        "duplicate": 2,
        "superseded": 1,
        "unread": 2,
        "superseded_by_reason": {"other_device": 1},
    }
    assert proof["total"]["read"] == sum(proof["total"][fate] for fate in FATES)
    assert proof["sources"] == {"band": proof["total"]}
    assert proof["measures"]["heart_rate"]["read"] == 7
    first, second = proof["exports"]
    assert (first["export"], second["export"]) == (A, B)
    assert first["quarantined_by_rule"] == {"heart_rate_bpm_impossible": 1}
    assert first["unread_by_reason"] == {"no_number": 2}
    assert first["out_of_scope"] == {"header": 1}
    assert second["counts"]["duplicate"] == 2
    assert second["measures"].keys() == {"heart_rate"}


def test_the_proof_is_the_same_text_in_any_order_of_exports(layers: Layers, tmp_path: Path) -> None:
    one = layers.prove(tmp_path / "one")
    layers.tally = dict(reversed(layers.tally.items()))
    assert json.dumps(layers.prove(tmp_path / "two")) == json.dumps(one)


def message(layers: Layers, folder: Path) -> str:
    with pytest.raises(ConservationError) as caught:
        layers.prove(folder)
    return str(caught.value)


def test_a_row_lost_in_merging_fails_with_both_figures(layers: Layers, tmp_path: Path) -> None:
    layers.merged["heart_rate"].pop()
    assert message(layers, tmp_path) == (
        f"demo band {A} heart_rate: validated: 4 rows, but merged + superseded: 3 rows. Rows were lost or made: a "
        "fault of the program, or a table was altered. Delete the tables of this export under results/ and run again; "
        "if it stays, report it."
    )


def test_a_row_that_one_export_loses_and_another_gains_is_not_hidden_by_the_sum(layers: Layers, tmp_path: Path) -> None:
    layers.merged["heart_rate"][0] = {**layers.merged["heart_rate"][0], "export": B}
    assert "validated: 4 rows, but merged + superseded: 3 rows" in message(layers, tmp_path)


def test_a_row_that_moves_to_another_measure_is_not_hidden_by_the_sum(layers: Layers, tmp_path: Path) -> None:
    layers.read("cuff", A, {"blood_pressure": 1, "heart_rate": 1})
    cuff = {measure: layers.normalized["cuff", A, measure][0] for measure in VALUES}
    layers.validated["cuff", A, "blood_pressure"] = [cuff["blood_pressure"]]
    layers.validated["cuff", A, "heart_rate"] = [cuff["heart_rate"]]
    layers.merged["blood_pressure"] = [cuff["blood_pressure"], {**cuff["blood_pressure"], "row": 2}]
    assert f"cuff {A} blood_pressure: validated: 1 rows, but merged + superseded: 2 rows" in message(layers, tmp_path)


def test_a_row_lost_in_validation_fails(layers: Layers, tmp_path: Path) -> None:
    layers.quarantine["band", A].clear()
    assert "normalized: 5 rows, but validated + quarantined: 4 rows" in message(layers, tmp_path)


def test_a_reading_lost_before_normalized_was_written_fails(layers: Layers, tmp_path: Path) -> None:
    layers.tally["band", A]["members"]["HEARTRATE.csv"]["readings"]["heart_rate"] = 6
    assert f"demo band {A} heart_rate: readings by the tally: 6 rows, but normalized: 5 rows" in message(
        layers, tmp_path
    )


def test_a_lost_unread_record_fails(layers: Layers, tmp_path: Path) -> None:
    layers.unread["band", A].pop()
    assert f"demo band {A}: unread by the tally: 2 rows, but rows of unread: 1 rows" in message(layers, tmp_path)


def test_rows_of_an_export_that_was_not_merged_fail(layers: Layers, tmp_path: Path) -> None:
    layers.merged["heart_rate"].append(row_of("heart_rate", "c" * 16, 1))
    assert "merged + superseded: 1 rows, but exports that were merged: 0 rows" in message(layers, tmp_path)


def test_an_export_that_can_not_be_read_is_one_unread_record_and_named_with_its_reason(
    layers: Layers, tmp_path: Path
) -> None:
    layers.read("phone", A, {}, unreadable="wrong_password", members={})
    layers.unread["phone", A] = [
        {"source": "phone", "export": A, "member": "", "row": 0, "reason": "wrong_password", "detail": "..."}
    ]
    proof = layers.prove(tmp_path)
    assert proof["unreadable"] == [{"source": "phone", "export": A, "member": "", "reason": "wrong_password"}]
    assert proof["sources"]["phone"]["unread"] == 1
    assert proof["sources"]["phone"]["read"] == 1


def test_a_damaged_member_is_one_unread_record_beside_the_good_ones(layers: Layers, tmp_path: Path) -> None:
    layers.tally["band", B]["damaged"] = {"SLEEP.csv": "truncated"}
    layers.unread["band", B] = [
        {"source": "band", "export": B, "member": "SLEEP.csv", "row": 0, "reason": "truncated", "detail": "..."}
    ]
    proof = layers.prove(tmp_path)
    assert proof["unreadable"] == [{"source": "band", "export": B, "member": "SLEEP.csv", "reason": "truncated"}]
    assert proof["exports"][1]["counts"]["unread"] == 1


def test_a_table_without_a_tally_says_what_to_do(layers: Layers, tmp_path: Path) -> None:
    layers.tally["band", A] = {}
    assert message(layers, tmp_path) == (
        f"demo band {A}: unread.parquet holds no tally of what was read. Delete the tables of this export under "
        "results/normalized and run again."
    )
