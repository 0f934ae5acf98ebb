"""A table as one Parquet file in memory; what it says of itself stands in the file's metadata."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from pdp.publish.origin import Origin, Published
from pdp.publish.sheet import digest_of_table

RUN, DIGEST, AS_OF, SYNTHETIC = "pdp.run_id", "pdp.data_sha256", "pdp.as_of", "pdp.is_synthetic"
MEDIA_TYPE = "application/vnd.apache.parquet"


def parquet_file(table: pa.Table, origin: Origin) -> Published:
    """The table with titles, units and methods in the metadata of its fields. Never on the disk: it may be private."""
    digest = digest_of_table(table)
    about = {RUN: origin.run_id, DIGEST: digest, AS_OF: origin.instant, SYNTHETIC: str(origin.is_synthetic).lower()}
    # Dictionaries as plain text: readers in other languages need not know Arrow's types.
    plain = pa.schema([_plain(field) for field in table.schema], metadata=about)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.cast(plain), sink, version="2.6", compression="zstd", compression_level=3, write_statistics=True
    )
    return Published(sink.getvalue().to_pybytes(), MEDIA_TYPE, ".parquet", digest)


def _plain(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
