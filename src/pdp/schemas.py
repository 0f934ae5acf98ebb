"""Arrow schemas per measure and layer, built from the vocabulary."""

from __future__ import annotations

import pyarrow as pa

from pdp.vocabulary import COMMON, MEASURES, Column

DICTIONARY = pa.dictionary(pa.int32(), pa.string())

_ARROW: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("ms", tz="UTC"),
    "dictionary": DICTIONARY,
    "string": pa.string(),
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "float32": pa.float32(),
    "float64": pa.float64(),
}

# The format's own verdict on a row whose decoding does not agree with totals in the same export:
# "<rule>: <both figures>". Validate quarantines such rows.
FAULT = pa.field("fault", DICTIONARY)


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, _ARROW[column.arrow], nullable=not column.is_required)


def validated(measure: str) -> pa.Schema:
    """Common columns, then the measure's own; also the schema of merged tables."""
    return pa.schema([_field(column) for column in (*COMMON, *MEASURES[measure].columns)])


def normalized(measure: str) -> pa.Schema:
    """As validated, nothing required yet, plus `fault`."""
    fields = [field.with_nullable(True) for field in validated(measure)]
    return pa.schema([*fields, FAULT])


def superseded(measure: str) -> pa.Schema:
    """A row that was not chosen, why (`duplicate`, ...), and the row that was."""
    return pa.schema(
        [
            *validated(measure),
            pa.field("reason", DICTIONARY, nullable=False),
            pa.field("winner_start_utc", _ARROW["timestamp"], nullable=False),
            pa.field("winner_source", DICTIONARY, nullable=False),
            pa.field("winner_export", DICTIONARY, nullable=False),
            pa.field("winner_member", DICTIONARY, nullable=False),
            pa.field("winner_row", pa.int32(), nullable=False),
        ]
    )


UNREAD = pa.schema(
    [
        pa.field("source", DICTIONARY, nullable=False),
        pa.field("export", DICTIONARY, nullable=False),
        pa.field("member", DICTIONARY, nullable=False),
        pa.field("row", pa.int32(), nullable=False),  # 0: the whole member; member "": the whole export
        pa.field("reason", DICTIONARY, nullable=False),
        pa.field("detail", pa.string()),
        pa.field("text", pa.string()),  # the record as it stands, cut at 500 characters
    ]
)

QUARANTINE = pa.schema(
    [
        pa.field("measure", DICTIONARY, nullable=False),
        pa.field("rule", DICTIONARY, nullable=False),
        pa.field("column", DICTIONARY),
        pa.field("value", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("start_utc", _ARROW["timestamp"]),
        pa.field("end_utc", _ARROW["timestamp"]),
        pa.field("utc_offset_min", pa.int16()),
        pa.field("source", DICTIONARY, nullable=False),
        pa.field("device", DICTIONARY),
        pa.field("export", DICTIONARY, nullable=False),
        pa.field("member", DICTIONARY, nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("row_values", pa.string()),  # the measure's own columns as JSON
    ]
)


def of_normalize(table: str) -> pa.Schema:
    """What normalize writes: `unread`, or a measure."""
    return UNREAD if table == "unread" else normalized(table)
