"""How the readings are taken: what the numbers themselves say of the habit. Placeholder of the table's shape."""

from __future__ import annotations

import pyarrow as pa

from pdp.home_bp.table_shape import field

HABITS = pa.schema(
    [
        field("check", pa.string(), "Check", is_nullable=False),
        field("modality", pa.string(), "Which readings", method="self_reported, sensed, or all", is_nullable=False),
        field(
            "item", pa.string(), "Part of the check", method='a digit, a threshold, a daytime, or ""', is_nullable=False
        ),
        field("n", pa.int64(), "Number", unit="1", method="what the check was made on", is_nullable=False),
        field("count", pa.int64(), "Of these", unit="1", method="count; null where the check counts nothing"),
        field("value", pa.float64(), "Found", method="in `unit`; null where n is too small"),
        field("expected", pa.float64(), "Expected", method="in `unit`"),
        field("low", pa.float64(), "Lower end of the 95 % interval", method="in `unit`"),
        field("high", pa.float64(), "Upper end of the 95 % interval", method="in `unit`"),
        field("unit", pa.string(), "Unit", method="UCUM", is_nullable=False),
        field("p_value", pa.float64(), "p", unit="1", method="see the check"),
        field("verdict", pa.string(), "Verdict", method="too_few, as_expected or seen", is_nullable=False),
        field("sentence", pa.string(), "In words", method="", is_nullable=False),
    ]
)
