"""What stands on the report: chosen once from the tables, kept as JSON, drawn from that alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pdp.errors import PdpError

FORMAT = 1  # of the file; a reader refuses another


@dataclass(frozen=True)
class Spread:
    """Of one pressure over a period, mmHg. `sd` is of the means of days, None below three days."""

    mean: float
    lowest: float
    highest: float
    sd: float | None


@dataclass(frozen=True)
class Period:
    """A row of the table of periods. Pressures and pulse are None where there is no reading.

    Attributes:
        key: week, morning, evening (both of the week) or month.
        is_enough: The protocol's minimum is met; without it no average is shown.
    """

    key: str
    from_date: date
    to_date: date
    n: int
    n_days: int
    is_enough: bool
    systolic: Spread | None
    diastolic: Spread | None
    pulse_bpm: float | None


@dataclass(frozen=True)
class Verdict:
    """The newest window of the protocol, and whether it holds enough.

    Attributes:
        n_expected: Readings that the protocol asks for after what it leaves out; None where it does not say.
        n_days_possible: Days that a window of the protocol counts.
        levels: Guideline -> key of the level; "" without enough.
    """

    from_date: date
    to_date: date
    n: int
    n_days: int
    n_days_morning: int
    n_days_evening: int
    n_days_possible: int
    n_expected: int | None
    n_left_out: int
    is_enough: bool
    why_not: str
    systolic_mmhg: int | None
    diastolic_mmhg: int | None
    levels: dict[str, str]


@dataclass(frozen=True)
class Sitting:
    """Readings taken one after another, as one point. `minute` is of the local day."""

    date: date
    minute: int
    daytime: str
    n: int
    systolic_mmhg: float
    diastolic_mmhg: float


@dataclass(frozen=True)
class TrendDay:
    """Rolling median and quartiles on a day, mmHg: systolic, then diastolic."""

    date: date
    systolic: tuple[float, float, float] | None
    diastolic: tuple[float, float, float] | None


@dataclass(frozen=True)
class Daytime:
    """Sittings of the mornings or evenings of 30 days: first and last minute, quartiles (None of too few), mmHg."""

    daytime: str
    n: int
    first_minute: int
    last_minute: int
    systolic: tuple[float, float, float] | None
    diastolic: tuple[float, float, float] | None


@dataclass(frozen=True)
class Month:
    """Days of a month by level: guideline -> key of the level -> days. `n_days`: days with a level."""

    month: date
    n_days: int
    levels: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Device:
    """Where the readings of the 90 days come from."""

    name: str
    is_typed: bool
    n: int


@dataclass(frozen=True)
class Event:
    """Of the owner's events: a medicine begun, an illness."""

    date: date
    kind: str
    text: str


@dataclass(frozen=True)
class Facts:
    """Everything on the sheet that is not a word of the program or of a guideline.

    Attributes:
        name, born: As the configuration has them, for the head of the sheet.
        first, last: Local days of the first and last reading; None without any.
        previous: The newest window that held enough, where the newest of all does not.
        habits: Sentences on how readings are taken, of the checks that found something.
        n_habits: Checks that were made, with enough readings.
        n_days_90: Of the last 90 days, those with a reading.
        method: Protocol, settings: words for the foot of the sheet.
    """

    name: str
    born: str
    guideline: str
    protocol: str
    first: date | None
    last: date | None
    n: int
    verdict: Verdict | None
    previous: Verdict | None
    periods: tuple[Period, ...]
    sittings: tuple[Sitting, ...]
    trend: tuple[TrendDay, ...]
    trend_days: int
    daytimes: tuple[Daytime, ...]
    months: tuple[Month, ...]
    devices: tuple[Device, ...]
    events: tuple[Event, ...]
    habits: tuple[str, ...]
    n_habits: int
    n_days_90: int
    method: dict[str, str]


def to_json(facts: Facts) -> dict[str, Any]:
    """For the file: dates as ISO text."""
    told: dict[str, Any] = {"format": FORMAT, **_plain(asdict(facts))}
    return told


def from_json(told: Mapping[str, Any]) -> Facts:
    """From the file.

    Raises:
        PdpError: It is of another format.
    """
    import dacite

    if told.get("format") != FORMAT:
        raise PdpError(
            f"is of format {told.get('format')}, this program reads {FORMAT}.",
            where="report.json",
            hint="Run the workflow again: make run.",
        )
    rest = {key: value for key, value in told.items() if key != "format"}
    return dacite.from_dict(
        Facts, rest, dacite.Config(type_hooks={date: date.fromisoformat}, cast=[tuple], strict=True)
    )


def parse(text: bytes | str) -> Facts:
    """From the bytes of the file."""
    return from_json(json.loads(text))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
