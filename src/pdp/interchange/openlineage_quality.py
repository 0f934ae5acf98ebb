"""What a job found of what it read, from counts of rows alone: which were taken, and whether none was lost.

Assertions stand on the input they are about. Counts are told, values never.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from openlineage.client import facet_v2 as facets

from pdp.interchange.registry_stream import File, Job
from pdp.vocabulary import MEASURES

_facet = facets.data_quality_assertions_dataset


def of_input(job: Job, file: File) -> _facet.DataQualityAssertionsDatasetFacet | None:
    """The facet of one input; None where the job holds nothing against it, or did not end well."""
    if job.status != "COMPLETE":
        return None
    found = {"normalize": _readable, "validate": _possible, "merge": _conserved}.get(job.rule)
    assertion = found(job, file) if found else None
    return _facet.DataQualityAssertionsDatasetFacet(assertions=[assertion]) if assertion else None


def metrics(file: File) -> facets.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet:
    """Size; of columns nothing, since lowest and highest would be measured values."""
    return facets.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        columnMetrics={}, rowCount=file.rows, bytes=file.bytes, fileCount=1
    )


def _readable(job: Job, file: File) -> _facet.Assertion | None:
    """Of a raw export: every record could be read."""
    unread = [one.rows for one in job.outputs if PurePosixPath(one.path).name == "unread.parquet"]
    if not file.path.startswith("resources/raw/") or unread[:1] in ([], [None]):
        return None
    return _assertion("every_record_is_readable", "No record of the export is unread.", 0, unread[0], severity="warn")


def _possible(job: Job, file: File) -> _facet.Assertion | None:
    """Of a table that was read: no row was quarantined."""
    taken = [one.rows for one in job.outputs if _is(one, "validated") and _stem(one) == _stem(file)]
    if not _is(file, "normalized") or file.rows is None or taken[:1] in ([], [None]):
        return None
    words = "No row is quarantined as impossible."
    return _assertion("every_row_is_possible", words, 0, file.rows - (taken[0] or 0), severity="warn")


def _conserved(job: Job, file: File) -> _facet.Assertion | None:
    """Of the inputs of a merge together: every row was chosen or set aside."""
    if not _is(file, "validated") or _stem(file) not in MEASURES:
        return None
    came = [one.rows for one in job.inputs if _is(one, "validated") and _stem(one) == _stem(file)]
    went = [one.rows for one in job.outputs if _is(one, "merged") or _is(one, "superseded")]
    if len(went) != 2 or None in (*came, *went):
        return None
    words = "Rows of all inputs of this merge = rows chosen + rows set aside."
    counts = sum(one or 0 for one in came), sum(one or 0 for one in went)
    return _assertion("rows_are_conserved", words, *counts, severity="error")


def _assertion(name: str, words: str, expected: int, actual: int | None, *, severity: str) -> _facet.Assertion:
    return _facet.Assertion(
        assertion=name,
        success=expected == actual,
        severity=severity,
        name=name,
        description=words,
        expected=str(expected),
        actual=str(actual),
    )


def _is(file: File, layer: str) -> bool:
    return file.path.startswith(f"results/{layer}/")


def _stem(file: File) -> str:
    return PurePosixPath(file.path).stem
