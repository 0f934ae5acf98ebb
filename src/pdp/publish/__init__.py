"""What leaves the platform: tables as CSV and Parquet, observations as a FHIR R4 Bundle, for a range of local days.

Every file carries the id of the run that its numbers are of and the SHA-256 of its data, and is the same byte for byte
when it is made again. `verify` reads such a file back and holds it against its own digest.
"""

from __future__ import annotations

from pdp.publish.bundle import bundle
from pdp.publish.origin import MOST_ROWS, Origin, Published, RangeError
from pdp.publish.parquet import parquet_file
from pdp.publish.proof import Proof, verify
from pdp.publish.selection import as_it_stands, measure
from pdp.publish.sheet import csv_file

__all__ = [
    "MOST_ROWS",
    "Origin",
    "Proof",
    "Published",
    "RangeError",
    "as_it_stands",
    "bundle",
    "csv_file",
    "measure",
    "parquet_file",
    "verify",
]
