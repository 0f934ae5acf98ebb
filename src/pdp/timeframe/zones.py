"""Offsets of IANA zones from the PyPI package tzdata, never the system's: the same bytes on any machine.

Offsets are whole minutes. Liberia's 44 min 30 s (until 1972) is the one exception after 1970; it is cut to 44.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata

from pdp.errors import ConfigError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400


@lru_cache
def names() -> tuple[str, ...]:
    """Every zone name that tzdata knows, sorted."""
    return tuple(sorted(resources.files(tzdata).joinpath("zones").read_text("utf-8").split()))


@lru_cache
def load(name: str) -> ZoneInfo:
    """The zone.

    Raises:
        ConfigError: No such zone; says the nearest name.
    """
    if name not in names():
        raise ConfigError(f'"{name}" is no IANA time zone.', where="time_zone", hint=_guess(name))
    with resources.files(tzdata).joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _guess(name: str) -> str:
    whole = {known.casefold(): known for known in names()}
    cities = {known.casefold().rpartition("/")[2]: known for known in names()}
    wanted = name.strip().replace(" ", "_").casefold()
    for spellings, cutoff in ((whole, 0.8), (cities, 0.8), (whole, 0.5)):
        close = get_close_matches(wanted, spellings, n=1, cutoff=cutoff)
        if close:
            return f'Did you mean "{spellings[close[0]]}"?'
    return 'Use a name such as "Europe/Berlin".'


def offset_min(zone: str, utc_s: int) -> int:
    """Minutes that the zone's clocks are ahead of UTC at an instant in seconds since 1970."""
    offset = (_EPOCH + timedelta(seconds=utc_s)).astimezone(load(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() / 60)  # towards zero


@lru_cache(maxsize=4096)
def changes(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """Every change of the zone's offset in one UTC year.

    Found by looking once a day and halving between: no zone has changed its offset and changed it
    back within one day since 1970.

    Returns:
        (UTC instant in ms, offset in minutes from then on), ascending.
    """
    begin = int((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
    end = int((datetime(year + 1, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
    found: list[tuple[int, int]] = []
    before = offset_min(zone, begin - 1)
    last = begin - 1
    for probe in (*range(begin + _DAY_S - 1, end - 1, _DAY_S), end - 1):
        offset = offset_min(zone, probe)
        while before != offset:  # more than one change a day: each in turn
            last, before = _first_change(zone, last, probe, before)
            found.append((last * 1000, before))
        last = probe
    return tuple(found)


def _first_change(zone: str, low: int, high: int, before: int) -> tuple[int, int]:
    """The second from which the offset is no longer `before`, and the offset then; low < it <= high."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_min(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high, offset_min(zone, high)
