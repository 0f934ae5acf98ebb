"""Which columns of what a job read feed each column of what it wrote: the columnLineage facet.

Checks and merges take columns over as they are and only choose rows. A figure of the daily table is fed by columns of
the measure that it names in its own metadata, by the method that stands there. Tables of which nothing certain is
known, and raw exports, which have no columns, have no such facet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

import pyarrow as pa
from openlineage.client import facet_v2 as facets

from pdp import schemas
from pdp.interchange.registry_stream import File, Job
from pdp.summarize.figures import FIGURES
from pdp.summarize.sleep_periods import EPISODE_COLUMNS, STAGE_COLUMNS
from pdp.vocabulary import MEASURES

_facet = facets.column_lineage_dataset
_Input = _facet.InputField
_Names = Callable[[str], tuple[str, str]]

_TIME = ("start_utc", "utc_offset_min")  # puts a row into its local day
_SLEEP = (("sleep_episode", EPISODE_COLUMNS), ("sleep_stage", STAGE_COLUMNS))
_SLEEP_RATE = ("rhr_sleep_p05_bpm", "rhr_sleep_n")  # of samples inside the main sleep


def of_output(job: Job, file: File, schema: pa.Schema | None, named: _Names) -> _facet.ColumnLineageDatasetFacet | None:
    """The facet of one output; None where nothing certain is known.

    Args:
        job: What ran.
        file: One of its outputs.
        schema: Its columns, with their metadata.
        named: Namespace and name of a dataset, from its path.
    """
    if schema is None:
        return None
    layer, stem = _place(file)
    told = _Told(named)
    if job.rule in ("validate", "merge") and stem in MEASURES:
        before = {"validated": "normalized", "merged": "validated", "superseded": "validated"}.get(layer, "")
        return told.taken_over([one for one in job.inputs if _place(one) == (before, stem)], schema, stem)
    if job.rule == "summarize" and stem == "daily":
        return told.figures({_place(one)[1]: one for one in job.inputs if _place(one)[0] == "merged"}, schema)
    return None


def _place(file: File) -> tuple[str, str]:
    """Layer and table."""
    parts = PurePosixPath(file.path).with_suffix("").parts
    return (parts[1] if len(parts) > 1 else "", parts[-1] if parts else "")


class _Told:
    def __init__(self, named: _Names) -> None:
        self._named = named

    def taken_over(
        self, files: Sequence[File], schema: pa.Schema, measure: str
    ) -> _facet.ColumnLineageDatasetFacet | None:
        """Rows chosen, columns as they were; what stands only in the output is said of no input."""
        known = set(schemas.validated(measure).names)
        fields = {
            field.name: _facet.Fields(
                inputFields=[
                    self._input(file, field.name, "DIRECT", "TRANSFORMATION", "flags are added")
                    if field.name == "flags"
                    else self._input(file, field.name, "DIRECT", "IDENTITY")
                    for file in files
                ]
            )
            for field in schema
            if field.name in known
        }
        chosen_by = ("start_utc", "end_utc", *(column.name for column in MEASURES[measure].columns))
        return self._of(fields, [self._input(file, name, "INDIRECT", "FILTER") for file in files for name in chosen_by])

    def figures(self, merged: dict[str, File], schema: pa.Schema) -> _facet.ColumnLineageDatasetFacet | None:
        """Figures of days, each by its method."""
        fields = {}
        for field in schema:
            method = (field.metadata or {}).get(b"method", b"").decode()
            inputs = [
                self._input(merged[measure], column, "DIRECT", "AGGREGATION", method)
                for measure, names in _feeding(field)
                for column in names
                if measure in merged
            ]
            if inputs:
                fields[field.name] = _facet.Fields(inputFields=inputs)
        days = [self._input(file, name, "INDIRECT", "GROUP_BY") for file in merged.values() for name in _TIME]
        return self._of(fields, days)

    def _input(self, file: File, column: str, kind: str, subtype: str, about: str = "") -> _Input:
        namespace, name = self._named(file.path)
        how = _facet.Transformation(type=kind, subtype=subtype, description=about or None, masking=False)
        return _Input(namespace, name, column, transformations=[how])

    def _of(self, fields: dict[str, _facet.Fields], dataset: list[_Input]) -> _facet.ColumnLineageDatasetFacet | None:
        has_inputs = any(field.inputFields for field in fields.values())
        return _facet.ColumnLineageDatasetFacet(fields=fields, dataset=dataset) if has_inputs else None


def _feeding(field: pa.Field) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Measures and their columns that feed a figure, beside the time that puts each row into its day."""
    name = field.name
    measure = FIGURES[name].measure if name in FIGURES else (field.metadata or {}).get(b"measure", b"").decode()
    if measure in ("sleep_episode", "sleep_stage"):
        yield from _SLEEP
    elif measure == "blood_pressure":
        own = [column for column in ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm") if column.split("_")[0] in name]
        yield measure, tuple(own) or _TIME
    elif measure == "heart_rate":
        yield measure, ("heart_rate_bpm", "context", "start_utc")
        if name in _SLEEP_RATE:
            yield from _SLEEP
    elif measure == "step_count":
        yield measure, ("steps",) if name == "steps" else ("start_utc", "end_utc")
