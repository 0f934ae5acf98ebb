"""bp_habits: how the readings are taken, as far as the numbers themselves tell.

| check | on | found | expected |
|---|---|---|---|
| last_digit_* | whole values, typed and stored apart | share of each last digit; chi-square | a tenth |
| below_threshold_* | the six values around a threshold | share of the two just below; exact binomial | a third |
| missing_mornings, _evenings | days | share of days without one | none |
| first_of_sitting_* | sittings of two or more | first minus second, 95 % interval | 0 |
| after_pause_* | days after a week without a reading | their mean minus the others', 95 % interval | 0 |
| dipping | | never: it takes readings during sleep | |

None speaks below its least n. A finding says what is seen, not why.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from pdp.home_bp import last_digits, routine
from pdp.home_bp.finding import HABITS, Finding
from pdp.home_bp.home_bp_settings import HomeBpSettings
from pdp.home_bp.readings import Readings
from pdp.home_bp.table_shape import table_of_rows
from pdp.home_bp.verdict import DIPPING
from pdp.home_bp.windows import Window


def findings(readings: Readings, windows: Sequence[Window], settings: HomeBpSettings) -> list[Finding]:
    """Every check, in the order of the table above."""
    return [
        *last_digits.findings(readings, settings.habits_least_readings),
        *routine.missing(readings, windows, settings.protocol, settings.habits_least_days),
        *routine.first_of_sitting(readings, settings.habits_least_days),
        *routine.after_pause(readings),
        Finding("dipping", len(readings), "cannot_be_judged", DIPPING.sentence),
    ]


def table(readings: Readings, windows: Sequence[Window], settings: HomeBpSettings) -> pa.Table:
    """bp_habits."""
    return table_of_rows([finding.row() for finding in findings(readings, windows, settings)], HABITS)
