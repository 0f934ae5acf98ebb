"""Agreement of devices that measured the same intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pdp import in_words
from pdp.report_pages import csv_link
from pdp.report_pages import page as pages
from pdp.report_pages.page import NONE, Column, value


def _what(row: Mapping[str, Any]) -> str:
    context = f" ({row['context']})" if row["context"] else ""
    measure, (column, _) = row["measure"].replace("_", " "), in_words.column(row["column"])
    return f"{column if measure in (column, 'step count') else f'{measure}: {column}'}{context}"


def _who(source: str, device: str) -> Any:
    def tell(row: Mapping[str, Any]) -> str:
        return f"{row[source]} {row[device]}".strip()

    return tell


def _limits(row: Mapping[str, Any]) -> str:
    low, high = row["lower_limit"], row["upper_limit"]
    return NONE if low is None or high is None else f"{low:,.1f} to {high:,.1f}".replace("-", "−")


COLUMNS = (
    Column("What", "", _what, is_text=True),
    Column("Unit", "", lambda row: in_words.unit(row["unit"]), is_text=True),
    Column("Device", "", _who("source", "device"), is_text=True),
    Column("Compared with", "", _who("other_source", "other_device"), is_text=True),
    Column("Pairs", "n", value("n")),
    Column("Bias", "mean difference", value("bias", 1)),
    Column("Spread", "SD", value("sd", 1)),
    Column("Limits of agreement", "95 %", _limits),
)


def page(subject: str, agreement: pa.Table) -> str:
    """Every pair of devices."""
    lead = (
        "Where two devices measured the same interval: how far the first is above the second. "
        "The bias is the mean difference; about 95 of 100 differences lie between the limits of agreement. "
        "Values of two devices are never averaged."
    )
    body = csv_link.link(f"agreement-{subject}", agreement)
    body += pages.table("Pairs of devices", COLUMNS, agreement.to_pylist())
    return pages.document(f"Agreement of devices: {subject}", lead, body)
