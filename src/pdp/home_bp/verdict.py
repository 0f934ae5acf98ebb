"""Is there enough for a verdict? The reasons in words, and what home readings can never tell."""

from __future__ import annotations

from dataclasses import dataclass

from pdp.home_bp.protocols import Protocol


@dataclass(frozen=True)
class Statement:
    """A sentence with a key that pages can rely on."""

    key: str
    sentence: str


NOT_A_DIAGNOSIS = Statement("not_a_diagnosis", "A summary of readings taken at home, not a diagnosis.")
DIPPING = Statement(
    "dipping_cannot_be_judged",
    "Whether blood pressure falls at night cannot be judged from home readings: it takes a monitor that measures "
    "during sleep.",
)


@dataclass(frozen=True)
class Counts:
    """What a window holds.

    Attributes:
        readings, days: Counted by the protocol, after all that it leaves out.
        mornings, evenings: Days among these with a morning, with an evening.
        left_out: Readings in the window that do not count.
    """

    readings: int
    days: int
    mornings: int
    evenings: int
    left_out: int


@dataclass(frozen=True)
class Verdict:
    """Whether an average may be compared with a threshold.

    Attributes:
        is_sufficient: The protocol's minimum is met.
        why_not: What is missing, in sentences; "" where nothing is.
    """

    is_sufficient: bool
    why_not: str


def judge(counts: Counts, protocol: Protocol) -> Verdict:
    """Hold a window's counts against the protocol's minimum."""
    reasons = []
    if counts.readings < protocol.least_readings:
        reasons.append(f"{_many(counts.readings, 'reading')} of at least {protocol.least_readings}.")
    if counts.days < protocol.least_days:
        reasons.append(f"{_many(counts.days, 'day')} of at least {protocol.least_days}.")
    for found, daytime in ((counts.mornings, "morning"), (counts.evenings, "evening")):
        if found < protocol.least_each_daytime:
            least = protocol.least_each_daytime
            reasons.append(f"No {daytime} reading." if not found else f"{_many(found, daytime)} of at least {least}.")
    if reasons and counts.left_out:
        reasons.append(f"{_many(counts.left_out, 'reading')} {_left_out(protocol)}.")
    return Verdict(not reasons, " ".join(reasons))


def _left_out(protocol: Protocol) -> str:
    causes = []
    if protocol.skip_days:
        causes.append("of the first day" if protocol.skip_days == 1 else f"of the first {protocol.skip_days} days")
    if protocol.skip_first_of_sitting:
        causes.append("the first of a sitting")
    if "other" not in protocol.daytimes:
        causes.append("neither of the morning nor of the evening")
    return f"left out by the protocol: {' or '.join(causes)}"


def _many(count: int, noun: str) -> str:
    return f"{'No' if count == 0 else count} {noun if count == 1 or count == 0 else noun + 's'}"
