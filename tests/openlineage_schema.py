"""A JSON Schema of OpenLineage run events, made from the classes that the project's client generates from its own.

The published files (spec/OpenLineage.json and spec/facets, Apache-2.0) are in no package; the client's classes are
generated from them and say the same: which fields there are, of what type, which must be there, and which schema
a facet names. Formats (UUIDs, times, URIs) and the names under which facets stand are written here.
"""

from __future__ import annotations

import json
import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import attr
from jsonschema import Draft202012Validator
from openlineage.client import event_v2
from openlineage.client import facet_v2 as facets
from openlineage.client.generated import base

OWN = Path(__file__).parents[1] / "docs" / "openlineage-facets.json"
FACETS: dict[str, dict[str, type]] = {
    "RunFacet": {
        "nominalTime": facets.nominal_time_run.NominalTimeRunFacet,
        "parent": facets.parent_run.ParentRunFacet,
        "errorMessage": facets.error_message_run.ErrorMessageRunFacet,
        "executionParameters": facets.execution_parameters_run.ExecutionParametersRunFacet,
        "processing_engine": facets.processing_engine_run.ProcessingEngineRunFacet,
    },
    "JobFacet": {
        "jobType": facets.job_type_job.JobTypeJobFacet,
        "documentation": facets.documentation_job.DocumentationJobFacet,
        "sourceCodeLocation": facets.source_code_location_job.SourceCodeLocationJobFacet,
    },
    "DatasetFacet": {
        "storage": facets.storage_dataset.StorageDatasetFacet,
        "version": facets.dataset_version_dataset.DatasetVersionDatasetFacet,
        "schema": facets.schema_dataset.SchemaDatasetFacet,
        "columnLineage": facets.column_lineage_dataset.ColumnLineageDatasetFacet,
    },
    "InputDatasetFacet": {
        "inputStatistics": facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
        "dataQualityMetrics": facets.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet,
        "dataQualityAssertions": facets.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    },
    "OutputDatasetFacet": {
        "outputStatistics": facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
    },
}
OWN_FACETS = {"JobFacet": {"pdp_code": "PdpCodeJobFacet"}, "DatasetFacet": {"pdp_version": "PdpVersionDatasetFacet"}}
_SUBTYPES = ["IDENTITY", "TRANSFORMATION", "AGGREGATION", "JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"]
_URI = {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:[^ ]+$"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
_FORMATS = {
    "runId": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    **dict.fromkeys(("eventTime", "nominalStartTime", "nominalEndTime"), _TIME),
    **dict.fromkeys(("producer", "schemaURL", "_producer", "_schemaURL"), _URI),
}


def validator() -> Draft202012Validator:
    """Checks one run event."""
    definitions: dict[str, Any] = {}
    root = _object(event_v2.RunEvent, definitions)
    root["properties"]["eventType"] = {"enum": [state.value for state in event_v2.RunState]}
    root["required"] += ["eventType", "producer", "schemaURL"]
    own = json.loads(OWN.read_text())
    for name, schema in own["$defs"].items():
        known = [*schema["properties"], "_producer", "_schemaURL"]
        url = {"const": f"{own['$id']}#/$defs/{name}"}
        definitions[name] = {
            **schema,
            "properties": {**schema["properties"], "_producer": _URI, "_schemaURL": url},
            "required": [*schema["required"], "_producer", "_schemaURL"],
            "propertyNames": {"enum": known},
        }
    schema = {**root, "$defs": definitions}
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = attr.fields(kind)
    properties = {one.name: _FORMATS.get(one.name) or _of(hints[one.name], definitions) for one in fields}
    if kind is facets.column_lineage_dataset.Transformation:
        properties |= {"type": {"enum": ["DIRECT", "INDIRECT"]}, "subtype": {"enum": _SUBTYPES}}
    required = [one.name for one in fields if one.default is attr.NOTHING]
    if issubclass(kind, base.BaseFacet):
        properties["_schemaURL"] = {"const": kind._get_schema()}
        required += ["_producer", "_schemaURL"]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint is Any:
        return {}
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return _of(next(part for part in typing.get_args(hint) if part is not type(None)), definitions)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return {"type": "array", "items": _of(inner[0], definitions)}
    if origin is dict:
        known = inner[1].__name__
        if known in FACETS and inner[1].__module__ == base.__name__:
            standing = {name: _of(one, definitions) for name, one in FACETS[known].items()}
            ours = {name: {"$ref": f"#/$defs/{one}"} for name, one in OWN_FACETS.get(known, {}).items()}
            return {"type": "object", "properties": standing | ours, "additionalProperties": False}
        return {"type": "object", "additionalProperties": _of(inner[1], definitions)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    if attr.has(hint):
        name = f"{hint.__module__.rsplit('.', 1)[-1]}.{hint.__name__}"
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[hint]}
