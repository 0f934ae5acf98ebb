"""What OpenLineage events say beside names: the specification's facets where it has one, two of our own where not.

No measured value and no setting comes in here: settings may hold names, time zones and dates of birth.
The shapes of our own facets are in docs/openlineage-facets.json.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

import attr
import pyarrow as pa
from openlineage.client import facet_v2 as facets
from openlineage.client.event_v2 import InputDataset, OutputDataset, set_producer
from openlineage.client.generated.base import DatasetFacet, InputDatasetFacet, JobFacet, RunFacet

from pdp import errors, schemas, store
from pdp.interchange import openlineage_columns, openlineage_quality
from pdp.interchange.names import Names
from pdp.interchange.registry_stream import Code, File, Job
from pdp.vocabulary import MEASURES

PRODUCER = f"urn:pdp:{metadata.version('pdp')}"
_SCHEMAS = "urn:pdp:openlineage-facets:1#/$defs"
_MOST_SCHEMAS = 256


@attr.define
class PdpCodeJobFacet(JobFacet):
    """What ran: AST digest by module, version by library, Python's minor version."""

    modules: dict[str, str] = attr.field(factory=dict)
    libraries: dict[str, str] = attr.field(factory=dict)
    python: str = attr.field(default="")

    @staticmethod
    def _get_schema() -> str:
        return f"{_SCHEMAS}/PdpCodeJobFacet"


@attr.define
class PdpVersionDatasetFacet(DatasetFacet):
    """The bytes: their digest, and the how-manieth version of the dataset on this machine they are."""

    number: int = attr.field(default=0)
    sha256: str = attr.field(default="")

    @staticmethod
    def _get_schema() -> str:
        return f"{_SCHEMAS}/PdpVersionDatasetFacet"


def say_who() -> None:
    """Every facet and event names this program as its producer."""
    set_producer(PRODUCER)


class Datasets:
    """Datasets as events name them.

    Args:
        namespace: Of all datasets.
        root: The results folder; tables that stand there as recorded tell their columns.
        names: How subjects and sources are told.
    """

    def __init__(self, namespace: str, root: Path, names: Names) -> None:
        self._namespace, self._base, self._names = namespace, root.absolute().parent, names
        self._schema = lru_cache(_MOST_SCHEMAS)(self._schema_of)

    def read(self, job: Job, file: File, *, is_over: bool) -> InputDataset:
        """What a job read, and what the job found of it. Its columns are told where it is made."""
        statistics = facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=file.rows, size=file.bytes, fileCount=1
        )
        found: dict[str, InputDatasetFacet] = {"inputStatistics": statistics}
        if is_over and (assertions := openlineage_quality.of_input(job, file)):
            found["dataQualityAssertions"] = assertions
        if file.rows is not None:
            found["dataQualityMetrics"] = openlineage_quality.metrics(file)
        return InputDataset(self._namespace, self._names.path(file.path), facets=_about(file), inputFacets=found)

    def written(self, job: Job, file: File) -> OutputDataset:
        """What a job wrote."""
        statistics = facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=file.rows, size=file.bytes, fileCount=1
        )
        about = _about(file)
        if schema := self._schema(file):
            fields = [_field(position, one) for position, one in enumerate(schema, start=1)]
            about["schema"] = facets.schema_dataset.SchemaDatasetFacet(fields=fields)
        if columns := openlineage_columns.of_output(job, file, schema, self._named):
            about["columnLineage"] = columns
        return OutputDataset(
            self._namespace, self._names.path(file.path), facets=about, outputFacets={"outputStatistics": statistics}
        )

    def _named(self, path: str) -> tuple[str, str]:
        return self._namespace, self._names.path(path)

    def _schema_of(self, file: File) -> pa.Schema | None:
        schema = _canonical(file.path)
        place = self._base / file.path
        if schema is None and place.suffix == ".parquet" and _is(place, file):
            schema = _read(place)
        return schema


def _about(file: File) -> dict[str, DatasetFacet]:
    suffix = PurePosixPath(file.path).suffix.removeprefix(".")
    storage = facets.storage_dataset.StorageDatasetFacet(storageLayer="file", fileFormat=suffix or None)
    return {
        "storage": storage,
        "version": facets.dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=f"sha256:{file.sha256}"),
        "pdp_version": PdpVersionDatasetFacet(number=file.number, sha256=file.sha256),
    }


