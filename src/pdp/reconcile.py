"""Proof of a vendor's decoding: what the stages add up to against what the session states, and the like.

Stage codes, units and zones of vendor files are known from other people's work, not from a
specification. So they are proved in every export against totals that the same export states. What
disagrees gets a fault (validate quarantines it and shows both figures), what can't be compared gets
a flag, and nothing else is touched. Pure functions on plain arrays; formats call them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

STAGES = ("deep", "light", "rem", "awake")  # stage codes here are positions in this tuple
UNKNOWN_STAGE = -1  # an interval of a code that the vendor map doesn't know: covers time, counts for no stage
NO_SESSION = -1

TOLERANCE_MIN = 2.0  # vendors round each stage to whole minutes, once per stage and once per interval
TOLERANCE_SHARE = 0.05  # of the stated figure; the awake spells at either end are cut differently
MIN_COVERAGE = 0.90  # below it the missing intervals alone could explain any difference
MIN_PROVABLE = 3  # fewer sessions than this say nothing about the stream as a whole

UNPROVED_STAGES = "unproved_stages"  # the flag

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StatedSession:
    """One sleep session as the vendor states it.

    Attributes:
        start_ms: Start, ms since 1970 on any one clock (the same as the intervals').
        end_ms: End, exclusive.
        minutes: Stage (of STAGES) to stated minutes. Leave out what isn't stated; 0 means none of it.
        group: Whatever else tells two sessions apart, such as the device.
    """

    start_ms: int
    end_ms: int
    minutes: Mapping[str, float] = field(default_factory=dict)
    group: str = ""


@dataclass(frozen=True)
class StageProof:
    """The verdict on every stage interval, in the order given.

    Attributes:
        faults: "" or "<rule>: <both figures>" per interval, for Rows' column `fault`.
        flags: "" or "unproved_stages" per interval, for Rows' column `flags`.
        provable: Distinct sessions that could be compared.
        failed: Those of them that disagree.
    """

    faults: list[str]
    flags: list[str]
    provable: int
    failed: int


def agrees(found: float, stated: float) -> bool:
    """True where two figures of the same quantity differ by rounding only."""
    return abs(found - stated) <= max(TOLERANCE_MIN, TOLERANCE_SHARE * abs(stated))


def is_refuted(failed: int, compared: int) -> bool:
    """True where so many comparisons failed that the decoding as a whole is wrong, not one record."""
    return compared >= MIN_PROVABLE and failed * 2 > compared


def prove_stages(
    sessions: Sequence[StatedSession],
    session_of: npt.ArrayLike,
    start_ms: npt.ArrayLike,
    end_ms: npt.ArrayLike,
    stage: npt.ArrayLike,
) -> StageProof:
    """Compare stage intervals with the stage minutes that their sessions state.

    Per session and stage the intervals are added up (an interval that starts where an earlier one
    of the session starts is a re-sent copy and counts once; what lies outside the session is cut
    off) and compared within max(2 min, 5 %).

    - Some stage disagrees: every interval of that session gets the fault
      "stage_total_mismatch: deep 95 min by stages, 120 min by session".
    - The intervals cover less than 90 % of the session, or it states no deep, light or rem
      minutes, or the interval belongs to no session: flag unproved_stages. So too the single
      intervals of a stage that the session doesn't state.
    - More than half of at least 3 provable sessions disagree: every interval gets the fault
      "stage_map_unproved: ...", whatever its session says.

    Args:
        sessions: s sessions. Copies (same times and group) count once in the verdict on the stream.
        session_of: int[n], per interval the position in `sessions`, or NO_SESSION (see find_sessions).
        start_ms: int[n], ms, on the sessions' clock.
        end_ms: int[n], ms, exclusive.
        stage: int[n], position in STAGES or UNKNOWN_STAGE.

    Returns:
        n faults and n flags, never both for one interval.
    """
    owner = np.asarray(session_of, np.int64)
    codes = np.asarray(stage, np.int64)
    sums, covered = _added_up(sessions, owner, np.asarray(start_ms, np.int64), np.asarray(end_ms, np.int64), codes)
    is_proved = np.zeros(len(sessions) + 1, bool)  # the last stands for NO_SESSION
    mismatch = [""] * (len(sessions) + 1)
    verdicts: dict[tuple[int, int, str], str] = {}
    for i, session in enumerate(sessions):
        length = session.end_ms - session.start_ms
        if length <= 0 or covered[i] < MIN_COVERAGE * length or not set(session.minutes) & {"deep", "light", "rem"}:
            continue
        is_proved[i] = True
        mismatch[i] = _mismatch(sums[i] / 60_000, session.minutes)
        verdict = verdicts.setdefault((session.start_ms, session.end_ms, session.group), mismatch[i])
        verdicts[session.start_ms, session.end_ms, session.group] = verdict or mismatch[i]
    failed = [text for text in verdicts.values() if text]
    if is_refuted(len(failed), len(verdicts)):
        whole = f"stage_map_unproved: {len(failed)} of {len(verdicts)} sessions disagree, the first {failed[0]}"
        return StageProof([whole] * len(owner), [""] * len(owner), len(verdicts), len(failed))
    faults = [f"stage_total_mismatch: {mismatch[i]}" if mismatch[i] else "" for i in owner.tolist()]
    flags = [
        "" if fault or (is_proved[i] and (code < 0 or STAGES[code] in sessions[i].minutes)) else UNPROVED_STAGES
        for fault, i, code in zip(faults, owner.tolist(), codes.tolist(), strict=True)
    ]
    return StageProof(faults, flags, len(verdicts), len(failed))


def _added_up(
    sessions: Sequence[StatedSession], owner: Ints, start: Ints, end: Ints, stage: Ints
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Milliseconds per session and stage [s, 4], and per session whatever the stage [s]."""
    s = len(sessions)
    sums, covered = np.zeros((s, len(STAGES))), np.zeros(s)
    is_owned = owner >= 0
    if not s or not is_owned.any():
        return sums, covered
    owner, start, end, stage = owner[is_owned], start[is_owned], end[is_owned], stage[is_owned]
    _, first = np.unique(np.stack((owner, start), axis=1), axis=0, return_index=True)
    owner, start, end, stage = owner[first], start[first], end[first], stage[first]
    lower = np.array([session.start_ms for session in sessions], np.int64)[owner]
    upper = np.array([session.end_ms for session in sessions], np.int64)[owner]
    length = np.maximum(np.minimum(end, upper) - np.maximum(start, lower), 0).astype(np.float64)
    np.add.at(covered, owner, length)
    is_known = stage >= 0
    np.add.at(sums, (owner[is_known], stage[is_known]), length[is_known])
    return sums, covered


def _mismatch(found_min: npt.NDArray[np.float64], stated: Mapping[str, float]) -> str:
    """ "deep 95 min by stages, 120 min by session" for each stage that disagrees, or ""."""
    return "; ".join(
        f"{name} {found:.0f} min by stages, {stated[name]:.0f} min by session"
        for name, found in zip(STAGES, found_min.tolist(), strict=True)
        if name in stated and not agrees(found, stated[name])
    )


def find_sessions(start_ms: npt.ArrayLike, sessions: Sequence[StatedSession]) -> Ints:
    """The session that each instant lies in, for prove_stages; NO_SESSION where none does.

    Of several the one that starts last. start_ms: int[n], on the sessions' clock. Returns int64[n].
    """
    instants = np.asarray(start_ms, np.int64)
    found = np.full(len(instants), NO_SESSION, np.int64)
    order = sorted(range(len(sessions)), key=lambda i: sessions[i].start_ms)
    by_time = np.argsort(instants, kind="stable")
    ordered = instants[by_time]
    for i in order:
        low, high = np.searchsorted(ordered, [sessions[i].start_ms, sessions[i].end_ms])
        found[by_time[low:high]] = i
    return found


@dataclass(frozen=True)
class TotalsProof:
    """Sums against the totals that a vendor reports for the same keys (days, say).

    Attributes:
        differing: Key to (found, stated) where they disagree.
        compared: Keys that both sides have.
        fault: "" or "<rule>: ..." where so many disagree that the decoding as a whole is wrong.
    """

    differing: dict[str, tuple[float, float]]
    compared: int
    fault: str


def prove_totals(
    found: Mapping[str, Sequence[float]], stated: Mapping[str, float], *, rule: str, unit: str, most_only: bool = False
) -> TotalsProof:
    """Compare sums of our decoding with totals in the same export, key by key.

    Args:
        found: Key to the sums that would each explain the stated total: per device and over all,
            for instance, since a vendor's total may be of one device or of several.
        stated: Key to the vendor's total.
        rule: Name of the fault, such as "sleep_total_unproved".
        unit: Of both, for the text.
        most_only: True where the total may rightly be larger than any of the sums (it takes in
            other devices): only sums above it disagree.

    Returns:
        The keys that disagree (reports are known to miss records, so one key proves nothing), and
        a fault where more than half of at least 3 do.
    """
    differing: dict[str, tuple[float, float]] = {}
    common = [key for key in found if key in stated and found[key]]
    for key in common:
        close = min(found[key], key=lambda value: abs(value - stated[key]))
        if not agrees(close, stated[key]) and not (most_only and close < stated[key]):
            differing[key] = (close, stated[key])
    if not is_refuted(len(differing), len(common)):
        return TotalsProof(differing, len(common), "")
    key, (ours, theirs) = next(iter(differing.items()))
    text = f"{rule}: {len(differing)} of {len(common)} totals disagree, the first ({key}) "
    return TotalsProof(differing, len(common), f"{text}{ours:.0f} {unit} by rows, {theirs:.0f} {unit} by report")
