"""One finding on how readings are taken: always with its n, a verdict that says no more than it may, and a sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import pyarrow as pa

from pdp.home_bp.table_shape import Row, field

Verdict = Literal["too_few", "as_expected", "seen", "even_only", "cannot_be_judged"]
RARE = 0.01  # p below which something is called seen: a dozen checks are made, so 0.05 would be met by chance

HABITS = pa.schema(
    [
        field("check", pa.string(), "Check", method="key; pdp.home_bp.habits says how each is made", is_nullable=False),
        field(
            "modality",
            pa.string(),
            "Which readings",
            method='self_reported (typed by a person), sensed (stored by the device), "" for all',
            is_nullable=False,
        ),
        field(
            "item", pa.string(), "Part of the check", method='digit, threshold or span; "" = whole', is_nullable=False
        ),
        field("n", pa.int64(), "Number", unit="1", method="of readings, sittings or days, by check", is_nullable=False),
        field("count", pa.int64(), "Of these", unit="1", method="null where nothing is counted"),
        field("value", pa.float64(), "Found", method="in the unit of the row; null where n is too small"),
        field("expected", pa.float64(), "Expected", method="in the unit of the row"),
        field("low", pa.float64(), "Lower end of the 95 % interval", method="of value, Student's t"),
        field("high", pa.float64(), "Upper end of the 95 % interval", method="of value, Student's t"),
        field("unit", pa.string(), "Unit", method='UCUM; "1" for shares', is_nullable=False),
        field("p_value", pa.float64(), "p", unit="1", method="chi-square (last digits), exact binomial (threshold)"),
        field(
            "verdict",
            pa.string(),
            "Verdict",
            method="too_few, as_expected, seen, even_only, cannot_be_judged",
            is_nullable=False,
        ),
        field("sentence", pa.string(), "In words", method='"" where the whole check has it', is_nullable=False),
    ]
)


@dataclass(frozen=True)
class Finding:
    """One row of bp_habits."""

    check: str
    n: int
    verdict: Verdict
    sentence: str
    modality: str = ""
    item: str = ""
    count: int | None = None
    value: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = "1"
    p_value: float | None = None

    def row(self) -> Row:
        """As a row of the table."""
        return asdict(self)


def percent(share: float) -> str:
    """ "12 %"."""
    return f"{share * 100:.0f} %"


def probability(p: float) -> str:
    """ "p = 0.032", "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