def _is(place: Path, file: File) -> bool:
    return place.is_file() and place.stat().st_size == file.bytes and store.sha256(place) == file.sha256


def _read(place: Path) -> pa.Schema | None:
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(place)
    except (OSError, pa.ArrowInvalid):
        return None  # it went away meanwhile, or never was a table


def _canonical(path: str) -> pa.Schema | None:
    """The columns that a table of a stage has by contract; None for others."""
    layer, stem = (*PurePosixPath(path).parts, "", "")[1], PurePosixPath(path).stem
    if layer == "quarantine":
        return schemas.QUARANTINE
    if layer == "normalized" and stem in (*MEASURES, "unread"):
        return schemas.of_normalize(stem)
    if stem not in MEASURES or layer not in ("validated", "merged", "superseded"):
        return None
    return schemas.superseded(stem) if layer == "superseded" else schemas.validated(stem)


def _field(position: int, field: pa.Field) -> facets.schema_dataset.SchemaDatasetFacetFields:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    about = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    title, unit = about.get("title", ""), about.get("unit", "")
    described = " ".join(part for part in (title, f"[{unit}]" if unit else "") if part)
    return facets.schema_dataset.SchemaDatasetFacetFields(
        name=field.name, type=str(kind), description=described or None, ordinal_position=position
    )


def of_job(rule: str, code: Code | None) -> dict[str, JobFacet]:
    """What a rule is, and by which code it ran."""
    found: dict[str, JobFacet] = {"jobType": job_type("RULE")}
    if code is not None:
        found["pdp_code"] = PdpCodeJobFacet(
            modules=dict(code.modules), libraries=dict(code.libraries), python=code.python
        )
    found["documentation"] = facets.documentation_job.DocumentationJobFacet(description=_described(rule))
    return found


@lru_cache
def _described(rule: str) -> str:
    """What its module says of itself, where there is one of its name."""
    about = f"Rule {rule} of the workflow: workflow/rules/, scripts/{rule}.py"
    spec = importlib.util.find_spec(f"pdp.{rule}") if rule.isidentifier() else None
    if spec is None or spec.origin is None:
        return about
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return f"{text.splitlines()[0]} {about}" if text else about


def job_type(kind: str) -> JobFacet:
    """A batch job of Snakemake: WORKFLOW or RULE."""
    return facets.job_type_job.JobTypeJobFacet(processingType="BATCH", integration="SNAKEMAKE", jobType=kind)


def of_execution(job: Job, names: Names) -> dict[str, RunFacet]:
    """An execution's wildcards, row counts, Python, and what went wrong."""
    parameter = facets.execution_parameters_run.ExecutionParameter
    told = [parameter(key=f"wildcards.{name}", value=value) for name, value in names.wildcards(job.wildcards).items()]
    told += [parameter(key=f"rows.{name}", value=str(count)) for name, count in _rows(job)]
    found: dict[str, RunFacet] = {}
    if told:
        found["executionParameters"] = facets.execution_parameters_run.ExecutionParametersRunFacet(parameters=told)
    if job.code is not None and job.code.python:
        found["processing_engine"] = facets.processing_engine_run.ProcessingEngineRunFacet(
            version=job.code.python, name="Python", openlineageAdapterVersion=metadata.version("pdp")
        )
    if job.status == "FAIL":
        found["errorMessage"] = error(job.error_type, job.error_message, names)
    return found


def _rows(job: Job) -> Iterator[tuple[str, int]]:
    """Rows of each table that was written, by layer: a merge writes two of one name. Of an export's name none."""
    for file in job.outputs:
        path = PurePosixPath(file.path)
        if file.rows is not None and path.suffix == ".parquet" and path.parts[0] == "results":
            layer = path.parts[1]
            yield layer if layer == "quarantine" else f"{layer}.{path.stem}", file.rows


def error(kind: str, message: str, names: Names) -> RunFacet:
    """What went wrong. Only our own sentences are told, which hold no measured value; they may name documents."""
    is_ours = isinstance(getattr(errors, kind, None), type)
    told = message if is_ours and not names.is_discreet else ""
    return facets.error_message_run.ErrorMessageRunFacet(
        message=": ".join(part for part in (kind or "Error", told) if part), programmingLanguage="PYTHON"
    )
