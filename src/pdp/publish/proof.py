"""Reading a published file back: does its data still have the digest that it names?"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pdp.errors import PdpError
from pdp.publish import parquet, sheet
from pdp.publish.bundle import DIGEST_SYSTEM, RUN_PREFIX, digest_of_entries


@dataclass(frozen=True)
class Proof:
    """What a published file says of itself, and what its data says.

    Args:
        run_id: The run that it names.
        stated: The digest that it names.
        found: The digest of the data in it; "" with no row, where a CSV has no place to name one.
    """

    run_id: str
    stated: str
    found: str

    @property
    def is_intact(self) -> bool:
        """Whether the data is what was published."""
        return bool(self.stated) and self.stated == self.found


def verify(content: bytes) -> Proof:
    """The proof of a CSV, Parquet or FHIR file that `pdp.publish` made.

    Raises:
        PdpError: It is none of these.
    """
    if content[:4] == b"PAR1":
        return _of_parquet(content)
    try:
        text = content.decode("utf-8")
        return _of_bundle(text) if text.lstrip().startswith("{") else _of_csv(text)
    except (UnicodeDecodeError, ValueError, KeyError, StopIteration, AttributeError, TypeError):
        raise PdpError(
            "is no file that was published from here.", where="verify", hint="It must be the file as downloaded."
        ) from None


def _of_csv(text: str) -> Proof:
    rows = csv.reader(io.StringIO(text, newline=""))
    names = next(rows)
    if names[-2:] != [sheet.RUN, sheet.DIGEST]:
        raise ValueError("no digest")
    every = list(rows)
    told = {(row[-2], row[-1]) for row in every}
    found = sheet.digest_of(names[:-2], [row[:-2] for row in every])
    run, stated = next(iter(told)) if len(told) == 1 else ("", "")
    return Proof(sheet.harmful(run), stated, found)


def _of_parquet(content: bytes) -> Proof:
    table = pq.ParquetFile(pa.BufferReader(content)).read()
    about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return Proof(about.get(parquet.RUN, ""), about.get(parquet.DIGEST, ""), sheet.digest_of_table(table))


def _of_bundle(text: str) -> Proof:
    told = json.loads(text)
    stated = [tag["code"] for tag in told["meta"]["tag"] if tag["system"] == DIGEST_SYSTEM]
    run = str(told["meta"].get("source", "")).removeprefix(RUN_PREFIX)
    return Proof(run, stated[0] if stated else "", digest_of_entries(told["entry"]))
