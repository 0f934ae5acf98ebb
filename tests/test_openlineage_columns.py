"""columnLineage and assertions of OpenLineage events, held against what the stages do."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pdp import schemas
from pdp.interchange import openlineage_columns, openlineage_quality
from pdp.interchange.registry_stream import File, Job
from pdp.summarize.figures import FIGURES
from pdp.vocabulary import COMMON, MEASURES
from tests.summary_subject import BERLIN, Subject, made_up, summary_of

OTHER_WORDS = {"stage": "light", "context": "manual", "body_posture": "standing"}


def file(path: str, rows: int | None = 1) -> File:
    return File(1, path, 1, "0" * 64, 10, rows)


def job(rule: str, inputs: list[File], outputs: list[File], status: str = "COMPLETE") -> Job:
    return Job("1", None, rule, {}, status, "", "", "", "", {}, None, tuple(inputs), tuple(outputs))


def fed(told: Any) -> dict[str, set[tuple[str, str]]]:
    """Columns of the inputs, as (table, column), by column of the output."""
    return {
        name: {(Path(one.name).stem, one.field) for one in field.inputFields} for name, field in told.fields.items()
    }


@pytest.fixture(scope="module")
def life() -> Subject:
    return made_up(BERLIN, "2026-03-20", 12, seed=5)


@pytest.fixture(scope="module")
def before(life: Subject, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Any]]]:
    folder = tmp_path_factory.mktemp("before")
    made = summary_of(life, folder)
    return made.out["daily"], _figures(made.daily)


def _figures(daily: dict[Any, dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [(day, row[name]) for day, row in daily.items() if row[name]] for name in FIGURES}


def _changed(value: Any, name: str) -> Any:
    if name in ("start_utc", "end_utc"):
        return value + timedelta(minutes=31) if value is not None else None
    if name == "utc_offset_min":
        return value + 180
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)(value + 3)
    return OTHER_WORDS.get(name, "x") if value is not None or name == "flags" else None


@pytest.mark.parametrize("measure", MEASURES)
def test_a_figure_that_changes_with_a_column_names_that_column(
    life: Subject, before: tuple[Path, dict[str, list[Any]]], measure: str, tmp_path: Path
) -> None:
    """Every column of a merged table is changed in turn: what comes out other than before must say that it may."""
    merged = [file(f"results/merged/me/{name}.parquet") for name in MEASURES]
    daily = file("results/summary/me/daily.parquet")
    told = openlineage_columns.of_output(job("summarize", merged, [daily]), daily, pq.read_schema(before[0]), _named)
    assert told is not None
    claimed, everywhere = fed(told), {(Path(one.name).stem, one.field) for one in told.dataset or []}
    unclaimed, moved = set(), set()
    for column in (*COMMON, *MEASURES[measure].columns):
        name = column.name
        other = Subject(zones=life.zones, rows=copy.deepcopy(life.rows), lost=copy.deepcopy(life.lost))
        for row in other.rows[measure]:
            if name in row or name == "flags":
                row[name] = _changed(row.get(name), name)
        after = _figures(summary_of(other, tmp_path / name).daily)
        now = {figure for figure, values in after.items() if values != before[1][figure]}
        moved |= now
        unclaimed |= {(figure, name) for figure in now if (measure, name) not in claimed[figure] | everywhere}
    assert unclaimed == set()
    assert moved, "nothing that was changed changed anything: the test sees nothing"


def test_every_figure_of_the_daily_table_is_fed_and_tells_its_method(before: tuple[Path, Any]) -> None:
    merged = [file(f"results/merged/me/{name}.parquet") for name in MEASURES]
    daily = file("results/summary/me/daily.parquet")
    told = openlineage_columns.of_output(job("summarize", merged, [daily]), daily, pq.read_schema(before[0]), _named)
    assert told is not None
    assert set(FIGURES) <= set(told.fields)
    (how,) = told.fields["bp_systolic_mean_mmhg"].inputFields[0].transformations or []
    assert (how.type, how.subtype, how.description) == (
        *("DIRECT", "AGGREGATION"),
        FIGURES["bp_systolic_mean_mmhg"].method,
    )
    assert fed(told)["bp_systolic_mean_mmhg"] == {("blood_pressure", "systolic_mmhg")}


@pytest.mark.parametrize(
    ("rule", "layer", "before_it"),
    [("validate", "validated", "normalized"), ("merge", "merged", "validated"), ("merge", "superseded", "validated")],
)
def test_columns_that_are_taken_over_name_the_same_column_of_the_same_measure_alone(
    rule: str, layer: str, before_it: str
) -> None:
    inputs = [file(f"results/{before_it}/me/cuff/e{n}/{m}.parquet") for n in (1, 2) for m in MEASURES]
    out = file(f"results/{layer}/me/blood_pressure.parquet")
    schema = schemas.superseded("blood_pressure") if layer == "superseded" else schemas.validated("blood_pressure")
    told = openlineage_columns.of_output(job(rule, inputs, [out]), out, schema, _named)
    assert told is not None
    assert fed(told) == {name: {("blood_pressure", name)} for name in schemas.validated("blood_pressure").names}
    names = {one.name for one in told.fields["systolic_mmhg"].inputFields}
    assert names == {f"results/{before_it}/me/cuff/e{n}/blood_pressure.parquet" for n in (1, 2)}


def test_what_nothing_certain_is_known_of_has_no_such_facet() -> None:
    raw, unread = file("resources/raw/me/e1"), file("results/normalized/me/cuff/e1/unread.parquet")
    assert openlineage_columns.of_output(job("normalize", [raw], [unread]), unread, schemas.UNREAD, _named) is None
    trends = file("results/summary/me/trends.parquet")
    schema = pa.schema([("median", pa.float64())])
    assert openlineage_columns.of_output(job("trends", [], [trends]), trends, schema, _named) is None


def _named(path: str) -> tuple[str, str]:
    return "pdp", path


def verdict(ran: Job, about: File) -> tuple[str, bool, str | None, str | None] | None:
    told = openlineage_quality.of_input(ran, about)
    if told is None:
        return None
    (one,) = told.assertions
    return one.assertion, one.success, one.expected, one.actual


def test_a_lost_row_of_a_merge_is_an_assertion_that_fails() -> None:
    came = [file(f"results/validated/me/cuff/e{n}/heart_rate.parquet", 5) for n in (1, 2)]
    aside = file("results/superseded/me/heart_rate.parquet", 4)
    for chosen, holds in ((6, True), (5, False)):
        ran = job("merge", came, [file("results/merged/me/heart_rate.parquet", chosen), aside])
        assert verdict(ran, came[0]) == ("rows_are_conserved", holds, "10", str(chosen + 4))


def test_quarantined_rows_and_unread_records_are_counted_where_they_came_from() -> None:
    read = file("results/normalized/me/cuff/e1/blood_pressure.parquet", 9)
    taken = file("results/validated/me/cuff/e1/blood_pressure.parquet", 7)
    other = file("results/validated/me/cuff/e1/heart_rate.parquet", 0)
    assert verdict(job("validate", [read], [other, taken]), read) == ("every_row_is_possible", False, "0", "2")
    raw, unread = file("resources/raw/me/e1", None), file("results/normalized/me/cuff/e1/unread.parquet", 0)
    assert verdict(job("normalize", [raw], [unread]), raw) == ("every_record_is_readable", True, "0", "0")


def test_a_job_that_did_not_end_well_asserts_nothing() -> None:
    raw, unread = file("resources/raw/me/e1", None), file("results/normalized/me/cuff/e1/unread.parquet", 0)
    assert verdict(job("normalize", [raw], [unread], status="FAIL"), raw) is None
    assert verdict(job("normalize", [raw], []), raw) is None
