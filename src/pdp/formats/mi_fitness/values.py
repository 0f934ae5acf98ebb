"""The JSON values and the epoch times of Mi Fitness records, read strictly.

What is not exactly as expected raises ValueFaultError, which becomes an unread record.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pdp.vocabulary import LATEST_YEAR

# Xiaomi's first band came in July 2014; an earlier time is a device whose clock was never set.
EARLIEST_S = 1_388_534_400  # 2014-01-01T00:00Z
LATEST_S = (LATEST_YEAR + 1 - 1970) * 31_556_952  # mean Gregorian year, s; a bound, not a date
TIME_SLACK_S = 60  # JSON times differ from the CSV's Time by 1 s in real exports; minute buckets by up to 60
LARGEST = 2**31 - 1  # of any count or rate; beyond it a number is damage

_KINDS = {bool: "true or false", str: "text", list: "a list"}
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class ValueFaultError(Exception):
    """Why a record can't be read.

    Args:
        reason: Short code.
        detail: Sentence without a measured value.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(detail)


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name occurs twice")
    return made


_decode = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_object).decode


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a Value holds.

    Raises:
        ValueFaultError: bad_json; also for NaN and Infinity, for numbers of thousands of digits, for
            nesting without end and for an object with the same name twice, all of which Python's
            reader would take or die of.
    """
    try:
        value = _decode(text)
    except RecursionError:
        raise ValueFaultError("bad_json", "Value is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise ValueFaultError("bad_json", f"Value is not JSON ({error.msg} at character {error.pos}).") from None
    except ValueError as error:
        # Python refuses to make a number of more than some thousand digits, and says so at length.
        what = "a number in it has thousands of digits" if "digits" in str(error) else str(error)
        raise ValueFaultError("bad_json", f"Value is not JSON ({what}).") from None
    if not isinstance(value, dict):
        raise ValueFaultError("bad_json", "Value is JSON but not an object.")
    return value


def number(value: dict[str, Any], name: str) -> float | None:
    """A finite number of the object; None where the name is absent or null.

    Raises:
        ValueFaultError: wrong_type (text, true, a list) or bad_number (infinite or beyond 2^31).
    """
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueFaultError("wrong_type", f'"{name}" is {_KINDS.get(type(found), "an object")}, not a number.')
    if not math.isfinite(found) or abs(found) > LARGEST * 1000:  # times in ms are the largest
        raise ValueFaultError("bad_number", f'"{name}" is infinite or beyond any measurement.')
    return found


def required_number(value: dict[str, Any], name: str) -> float:
    """As number, at most 2^31.

    Raises:
        ValueFaultError: Also missing_value.
    """
    found = number(value, name)
    if found is None:
        raise ValueFaultError("missing_value", f'"{name}" is not in Value.')
    if abs(found) > LARGEST:
        raise ValueFaultError("bad_number", f'"{name}" is beyond any measurement.')
    return found


def is_epoch_s(seconds: float | None) -> bool:
    """True for a plausible instant in seconds since 1970."""
    return seconds is not None and EARLIEST_S <= seconds < LATEST_S


def read_time(text: str, witnesses: tuple[float | None, ...] = ()) -> int:
    """A record's Time as ms since 1970 UTC.

    Time is epoch seconds. A number that only makes sense as milliseconds is taken as such when
    another time of the same record, in seconds, says the same; else it is refused.

    Args:
        text: The field.
        witnesses: Other times of the record.

    Raises:
        ValueFaultError: bad_time, time_out_of_range, epoch_unit_unproved.
    """
    if not _INTEGER.fullmatch(text):
        hint = " A spreadsheet has rounded it." if re.fullmatch(r"[0-9][.,][0-9]+E\+[0-9]+", text) else ""
        raise ValueFaultError("bad_time", f"Time is not a whole number of seconds.{hint}")
    time = int(text)
    if is_epoch_s(time):
        return time * 1000
    if is_epoch_s(time / 1000):
        if any(is_epoch_s(other) and abs((other or 0) - time / 1000) <= TIME_SLACK_S for other in witnesses):
            return time
        what = "Time looks like milliseconds instead of seconds, and no other time in the record proves it."
        raise ValueFaultError("epoch_unit_unproved", what)
    raise ValueFaultError("time_out_of_range", f"Time is before 2014 or after {LATEST_YEAR}.")


def instant_ms(value: dict[str, Any], name: str) -> int | None:
    """A time inside a Value, epoch seconds or milliseconds by size, as ms; None where absent, null or 0.

    The caller compares it with the record's Time, which proves the unit.

    Raises:
        ValueFaultError: wrong_type, bad_number, time_out_of_range.
    """
    found = number(value, name)
    if not found:
        return None
    if is_epoch_s(found):
        return round(found * 1000)
    if is_epoch_s(found / 1000):
        return round(found)
    raise ValueFaultError("time_out_of_range", f'"{name}" is before 2014 or after {LATEST_YEAR}.')
