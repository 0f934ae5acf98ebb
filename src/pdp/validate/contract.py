"""pandera models of accepted rows, built from the vocabulary: the second lock on the door.

The masks of pdp.validate.rules pick bad rows out; these models say of every accepted batch as a whole that none
was left. What they find is a fault of the program. They are cheap, because each check gives one yes or
no for a column (measured: element-wise checks cost 20 times as much).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pdp.errors import ConservationError
from pdp.limits import Limits
from pdp.validate.rules import is_number
from pdp.vocabulary import COMMON, MEASURES, Column, Range

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pandera

_DTYPES = {"timestamp": "datetime64[ms, UTC]", "dictionary": "category", "bool": "boolean", "string": "str"}
_FAILURE_CASES = 10  # enough to see what is wrong; all of them can be a million


@lru_cache
def model(measure: str, limits: Limits) -> pandera.DataFrameSchema:
    """The model of a measure's validated table: names and order of columns, types, nulls, ranges, words."""
    import pandera.pandas as pandera

    known = MEASURES[measure]
    frame_checks = [_check(_ends_after_start, "end_utc is not before start_utc")] if known.is_interval else []
    return pandera.DataFrameSchema(
        {column.name: _column(column, limits) for column in (*COMMON, *known.columns)},
        checks=frame_checks,
        strict=True,
        ordered=True,
        name=measure,
    )


def prove(measure: str, accepted: pa.Table, limits: Limits) -> None:
    """That every accepted row keeps the model.

    Args:
        measure: Name in the vocabulary.
        accepted: n rows with the columns of pdp.schemas.validated.
        limits: The ranges that hold.

    Raises:
        ConservationError: One does not: a fault of the program, since the masks let it through.
    """
    if not len(accepted):
        return
    import pandas as pd
    from pandera.errors import SchemaError, SchemaErrors

    frame = accepted.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    try:
        model(measure, limits).validate(frame, inplace=True)
    except (SchemaError, SchemaErrors) as raised:
        error = raised.schema_errors[0] if isinstance(raised, SchemaErrors) else raised
        is_about_names = error.check in ("column_in_schema", "column_in_dataframe", "column_ordered")
        column = error.failure_cases if is_about_names else getattr(error.schema, "name", None)
        rule = getattr(error.check, "error", None) or error.check
        raise ConservationError(
            f"accepted rows of {measure} do not keep the contract: {column}: {rule}.",
            where="validate",
            hint="Rows that break it should have been quarantined. This is a fault of the program; please report it.",
        ) from None  # the cause holds measured values


def _column(column: Column, limits: Limits) -> pandera.Column:
    import pandera.pandas as pandera

    return pandera.Column(
        _DTYPES.get(column.arrow, column.arrow),
        checks=_column_checks(column, limits),
        nullable=not column.is_required,
    )


def _column_checks(column: Column, limits: Limits) -> list[Any]:
    if column.values:
        return [_check(partial(_has_only, values=column.values), "only words of the vocabulary")]
    possible = limits.of(column).possible
    if not is_number(column) or possible is None:
        return []
    return [_check(partial(_is_within, limits=possible), f"values within {possible[0]:g} to {possible[1]:g}")]


def _check(holds: Callable[[Any], bool], says: str) -> Any:
    import pandera.pandas as pandera

    # ignore_na would copy the column without its nulls; the functions look past them themselves.
    return pandera.Check(holds, ignore_na=False, n_failure_cases=_FAILURE_CASES, error=says)


def _is_within(series: pd.Series[Any], limits: Range) -> bool:
    values = series.to_numpy()
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)  # nulls are NaN here; all null: NaN, no complaint
    return not (low < limits[0] or high > limits[1])


def _has_only(series: pd.Series[Any], values: tuple[str, ...]) -> bool:
    categories = series.cat.categories
    unknown = np.flatnonzero(~categories.isin(values))
    if not len(unknown):
        return True
    return not np.isin(series.cat.codes.to_numpy(), unknown).any()  # a word may be left over from a quarantined row


def _ends_after_start(frame: pd.DataFrame) -> bool:
    start = frame["start_utc"].to_numpy(dtype="datetime64[ms]")
    end = frame["end_utc"].to_numpy(dtype="datetime64[ms]")
    return not bool((end < start).any())
